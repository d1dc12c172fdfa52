package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
)

// proposals is what every engine must do for a kind of proposal.
type proposals[C proposal.Proposal[C]] struct {
	fresh     func(n int) C  // the n-th, of lic_1, asked for n minutes after noon; all stand beside each other
	grown     func(c C) C    // c with everything changed that may change
	elsewhere []func(c C) C  // c as it would not stand beside the others
	waiting   proposal.State // one in which AWS may tell something new
}

// run runs the tests of all kinds, and those of this one.
func (k proposals[C]) run(t *testing.T, open func(t *testing.T) proposal.Store[C], own map[string]func(*testing.T, proposal.Store[C])) {
	for name, test := range map[string]func(*testing.T, proposal.Store[C]){
		"KeptWhole": k.keptWhole, "TwoChangesAtOnce": k.twoChangesAtOnce, "TwoAddedAtOnce": k.twoAddedAtOnce, "TwoDecisionsAtOnce": k.twoDecisionsAtOnce,
		"Beside": k.beside, "DueFirst": k.dueFirst, "ListGoesOn": k.listGoesOn,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
	for name, test := range own {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// anyway finds nothing wrong with a proposal beside others.
func anyway[C any]([]C) error { return nil }

// living is c with its life changed.
func living[C proposal.Proposal[C]](c C, change func(l *proposal.Life)) C {
	l := c.Stands()
	change(&l)
	return c.With(l)
}

func addProposal[C proposal.Proposal[C]](t *testing.T, s proposal.Store[C], c C) {
	t.Helper()
	if err := s.Add(t.Context(), c, anyway); err != nil {
		t.Fatal(err)
	}
}

func changeProposal[C proposal.Proposal[C]](t *testing.T, s proposal.Store[C], c C) C {
	t.Helper()
	if err := s.Change(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return living(c, func(l *proposal.Life) { l.Revision++ })
}

func wantProposal[C proposal.Proposal[C]](t *testing.T, s proposal.Store[C], want C) {
	t.Helper()
	if got, err := s.Find(t.Context(), want.Stands().ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func idsOf[C proposal.Proposal[C]](list []C) (ids []proposal.ID) {
	for _, c := range list {
		ids = append(ids, c.Stands().ID)
	}
	return ids
}

func (k proposals[C]) keptWhole(t *testing.T, s proposal.Store[C]) {
	c := k.fresh(1)
	addProposal(t, s, c)
	wantProposal(t, s, c)
	wantProposal(t, s, changeProposal(t, s, k.grown(c)))
	if _, err := s.Find(t.Context(), "none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := s.Add(t.Context(), c, anyway); err == nil {
		t.Error("an id was taken twice")
	}
}

func (k proposals[C]) twoChangesAtOnce(t *testing.T, s proposal.Store[C]) {
	c := k.fresh(1)
	addProposal(t, s, c)
	mine := changeProposal(t, s, living(c, func(l *proposal.Life) { l.State = proposal.Rejected }))
	if err := s.Change(t.Context(), living(c, func(l *proposal.Life) { l.State = proposal.Failed })); !fail.Is(err, fail.Conflict) {
		t.Errorf("the second change: %v", err)
	}
	wantProposal(t, s, mine)
}

// atOnce does something n times at one instant. Once it succeeds, and otherwise it fails with no.
func atOnce(t *testing.T, no error, do func(n int) error) {
	t.Helper()
	const n = 8
	var wg sync.WaitGroup
	var done, refused atomic.Int64
	for i := range n {
		wg.Go(func() {
			switch err := do(i); {
			case errors.Is(err, no):
				refused.Add(1)
			case err != nil:
				t.Error(err)
			default:
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 || refused.Load() != n-1 {
		t.Errorf("%d done, %d refused", done.Load(), refused.Load())
	}
}

// Of many that are added at one instant, each sees those before it.
func (k proposals[C]) twoAddedAtOnce(t *testing.T, s proposal.Store[C]) {
	no := fail.New(fail.Conflict, "no", "Another is there.")
	atOnce(t, no, func(n int) error {
		return s.Add(t.Context(), k.fresh(n), func(others []C) error {
			if len(others) > 0 {
				return no
			}
			return nil
		})
	})
}

// Of many decisions at one instant, each sees what those before it decided.
func (k proposals[C]) twoDecisionsAtOnce(t *testing.T, s proposal.Store[C]) {
	for i := range 8 {
		addProposal(t, s, k.fresh(i))
	}
	no := fail.New(fail.Conflict, "no", "Another was decided on.")
	atOnce(t, no, func(n int) error {
		c, err := s.Decide(t.Context(), k.fresh(n).Stands().ID, func(c C, others []C) (C, []outbox.Event, error) {
			if slices.ContainsFunc(others, func(o C) bool { return o.Stands().State == k.waiting }) {
				return c, nil, no
			}
			return living(c, func(l *proposal.Life) { l.State = k.waiting }), nil, nil
		})
		if l := c.Stands(); err == nil && (l.State != k.waiting || l.Revision != 1) {
			t.Errorf("decided: %+v", c)
		}
		return err
	})
	if _, err := s.Decide(t.Context(), "none", nil); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

func (k proposals[C]) beside(t *testing.T, s proposal.Store[C]) {
	addProposal(t, s, k.fresh(0))
	addProposal(t, s, living(k.fresh(1), func(l *proposal.Life) { l.State = proposal.Rejected }))
	for i, away := range k.elsewhere {
		addProposal(t, s, away(k.fresh(2+i)))
	}
	last := k.fresh(9)
	want := fmt.Sprint([]proposal.ID{k.fresh(0).Stands().ID, k.fresh(1).Stands().ID})
	no := fail.New(fail.Conflict, "no", "No.")
	err := s.Add(t.Context(), last, func(others []C) error {
		if got := fmt.Sprint(idsOf(others)); got != want {
			t.Errorf("the check saw %s, want %s", got, want)
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("what the check finds wrong: %v", err)
	}
	if _, err := s.Find(t.Context(), last.Stands().ID); !fail.Is(err, fail.NotFound) {
		t.Errorf("it was kept anyway: %v", err)
	}
	addProposal(t, s, last)
	if got, err := s.Beside(t.Context(), last); err != nil || fmt.Sprint(idsOf(got)) != want {
		t.Errorf("beside the last: %v, %v; want %s", idsOf(got), err, want)
	}
}

func (k proposals[C]) dueFirst(t *testing.T, s proposal.Store[C]) {
	if _, ok, err := s.Due(t.Context()); ok || err != nil {
		t.Errorf("something is due of nothing: %v, %v", ok, err)
	}
	for i, state := range []proposal.State{k.waiting, proposal.Proposed, proposal.Failed} {
		addProposal(t, s, living(k.fresh(i), func(l *proposal.Life) {
			l.State, l.DueAt = state, noon.Add(time.Duration(3-i)*time.Hour)
			if state == proposal.Failed {
				l.DueAt = time.Time{}
			}
		}))
	}
	due := func(want int, at time.Time) {
		t.Helper()
		if c, ok, err := s.Due(t.Context()); err != nil || !ok || c.Stands().ID != k.fresh(want).Stands().ID || !c.Stands().DueAt.Equal(at) {
			t.Errorf("due is %+v, %v, %v; want the one numbered %d at %v", c, ok, err, want, at)
		}
	}
	due(1, noon.Add(2*time.Hour))
	if err := s.Hasten(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	due(0, noon.Add(time.Hour))
	if c, err := s.Find(t.Context(), k.fresh(2).Stands().ID); err != nil || !c.Stands().DueAt.IsZero() {
		t.Errorf("what is over is due: %+v, %v", c, err)
	}
}

func (k proposals[C]) listGoesOn(t *testing.T, s proposal.Store[C]) {
	for i := range 6 {
		addProposal(t, s, living(k.fresh(i), func(l *proposal.Life) {
			l.License = core.LicenseID(fmt.Sprint("lic_", i%2))
			l.CreatedAt = noon.Add(time.Duration(i/3) * time.Minute) // three at one instant
			if i == 4 {
				l.State = proposal.Failed
			}
		}))
	}
	for _, c := range []struct {
		q    proposal.Query
		want []int
	}{
		{proposal.Query{Limit: 2}, []int{0, 1, 2, 3, 4, 5}},
		{proposal.Query{Limit: 2, License: "lic_0"}, []int{0, 2, 4}},
		{proposal.Query{Limit: 2, State: proposal.Failed}, []int{4}},
	} {
		var got, want []proposal.ID
		for _, n := range c.want {
			want = append(want, k.fresh(n).Stands().ID)
		}
		for q := c.q; ; q.After = got[len(got)-1] {
			page, err := s.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, idsOf(page)...); len(page) < q.Limit {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v listed %v, want %v", c.q, got, want)
		}
	}
}
