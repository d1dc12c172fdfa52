package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/job"
)

// Intake takes in notices.
type Intake struct {
	queue    Queue
	store    Store
	book     Book
	products core.Catalogue
	clk      clock.Clock
	log      *slog.Logger

	// Observe, if set, is told of every delivery: what became of it, and how long it waited in the queue. repeated
	// says that the notice was known already.
	Observe func(n Notice, repeated bool, waited time.Duration)

	// Wake, if set, is called when the job "notices" has something to do.
	Wake func()

	applying sync.Mutex                           // held from looking at a notice's outcome until it is applied, so that two deliveries do so once
	behind   atomic.Bool                          // there may be notices that are kept and not applied
	polled   atomic.Pointer[func() time.Duration] // the time since the queue last answered
	outage   atomic.Pointer[outage]               // nil: it answered last
}

// New makes an intake that reads queue, which may be nil: then only what is kept already is applied.
func New(queue Queue, store Store, book Book, products core.Catalogue, clk clock.Clock, log *slog.Logger) *Intake {
	in := &Intake{queue: queue, store: store, book: book, products: products, clk: clk, log: log}
	in.behind.Store(true) // the process before may have died between keeping and applying
	return in
}

// Jobs are the intake's work: applying what is kept, and reading the queue.
func (in *Intake) Jobs() []job.Job {
	jobs := []job.Job{{Name: "notices", Due: in.due, Run: in.catchUp}}
	if in.queue != nil {
		jobs = append(jobs, job.Job{Name: "queue", Poll: in.poll})
	}
	return jobs
}

// Answered is how long ago, in real time, the queue last answered; ok is false while it never has.
func (in *Intake) Answered() (ago time.Duration, ok bool) {
	f := in.polled.Load()
	if f == nil {
		return 0, false
	}
	return (*f)(), true
}

func (in *Intake) due(context.Context) (time.Time, bool, error) {
	return time.Time{}, in.behind.Load(), nil // long since, if at all
}

// batch is how many kept notices are applied at once.
const batch = 100

// catchUp applies what was kept and not applied. One notice that cannot be applied does not keep the others waiting.
func (in *Intake) catchUp(ctx context.Context) (did bool, err error) {
	codes, err := in.store.UnservedProducts(ctx)
	if err != nil {
		return false, fmt.Errorf("list the products of notices put aside: %w", err)
	}
	for _, c := range codes {
		if in.products.Serves(c) {
			if err := in.store.ReconsiderProduct(ctx, c); err != nil {
				return did, err
			}
		}
	}
	var failed []error
	in.applying.Lock()
	defer in.applying.Unlock()
	for after := ""; ; {
		ns, err := in.store.WaitingNotices(ctx, after, batch)
		if err != nil {
			return did, fmt.Errorf("list the notices to be applied: %w", err)
		}
		for _, n := range ns {
			after = n.Key
			if _, err := in.apply(ctx, reread(n)); err != nil {
				failed = append(failed, err)
				continue
			}
			did = true
		}
		if len(ns) < batch {
			break
		}
	}
	if len(failed) == 0 {
		in.behind.Store(false)
		return true, nil
	}
	return did, errors.Join(failed...)
}

// reread reads a kept notice again, so that what it says need not be kept twice.
func reread(kept Notice) Notice {
	again := Parse(kept.delivery())
	kept.note = again.note
	kept.note.ID = kept.Key
	if again.Outcome != Received { // this version reads it otherwise than the one that kept it
		kept.note = license.Note{ID: kept.Key, At: kept.At}
	}
	return kept
}

// delivery is what brought n first.
func (n Notice) delivery() Message {
	return Message{ID: n.MessageID, Way: n.Way, Body: n.Body, SentAt: n.SentAt}
}

// Take keeps what AWS posted and applies it, and returns the notice as it stands. It is for a door that has proven who
// speaks (law 6). Repeating it changes nothing but the count of deliveries.
//
// Errors: only where the notice could not be kept; ask for it again then. One that is kept and could not be applied is
// applied by the job "notices", and its outcome is [Received] until then.
func (in *Intake) Take(ctx context.Context, m Message) (Notice, error) {
	n := Parse(m)
	n.ReceivedAt = in.clk.Now()
	kept, err := in.one(ctx, n)
	if err != nil && kept.Key != "" {
		in.log.ErrorContext(ctx, "a notice is kept and could not be applied; it is tried again", "notice", kept.Key, "err", err)
		err = nil
	}
	return kept, err
}

// poll takes in what the queue has.
func (in *Intake) poll(ctx context.Context, wait bool) (did bool, err error) {
	ms, err := in.queue.Receive(ctx, wait)
	if err != nil {
		return false, errors.Join(fmt.Errorf("read the queue: %w: %w", job.ErrExpected, err), in.failed(ctx, err))
	}
	answered := clock.Stopwatch()
	in.polled.Store(&answered)
	in.outage.Store(nil)
	if len(ms) == 0 {
		return false, nil
	}
	done, err := in.take(ctx, ms)
	if len(done) > 0 {
		if rerr := in.queue.Remove(ctx, done); rerr != nil {
			err = errors.Join(err, fmt.Errorf("remove notices from the queue (they come again, and change nothing): %w: %w", job.ErrExpected, rerr))
		}
	}
	return true, err
}

// take keeps and applies messages and returns those that are done with.
func (in *Intake) take(ctx context.Context, ms []Message) (done []Message, err error) {
	var failed []error
	for _, m := range ms {
		n := Parse(m)
		n.ReceivedAt = in.clk.Now()
		if _, err := in.one(ctx, n); err != nil {
			failed = append(failed, err)
			continue // it stays in the queue
		}
		done = append(done, m)
	}
	return done, errors.Join(failed...)
}

// one keeps a notice and applies it. What it returns besides an error was kept, if it has a key.
func (in *Intake) one(ctx context.Context, n Notice) (kept Notice, err error) {
	in.applying.Lock()
	defer in.applying.Unlock()
	if kept, err = in.store.KeepNotice(ctx, n); err != nil {
		return Notice{}, fmt.Errorf("keep notice %s: %w", n.Key, err)
	}
	repeated := kept.Deliveries > 1
	kept.note = n.note
	if kept.Outcome == Received {
		if kept, err = in.apply(ctx, reread(kept)); err != nil {
			in.behind.Store(true)
			if in.Wake != nil {
				in.Wake()
			}
			return kept, err
		}
	}
	in.tell(ctx, kept, repeated)
	if !repeated && in.Wake != nil && !heeded(kept.Outcome) {
		in.Wake() // that somebody should look at it is told
	}
	if in.Observe != nil {
		in.Observe(kept, repeated, n.ReceivedAt.Sub(n.SentAt))
	}
	return kept, nil
}

// tell logs what became of a notice.
func (in *Intake) tell(ctx context.Context, n Notice, repeated bool) {
	switch {
	case repeated || heeded(n.Outcome):
		in.log.InfoContext(ctx, "notice", "notice", n.Key, "kind", n.Kind, "license", n.License, "outcome", n.Outcome, "delivery", n.Deliveries)
	default:
		in.log.WarnContext(ctx, "a notice had no effect", "notice", n.Key, "kind", n.Kind, "outcome", n.Outcome, "why", n.Why)
	}
}

// heeded reports whether a notice of the outcome had the effect that it should have.
func heeded(o license.Outcome) bool {
	return o == license.Applied || o == license.Confirmed || o == license.Recorded
}

// Unserved reports whether notices wait for the product of an alert to be configured.
func (in *Intake) Unserved(ctx context.Context, a alert.Alert) (bool, error) {
	codes, err := in.store.UnservedProducts(ctx)
	if err != nil {
		return false, fmt.Errorf("list the products of notices put aside: %w", err)
	}
	return slices.Contains(codes, a.Product), nil
}

func (in *Intake) apply(ctx context.Context, n Notice) (Notice, error) {
	v, err := in.book.Note(ctx, n.note)
	if err != nil {
		return n, err
	}
	n.License, n.Outcome, n.Why = v.License, v.Outcome, v.Why
	return n, nil
}
