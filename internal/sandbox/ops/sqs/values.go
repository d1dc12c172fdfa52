package sqs

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"hash"
	"maps"
	"slices"
	"strings"

	"souk.dev/souk/internal/sandbox/queue"
)

// blob is binary data, base64 on the wire in both protocols.
type blob []byte

// MarshalText implements encoding.TextMarshaler, for JSON as for XML.
func (b blob) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *blob) UnmarshalText(text []byte) (err error) {
	*b, err = base64.StdEncoding.AppendDecode(nil, text)
	return err
}

// attributeValue is a message attribute.
type attributeValue struct {
	StringValue string `json:",omitempty" xml:",omitempty"`
	BinaryValue blob   `json:",omitempty" xml:",omitempty"`
	DataType    string `json:",omitempty" xml:",omitempty"`
}

// attributes are the attributes of a queue, or the system attributes of a message.
type attributes map[string]string

// MarshalXML writes one Attribute element for each, in the order of their names.
func (a attributes) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if err := e.EncodeElement(struct{ Name, Value string }{name, a[name]}, start); err != nil {
			return err
		}
	}
	return nil
}

// tags are a queue's.
type tags map[string]string

// MarshalXML writes one Tag element for each, in the order of their keys.
func (t tags) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if err := e.EncodeElement(struct{ Key, Value string }{key, t[key]}, start); err != nil {
			return err
		}
	}
	return nil
}

// messageAttributes are the attributes that a sender gave a message.
type messageAttributes map[string]attributeValue

// MarshalXML writes one MessageAttribute element for each, in the order of their names.
func (a messageAttributes) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		pair := struct {
			Name  string
			Value attributeValue
		}{name, a[name]}
		if err := e.EncodeElement(pair, start); err != nil {
			return err
		}
	}
	return nil
}

// taken checks what a sender gave and turns it into the queue's form.
func (a messageAttributes) taken() (map[string]queue.Attribute, error) {
	if len(a) == 0 {
		return nil, nil
	}
	if len(a) > 10 {
		return nil, refuse(queue.InvalidParameterValue, "Number of message attributes [more than 10] exceeds the allowed maximum [10].")
	}
	out := make(map[string]queue.Attribute, len(a))
	for name, v := range a {
		kind, _, _ := strings.Cut(v.DataType, ".")
		switch {
		case kind != "String" && kind != "Number" && kind != "Binary":
			return nil, refuse(queue.InvalidParameterValue, "The message attribute '"+name+"' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
		case (kind == "Binary" && len(v.BinaryValue) == 0) || (kind != "Binary" && v.StringValue == ""):
			return nil, refuse(queue.InvalidParameterValue, "The message attribute '"+name+"' must contain a non-empty value of its type.")
		}
		out[name] = queue.Attribute{DataType: v.DataType, String: v.StringValue, Binary: v.BinaryValue}
	}
	return out, nil
}

// chosen are those of a message's attributes that a receiver asked for: by name, by a prefix that ends in ".*", or all.
func chosen(have map[string]queue.Attribute, names []string) map[string]queue.Attribute {
	out := map[string]queue.Attribute{}
	for name, a := range have {
		for _, want := range names {
			prefix, isPrefix := strings.CutSuffix(want, "*")
			if want == "All" || want == name || (isPrefix && strings.HasPrefix(name, strings.TrimSuffix(prefix, "."))) {
				out[name] = a
			}
		}
	}
	return out
}

func given(have map[string]queue.Attribute) messageAttributes {
	if len(have) == 0 {
		return nil
	}
	out := make(messageAttributes, len(have))
	for name, a := range have {
		out[name] = attributeValue{StringValue: a.String, BinaryValue: a.Binary, DataType: a.DataType}
	}
	return out
}

// md5Of is the digest of a body, which clients compare with their own.
func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes is the digest of message attributes: for each, in the order of names, its name, type and value, each
// preceded by its length; a byte tells text (1) from binary (2). Empty when there are none.
// Source: Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
func md5OfAttributes(attrs map[string]queue.Attribute) string {
	if len(attrs) == 0 {
		return ""
	}
	h := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		sized(h, []byte(name))
		sized(h, []byte(a.DataType))
		if strings.HasPrefix(a.DataType, "Binary") {
			h.Write([]byte{2})
			sized(h, a.Binary)
		} else {
			h.Write([]byte{1})
			sized(h, []byte(a.String))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sized(h hash.Hash, b []byte) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(b)))
	h.Write(n[:])
	h.Write(b)
}
