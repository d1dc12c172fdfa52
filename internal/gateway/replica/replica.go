// Package replica is what a node that stands by remembers of licences and of what was bought, so that it says by itself whether
// something may be used.
//
// It owns: reading all of it once for each owner of the books, reading again what has changed, and how old what it remembers may be.
// It does not own: what a licence stands for, or what may be used (packages license and entitlement), or how changes are told (a
// [Source]). A message may be lost: whoever has heard none looks all the same, twice a second.
package replica

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

const (
	lookAgain = 500 * time.Millisecond // between two looks, if nothing is told
	lookLimit = 2 * time.Second        // for one look at what has changed
	loadLimit = time.Minute            // for reading all

	// oldest is how long, in real time, what is remembered is believed without having looked. It bounds how late a change is seen where the
	// database does not answer; then the owner is asked.
	oldest = 2 * time.Second

	// mostChanged is how many changed licences are read one by one; to read all is cheaper then.
	mostChanged = 1000

	fromNow = math.MaxInt64 // a mark after every change
)

// Changes is what one look tells.
type Changes struct {
	Epoch    int64            // the number of the present owner, or the last one
	Next     int64            // from which mark on to look next
	Licenses []core.LicenseID // that have changed; some may have been told before
}

// Known is what is known of licences.
type Known struct {
	Licenses     []license.License // those that were merged into others are not among them
	ARNs         []license.ARNOf
	Entitlements []entitlement.Knowledge
}

// Source is where it is all kept.
type Source interface {
	// Changes tells which licences have changed since a mark, and nothing before the first one.
	Changes(ctx context.Context, since int64) (Changes, error)
	// Known reads a licence; all of them, if id is empty. It is not older than the Changes that were told before.
	Known(ctx context.Context, id core.LicenseID) (Known, error)
	// Await returns when a licence may have changed, or after most.
	Await(ctx context.Context, most time.Duration)
}

// Replica is a memory of licences and of what was bought. It is safe for concurrent use. Make it with [New], and let it [Replica.Run].
type Replica struct {
	products core.Catalogue
	clk      clock.Clock
	log      *slog.Logger

	mu     sync.RWMutex
	epoch  int64                // of the owner under which all was read
	heard  func() time.Duration // real time since it was surely so
	memory *memory              // nil: there is none
}

// memory is what was read.
type memory struct {
	licenses *license.Copy
	rights   *entitlement.Reader
}

// New makes a replica that remembers nothing yet. products are those that the owner serves.
func New(products core.Catalogue, clk clock.Clock, log *slog.Logger) *Replica {
	return &Replica{products: products, clk: clk, log: log}
}

// Run keeps what is remembered up to date until ctx ends; then nothing is remembered.
func (r *Replica) Run(ctx context.Context, from Source) {
	defer r.remember(nil, 0, nil)
	mark, away := int64(fromNow), false
	for ctx.Err() == nil {
		next, err := r.look(ctx, from, mark)
		switch {
		case err == nil:
			mark = next
		case ctx.Err() == nil && !away:
			r.log.WarnContext(ctx, "what this node remembers of licences may be out of date; the node that keeps the books is asked", slog.Any("err", err))
		}
		away = err != nil
		from.Await(ctx, lookAgain)
	}
}

// look reads what has changed since mark, and returns the mark for the next time.
func (r *Replica) look(ctx context.Context, from Source, mark int64) (next int64, err error) {
	m, epoch := r.current()
	heard := clock.Stopwatch()
	soon, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	c, err := from.Changes(soon, mark)
	if err != nil {
		return mark, err
	}
	if m == nil || c.Epoch != epoch || len(c.Licenses) > mostChanged { // another owner may be of a version that tells less
		if m, err = r.load(ctx, from); err != nil {
			return mark, err
		}
	} else if err := m.refresh(soon, from, c.Licenses); err != nil {
		return mark, err
	}
	r.remember(m, c.Epoch, heard)
	return c.Next, nil
}

func (r *Replica) load(ctx context.Context, from Source) (*memory, error) {
	soon, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	all, err := from.Known(soon, "")
	if err != nil {
		return nil, fmt.Errorf("read the licences: %w", err)
	}
	m := &memory{license.NewCopy(r.clk, r.products), entitlement.NewReader(r.clk, r.products)}
	m.learn(all)
	return m, nil
}

func (m *memory) refresh(ctx context.Context, from Source, ids []core.LicenseID) error {
	for _, id := range ids {
		k, err := from.Known(ctx, id)
		if err != nil {
			return fmt.Errorf("read licence %s again: %w", id, err)
		}
		if len(k.Licenses) == 0 { // it is another one's by now
			m.licenses.Forget(id)
		}
		m.learn(k)
	}
	return nil
}

func (m *memory) learn(k Known) {
	for _, n := range k.Entitlements {
		m.rights.Learn(n)
	}
	m.licenses.Put(k.Licenses, k.ARNs)
}

func (r *Replica) remember(m *memory, epoch int64, heard func() time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory, r.epoch, r.heard = m, epoch, heard
}

func (r *Replica) current() (*memory, int64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.memory, r.epoch
}

// Age is how long ago, in real time, all that is remembered was surely so; ok is false while nothing is.
func (r *Replica) Age() (age time.Duration, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.memory == nil {
		return 0, false
	}
	return r.heard(), true
}

// Now returns what may be relied on at this moment, under the owner with that number; nil if nothing may.
func (r *Replica) Now(epoch int64) *View {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.memory == nil || r.epoch != epoch || r.heard() >= oldest {
		return nil
	}
	return &View{r.memory}
}

// View is a [license.Finder] of the licences that are remembered, and judges what they entitle to. One that is not found may be there
// all the same.
type View struct{ m *memory }

// ByID implements [license.Finder].
func (v *View) ByID(id core.LicenseID) (license.License, bool) { return v.m.licenses.ByID(id) }

// ByARN implements [license.Finder].
func (v *View) ByARN(arn core.LicenseARN) (license.License, bool) { return v.m.licenses.ByARN(arn) }

// Check is [entitlement.Keeper.Check].
func (v *View) Check(l *license.License, d core.Dimension, quantity usage.Quantity) entitlement.Verdict {
	return v.m.rights.Check(l, d, quantity)
}
