package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ReporterOptions change a [Reporter] from its defaults. The zero value is good.
type ReporterOptions struct {
	// Delay is how long an event waits for others to travel with; 1 second when zero.
	Delay time.Duration
	// MaxWaiting is how many events may wait; 100,000 when zero. Beyond it [Reporter.Add] waits for room.
	MaxWaiting int
	// Spool is a file that keeps the events that wait, so that not even a kill or a power cut loses one: [Reporter.Add]
	// returns when they are on disk, and the next reporter with the same file delivers them. It is one reporter's alone.
	// Empty: events wait in memory.
	Spool string
	// Unstamped leaves events without a time as they are. By default they get the time at which they were added, because
	// they may arrive much later. Set it only with a sandbox whose clock may be moved: there, only the gateway knows the hour.
	Unstamped bool

	// Rejected, if given, is told of every event that can never be counted, and why. It must not wait for long.
	Rejected func(Event, Rejection)
	// Failed, if given, is told of every attempt that failed. The events of it stay, and are tried again, with longer and
	// longer pauses (up to a minute), whatever the cause: a wrong key can be mended while the program runs.
	Failed func(error)
}

// Reporter delivers events in the background, together. Make it with [Client.NewReporter], and end it with [Reporter.Close].
// It is safe for concurrent use.
//
// Nothing that was added is lost: an event leaves the reporter when the gateway has it on its disk, or has refused it, or
// when Close gives it back.
type Reporter struct {
	c     *Client
	o     ReporterOptions
	spool *spool // nil: memory only
	kick  chan struct{}
	done  chan struct{}
	stop  context.CancelFunc

	mu      sync.Mutex
	waiting []Event       // the oldest first
	hurry   bool          // deliver without waiting for others: flushing or closing
	closed  bool          // nothing is taken any more
	changed chan struct{} // closed, and replaced, whenever events have left
}

// ErrClosed comes from [Reporter.Add] after [Reporter.Close].
var ErrClosed = errors.New("souk: the reporter is closed")

// NewReporter starts a reporter. The error is about the spool: it cannot be opened or read.
func (c *Client) NewReporter(o ReporterOptions) (*Reporter, error) {
	if o.Delay <= 0 {
		o.Delay = time.Second
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = 100_000
	}
	r := &Reporter{c: c, o: o, kick: make(chan struct{}, 1), done: make(chan struct{}), changed: make(chan struct{})}
	if o.Spool != "" {
		var err error
		if r.spool, r.waiting, err = openSpool(o.Spool); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go r.run(ctx)
	r.wake()
	return r, nil
}

// Add takes events, to be delivered soon. It waits only for the spool's disk, and, where very many events wait, for room,
// until ctx ends.
//
// The error is ErrClosed, ctx's, or the spool's; then none of the events was taken.
func (r *Reporter) Add(ctx context.Context, events ...Event) error {
	events = slices.Clone(events)
	now := time.Now().UTC()
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = r.c.newID()
		}
		if events[i].Time.IsZero() && !r.o.Unstamped {
			events[i].Time = now
		}
	}
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return ErrClosed
		}
		if len(r.waiting) == 0 || len(r.waiting)+len(events) <= r.o.MaxWaiting {
			break // with the lock
		}
		changed := r.changed
		r.hurry = true
		r.mu.Unlock()
		r.wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("souk: %d events wait, and there is no room: %w", r.o.MaxWaiting, ctx.Err())
		}
	}
	defer r.mu.Unlock()
	if r.spool != nil {
		if err := r.spool.add(events); err != nil {
			return err
		}
	}
	r.waiting = append(r.waiting, events...)
	r.wake()
	return nil
}

// Waiting is how many events have not been delivered yet.
func (r *Reporter) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// Flush delivers what waits now, and returns when nothing waits any more, or ctx ends.
func (r *Reporter) Flush(ctx context.Context) error {
	for {
		r.mu.Lock()
		left, changed := len(r.waiting), r.changed
		r.hurry = left > 0
		r.mu.Unlock()
		if left == 0 {
			return nil
		}
		r.wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("souk: %d events wait: %w", left, ctx.Err())
		}
	}
}

// Close takes nothing more, delivers what waits, and ends the reporter. Give it as long as your program may take to end.
//
// Where ctx ends first, the error is an [UndeliveredError] with the events that are left (see [Undelivered]). With a spool
// they are on disk, too, and the next reporter delivers them; without one, they are yours to keep.
func (r *Reporter) Close(ctx context.Context) error {
	r.mu.Lock()
	again := r.closed
	r.closed, r.hurry = true, true
	r.mu.Unlock()
	r.wake()
	select {
	case <-r.done:
	case <-ctx.Done():
		r.stop()
		<-r.done
	}
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	if r.spool != nil && !again {
		err = r.spool.close()
	}
	if len(r.waiting) > 0 {
		return errors.Join(&UndeliveredError{Events: slices.Clone(r.waiting), Err: ctx.Err()}, err)
	}
	return err
}

func (r *Reporter) wake() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// run delivers until the reporter is closed and empty, or ctx ends.
func (r *Reporter) run(ctx context.Context) {
	defer close(r.done)
	for fails := 0; ; {
		batch, ok := r.next(ctx)
		if !ok {
			return
		}
		receipt, err := r.c.Report(ctx, batch...)
		if err != nil {
			if r.o.Failed != nil && ctx.Err() == nil {
				r.o.Failed(err)
			}
			if !pause(ctx, min(r.c.longest<<min(fails, 10), time.Minute)) {
				return
			}
			fails++
			continue
		}
		fails = 0
		if err := r.delivered(len(batch)); err != nil && r.o.Failed != nil {
			r.o.Failed(err)
		}
		for _, no := range receipt.Rejected {
			if r.o.Rejected != nil && no.Index >= 0 && no.Index < len(batch) {
				r.o.Rejected(batch[no.Index], no)
			}
		}
	}
}

// next waits for something to deliver: a full batch, or what has waited for Delay, or whatever there is when it is wanted
// at once. ok is false when there is nothing left to do.
func (r *Reporter) next(ctx context.Context) (batch []Event, ok bool) {
	late := false // what waits has waited for Delay
	for ctx.Err() == nil {
		r.mu.Lock()
		n := len(r.waiting)
		ready := n >= maxBatch || (n > 0 && (r.hurry || late))
		over := r.closed && n == 0
		if ready {
			batch = slices.Clone(r.waiting[:min(n, maxBatch)])
		}
		r.mu.Unlock()
		switch {
		case over:
			return nil, false
		case ready:
			return batch, true
		case n == 0:
			select {
			case <-r.kick:
			case <-ctx.Done():
			}
		default:
			late = r.linger(ctx)
		}
	}
	return nil, false
}

// linger gives other events time to come; it reports false where the reporter is to look again sooner.
func (r *Reporter) linger(ctx context.Context) bool {
	waiting, cancel := context.WithTimeout(ctx, r.o.Delay)
	defer cancel()
	for {
		select {
		case <-waiting.Done():
			return true
		case <-r.kick:
			r.mu.Lock()
			now := r.hurry || len(r.waiting) >= maxBatch
			r.mu.Unlock()
			if now {
				return false
			}
		}
	}
}

// delivered lets go of the n oldest events.
func (r *Reporter) delivered(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.Delete(r.waiting, 0, n)
	if len(r.waiting) == 0 {
		r.waiting, r.hurry = nil, r.closed
	}
	close(r.changed)
	r.changed = make(chan struct{})
	if r.spool == nil {
		return nil
	}
	return r.spool.keep(r.waiting)
}
