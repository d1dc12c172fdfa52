// Package proposaltest has what tests of a kind of proposal need: a store that dies when it is told to.
package proposaltest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
)

// ErrCrash is the end of the process, as the code under test sees it: from then on nothing it does has any effect.
var ErrCrash = errors.New("the process died here")

// Memory is a store of one kind of proposal, for one goroutine. It dies at its Die-th write from now (negative: never), before
// that takes effect, or After it.
type Memory[C proposal.Proposal[C]] struct {
	All   map[proposal.ID]C
	Told  []outbox.Kind
	Die   int
	After bool
	Dead  bool

	Differs func(have, c C) bool // whether AWS would be asked something else than what is kept; nil: never

	beside func(c, other C) bool
	atAWS  []proposal.State
}

// NewMemory makes a store that lives. beside says which other stands beside c; atAWS are the states that [Memory.Hasten] hastens.
func NewMemory[C proposal.Proposal[C]](beside func(c, other C) bool, atAWS ...proposal.State) *Memory[C] {
	return &Memory[C]{All: map[proposal.ID]C{}, Die: -1, beside: beside, atAWS: atAWS}
}

// Revive lets it live on with what it has.
func (m *Memory[C]) Revive() { m.Die, m.Dead = -1, false }

func (m *Memory[C]) write(w func(), tell []outbox.Event) error {
	do := func() {
		w()
		for _, e := range tell {
			m.Told = append(m.Told, e.Kind)
		}
	}
	switch {
	case m.Dead:
		return ErrCrash
	case m.Die == 0:
		if m.Dead = true; m.After {
			do()
		}
		return ErrCrash
	}
	m.Die--
	do()
	return nil
}

// all are the proposals, oldest first.
func (m *Memory[C]) all() []C {
	return slices.SortedFunc(maps.Values(m.All), func(a, b C) int {
		x, y := a.Stands(), b.Stands()
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.ID, y.ID))
	})
}

// Add implements [proposal.Store].
func (m *Memory[C]) Add(ctx context.Context, c C, check func([]C) error, tell ...outbox.Event) error {
	others, err := m.Beside(ctx, c)
	if err != nil {
		return err
	}
	if err := check(others); err != nil {
		return err
	}
	return m.write(func() { m.All[c.Stands().ID] = c }, tell)
}

// Decide implements [proposal.Store].
func (m *Memory[C]) Decide(ctx context.Context, id proposal.ID, decision func(C, []C) (C, []outbox.Event, error)) (C, error) {
	c, err := m.Find(ctx, id)
	if err != nil {
		return c, err
	}
	others, err := m.Beside(ctx, c)
	if err != nil {
		return c, err
	}
	next, tell, err := decision(c, others)
	if err != nil || next.Stands().State == c.Stands().State {
		return c, err
	}
	if err := m.Change(ctx, next, tell...); err != nil {
		return c, err
	}
	return m.All[id], nil
}

// Beside implements [proposal.Store].
func (m *Memory[C]) Beside(_ context.Context, c C) ([]C, error) {
	return slices.DeleteFunc(m.all(), func(o C) bool { return o.Stands().ID == c.Stands().ID || !m.beside(c, o) }), nil
}

// Change implements [proposal.Store].
func (m *Memory[C]) Change(_ context.Context, c C, tell ...outbox.Event) error {
	l := c.Stands()
	if have := m.All[l.ID]; have.Stands().Revision != l.Revision || m.Differs != nil && m.Differs(have, c) {
		return fail.New(fail.Conflict, "changed_meanwhile", "It was changed.")
	}
	l.Revision++
	return m.write(func() { m.All[l.ID] = c.With(l) }, tell)
}

// Find implements [proposal.Store].
func (m *Memory[C]) Find(_ context.Context, id proposal.ID) (C, error) {
	c, ok := m.All[id]
	if !ok {
		return c, fail.New(fail.NotFound, "", "There is none.")
	}
	return c, nil
}

// List implements [proposal.Store], for what fits on one page.
func (m *Memory[C]) List(_ context.Context, q proposal.Query) ([]C, error) {
	list := slices.DeleteFunc(m.all(), func(c C) bool {
		l := c.Stands()
		return q.License != "" && l.License != q.License || q.State != "" && l.State != q.State
	})
	if q.Limit > 0 && len(list) >= q.Limit {
		return nil, errors.New("this store knows one page")
	}
	return list, nil
}

// Due implements [proposal.Store]. Nothing is due to the dead.
func (m *Memory[C]) Due(context.Context) (first C, ok bool, err error) {
	if m.Dead {
		return first, false, nil
	}
	due := slices.DeleteFunc(m.all(), func(c C) bool { return c.Stands().DueAt.IsZero() })
	if len(due) == 0 {
		return first, false, nil
	}
	return slices.MinFunc(due, func(a, b C) int {
		x, y := a.Stands(), b.Stands()
		return cmp.Or(x.DueAt.Compare(y.DueAt), cmp.Compare(x.ID, y.ID))
	}), true, nil
}

// Hasten implements [proposal.Store].
func (m *Memory[C]) Hasten(_ context.Context, now time.Time) error {
	return m.write(func() {
		for id, c := range m.All {
			if l := c.Stands(); slices.Contains(m.atAWS, l.State) && l.DueAt.After(now) {
				l.DueAt = now
				m.All[id] = c.With(l)
			}
		}
	}, nil)
}
