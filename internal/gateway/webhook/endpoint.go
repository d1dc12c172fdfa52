package webhook

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// EndpointID names an endpoint ("whk_…").
type EndpointID string

// Endpoint is an address that wants to be told.
type Endpoint struct {
	ID          EndpointID
	URL         string
	Description string
	// Events are the kinds it wants: whole names, "license.*" for a group, or "*"; empty: all. Tests it gets in any case.
	Events    []string
	Disabled  bool
	Why       string // it is disabled
	Secret    Secret
	Old       Secret // the one before, while a rotation lasts; empty otherwise
	OldUntil  time.Time
	CreatedAt time.Time
	ChangedAt time.Time
	// Revision counts changes, so that two that change the same at once do not undo each other.
	Revision int64
}

// Bounds of what an endpoint may say of itself.
const (
	MaxEndpoints   = 50
	maxURL         = 2048
	maxDescription = 200
	maxEvents      = 50
)

// Wants reports whether the endpoint is to be told of events of kind k.
func (e Endpoint) Wants(k outbox.Kind) bool {
	return !e.Disabled && outbox.Filter(e.Events).Wants(k)
}

// Store keeps endpoints. What a method has changed is durable when it returns nil.
type Store interface {
	// AddEndpoint keeps a new one.
	AddEndpoint(ctx context.Context, e Endpoint) error
	// ChangeEndpoint keeps e, which was read at e.Revision, and counts the revision on; fail.Conflict if it was changed
	// since, fail.NotFound if it is gone.
	ChangeEndpoint(ctx context.Context, e Endpoint) error
	// DeleteEndpoint forgets one; one that is not there is fail.NotFound.
	DeleteEndpoint(ctx context.Context, id EndpointID) error
	// Endpoint finds one; otherwise fail.NotFound.
	Endpoint(ctx context.Context, id EndpointID) (Endpoint, error)
	// Endpoints lists all, oldest first.
	Endpoints(ctx context.Context) ([]Endpoint, error)
}

// check refuses what an endpoint cannot be.
func (e Endpoint) check(mayCall func(string) error) error {
	if utf8.RuneCountInString(e.Description) > maxDescription || strings.ContainsFunc(e.Description, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fail.New(fail.Invalid, "bad_description", "The description has unprintable characters or more than %d characters.", maxDescription)
	}
	if len(e.Events) > maxEvents {
		return fail.New(fail.Invalid, "bad_events", "There are more than %d events; use a group such as license.*.", maxEvents)
	}
	if err := outbox.Filter(e.Events).Check(); err != nil {
		return err
	}
	u, err := url.Parse(e.URL)
	if err != nil || len(e.URL) > maxURL || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.Opaque != "" {
		return fail.New(fail.Invalid, "bad_url", "The URL %.100q cannot be called; give one like https://app.example.com/souk.", e.URL)
	}
	if u.User != nil || u.Fragment != "" {
		return fail.New(fail.Invalid, "bad_url", "The URL has a user name or a fragment; leave them out. What proves the sender is the signature.")
	}
	return mayCall(e.URL)
}

// noSuch is the failure of asking for an endpoint that is not there.
func noSuch(id EndpointID) error {
	return fail.New(fail.NotFound, "no_such_webhook", "There is no webhook %.80q.", id)
}

// NoSuch is the failure that a [Store] answers for an endpoint that is not there.
func NoSuch(id EndpointID) error { return fmt.Errorf("find a webhook: %w", noSuch(id)) }
