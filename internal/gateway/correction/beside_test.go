package correction_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/proposal"
)

func (w *world) approve(id correction.ID, besides ...correction.ID) error {
	_, err := w.s.Approve(w.t.Context(), id, grace, besides)
	return err
}

func quantity(q string) func(*correction.Correction) {
	return func(c *correction.Correction) { c.Quantity = q }
}

// Two people see the same mistake and both propose to give it back, and both proposals are approved.
func TestTwoProposalsForOneMistakeGiveBackOnce(t *testing.T) {
	w := open(t)
	a, b := w.ask(nil), w.ask(nil)
	w.settle(time.Minute)
	if both, err := w.s.Overlapping(t.Context(), b); err != nil || len(both) != 1 || both[0].ID != a.ID {
		t.Errorf("beside the second: %+v, %v", both, err)
	}
	if err := w.approve(a.ID); err != nil {
		t.Fatal(err)
	}
	for range 4 { // while the first goes its way, and when it is there
		if err := w.approve(b.ID); fail.CodeOf(err) != "overlaps" || !strings.Contains(err.Error(), string(a.ID)) {
			t.Errorf("the second: %v", err)
		}
		w.settle(time.Hour)
	}
	w.want(a.ID, correction.Completed, "")
	if w.want(b.ID, correction.Proposed, ""); len(w.aws.made) != 1 {
		t.Errorf("AWS made %+v", w.aws.made)
	}
	// A person who knows of the first and means another mistake says so, and it is kept.
	if err := w.approve(b.ID, a.ID); err != nil {
		t.Fatal(err)
	}
	w.settle(3 * time.Hour)
	if b = w.want(b.ID, correction.Completed, ""); !slices.Equal(b.Besides, []correction.ID{a.ID}) || len(w.aws.made) != 2 {
		t.Errorf("%v, AWS made %+v", b.Besides, w.aws.made)
	}
	if err := w.approve(b.ID); err != nil {
		t.Errorf("approving again: %v", err)
	}
}

// What another gives back of another dimension, record or month is no repetition; nor is what came to nothing.
func TestCorrectionsOfDifferentThings(t *testing.T) {
	base := correction.Correction{Life: proposal.Life{ID: "a", License: "lic_1", State: correction.Pending},
		Kind: correction.OverBilled, Dimension: "pages", Month: november}
	for name, c := range map[string]struct {
		change   func(*correction.Correction)
		overlaps bool
	}{
		"same":                   {func(*correction.Correction) {}, true},
		"no dimension":           {func(c *correction.Correction) { c.Dimension = "" }, true},
		"other dimension":        {func(c *correction.Correction) { c.Dimension = "peak" }, false},
		"one names a record":     {func(c *correction.Correction) { c.Record = "rec_1" }, true},
		"other month":            {func(c *correction.Correction) { c.Month = november.AddDate(0, 1, 0) }, false},
		"other licence":          {func(c *correction.Correction) { c.License = "lic_2" }, false},
		"other kind":             {func(c *correction.Correction) { c.Kind = correction.UnderBilled }, false},
		"itself":                 {func(c *correction.Correction) { c.ID = "a" }, false},
		"rejected":               {func(c *correction.Correction) { c.State = correction.Rejected }, false},
		"failed":                 {func(c *correction.Correction) { c.State = correction.Failed }, false},
		"invoice not known":      {func(c *correction.Correction) { c.InvoiceID = "inv-1" }, true},
		"both name records":      {func(c *correction.Correction) { c.Record = "rec_2" }, true},
		"invoice of the request": {func(c *correction.Correction) { c.Request = &correction.Request{InvoiceID: "inv-2"} }, true},
	} {
		o := base
		o.ID = "b"
		c.change(&o)
		if base.Overlaps(o) != c.overlaps {
			t.Errorf("%s: %v", name, !c.overlaps)
		}
	}
	a, b := base, base
	b.ID = "b"
	a.Record, b.Record = "rec_1", "rec_2"
	if a.Overlaps(b) {
		t.Error("two records are one")
	}
	a.Record, b.Record, a.InvoiceID, b.Request = "", "", "inv-1", &correction.Request{InvoiceID: "inv-2"}
	if a.Overlaps(b) {
		t.Error("two invoices are one")
	}
}

// No more is proposed than AWS honoured, and the one that was first comes first.
func TestNoMoreIsGivenBackThanWasHonoured(t *testing.T) {
	w := open(t)
	a := w.ask(quantity("600"))
	more := correction.Correction{Life: proposal.Life{License: "lic_1"},
		Kind: correction.OverBilled, Dimension: "pages", Quantity: "401", Month: november, Reason: "OTHER"}
	if _, err := w.s.Ask(t.Context(), more); fail.CodeOf(err) != "more_than_honoured" || !strings.Contains(err.Error(), "600 is given back or proposed already: "+string(a.ID)) {
		t.Errorf("600 and 401 of 1000: %v", err)
	}
	rest := w.ask(quantity("400"))
	w.settle(time.Minute)
	if _, err := w.s.Reject(t.Context(), a.ID, grace, ""); err != nil {
		t.Fatal(err)
	}
	w.ask(quantity("600")) // what was rejected takes nothing
	if err := w.approve(rest.ID); err != nil {
		t.Error(err)
	}

	// Of one record, no more than the record has; of two records, each has its own.
	w = open(t)
	of := func(record, q string) func(*correction.Correction) {
		return func(c *correction.Correction) { c.Record, c.Quantity = record, q }
	}
	w.ask(of("rec_1", "200"))
	of("rec_1", "101")(&more)
	if _, err := w.s.Ask(t.Context(), more); fail.CodeOf(err) != "more_than_honoured" || !strings.Contains(err.Error(), "300 of the record rec_1") {
		t.Errorf("200 and 101 of a record of 300: %v", err)
	}
	w.ask(of("rec_2", "101"))

	// While a month is open nothing can be said yet; when its invoice is there, the second is too much.
	w = open(t)
	w.clk.Set(november.AddDate(0, 0, 10))
	first := w.ask(quantity("600"))
	w.settle(time.Second)
	second := w.ask(quantity("600"))
	w.settle(30 * 24 * time.Hour)
	w.want(first.ID, correction.Proposed, "approval")
	w.want(second.ID, correction.Failed, "AWS honoured 1000")
	w.want(second.ID, correction.Failed, string(first.ID))
}

// A record that was not billed, or is of something else, was not billed too much.
func TestARecordThatACorrectionNames(t *testing.T) {
	w := open(t)
	for name, change := range map[string]func(*correction.Correction){
		"unbillable": func(*correction.Correction) { w.books.record.State = "unbillable" },
		"licence":    func(*correction.Correction) { w.books.record.License = "lic_2" },
		"dimension":  func(*correction.Correction) { w.books.record.Dimension = "peak" },
		"month":      func(c *correction.Correction) { c.Month = november.AddDate(0, -1, 0) },
		"amount":     func(c *correction.Correction) { c.Quantity, c.Amount = "", "2" },
	} {
		w.books = newLedger()
		w.start()
		c := correction.Correction{Life: proposal.Life{License: "lic_1"},
			Kind: correction.OverBilled, Dimension: "pages", Quantity: "4", Month: november, Reason: "OTHER", Record: "rec_1"}
		change(&c)
		if _, err := w.s.Ask(t.Context(), c); fail.CodeOf(err) != "record" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// AWS counts only what it has decided, so that two adjustments at once could be too much for their invoice.
func TestWhatAWSDecidesOnIsTakenFromTheInvoice(t *testing.T) {
	w := open(t)
	amount := func(a string) func(*correction.Correction) {
		return func(c *correction.Correction) { c.Quantity, c.Amount = "", a }
	}
	a, b := w.ask(amount("12")), w.ask(amount("8.01"))
	w.settle(time.Minute)
	if err := w.approve(a.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.approve(b.ID, a.ID); fail.CodeOf(err) != "invoice_exhausted" || !strings.Contains(err.Error(), string(a.ID)) {
		t.Errorf("12 and 8.01 of 20: %v", err)
	}
	w.want(b.ID, correction.Proposed, "")
}

// Usage that was missing is added once, also when two people report it.
func TestOneLossIsAddedOnce(t *testing.T) {
	w := open(t)
	a := w.ask(under)
	c := correction.Correction{}
	under(&c)
	if _, err := w.s.Ask(t.Context(), c); fail.CodeOf(err) != "overlaps" || !strings.Contains(err.Error(), string(a.ID)) {
		t.Errorf("the same again: %v", err)
	}
	w.ask(func(c *correction.Correction) { under(c); c.Besides = []correction.ID{a.ID} })
	w.ask(func(c *correction.Correction) { under(c); c.Reason = "Another queue was lost." })
	if w.settle(time.Minute); w.usage.sum != 3 {
		t.Errorf("usage was added %d times", w.usage.sum)
	}
}

// Whatever is proposed, approved, rejected and refused in whatever order, AWS is never asked for more units of a month, or
// of a record, than it honoured, and nothing is approved beside something that the person did not name.
func TestGivenBackIsNeverMoreThanHonoured(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		w.aws.left["inv-usage"] = "1000" // the ledger is the bound, not the invoice
		var ids []correction.ID
		for range rapid.IntRange(1, 25).Draw(rt, "acts") {
			if len(ids) == 0 || rapid.IntRange(0, 2).Draw(rt, "act") == 0 {
				c := correction.Correction{Life: proposal.Life{License: "lic_1"},
					Kind: correction.OverBilled, Dimension: "pages", Month: november, Reason: "OTHER", Quantity: rapid.SampledFrom([]string{"150", "299.5", "300", "701", "1000"}).Draw(rt, "quantity"), Record: rapid.SampledFrom([]string{"", "rec_1", "rec_2"}).Draw(rt, "record")}
				if c, err := w.s.Ask(t.Context(), c); err == nil {
					ids = append(ids, c.ID)
				} else if !fail.Is(err, fail.Conflict) {
					rt.Fatal(err)
				}
				w.settle(time.Minute)
				continue
			}
			id := rapid.SampledFrom(ids).Draw(rt, "id")
			var err error
			switch rapid.IntRange(0, 3).Draw(rt, "decision") {
			case 0:
				_, err = w.s.Reject(t.Context(), id, grace, "")
			case 1:
				err = w.approve(id)
			case 2:
				err = w.approve(id, ids...)
			case 3:
				w.settle(2 * time.Hour)
			}
			if err != nil && !fail.Is(err, fail.Conflict) {
				rt.Fatal(err)
			}
		}
		w.settle(24 * time.Hour)
		sums := map[string]float64{}
		var given []correction.Correction
		for _, id := range ids {
			c, err := w.s.Find(t.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			if c.State != correction.Completed {
				continue
			}
			given = append(given, c)
			q := cents(c.Quantity).InexactFloat64()
			sums["month"] += q
			sums[c.Record] += q
		}
		if sums["month"] > 1000 || sums["rec_1"] > 300 || sums["rec_2"] > 300 || len(w.aws.made) != len(given) {
			rt.Errorf("given back %v by %d adjustments, of %d corrections", sums, len(w.aws.made), len(given))
		}
		for i, c := range given {
			for _, o := range given[i+1:] {
				if c.Overlaps(o) && !slices.Contains(c.Besides, o.ID) && !slices.Contains(o.Besides, c.ID) {
					rt.Errorf("%s and %s were approved, and neither names the other", c.ID, o.ID)
				}
			}
		}
	})
}
