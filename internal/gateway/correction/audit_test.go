package correction_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/usage"
)

// books are the ledger with the events that corrections added.
type books struct {
	*ledger
	event *usage.Entry // nil: there is none
}

func (b books) EventIn(context.Context, core.LicenseID, core.Hour, string, string) (usage.Entry, bool, error) {
	if b.event == nil {
		return usage.Entry{}, false, nil
	}
	return *b.event, true, nil
}

// Corrections that went their way are sound; each thing that must never be is found.
func TestAnAuditFindsWhatIsWrongWithCorrections(t *testing.T) {
	fifty, err := usage.ParseQuantity("50")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		over, under func(*correction.Correction)
		books       func(*books)
		dropped     core.Hour
		wrong       string
	}{
		"sound":                   {},
		"nobody approved":         {over: func(c *correction.Correction) { c.DecidedBy.Person = "" }, wrong: "nobody approved it"},
		"no request":              {over: func(c *correction.Correction) { c.Request = nil }, wrong: "was not kept"},
		"no id":                   {over: func(c *correction.Correction) { c.AWSID = "" }, wrong: "no id"},
		"more than honoured":      {books: func(b *books) { b.units = 399 }, wrong: "AWS honoured 399"},
		"not in the log":          {books: func(b *books) { b.event = nil }, wrong: "not in the hour"},
		"dropped from the log":    {books: func(b *books) { b.event = nil }, dropped: core.HourOf(noon)},
		"other quantity":          {under: func(c *correction.Correction) { c.Quantity = "51" }, wrong: "added 51"},
		"proposed is none":        {over: func(c *correction.Correction) { c.State, c.DecidedBy.Person = correction.Proposed, "" }},
		"rejected gives not back": {over: func(c *correction.Correction) { c.State = correction.Rejected }, books: func(b *books) { b.units = 0 }},
	} {
		w := open(t)
		a, b := w.ask(nil), w.ask(under)
		w.settle(time.Minute)
		if err := w.approve(a.ID); err != nil {
			t.Fatal(err)
		}
		w.settle(3 * time.Hour)
		for id, change := range map[correction.ID]func(*correction.Correction){a.ID: c.over, b.ID: c.under} {
			if change != nil {
				have := w.store.All[id]
				change(&have)
				w.store.All[id] = have
			}
		}
		bs := books{w.books, &usage.Entry{Dimension: "pages", Quantity: fifty}}
		if c.books != nil {
			c.books(&bs)
		}
		got, err := correction.Audit(t.Context(), w.store, bs, c.dropped)
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(got.Breaches, "; "); (c.wrong == "") != (all == "") || !strings.Contains(all, c.wrong) || len(got.Breaches) > 1 {
			t.Errorf("%s: found %q, want %q", name, all, c.wrong)
		}
	}
}
