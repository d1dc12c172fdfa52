package sqs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
)

const namespace = "http://queue.amazonaws.com/doc/" + Version + "/"

// WriteJSON answers a call of the JSON protocol: out, or err's failure. requestID is what the client is told to quote.
func WriteJSON(w http.ResponseWriter, requestID string, out any, err error) (status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("x-amzn-RequestId", requestID)
	status = http.StatusOK
	if err != nil {
		f := FailureOf(err)
		status = f.Status
		h.Set("x-amzn-query-error", f.QueryCode+";"+f.Fault()) // for clients that knew the query protocol's names
		out = map[string]string{"__type": f.Type, "message": f.Message}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(out) // strings, lists and maps of strings: cannot fail
	body = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is told nothing
	return status, body
}

// WriteXML answers a call of operation name of the query protocol: out, or err's failure.
func WriteXML(w http.ResponseWriter, requestID, name string, out any, err error) (status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/xml")
	h.Set("x-amzn-RequestId", requestID)
	status = http.StatusOK
	var doc any
	if err != nil {
		f := FailureOf(err)
		status = f.Status
		e := errorXML{RequestID: requestID}
		e.Error.Type, e.Error.Code, e.Error.Message = f.Fault(), f.QueryCode, f.Message
		doc = e
	} else {
		doc = answerXML{name: name, out: out, requestID: requestID}
	}
	body, _ = xml.Marshal(doc) // as above
	body = append([]byte(xml.Header), body...)
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return status, body
}

// answerXML is <NameResponse><NameResult>…</NameResult><ResponseMetadata>…; without a result when there is none.
type answerXML struct {
	name      string
	out       any
	requestID string
}

// MarshalXML implements xml.Marshaler.
func (a answerXML) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Space: namespace, Local: a.name + "Response"}}
	if err := e.EncodeToken(root); err != nil {
		return err
	}
	if _, none := a.out.(*empty); !none {
		if err := e.EncodeElement(a.out, xml.StartElement{Name: xml.Name{Local: a.name + "Result"}}); err != nil {
			return err
		}
	}
	meta := struct {
		RequestID string `xml:"RequestId"`
	}{a.requestID}
	if err := e.EncodeElement(meta, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return e.EncodeToken(root.End())
}
