package entitlement

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// atOnce is how many licences AWS is asked about at the same time.
const atOnce = 4

// Job asks AWS about every licence for which it is due. What cannot be asked is due again later, by its own stored
// instant, so that one that fails keeps no other waiting.
func (k *Keeper) Job() job.Job { return job.Job{Name: "entitlements", Due: k.due, Run: k.run} }

func (k *Keeper) due(context.Context) (at time.Time, ok bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.queue) > 0 {
		first := k.queue[0]
		if n := k.known[first.id]; n != nil && n.DueAt.Equal(first.at) {
			return first.at, true, nil
		}
		heap.Pop(&k.queue)
	}
	return time.Time{}, false, nil
}

// run asks about a few licences that are due. One that is being asked about stays due until its answer is kept.
func (k *Keeper) run(ctx context.Context) (did bool, err error) {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed []error
	)
	for _, n := range k.take(k.cfg.Clock.Now()) {
		wg.Go(func() {
			if err := k.one(ctx, n); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
		did = true
	}
	wg.Wait()
	return did, errors.Join(failed...)
}

// take picks the licences that are due, the longest due first, and leaves them due.
func (k *Keeper) take(now time.Time) (ns []*Knowledge) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var items []dueItem
	for len(k.queue) > 0 && len(ns) < atOnce && !k.queue[0].at.After(now) {
		item := heap.Pop(&k.queue).(dueItem)
		n := k.known[item.id]
		if n == nil || !n.DueAt.Equal(item.at) || has(ns, item.id) {
			continue
		}
		ns, items = append(ns, n), append(items, item)
	}
	for _, i := range items {
		heap.Push(&k.queue, i)
	}
	return ns
}

func has(ns []*Knowledge, id core.LicenseID) bool {
	for _, n := range ns {
		if n.License == id {
			return true
		}
	}
	return false
}

// one asks about one licence and keeps what comes of it. An error is one of keeping.
func (k *Keeper) one(ctx context.Context, n *Knowledge) error {
	l, ok := k.cfg.Licenses.ByID(n.License)
	if !ok || l.ID != n.License || !k.asks(l) { // merged into another, ended, or not sold by contract: as it is known
		k.replace(n, *n, time.Time{})
		return nil
	}
	next := *n
	next.Subject, _ = SubjectOf(l)
	next.ActivatedAt = l.Standing.ActivatedAt
	asked := k.cfg.Clock.Now()
	got, err := k.cfg.AWS.Entitlements(ctx, next.Subject)
	if err != nil && ctx.Err() != nil {
		return nil // we are stopping: it stays due
	}
	changed := false
	if err != nil {
		next.Failures, next.Failure = next.Failures+1, err.Error()
		k.observe(fail.KindOf(err).String())
		k.logFailure(ctx, &next, err)
	} else {
		changed = next.learn(Answer{asked, sorted(got)})
		k.observe(outcomeOf(changed, len(got)))
	}
	next.DueAt = k.again(&next, k.cfg.Clock.Now())
	if l.Standing.Lapsed && next.Failures == 0 && len(got) == 0 && !next.settling(next.DueAt) {
		next.DueAt = time.Time{} // it is over: only a notice is a reason to look again
	}
	var tell []outbox.Event
	if changed {
		tell = tidings(*n, next, l.Account)
	}
	if err := k.cfg.Store.KeepEntitlements(ctx, next, changed, tell...); err != nil {
		k.doubt(n)
		return fmt.Errorf("keep the entitlements of licence %s: %w", l.ID, err)
	}
	if changed {
		k.cfg.Log.InfoContext(ctx, "entitlements", "license", l.ID, "entries", len(got))
	}
	k.replace(n, next, next.DueAt)
	if err != nil {
		return k.complain(ctx, l, &next, err)
	}
	return k.tellBook(ctx, l, &next)
}

// doubt notes that the store may have something else than n, as the answer to a keeping was lost: whatever AWS says next is
// kept and told, even if that is what n says.
func (k *Keeper) doubt(n *Knowledge) {
	again := *n
	again.doubtful = true
	k.replace(n, again, n.DueAt)
}

// learn takes in an answer and reports whether it says something else than the one before, or may.
func (n *Knowledge) learn(a Answer) (changed bool) {
	changed = n.At.IsZero() || n.doubtful || !same(n.Entitlements, a.Entitlements)
	if n.Answer, n.Failures, n.Failure, n.doubtful = a, 0, "", false; changed {
		n.ChangedAt = a.At
	}
	if len(a.Entitlements) > 0 {
		n.ListedAt = a.At
	}
	return changed
}

// again is when AWS is asked next about what is known at now.
func (k *Keeper) again(n *Knowledge, now time.Time) time.Time {
	if n.Failures > 0 {
		return now.Add(retryAfter(n.Failures))
	}
	return nextAsking(n, k.interval(n))
}

// interval is in what AWS is asked about n though nothing is told.
func (k *Keeper) interval(n *Knowledge) time.Duration {
	if n.ListedAt.IsZero() && k.rulesFor(n.Subject.ProductCode).Pricing == "" {
		return k.cfg.Every * seldom
	}
	return k.cfg.Every
}

// replace makes next what is known, due at the instant given; unless something was told while AWS was asked about n:
// then it is due at once, as that says.
func (k *Keeper) replace(n *Knowledge, next Knowledge, due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	next.DueAt = due
	if since := k.known[n.License]; since != n {
		next.ToldAt, next.DueAt = since.ToldAt, since.DueAt
	}
	k.install(next.indexed())
}

func outcomeOf(changed bool, entries int) string {
	switch {
	case entries == 0:
		return "empty"
	case changed:
		return "changed"
	default:
		return "same"
	}
}

func (k *Keeper) observe(outcome string) {
	if k.cfg.Observe != nil {
		k.cfg.Observe(outcome)
	}
}

// logFailure tells of the first failure in a row; the metric counts the others. What only somebody can mend is an error.
func (k *Keeper) logFailure(ctx context.Context, n *Knowledge, err error) {
	if n.Failures > 1 {
		return
	}
	log := k.cfg.Log.WarnContext
	if !fail.Is(err, fail.Later) {
		log = k.cfg.Log.ErrorContext
	}
	log(ctx, "entitlements cannot be asked for; what was last known counts, and they are asked for again", "license", n.License, "known_since", n.At, "err", err)
}
