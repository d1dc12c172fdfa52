package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/job"
)

// Channel is a way by which events are told.
type Channel interface {
	// Name is the channel's own, such as "webhook".
	Name() string
	// Plan names those whom e is to be told to by this channel. It may be asked again of the same event.
	Plan(ctx context.Context, e Event) ([]Target, error)
	// Carry tries once to bring e to d's target, in bounded real time. It is safe for concurrent use.
	Carry(ctx context.Context, d Delivery, e Event) Result
}

// Config is what a service is made of.
type Config struct {
	Store    Store
	Channels []Channel
	Clock    clock.Clock
	Log      *slog.Logger
	// Observe, if set, is told of every attempt: delivered, again, dead or dropped.
	Observe func(channel, outcome string)
	Wake    func() // makes the jobs look again; may be nil
}

// Service tells events. Make it with [New]. It is safe for concurrent use.
type Service struct {
	cfg Config

	mu    sync.Mutex
	holds map[laneKey]hold
}

type laneKey struct{ channel, lane string }

// hold keeps a lane that fails from taking everybody's time: while it lasts nothing of the lane is carried, and then one
// delivery, to see.
type hold struct {
	fails int
	until time.Time
}

// A failing lane's pauses: doubled each time, up to the last.
const (
	firstHold = time.Second
	lastHold  = time.Minute
)

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, string) {}
	}
	return &Service{cfg: cfg, holds: map[laneKey]hold{}}
}

// Jobs work out targets, carry, and forget.
func (s *Service) Jobs() []job.Job {
	jobs := []job.Job{{Name: "outbox", Due: s.spreadDue, Run: s.spread}}
	for _, c := range s.cfg.Channels {
		l := line{s, c}
		jobs = append(jobs, job.Job{Name: "deliveries by " + c.Name(), Due: l.due, Run: l.run})
	}
	return append(jobs, job.Job{Name: "forget old events", Due: s.forgetDue, Run: s.forget})
}

// spreadBatch bounds one run of the job, in events.
const spreadBatch = 50

func (s *Service) spreadDue(ctx context.Context) (time.Time, bool, error) {
	left, err := s.cfg.Store.Unspread(ctx, 1)
	if err != nil || len(left) == 0 {
		return time.Time{}, false, err
	}
	return left[0].At, true, nil
}

// spread works out to whom events go.
func (s *Service) spread(ctx context.Context) (did bool, err error) {
	events, err := s.cfg.Store.Unspread(ctx, spreadBatch)
	if err != nil {
		return false, fmt.Errorf("list events: %w", err)
	}
	now := s.cfg.Clock.Now()
	for _, e := range events {
		var all []Delivery
		for _, c := range s.cfg.Channels {
			targets, err := c.Plan(ctx, e)
			if err != nil {
				return did, fmt.Errorf("work out whom event %s goes to by %s: %w", e.ID, c.Name(), err)
			}
			for _, t := range targets {
				all = append(all, newDelivery(e, c.Name(), t, now))
			}
		}
		if err := s.cfg.Store.Spread(ctx, e, all, now); err != nil {
			return did, fmt.Errorf("keep the deliveries of event %s: %w", e.ID, err)
		}
		did = true
	}
	if did {
		s.cfg.Wake()
	}
	return did, nil
}

// Post has e carried to t alone by the channel called channel, and returns the delivery.
func (s *Service) Post(ctx context.Context, e Event, channel string, t Target) (Delivery, error) {
	now := s.cfg.Clock.Now()
	d := newDelivery(e, channel, t, now)
	if err := s.cfg.Store.Spread(ctx, e, []Delivery{d}, now); err != nil {
		return d, fmt.Errorf("keep event %s: %w", e.ID, err)
	}
	s.cfg.Wake()
	return d, nil
}

// Delivery finds one, with its event and its tries. Errors: fail.NotFound.
func (s *Service) Delivery(ctx context.Context, id DeliveryID) (d Delivery, e Event, tries []Attempt, err error) {
	if d, err = s.cfg.Store.Delivery(ctx, id); err != nil {
		return d, e, nil, err
	}
	if e, err = s.cfg.Store.Event(ctx, d.Event); err != nil {
		return d, e, nil, fmt.Errorf("find the event of delivery %s: %w", id, err)
	}
	tries, err = s.cfg.Store.Attempts(ctx, id)
	if err != nil {
		return d, e, nil, fmt.Errorf("list the attempts at delivery %s: %w", id, err)
	}
	return d, e, tries, nil
}

// Deliveries lists those that q chooses, newest first.
func (s *Service) Deliveries(ctx context.Context, q Query) ([]Delivery, error) {
	list, err := s.cfg.Store.Deliveries(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

// Resend has one delivery carried again, whatever came of it, and gives it three days more. One that is on its way is
// carried at once.
//
// Errors: fail.NotFound.
func (s *Service) Resend(ctx context.Context, id DeliveryID) (Delivery, error) {
	if _, err := s.cfg.Store.Delivery(ctx, id); err != nil {
		return Delivery{}, err
	}
	if _, err := s.ResendAll(ctx, Query{ID: id}); err != nil {
		return Delivery{}, err
	}
	return s.cfg.Store.Delivery(ctx, id)
}

// ResendAll has those that q chooses carried again, and counts them. q names a delivery or a target.
func (s *Service) ResendAll(ctx context.Context, q Query) (int, error) {
	if q.ID == "" && q.Target == "" {
		return 0, fail.New(fail.Internal, "", "whatever was told to anybody was to be told again")
	}
	n, err := s.cfg.Store.Resend(ctx, q, "It is sent again, as somebody asked.", s.cfg.Clock.Now())
	if err != nil {
		return 0, fmt.Errorf("have deliveries sent again: %w", err)
	}
	s.cfg.Wake()
	return n, nil
}

// keep is for how long an event is kept, and with it what became of its deliveries.
const keep = 90 * 24 * time.Hour

// forgetBatch bounds one run of the job, in events.
const forgetBatch = 500

func (s *Service) forgetDue(ctx context.Context) (time.Time, bool, error) {
	at, ok, err := s.cfg.Store.OldestEvent(ctx)
	return at.Add(keep).Truncate(time.Hour).Add(time.Hour), ok, err
}

func (s *Service) forget(ctx context.Context) (did bool, err error) {
	n, err := s.cfg.Store.ForgetEvents(ctx, s.cfg.Clock.Now().Add(-keep), forgetBatch)
	return n > 0, err
}
