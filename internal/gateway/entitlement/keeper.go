package entitlement

import (
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// Config is what a keeper is made of.
type Config struct {
	Store    Store
	AWS      Source
	Licenses license.Directory
	// Book is told of legacy contracts that are over, and of those that were taken to be.
	Book     Book
	Products core.Catalogue
	Clock    clock.Clock
	Log      *slog.Logger

	// Every is the interval in which AWS is asked though nothing is told; DefaultEvery when zero.
	Every time.Duration
	// Observe, if set, is told of every asking: changed, same, empty, or the kind of the failure.
	Observe func(outcome string)
}

// Book is told what is learnt of licences, as it is told of notices. It is fulfilled by *license.Book.
type Book interface {
	Note(ctx context.Context, n license.Note) (license.Verdict, error)
}

// Keeper keeps what is known of entitlements, and asks for it. It is safe for concurrent use.
type Keeper struct {
	cfg   Config
	rules map[core.ProductCode]*rules // of configured products; never changed

	mu    sync.RWMutex // guards what follows
	known map[core.LicenseID]*Knowledge
	queue dueQueue
	// listed are the dimensions that AWS has listed for some licence, by product: what was bought once is known to be
	// a thing that is bought.
	listed map[core.ProductCode]map[core.Dimension]bool

	telling sync.Mutex                     // guards told
	told    map[core.ProductCode]time.Time // when it was last found that AWS does not answer
}

// toldBy are the notices that may mean that entitlements changed.
var toldBy = []string{contract.LicenseUpdated, contract.AgreementCreated, contract.AgreementAmended, contract.SubscribeSuccess, contract.EntitlementUpdated}

// Open reads what is known. AWS is asked at once about a licence of which a notice came, or that became active, after
// AWS was last asked: the process before may have died in between.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	k := newKeeper(cfg)
	all, err := cfg.Store.LoadEntitlements(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the entitlements: %w", err)
	}
	for _, n := range all {
		n.DueAt = time.Time{} // put in the queue below, if the licence still needs it
		k.install(n.indexed())
	}
	due := make(map[core.LicenseID]time.Time, len(all))
	for _, n := range all {
		due[n.License] = n.DueAt
	}
	told, err := cfg.Store.LastNotices(ctx, toldBy)
	if err != nil {
		return nil, fmt.Errorf("read when notices last came: %w", err)
	}
	for l := range cfg.Licenses.All {
		k.resume(l, due[l.ID], told[l.ID])
	}
	cfg.Licenses.OnChange(k.follow)
	return k, nil
}

func newKeeper(cfg Config) *Keeper {
	k := &Keeper{cfg: cfg, rules: map[core.ProductCode]*rules{}, known: map[core.LicenseID]*Knowledge{}, listed: map[core.ProductCode]map[core.Dimension]bool{},
		told: map[core.ProductCode]time.Time{}}
	for _, p := range cfg.Products {
		k.rules[p.Code] = k.rulesOf(p)
	}
	return k
}

// resume takes up a licence after a start: due is when AWS was to be asked, told when a notice last came.
func (k *Keeper) resume(l license.License, due, told time.Time) {
	k.follow(l)
	n := k.of(l.ID)
	if n == nil || !n.DueAt.IsZero() || !k.asks(l) {
		return // it is asked about at once, or not at all
	}
	if !told.Before(n.At) && !told.IsZero() {
		k.Heard(l.ID)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	again := *n
	if again.DueAt = due; due.IsZero() {
		again.DueAt = k.cfg.Clock.Now()
	}
	k.install(again.indexed())
}

// asks reports whether AWS is asked about the licence at all: it gives access, or AWS has listed nothing of it any more; its
// product may have entitlements; and there is something to ask by.
func (k *Keeper) asks(l license.License) bool {
	_, ok := SubjectOf(l)
	return ok && (l.Standing.Access() || l.Standing.Lapsed) && k.rulesFor(l.ProductCode).Pricing != core.Subscription
}

// follow sees a licence that is new or changed: one that became active, or is named otherwise, is asked about at once.
func (k *Keeper) follow(l license.License) {
	if !k.asks(l) {
		return
	}
	subject, _ := SubjectOf(l)
	n := k.of(l.ID)
	if n == nil || n.Subject != subject || !n.ActivatedAt.Equal(l.Standing.ActivatedAt) {
		k.tell(l.ID)
	}
}

// Heard tells that a notice came about the licence that may mean that its entitlements changed: AWS is asked at once.
func (k *Keeper) Heard(id core.LicenseID) {
	if l, ok := k.cfg.Licenses.ByID(id); ok && k.asks(l) {
		k.tell(l.ID)
	}
}

// Changed tells that AWS changed something about the licence at an instant: unless AWS was asked since, it is asked at once.
func (k *Keeper) Changed(id core.LicenseID, at time.Time) {
	if n := k.of(id); n == nil || n.At.Before(at) {
		k.Heard(id)
	}
}

func (k *Keeper) tell(id core.LicenseID) {
	now := k.cfg.Clock.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	next := Knowledge{License: id}
	if n := k.known[id]; n != nil {
		next = *n
	}
	next.ToldAt, next.DueAt = now, now
	k.install(next.indexed())
}

// of is what is known of a licence; nil when nothing is.
func (k *Keeper) of(id core.LicenseID) *Knowledge {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.known[id]
}

// install makes n what is known. Called with mu held, or before the keeper is shared.
func (k *Keeper) install(n *Knowledge) {
	k.known[n.License] = n
	if !n.DueAt.IsZero() {
		heap.Push(&k.queue, dueItem{n.DueAt, n.License})
	}
	for d := range n.by {
		code := n.Subject.ProductCode
		if k.listed[code] == nil {
			k.listed[code] = map[core.Dimension]bool{}
		}
		k.listed[code][d] = true
	}
}

func (k *Keeper) rulesFor(code core.ProductCode) *rules {
	if r, ok := k.rules[code]; ok {
		return r
	}
	return k.rulesOf(core.Product{Code: code})
}

func (k *Keeper) rulesOf(p core.Product) *rules {
	return rulesOf(p, func(d core.Dimension) bool {
		k.mu.RLock()
		defer k.mu.RUnlock()
		return k.listed[p.Code][d]
	})
}

// Check judges, from memory, whether quantity of a dimension may be used by the licence now. An empty dimension asks for
// access alone.
func (k *Keeper) Check(l *license.License, d core.Dimension, quantity usage.Quantity) Verdict {
	return check(l.Standing, k.of(l.ID), k.rulesFor(l.ProductCode), d, quantity, k.cfg.Clock.Now())
}

// Known is what is known of a licence's entitlements; ok is false where there is nothing to know, because its product
// is sold without.
func (k *Keeper) Known(l license.License) (n Knowledge, ok bool) {
	if n := k.of(l.ID); n != nil && (!n.At.IsZero() || k.asks(l)) {
		return *n, true
	}
	return Knowledge{License: l.ID}, k.asks(l)
}

// Bought is what a licence has bought of a dimension by now, as AWS last said: the zero Value for nothing, and until when
// at least. known is false while AWS has not been asked since the licence's life began; advance is false for a dimension
// of which nothing is bought in advance.
func (k *Keeper) Bought(l license.License, d core.Dimension) (v Value, until time.Time, known, advance bool) {
	n, r := k.of(l.ID), k.rulesFor(l.ProductCode)
	if !r.entitles(d, n) {
		return Value{}, time.Time{}, false, false
	}
	if n == nil || n.At.IsZero() || n.At.Before(l.Standing.ActivatedAt) {
		return Value{}, time.Time{}, false, true
	}
	j := judge(n, r, d, usage.Quantity{}, k.cfg.Clock.Now())
	if !j.Allowed {
		return Value{}, time.Time{}, true, true
	}
	return j.Entitled, j.ExpiresAt, true, true
}

// Over reports whether an entitlement that is known of is over by now.
func (k *Keeper) Over(l license.License, n Knowledge, e Entitlement) bool {
	return expired(e, &n, k.rulesFor(l.ProductCode).grace, k.cfg.Clock.Now())
}

// Oldest is the age of the oldest answer that a licence with access rests on; ok is false while there is none.
func (k *Keeper) Oldest() (age time.Duration, ok bool) {
	now := k.cfg.Clock.Now()
	for l := range k.cfg.Licenses.All {
		if n := k.of(l.ID); n != nil && !n.At.IsZero() && k.asks(l) && l.Standing.Access() {
			age, ok = max(age, now.Sub(n.At)), true
		}
	}
	return age, ok
}

type dueItem struct {
	at time.Time
	id core.LicenseID
}

// dueQueue is a heap of what is due. An item whose licence has another due instant by now is passed over.
type dueQueue []dueItem

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(dueItem)) }
func (q *dueQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
