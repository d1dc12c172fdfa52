package queue

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Receiving is how to receive.
type Receiving struct {
	Max        int            // 1 to 10; 0 is 1
	Visibility *time.Duration // of what is received; nil takes the queue's
	Wait       *time.Duration // real time to wait for a first message; nil takes the queue's
}

// Receive hands out what can be seen, oldest first, hides it for the visibility timeout, and waits for a first message
// if it must. An empty answer is no error. A client that goes away (ctx) while waiting receives nothing.
func (s *Service) Receive(ctx context.Context, account, name string, how Receiving) ([]Received, error) {
	if how.Max == 0 {
		how.Max = 1
	}
	if how.Max < 1 || how.Max > 10 {
		return nil, refuse(InvalidParameterValue, "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", how.Max)
	}
	if v := how.Visibility; v != nil && (*v < 0 || *v > MaxVisibility) {
		return nil, refuse(InvalidParameterValue, "Value %d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.", *v/time.Second)
	}
	if w := how.Wait; w != nil && (*w < 0 || *w > MaxWait) {
		return nil, refuse(InvalidParameterValue, "Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", *w/time.Second)
	}
	var patience context.Context
	for {
		got, look, err := s.take(account, name, how)
		if look.others {
			s.ready()
		}
		if err != nil || len(got) > 0 || look.wait == 0 {
			return got, err
		}
		if patience == nil {
			var cancel context.CancelFunc
			patience, cancel = context.WithTimeout(ctx, look.wait)
			defer cancel()
		}
		if err := s.await(patience, look); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if errors.Is(err, context.DeadlineExceeded) {
				return nil, nil
			}
			return nil, err
		}
	}
}

// outlook is what a receive that found nothing waits for.
type outlook struct {
	wait    time.Duration
	stirred <-chan struct{}
	next    time.Time // when a hidden message comes back; zero: none is hidden
	others  bool      // something became visible that was not for this receive
}

// await returns nil when it is worth looking again.
func (s *Service) await(ctx context.Context, o outlook) error {
	var rung <-chan struct{}
	if !o.next.IsZero() {
		r, stop := s.clk.Alarm(o.next)
		defer stop()
		rung = r
	}
	select {
	case <-o.stirred:
	case <-rung:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// take receives what is there now.
func (s *Service) take(account, name string, how Receiving) ([]Received, outlook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return nil, outlook{}, err
	}
	now := s.clk.Now()
	stirred := q.promote(now)
	buried, err := s.buryDead(q, now)
	if err != nil {
		return nil, outlook{}, err
	}
	hide := q.set.visibility
	if how.Visibility != nil {
		hide = *how.Visibility
	}
	var got []Received
	for len(got) < how.Max && len(q.visible.items) > 0 {
		if q.flying >= MaxInFlight {
			if len(got) > 0 {
				break
			}
			return nil, outlook{}, refuse(OverLimit, "Too many messages are in flight: %d.", q.flying)
		}
		it := q.visible.items[0]
		it.receives++
		if it.first.IsZero() {
			it.first = now
		}
		it.until, it.inFlight = now.Add(hide), true
		q.flying++
		q.hidden.put(it)
		got = append(got, Received{Message: it.Message, Handle: handle(q.name, it.ID, it.receives),
			Receives: it.receives, FirstReceivedAt: it.first, DeadLetterOf: it.deadOf})
	}
	o := outlook{wait: q.set.wait, stirred: q.stirred, others: buried || (stirred && len(q.visible.items) > 0)}
	if how.Wait != nil {
		o.wait = *how.Wait
	}
	if len(got) > 0 {
		s.hid()
	}
	if len(q.hidden.items) > 0 {
		o.next = q.hidden.items[0].until
	}
	return got, o, nil
}

// buryDead moves visible messages that were received too often to the dead-letter queue, if there is one, and reports
// whether there were any.
func (s *Service) buryDead(q *queue, now time.Time) (any bool, err error) {
	target := s.byARN(q.set.deadTarget)
	if target == nil || target == q {
		return false, nil
	}
	var given []*item
	for _, it := range q.visible.items {
		if it.receives >= q.set.deadAfter {
			given = append(given, it)
		}
	}
	if len(given) == 0 {
		return false, nil
	}
	slices.SortFunc(given, func(a, b *item) int { return cmp.Compare(a.seq, b.seq) }) // they stay in their order
	dead := make([]string, len(given))
	for i, it := range given {
		dead[i] = it.ID
	}
	if err := s.record(Change{Op: OpForward, Account: q.account, Queue: q.name, At: now, IDs: dead, Target: q.set.deadTarget}); err != nil {
		return false, err
	}
	for _, id := range dead {
		s.forward(q, target, id, now)
	}
	return true, nil
}

// Delete takes messages away by their receipt handles, all in one change, and tells for each handle what was wrong
// with it. Deleting twice is fine; so is a handle of an earlier receive, which deletes nothing.
func (s *Service) Delete(account, name string, handles ...string) (wrong []error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return nil, err
	}
	wrong = make([]error, len(handles))
	var ids []string
	for i, h := range handles {
		id, receives, bad := readHandle(name, h)
		if bad != nil {
			wrong[i] = bad
			continue
		}
		// After a restart the count begins anew, and a handle from before it counts higher: that one is good.
		if it := q.byID[id]; it != nil && receives >= it.receives {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return wrong, nil
	}
	if err := s.record(Change{Op: OpDelete, Account: account, Queue: name, At: s.clk.Now(), IDs: ids}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		q.forget(id)
	}
	return wrong, nil
}

// ChangeVisibility hides a message that is in flight for d from now; 0 shows it at once.
func (s *Service) ChangeVisibility(account, name, h string, d time.Duration) error {
	if d < 0 || d > MaxVisibility {
		return refuse(InvalidParameterValue, "Value %d for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", d/time.Second)
	}
	shown, err := s.changeVisibility(account, name, h, d)
	if shown {
		s.ready()
	}
	return err
}

func (s *Service) changeVisibility(account, name, h string, d time.Duration) (shown bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return false, err
	}
	id, receives, err := readHandle(name, h)
	if err != nil {
		return false, err
	}
	now := s.clk.Now()
	q.promote(now)
	it := q.byID[id]
	if it == nil || !it.inFlight || receives != it.receives {
		return false, refuse(MessageNotInflight, "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", h)
	}
	it.until = now.Add(d)
	q.hidden.put(it)
	s.hid()
	q.stir() // a waiting receive may have to look at another instant
	return q.promote(now), nil
}
