package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Time is a timestamp on the wire: a number of seconds in JSON, the same with tag 1 in CBOR, to the microsecond. Its
// zero value is absent where the field says omitzero.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return AppendTime(nil, t.Time), nil }

// UnmarshalJSON implements json.Unmarshaler: it reads what clients read.
func (t *Time) UnmarshalJSON(text []byte) error {
	r := NewReader(string(text))
	t.Time = r.Time()
	return r.Err()
}

// MarshalCBOR implements cbor.Marshaler. Whole seconds are an integer: some clients take nothing else.
func (t Time) MarshalCBOR() ([]byte, error) {
	us := t.UnixMicro()
	if us%1e6 == 0 {
		return cborOut.Marshal(cbor.Tag{Number: 1, Content: us / 1e6})
	}
	return cborOut.Marshal(cbor.Tag{Number: 1, Content: float64(us) / 1e6})
}

// Encode writes an operation's output, a struct with json tags, in the protocol in which c was written.
func Encode(c *Call, out any) (Answer, error) {
	if c.Protocol == CBOR {
		b, err := writeCBOR(out)
		return Answer{ContentType: cborType, Header: map[string]string{"smithy-protocol": cborProtocol}, Body: b}, err
	}
	b, err := writeJSON(out)
	return Answer{Body: b}, err
}

// writeJSON encodes v without the escapes that are meant for HTML.
func writeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T as JSON: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// written is e's body: its name as it is to be told, its message, and the members that its own shape adds.
func (e *Error) written(p Protocol, name string) []byte {
	doc := map[string]any{"__type": name, "message": e.Message}
	for name, v := range e.Members {
		doc[name] = v
	}
	write := writeJSON
	if p == CBOR {
		write = writeCBOR
	}
	b, err := write(doc)
	if err != nil { // members are strings and lists of these: a test writes them all
		panic(err)
	}
	return b
}
