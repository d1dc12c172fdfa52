package wire

import (
	"encoding/xml"
	"net/http"
)

// contentXML is the media type of the query protocol's answers.
const contentXML = "text/xml"

// AnswerXML writes v, which is made of strings, lists and maps that write themselves, and cannot fail to be written.
func AnswerXML(status int, v any) Answer {
	body, _ := xml.Marshal(v)
	return Answer{Status: status, ContentType: contentXML, Body: append([]byte(xml.Header), body...)}
}

// AnswerQuery writes the output of c's operation as <NameResponse><NameResult>…</NameResult><ResponseMetadata>…, in the
// XML namespace space; without a result when out is nil.
func AnswerQuery(c *Call, space string, out any) Answer {
	return AnswerXML(http.StatusOK, queryResult{space, c.Operation, out, c.RequestID})
}

type queryResult struct {
	space, name string
	out         any
	requestID   string
}

// MarshalXML implements xml.Marshaler.
func (r queryResult) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Space: r.space, Local: r.name + "Response"}}
	if err := e.EncodeToken(root); err != nil {
		return err
	}
	if r.out != nil {
		if err := e.EncodeElement(r.out, xml.StartElement{Name: xml.Name{Local: r.name + "Result"}}); err != nil {
			return err
		}
	}
	meta := struct {
		RequestID string `xml:"RequestId"`
	}{r.requestID}
	if err := e.EncodeElement(meta, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return e.EncodeToken(root.End())
}

// Side says whose fault an error is, by its status: "Sender" or "Receiver".
func Side(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// QueryError writes an error of the query protocol under the name code, in the XML namespace space.
func QueryError(c *Call, space, code string, e *Error) Answer {
	type inner struct {
		Type, Code, Message string
	}
	doc := struct {
		XMLName   xml.Name
		Error     inner
		RequestID string `xml:"RequestId"`
	}{xml.Name{Space: space, Local: "ErrorResponse"}, inner{Side(e.Status), code, e.Message}, c.RequestID}
	return AnswerXML(e.Status, doc)
}
