package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/outbox"
)

// chatsValue is a setting that lists rooms of chats. Neither it nor its errors show a URL, which is a secret.
type chatsValue []chat.Room

func (v *chatsValue) Type() string { return "JSON" }
func (v *chatsValue) String() string {
	var names []string
	for _, r := range *v {
		names = append(names, r.Name)
	}
	return strings.Join(names, ",")
}

func (v *chatsValue) Set(s string) error {
	var list []struct {
		Name   string        `json:"name"`
		URL    string        `json:"url"`
		Events outbox.Filter `json:"events"`
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil || dec.More() {
		return errors.New(`chats are one JSON array such as [{"name":"ops","url":"https://hooks.slack.com/services/…","events":["alert.*"]}]; events may be left out`)
	}
	*v = nil
	for _, r := range list {
		*v = append(*v, chat.Room{Name: r.Name, URL: r.URL, Events: r.Events})
	}
	return nil
}
