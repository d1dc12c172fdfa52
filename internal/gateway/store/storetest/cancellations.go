package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
)

// Cancellations is what every engine must do for package cancellation.
func Cancellations(t *testing.T, open func(t *testing.T) cancellation.Store) {
	for name, test := range map[string]func(*testing.T, cancellation.Store){
		"KeptWhole": cancellationKeptWhole, "TwoChangesAtOnce": cancellationChangedTwice, "OneIsOpen": oneCancellationIsOpen,
		"DueFirst": cancellationDueFirst, "ListGoesOn": cancellationListGoesOn,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// alone finds nothing wrong with a request beside others.
func alone([]cancellation.Cancellation) error { return nil }

func ending(n int, lic core.LicenseID) cancellation.Cancellation {
	at := noon.Add(time.Duration(n) * time.Minute)
	return cancellation.Cancellation{ID: cancellation.ID(fmt.Sprint("can_", n)), License: lic, Agreement: core.AgreementID(fmt.Sprint("agmt-", n)), Reason: "OTHER", Description: "Wanted so.",
		AskedBy: approval.Actor{Key: "key_1", Person: "Ada"}, CreatedAt: at, State: cancellation.Proposed, Why: "New.", Since: at}
}

func addEnding(t *testing.T, s cancellation.Store, c cancellation.Cancellation) {
	t.Helper()
	if err := s.AddCancellation(t.Context(), c, alone); err != nil {
		t.Fatal(err)
	}
}

func wantEnding(t *testing.T, s cancellation.Store, want cancellation.Cancellation) {
	t.Helper()
	if got, err := s.Cancellation(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func cancellationKeptWhole(t *testing.T, s cancellation.Store) {
	c := ending(1, "lic_1")
	addEnding(t, s, c)
	wantEnding(t, s, c)
	c.DecidedBy, c.DecidedAt, c.AWSID, c.RespondBy = approval.Actor{Key: "op_1", Person: "Grace"}, noon.Add(time.Hour), "acr-1", noon.Add(7*24*time.Hour)
	c.WithdrawnBy, c.WithdrawWhy, c.SettledAt = approval.Actor{Key: "op_2", Person: "Ida"}, "A mistake.", noon.Add(2*time.Hour)
	c.State, c.Why, c.Since, c.DueAt, c.Tries = cancellation.Withdrawing, "It is being withdrawn.", noon.Add(3*time.Hour), noon.Add(4*time.Hour), 3
	if err := s.ChangeCancellation(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Revision++
	wantEnding(t, s, c)
	if _, err := s.Cancellation(t.Context(), "can_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := s.AddCancellation(t.Context(), c, alone); err == nil {
		t.Error("an id was taken twice")
	}
	// What AWS is asked does not change with the rest.
	other := c
	other.Agreement, other.Reason, other.Description = "agmt-9", "TEST_AGREEMENT", "Another."
	if err := s.ChangeCancellation(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	c.Revision++
	wantEnding(t, s, c)
}

func cancellationChangedTwice(t *testing.T, s cancellation.Store) {
	c := ending(1, "lic_1")
	addEnding(t, s, c)
	mine, theirs := c, c
	mine.State, theirs.State = cancellation.Rejected, cancellation.Sending
	if err := s.ChangeCancellation(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeCancellation(t.Context(), theirs); !fail.Is(err, fail.Conflict) {
		t.Errorf("the second change: %v", err)
	}
	mine.Revision++
	wantEnding(t, s, mine)
}

// Of many that are added for one agreement at one instant, each sees those before it.
func oneCancellationIsOpen(t *testing.T, s cancellation.Store) {
	addEnding(t, s, ending(99, "lic_1"))
	const n = 8
	no := fail.New(fail.Conflict, "no", "Another is open.")
	var wg sync.WaitGroup
	var added, refused atomic.Int64
	for i := range n {
		wg.Go(func() {
			c := ending(i, "lic_1")
			c.Agreement = "agmt-x"
			err := s.AddCancellation(t.Context(), c, func(others []cancellation.Cancellation) error {
				if len(others) > 0 {
					return no
				}
				return nil
			})
			switch {
			case errors.Is(err, no):
				refused.Add(1)
			case err != nil:
				t.Error(err)
			default:
				added.Add(1)
			}
		})
	}
	wg.Wait()
	if added.Load() != 1 || refused.Load() != n-1 {
		t.Errorf("%d added, %d refused", added.Load(), refused.Load())
	}
}

func cancellationDueFirst(t *testing.T, s cancellation.Store) {
	if _, ok, err := s.DueCancellation(t.Context()); ok || err != nil {
		t.Errorf("something is due of nothing: %v, %v", ok, err)
	}
	for i, state := range []cancellation.State{cancellation.Sending, cancellation.Pending, cancellation.Agreed, cancellation.Denied} {
		c := ending(i, "lic_1")
		c.State, c.DueAt = state, noon.Add(time.Duration(i+2)*time.Hour)
		if state == cancellation.Denied {
			c.DueAt = time.Time{}
		}
		addEnding(t, s, c)
	}
	due := func(want cancellation.ID, at time.Time) {
		t.Helper()
		if c, ok, err := s.DueCancellation(t.Context()); err != nil || !ok || c.ID != want || !c.DueAt.Equal(at) {
			t.Errorf("due is %s at %v, %v, %v; want %s at %v", c.ID, c.DueAt, ok, err, want, at)
		}
	}
	due("can_0", noon.Add(2*time.Hour))
	if err := s.HastenCancellations(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	due("can_1", noon.Add(time.Hour))
	if c, err := s.Cancellation(t.Context(), "can_3"); err != nil || !c.DueAt.IsZero() {
		t.Errorf("what is over is due: %+v, %v", c, err)
	}
}

func cancellationListGoesOn(t *testing.T, s cancellation.Store) {
	for i := range 6 {
		c := ending(i, core.LicenseID(fmt.Sprint("lic_", i%2)))
		c.CreatedAt = noon.Add(time.Duration(i/3) * time.Minute) // three at one instant
		if i == 4 {
			c.State = cancellation.Denied
		}
		addEnding(t, s, c)
	}
	list := func(q cancellation.Query) (ids []cancellation.ID) {
		for {
			page, err := s.Cancellations(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				ids = append(ids, c.ID)
			}
			if len(page) < q.Limit {
				return ids
			}
			q.After = page[len(page)-1].ID
		}
	}
	for want, q := range map[string]cancellation.Query{
		"[can_0 can_1 can_2 can_3 can_4 can_5]": {Limit: 2},
		"[can_0 can_2 can_4]":                   {Limit: 2, License: "lic_0"},
		"[can_4]":                               {Limit: 2, State: cancellation.Denied},
	} {
		if got := list(q); fmt.Sprint(got) != want {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
}
