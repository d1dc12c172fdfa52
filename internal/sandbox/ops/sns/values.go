package sns

import (
	"encoding/base64"
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"

	"souk.dev/souk/internal/sandbox/topic"
)

// entries is a map: <entry><key>…</key><value>…</value></entry> for each, in the order of the keys.
type entries map[string]string

// MarshalXML implements xml.Marshaler.
func (m entries) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pair := struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		}{k, m[k]}
		if err := e.EncodeElement(pair, xml.StartElement{Name: xml.Name{Local: "entry"}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// members is a list: <member>…</member> for each. An empty one is there, too.
type members[T any] []T

// MarshalXML implements xml.Marshaler.
func (m members[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, one := range m {
		if err := e.EncodeElement(one, xml.StartElement{Name: xml.Name{Local: "member"}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// attributeValue is a message attribute as it is published.
type attributeValue struct {
	DataType    string
	StringValue string
	BinaryValue string // base64
}

// taken checks message attributes and turns them into the topic's form.
func taken(in map[string]attributeValue) (map[string]topic.Attribute, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make(map[string]topic.Attribute, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		kind, _, _ := strings.Cut(v.DataType, ".")
		value := v.StringValue
		wrong := value == ""
		switch kind {
		case "String":
		case "Number":
			_, err := strconv.ParseFloat(value, 64)
			wrong = err != nil
		case "Binary":
			value = v.BinaryValue
			_, err := base64.StdEncoding.DecodeString(value)
			wrong = value == "" || err != nil
		default:
			return nil, refuse("ParameterValueInvalid", "The message attribute '"+name+"' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
		}
		if wrong {
			return nil, refuse("ParameterValueInvalid", "The message attribute '"+name+"' must contain a non-empty value of its type, "+v.DataType+".")
		}
		out[name] = topic.Attribute{Type: v.DataType, Value: value}
	}
	return out, nil
}
