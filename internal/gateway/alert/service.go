package alert

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// Store keeps alerts. They are raised by the stores of the features, each in the transaction of its fact.
type Store interface {
	// NextAlert is when the next alert is to be looked at; ok is false if none is.
	NextAlert(ctx context.Context) (at time.Time, ok bool, err error)
	// DueAlerts lists up to limit alerts that are to be looked at by now, the longest due first.
	DueAlerts(ctx context.Context, now time.Time, limit int) ([]Alert, error)
	// LookedAt keeps, in one step, what [Alert.Looked] makes of a, and what it tells. One that was found again since a was read
	// stays as it is.
	LookedAt(ctx context.Context, a Alert, stands bool, now time.Time) error
	// Alert finds one; otherwise fail.NotFound.
	Alert(ctx context.Context, id ID) (Alert, error)
	// Alerts lists those that q chooses, the one found last first.
	Alerts(ctx context.Context, q Query) ([]Alert, error)
}

// Query chooses alerts; what is empty chooses all.
type Query struct {
	State State
	After Cursor // the last of the page before
	Limit int
}

// Cursor is the place of an alert in a list.
type Cursor struct {
	At time.Time
	ID ID
}

// CursorOf is a's place.
func CursorOf(a Alert) Cursor { return Cursor{a.At, a.ID} }

// Config is what a service is made of.
type Config struct {
	Store Store
	// Stands says, by kind, whether what a lasting alert is about still is so. Each kind that lasts has one.
	Stands map[outbox.Kind]func(ctx context.Context, a Alert) (bool, error)
	Clock  clock.Clock
	Log    *slog.Logger
	Wake   func() // makes the outbox look again at what is due; may be nil
}

// Service looks at alerts. Make it with [New]. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a service. A kind that lasts and that nobody can ask about is a programming error.
func New(cfg Config) *Service {
	for k, is := range kinds {
		if is.lasts != (cfg.Stands[k] != nil) {
			panic("alert: " + string(k) + " lasts, and nobody says whether it stands; or the other way round")
		}
	}
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	return &Service{cfg}
}

// Job looks at alerts that are due.
func (s *Service) Job() job.Job {
	return job.Job{Name: "alerts", Due: s.cfg.Store.NextAlert, Run: s.look}
}

// batch bounds one run of the job.
const batch = 50

func (s *Service) look(ctx context.Context) (did bool, err error) {
	now := s.cfg.Clock.Now()
	due, err := s.cfg.Store.DueAlerts(ctx, now, batch)
	if err != nil {
		return false, fmt.Errorf("list the alerts to look at: %w", err)
	}
	for _, a := range due {
		stands := true
		if ask := s.cfg.Stands[a.Kind]; ask != nil {
			if stands, err = ask(ctx, a); err != nil {
				return did, fmt.Errorf("ask whether alert %s still stands: %w", a.ID, err)
			}
		}
		if err := s.cfg.Store.LookedAt(ctx, a, stands, now); err != nil {
			return did, fmt.Errorf("keep what became of alert %s: %w", a.ID, err)
		}
		if !stands {
			s.cfg.Log.InfoContext(ctx, "alert resolved", "alert", a.ID, "kind", a.Kind)
		}
		did = true
	}
	if did {
		s.cfg.Wake()
	}
	return did, nil
}

// Alert finds one. Errors: fail.NotFound.
func (s *Service) Alert(ctx context.Context, id ID) (Alert, error) { return s.cfg.Store.Alert(ctx, id) }

// Alerts lists those that q chooses, the one found last first.
func (s *Service) Alerts(ctx context.Context, q Query) ([]Alert, error) {
	return s.cfg.Store.Alerts(ctx, q)
}
