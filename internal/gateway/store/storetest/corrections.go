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
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/outbox"
)

// Corrections is what every engine must do for package correction.
func Corrections(t *testing.T, open func(t *testing.T) correction.Store) {
	for name, test := range map[string]func(*testing.T, correction.Store){
		"KeptWhole": correctionKeptWhole, "RequestNeverChanges": requestNeverChanges, "TwoChangesAtOnce": twoChangesAtOnce,
		"DueFirst": correctionDueFirst, "ListGoesOn": correctionListGoesOn,
		"Beside": correctionsBeside, "TwoDecisionsAtOnce": twoDecisionsAtOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// anyway finds nothing wrong with a correction beside others.
func anyway([]correction.Correction) error { return nil }

func proposal(n int, lic core.LicenseID) correction.Correction {
	at := noon.Add(time.Duration(n) * time.Minute)
	return correction.Correction{ID: correction.ID(fmt.Sprint("cor_", n)), Kind: correction.OverBilled, License: lic, Dimension: "pages", Quantity: "12.5",
		Month: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), InvoiceID: "inv-1", Record: "rec_1", Reason: "INCORRECT_METERING", Description: "Counted twice.",
		AskedBy: approval.Actor{Key: "key_1", Person: "Ada"}, CreatedAt: at, State: correction.Proposed, Why: "New.", Since: at, DueAt: at}
}

func addCorrection(t *testing.T, s correction.Store, c correction.Correction) {
	t.Helper()
	if err := s.AddCorrection(t.Context(), c, anyway); err != nil {
		t.Fatal(err)
	}
}

func changeCorrection(t *testing.T, s correction.Store, c correction.Correction) correction.Correction {
	t.Helper()
	if err := s.ChangeCorrection(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Revision++
	return c
}

func wantCorrection(t *testing.T, s correction.Store, want correction.Correction) {
	t.Helper()
	if got, err := s.Correction(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func correctionKeptWhole(t *testing.T, s correction.Store) {
	under := correction.Correction{ID: "cor_u", Kind: correction.UnderBilled, License: "lic_1", Dimension: "pages", Quantity: "3", Reason: "A queue was lost.",
		Tags: map[string]string{"team": "red"}, AskedBy: approval.Actor{Key: "key_1"}, CreatedAt: noon, State: correction.Approved, Since: noon, DueAt: noon}
	addCorrection(t, s, under)
	wantCorrection(t, s, under)
	c := proposal(1, "lic_1")
	addCorrection(t, s, c)
	wantCorrection(t, s, c)
	c.DecidedBy, c.DecidedAt = approval.Actor{Key: "key_2", Person: "Grace"}, noon.Add(time.Hour)
	c.Request = &correction.Request{AgreementID: "agmt-1", InvoiceID: "inv-1", Amount: "1.25", CurrencyCode: "USD", ReasonCode: c.Reason, Description: "x", ClientToken: "cor-1"}
	c.Besides = []correction.ID{"cor_7", "cor_8"}
	c.SettledAt, c.Hour = noon.Add(4*time.Hour), core.HourOf(noon)
	c.Maximum, c.SentAt, c.AWSID = "40", noon.Add(2*time.Hour), "ba-1"
	c.State, c.Why, c.Since, c.DueAt, c.Tries = correction.Pending, "AWS decides.", noon.Add(3*time.Hour), time.Time{}, 2
	wantCorrection(t, s, changeCorrection(t, s, c))
	if _, err := s.Correction(t.Context(), "cor_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := s.AddCorrection(t.Context(), c, anyway); err == nil {
		t.Error("an id was taken twice")
	}
}

func requestNeverChanges(t *testing.T, s correction.Store) {
	c := proposal(1, "lic_1")
	addCorrection(t, s, c)
	c.Request = &correction.Request{InvoiceID: "inv-1", Amount: "1.25", ClientToken: "cor-1"}
	c = changeCorrection(t, s, c)
	for _, other := range []*correction.Request{nil, {InvoiceID: "inv-1", Amount: "1.26", ClientToken: "cor-1"}} {
		changed := c
		changed.Request, changed.State = other, correction.Approved
		if err := s.ChangeCorrection(t.Context(), changed); !fail.Is(err, fail.Conflict) {
			t.Errorf("changed to %+v: %v", other, err)
		}
	}
	wantCorrection(t, s, c)
}

func twoChangesAtOnce(t *testing.T, s correction.Store) {
	c := proposal(1, "lic_1")
	addCorrection(t, s, c)
	mine, theirs := c, c
	mine.State, theirs.State = correction.Rejected, correction.Failed
	mine = changeCorrection(t, s, mine)
	if err := s.ChangeCorrection(t.Context(), theirs); !fail.Is(err, fail.Conflict) {
		t.Errorf("the second change: %v", err)
	}
	wantCorrection(t, s, mine)
}

func correctionDueFirst(t *testing.T, s correction.Store) {
	if _, ok, err := s.DueCorrection(t.Context()); ok || err != nil {
		t.Errorf("something is due of nothing: %v, %v", ok, err)
	}
	for i := range 3 {
		c := proposal(i, "lic_1")
		c.DueAt = noon.Add(time.Duration(3-i) * time.Hour)
		if i == 2 {
			c.DueAt = time.Time{}
		}
		if i == 0 {
			c.State = correction.Pending
		}
		addCorrection(t, s, c)
	}
	due := func(want correction.ID, at time.Time) {
		t.Helper()
		if c, ok, err := s.DueCorrection(t.Context()); err != nil || !ok || c.ID != want || !c.DueAt.Equal(at) {
			t.Errorf("due is %s at %v, %v, %v; want %s at %v", c.ID, c.DueAt, ok, err, want, at)
		}
	}
	due("cor_1", noon.Add(2*time.Hour))
	if err := s.HastenCorrections(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	due("cor_0", noon.Add(time.Hour))
}

func correctionListGoesOn(t *testing.T, s correction.Store) {
	for i := range 6 {
		c := proposal(i, core.LicenseID(fmt.Sprint("lic_", i%2)))
		c.CreatedAt = noon.Add(time.Duration(i/3) * time.Minute) // three at one instant
		if i == 4 {
			c.State = correction.Failed
		}
		addCorrection(t, s, c)
	}
	list := func(q correction.Query) (ids []correction.ID) {
		for {
			page, err := s.Corrections(t.Context(), q)
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
	for want, q := range map[string]correction.Query{
		"[cor_0 cor_1 cor_2 cor_3 cor_4 cor_5]": {Limit: 2},
		"[cor_0 cor_2 cor_4]":                   {Limit: 2, License: "lic_0"},
		"[cor_4]":                               {Limit: 2, State: correction.Failed},
	} {
		if got := list(q); fmt.Sprint(got) != want {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
}

// Those beside one are of its licence, kind and month.
func correctionsBeside(t *testing.T, s correction.Store) {
	for i := range 5 {
		c := proposal(i, "lic_1")
		switch i {
		case 1:
			c.License = "lic_2"
		case 2:
			c.Month = c.Month.AddDate(0, 1, 0)
		case 3:
			c.State = correction.Rejected
		}
		addCorrection(t, s, c)
	}
	ids := func(cs []correction.Correction) (ids []correction.ID) {
		for _, c := range cs {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if got, err := s.Beside(t.Context(), proposal(0, "lic_1")); err != nil || fmt.Sprint(ids(got)) != "[cor_3 cor_4]" {
		t.Errorf("beside the first: %v, %v", ids(got), err)
	}
	no := fail.New(fail.Conflict, "no", "No.")
	err := s.AddCorrection(t.Context(), proposal(9, "lic_1"), func(others []correction.Correction) error {
		if got := fmt.Sprint(ids(others)); got != "[cor_0 cor_3 cor_4]" {
			t.Errorf("the check saw %s", got)
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("what the check finds wrong: %v", err)
	}
	if _, err := s.Correction(t.Context(), "cor_9"); !fail.Is(err, fail.NotFound) {
		t.Errorf("it was kept anyway: %v", err)
	}
}

// Of many decisions at one instant, each sees what those before it decided.
func twoDecisionsAtOnce(t *testing.T, s correction.Store) {
	const n = 8
	for i := range n {
		addCorrection(t, s, proposal(i, "lic_1"))
	}
	no := fail.New(fail.Conflict, "no", "Another was approved.")
	var wg sync.WaitGroup
	var approved, refused atomic.Int64
	for i := range n {
		wg.Go(func() {
			c, err := s.DecideCorrection(t.Context(), correction.ID(fmt.Sprint("cor_", i)), func(c correction.Correction, others []correction.Correction) (correction.Correction, []outbox.Event, error) {
				for _, o := range others {
					if o.State == correction.Approved {
						return c, nil, no
					}
				}
				c.State = correction.Approved
				return c, nil, nil
			})
			switch {
			case errors.Is(err, no):
				refused.Add(1)
			case err != nil || c.State != correction.Approved || c.Revision != 1:
				t.Errorf("%+v, %v", c, err)
			default:
				approved.Add(1)
			}
		})
	}
	wg.Wait()
	if approved.Load() != 1 || refused.Load() != n-1 {
		t.Errorf("%d approved, %d refused", approved.Load(), refused.Load())
	}
	if _, err := s.DecideCorrection(t.Context(), "cor_none", nil); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}
