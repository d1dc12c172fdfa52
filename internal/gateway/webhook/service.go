package webhook

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// Poster calls an address once.
type Poster interface {
	// MayCall refuses, with fail.Invalid, an address that is never called: without TLS, or in a network that is not allowed.
	// An address that is a name may turn out to be such a one later.
	MayCall(url string) error
	// Post sends body. An error says why there was no answer, or that the call was refused (fail.Denied: it went
	// nowhere, and never will as things are set).
	Post(ctx context.Context, url string, header map[string]string, body []byte) (Reply, error)
}

// Reply is what an endpoint answered.
type Reply struct {
	Status     int
	RetryAfter time.Duration // it asked for; 0: it did not
	Text       string        // the beginning of its body
}

// sender is the outbox.
type sender interface {
	Post(ctx context.Context, e outbox.Event, channel string, t outbox.Target) (outbox.Delivery, error)
	ResendAll(ctx context.Context, q outbox.Query) (int, error)
}

// Config is what a service is made of.
type Config struct {
	Store  Store
	Poster Poster
	Clock  clock.Clock
	// Wall is the clock by which receivers judge a signature's age, whatever Clock follows: the system's when nil.
	Wall clock.Clock
	Log  *slog.Logger
}

// Service keeps endpoints and is the outbox's channel to them. It is safe for concurrent use.
type Service struct {
	cfg    Config
	outbox sender
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Wall == nil {
		cfg.Wall = clock.System{}
	}
	return &Service{cfg: cfg}
}

// Use gives the service the outbox whose channel it is. Call it before anything else.
func (s *Service) Use(o *outbox.Service) { s.outbox = o }

// Add keeps a new endpoint, of which URL, Description and Events are taken, and makes its secret.
//
// Errors: fail.Invalid for what cannot be, saying why; fail.Conflict when there are too many.
func (s *Service) Add(ctx context.Context, e Endpoint) (Endpoint, error) {
	if err := e.check(s.cfg.Poster.MayCall); err != nil {
		return e, err
	}
	all, err := s.cfg.Store.Endpoints(ctx)
	if err != nil {
		return e, fmt.Errorf("list the webhooks: %w", err)
	}
	if len(all) >= MaxEndpoints {
		return e, fail.New(fail.Conflict, "too_many_webhooks", "There are %d webhooks, and there cannot be more; delete one.", len(all))
	}
	now := whole(s.cfg.Clock.Now())
	e = Endpoint{ID: EndpointID("whk_" + strings.ToLower(rand.Text())), URL: e.URL, Description: e.Description, Events: e.Events, Secret: NewSecret(), CreatedAt: now, ChangedAt: now}
	if err := s.cfg.Store.AddEndpoint(ctx, e); err != nil {
		return e, fmt.Errorf("keep a webhook: %w", err)
	}
	s.cfg.Log.InfoContext(ctx, "webhook made", "webhook", e.ID)
	return e, nil
}

// Endpoint finds one. Errors: fail.NotFound.
func (s *Service) Endpoint(ctx context.Context, id EndpointID) (Endpoint, error) {
	return s.cfg.Store.Endpoint(ctx, id)
}

// Endpoints lists all, oldest first.
func (s *Service) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return s.cfg.Store.Endpoints(ctx)
}

// Change is what may be changed of an endpoint; nil leaves it as it is.
type Change struct {
	URL, Description *string
	Events           *[]string
	Disabled         *bool
}

// Change changes one. Errors: fail.NotFound; fail.Invalid; fail.Conflict when somebody else changes it at the same time.
func (s *Service) Change(ctx context.Context, id EndpointID, c Change) (Endpoint, error) {
	return s.edit(ctx, id, func(e *Endpoint) error {
		set(&e.URL, c.URL)
		set(&e.Description, c.Description)
		set(&e.Events, c.Events)
		if c.Disabled != nil && *c.Disabled != e.Disabled {
			e.Disabled, e.Why = *c.Disabled, ""
			if e.Disabled {
				e.Why = "Somebody has disabled it."
			}
		}
		return e.check(s.cfg.Poster.MayCall)
	})
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// MaxOverlap is the longest that a secret can be used besides the one that replaces it.
const MaxOverlap = 7 * 24 * time.Hour

// Rotate gives an endpoint a new secret. For overlap, what is sent is signed with the one before, too.
func (s *Service) Rotate(ctx context.Context, id EndpointID, overlap time.Duration) (Endpoint, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return Endpoint{}, fail.New(fail.Invalid, "bad_overlap", "The overlap is %s; give one from 0s to %s.", overlap, MaxOverlap)
	}
	return s.edit(ctx, id, func(e *Endpoint) error {
		e.Old, e.OldUntil = e.Secret, whole(s.cfg.Clock.Now().Add(overlap))
		e.Secret = NewSecret()
		return nil
	})
}

func (s *Service) edit(ctx context.Context, id EndpointID, f func(*Endpoint) error) (Endpoint, error) {
	e, err := s.cfg.Store.Endpoint(ctx, id)
	if err != nil {
		return e, err
	}
	e.Events = slices.Clone(e.Events)
	if err := f(&e); err != nil {
		return e, err
	}
	e.ChangedAt = whole(s.cfg.Clock.Now())
	if err := s.cfg.Store.ChangeEndpoint(ctx, e); err != nil {
		return e, fmt.Errorf("change webhook %s: %w", id, err)
	}
	e.Revision++
	return e, nil
}

// Delete forgets an endpoint. What was on its way to it is dropped.
func (s *Service) Delete(ctx context.Context, id EndpointID) error {
	if err := s.cfg.Store.DeleteEndpoint(ctx, id); err != nil {
		return err
	}
	s.cfg.Log.InfoContext(ctx, "webhook deleted", "webhook", id)
	return nil
}

// Test sends an endpoint an event of its own, even if it is disabled.
func (s *Service) Test(ctx context.Context, id EndpointID) (outbox.Delivery, error) {
	e, err := s.cfg.Store.Endpoint(ctx, id)
	if err != nil {
		return outbox.Delivery{}, err
	}
	data := map[string]string{"webhook": string(e.ID), "say": "This is a test. Nothing has happened."}
	return s.outbox.Post(ctx, outbox.NewEvent(outbox.WebhookTest, s.cfg.Clock.Now(), outbox.Subject{}, data).Named(rand.Text()), Channel, s.target(e))
}

// Replay sends an endpoint again what it did not take: what is dead or dropped, and made from an instant on and before
// another (zero: until now).
func (s *Service) Replay(ctx context.Context, id EndpointID, from, to time.Time, states []outbox.State) (int, error) {
	if _, err := s.cfg.Store.Endpoint(ctx, id); err != nil {
		return 0, err
	}
	return s.outbox.ResendAll(ctx, outbox.Query{Channel: Channel, Target: string(id), States: states, From: from, To: to})
}

// whole is t as it is kept: in microseconds, without Go's monotonic reading.
func whole(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }
