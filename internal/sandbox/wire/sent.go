package wire

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Message is one half of a call as it travelled.
type Message struct {
	Head string // the first line and the headers, sorted by name
	Body string // as it was where that is text; else its bytes in hexadecimal, as hexdump -C writes them
	Hex  bool
	Cut  bool // the log keeps only the beginning of so long a body
}

// Sent is a call as it travelled: the request, and the answer, whose Head is empty where the connection was broken.
// HTTP's own framing is not part of it. ok is false when there is no such call, or it was forgotten.
func (l *Calls) Sent(id string) (request, answer Message, ok bool) {
	k, _, ok := l.find(id)
	if !ok {
		return request, answer, false
	}
	body := k.call.Body
	request = message(fmt.Sprintf("%s %s HTTP/1.1", k.method, k.target)+"\nHost: "+k.host, k.header, body[:min(len(body), maxBody)])
	request.Cut = len(body) > maxBody
	if k.status != 0 {
		answer = message(fmt.Sprintf("HTTP/1.1 %d %s", k.status, http.StatusText(k.status)), k.answered, string(k.response))
		answer.Cut = len(k.response) == maxBody
	}
	return request, answer, true
}

func message(first string, h http.Header, body string) Message {
	var head strings.Builder
	head.WriteString(first)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			fmt.Fprintf(&head, "\n%s: %s", name, v)
		}
	}
	m := Message{Head: head.String(), Body: body}
	if strings.ContainsFunc(body, func(r rune) bool { return r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' }) {
		m.Hex, m.Body = true, hex.Dump([]byte(body))
	}
	return m
}
