package wire

import (
	"encoding/xml"
	"net/http"
)

// appendCBORText appends s as a CBOR text string (RFC 8949, major type 3).
func appendCBORText(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 24:
		b = append(b, 0x60|byte(n))
	case n < 1<<8:
		b = append(b, 0x78, byte(n))
	default:
		b = append(b, 0x79, byte(n>>8), byte(n))
		s = s[:min(n, 1<<16-1)]
	}
	return append(b, s...)
}

// queryError writes an error of a form request that no service claims.
func queryError(c *Call, e *Error) []byte {
	type inner struct {
		Type, Code, Message string
	}
	doc := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Error     inner
		RequestID string `xml:"RequestId"`
	}{Error: inner{"Sender", e.Code, e.Message}, RequestID: c.RequestID}
	if e.Status >= http.StatusInternalServerError {
		doc.Error.Type = "Receiver"
	}
	body, err := xml.Marshal(doc)
	if err != nil {
		return nil // strings only: cannot fail
	}
	return append([]byte(xml.Header), body...)
}
