package chat

import (
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// Room is where people of the seller's read what is told.
type Room struct {
	Name string // ours for it, in the log and on pages
	URL  string // of its incoming webhook: a secret
	// Events are the kinds that it wants; empty: the alerts.
	Events outbox.Filter
}

// MaxRooms bounds how many rooms there are.
const MaxRooms = 20

const maxName = 40

// wanted are the kinds that r wants.
func (r Room) wanted() outbox.Filter {
	if len(r.Events) == 0 {
		return outbox.Filter{"alert.*"}
	}
	return r.Events
}

// check refuses what a room cannot be, without telling its URL.
func (r Room) check(mayCall func(string) error) error {
	if r.Name == "" || len(r.Name) > maxName || strings.Trim(r.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fail.New(fail.Invalid, "chats", "A chat cannot be called %.60q; take small letters, digits and hyphens, at most %d.", r.Name, maxName)
	}
	if err := r.Events.Check(); err != nil {
		return fail.Wrap(fail.Invalid, err, "chats", "The chat %s: %s", r.Name, fail.SayOf(err))
	}
	u, err := url.Parse(r.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil {
		return fail.New(fail.Invalid, "chats", "The URL of the chat %s cannot be called; give the one that the chat shows for an incoming webhook, such as https://hooks.slack.com/services/….", r.Name)
	}
	if err := mayCall(r.URL); err != nil {
		return fail.New(fail.Invalid, "chats", "The chat %s: %s", r.Name, fail.SayOf(err))
	}
	return nil
}
