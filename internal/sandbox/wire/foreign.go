package wire

import (
	"encoding/xml"
	"net/http"
)

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
