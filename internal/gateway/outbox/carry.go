package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
)

// lease is how long, in business time, a delivery belongs to the process that carries it: longer than any try takes. It
// matters only where that process died.
const lease = 2 * time.Minute

// perLane and atOnce bound what is carried at a time, by lane and by channel.
const (
	perLane = 8
	atOnce  = 64
)

// line is one channel's work.
type line struct {
	s *Service
	c Channel
}

func (l line) due(ctx context.Context) (at time.Time, ok bool, err error) {
	lanes, err := l.s.cfg.Store.Lanes(ctx, l.c.Name())
	if err != nil {
		return at, false, fmt.Errorf("find the next delivery: %w", err)
	}
	for _, lane := range lanes {
		due := lane.Due
		if h := l.held(lane.Name); h.until.After(due) {
			due = h.until
		}
		if !ok || due.Before(at) {
			at, ok = due, true
		}
	}
	return at, ok, nil
}

func (l line) held(lane string) hold {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	return l.s.holds[laneKey{l.c.Name(), lane}]
}

// run carries some of what is due, of as many lanes as it can.
func (l line) run(ctx context.Context) (did bool, err error) {
	now := l.s.cfg.Clock.Now()
	lanes, err := l.s.cfg.Store.Lanes(ctx, l.c.Name())
	if err != nil {
		return false, fmt.Errorf("find the next deliveries: %w", err)
	}
	var work []Leased
	mine := "lse_" + strings.ToLower(rand.Text())
	for _, lane := range lanes {
		h := l.held(lane.Name)
		if len(work) >= atOnce || lane.Due.After(now) || h.until.After(now) {
			continue
		}
		some := min(perLane, atOnce-len(work))
		if h.fails > 0 {
			some = 1
		}
		got, err := l.s.cfg.Store.Lease(ctx, l.c.Name(), lane.Name, mine, now, now.Add(lease), some)
		if err != nil {
			return false, fmt.Errorf("take deliveries of %s: %w", lane.Name, err)
		}
		work = append(work, got...)
	}
	errs := make([]error, len(work))
	var wg sync.WaitGroup
	for i, w := range work {
		wg.Go(func() { errs[i] = l.one(ctx, w, mine) })
	}
	wg.Wait()
	return len(work) > 0, errors.Join(errs...)
}

// one tries once to carry a delivery and keeps what came of it. An error is one of keeping.
func (l line) one(ctx context.Context, w Leased, mine string) error {
	d, at, elapsed := w.Delivery, l.s.cfg.Clock.Now(), clock.Stopwatch()
	res := l.c.Carry(ctx, d, w.Event)
	if res.State != Delivered && ctx.Err() != nil {
		return nil // we are stopping: the lease runs out, and it goes again
	}
	now := l.s.cfg.Clock.Now()
	d.Tries++
	outcome := string(res.State)
	switch pause, more := d.pauseAfter(res.Wish); {
	case res.State != Pending:
		d = d.become(res.State, res.Say, now)
	case more:
		d.Why, d.DueAt, outcome = fmt.Sprintf("Attempt %d failed: %s", d.Tries, res.Say), now.Add(pause), "again"
	default:
		d, outcome = d.become(Dead, fmt.Sprintf("It was tried %d times in three days. The last time: %s", d.Tries, res.Say), now), string(Dead)
	}
	l.keepLane(d.Lane, res, now)
	settled, err := l.s.cfg.Store.Settle(ctx, d, mine, Attempt{At: at, Took: elapsed(), Status: res.Status, Say: res.Say})
	if err != nil {
		return fmt.Errorf("keep what came of delivery %s: %w", d.ID, err)
	}
	if settled {
		l.s.cfg.Observe(l.c.Name(), outcome)
		l.tell(ctx, d, res)
		if d.State == Dead {
			l.s.cfg.Wake() // that it was given up is told in its turn
		}
	}
	return nil
}

// keepLane holds a lane back that failed, and lets one go that did not.
func (l line) keepLane(lane string, res Result, now time.Time) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	key := laneKey{l.c.Name(), lane}
	if !res.Ours {
		delete(l.s.holds, key)
		return
	}
	h := l.s.holds[key]
	if now.Before(h.until) {
		return // several of one batch failed: that is one failure of the lane
	}
	h.until = now.Add(max(min(firstHold<<min(h.fails, 10), lastHold), min(res.Wish, longestWish)))
	h.fails++
	l.s.holds[key] = h
}

func (l line) tell(ctx context.Context, d Delivery, res Result) {
	level := slog.LevelDebug
	switch d.State {
	case Dead:
		level = slog.LevelWarn
	case Delivered:
		level = slog.LevelInfo
	}
	l.s.cfg.Log.LogAttrs(ctx, level, "delivery", slog.String("delivery", string(d.ID)), slog.String("event", string(d.Event)), slog.String("kind", string(d.Kind)),
		slog.String("channel", d.Channel), slog.String("target", d.To), slog.String("state", string(d.State)), slog.Int("tries", d.Tries), slog.Int("status", res.Status))
}
