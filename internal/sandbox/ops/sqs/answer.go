package sqs

import (
	"bytes"
	"encoding/json"

	"souk.dev/souk/internal/sandbox/wire"
)

const (
	contentJSON = "application/x-amz-json-1.0"
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
