package sqs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"

	"souk.dev/souk/internal/sandbox/wire"
)

const (
	contentJSON = "application/x-amz-json-1.0"
	contentXML  = "text/xml"
	namespace   = "http://queue.amazonaws.com/doc/" + Version + "/"
)

// answerJSONOf writes v, which is strings, lists and maps of strings, and cannot fail to be written.
func answerJSONOf(status int, v any) wire.Answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return wire.Answer{Status: status, ContentType: contentJSON, Body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}

// answerXMLOf writes v, of which the same is true.
func answerXMLOf(status int, v any) wire.Answer {
	body, _ := xml.Marshal(v)
	return wire.Answer{Status: status, ContentType: contentXML, Body: append([]byte(xml.Header), body...)}
}

// resultXML is <NameResponse><NameResult>…</NameResult><ResponseMetadata>…; without a result when there is none.
type resultXML struct {
	name      string
	out       any
	requestID string
}

// MarshalXML implements xml.Marshaler.
func (r resultXML) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Space: namespace, Local: r.name + "Response"}}
	if err := e.EncodeToken(root); err != nil {
		return err
	}
	if _, none := r.out.(*empty); !none {
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
