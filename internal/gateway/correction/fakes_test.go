package correction_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/proposal/proposaltest"
	"souk.dev/souk/internal/gateway/usage"
)

// newMemory makes a store that dies when it is told to.
func newMemory() *proposaltest.Memory[correction.Correction] {
	m := proposaltest.NewMemory(func(c, o correction.Correction) bool {
		return o.License == c.License && o.Kind == c.Kind && o.Month.Equal(c.Month)
	}, correction.AtAWS...)
	m.Differs = func(have, c correction.Correction) bool {
		return have.Request != nil && (c.Request == nil || *c.Request != *have.Request)
	}
	return m
}

// market is AWS: it makes adjustments, and gives them back when they have been pending for a time.
type market struct {
	clk    *clock.Virtual
	takes  time.Duration
	lose   int   // answers to Adjust that are lost from now on
	strict bool  // a client token that is known is refused
	refuse error // of every call
	asked  []correction.Request
	made   []adjustment
	left   map[string]string // of invoices: what can be given back
}

type adjustment struct {
	correction.Request
	id string
	at time.Time
	correction.Verdict
}

func newMarket(clk *clock.Virtual) *market {
	return &market{clk: clk, takes: time.Hour, left: map[string]string{"inv-usage": "20"}}
}

func (m *market) Invoices(_ context.Context, a core.AgreementID, month time.Time) (all []correction.Invoice, err error) {
	if m.refuse != nil || a != "agmt-1" {
		return nil, m.refuse
	}
	next := month.AddDate(0, 1, 0).Add(6 * time.Hour)
	switch month.Month() {
	case time.November:
		all = []correction.Invoice{{ID: "inv-upfront", IssuedAt: month.AddDate(0, 0, 3), Maximum: cents("500"), CurrencyCode: "USD"},
			{ID: "inv-usage", IssuedAt: next, Maximum: cents(m.left["inv-usage"]), CurrencyCode: "USD"}}
	case time.October:
		all = []correction.Invoice{{ID: "inv-oct-1", IssuedAt: next, Maximum: cents("20"), CurrencyCode: "USD"}, {ID: "inv-oct-2", IssuedAt: next, Maximum: cents("20"), CurrencyCode: "USD"}}
	}
	return slices.DeleteFunc(all, func(v correction.Invoice) bool { return v.IssuedAt.After(m.clk.Now()) }), nil
}

func (m *market) Price(context.Context, core.AgreementID, core.Dimension) (correction.Price, error) {
	return correction.Price{Amount: cents("0.02"), CurrencyCode: "USD"}, m.refuse
}

func (m *market) Adjust(_ context.Context, r correction.Request) (string, error) {
	m.asked = append(m.asked, r)
	if m.refuse != nil {
		return "", m.refuse
	}
	i := slices.IndexFunc(m.made, func(a adjustment) bool { return a.ClientToken == r.ClientToken })
	switch {
	case i >= 0 && m.strict:
		return "", fail.New(fail.Conflict, "", "The client token was used before.")
	case i < 0:
		i = len(m.made)
		m.made = append(m.made, adjustment{Request: r, id: fmt.Sprint("ba-", i+1), at: m.clk.Now()})
	}
	if m.lose > 0 {
		m.lose--
		return "", fail.New(fail.Later, "", "No answer.")
	}
	return m.made[i].id, nil
}

func (m *market) Find(_ context.Context, r correction.Request, since time.Time) (string, error) {
	for _, a := range m.made {
		if a.InvoiceID == r.InvoiceID && a.Description == r.Description && !a.at.Before(since) {
			return a.id, nil
		}
	}
	return "", nil
}

func (m *market) Adjustment(_ context.Context, _ core.AgreementID, id string) (correction.Verdict, error) {
	for i := range m.made {
		a := &m.made[i]
		if a.Done || m.clk.Now().Before(a.at.Add(m.takes)) {
			continue
		}
		a.Done, a.At = true, a.at.Add(m.takes)
		if left := cents(m.left[a.InvoiceID]); cents(a.Amount).GreaterThan(left) {
			a.Message = "The amount exceeds what is left."
		} else {
			a.Given, m.left[a.InvoiceID] = true, left.Sub(cents(a.Amount)).String()
		}
	}
	i := slices.IndexFunc(m.made, func(a adjustment) bool { return a.id == id })
	return m.made[i].Verdict, m.refuse
}

// ledger is what AWS honoured: some units of every month, some of them in one record of November.
type ledger struct {
	units  int64
	record metering.Record
}

func newLedger() *ledger {
	return &ledger{units: 1000, record: metering.Record{ID: "rec_1", License: "lic_1", Dimension: "pages", Hour: core.HourOf(november.AddDate(0, 0, 3)), Line: metering.Line{Quantity: 300},
		State: metering.Honoured}}
}

func (l *ledger) Honoured(context.Context, core.LicenseID, core.Dimension, time.Time) (int64, error) {
	return l.units, nil
}

func (l *ledger) Record(_ context.Context, id string) (metering.Record, error) {
	r := l.record
	if r.ID = id; id == "rec_1" || id == "rec_2" {
		return r, nil
	}
	return r, fail.New(fail.NotFound, "", "There is none.")
}

// intake takes each event once.
type intake struct {
	seen       map[string]usage.Event
	sum        int
	reject     bool
	unbillable string
}

func (in *intake) Accept(_ context.Context, _ string, events []usage.Event) (res usage.Result, err error) {
	for _, e := range events {
		had, known := in.seen[e.ID]
		switch {
		case in.reject:
			res.Rejected = append(res.Rejected, usage.Rejection{ID: e.ID, Code: "bad_time", Message: "No such hour."})
		case known && !had.Time.Equal(e.Time):
			res.Rejected = append(res.Rejected, usage.Rejection{ID: e.ID, Code: "conflict", Message: "It has other content."})
		case known:
			res.Duplicates++
		default:
			in.seen[e.ID] = e
			in.sum++
			res.Accepted++
		}
	}
	return res, nil
}

func (in *intake) Find(_ context.Context, _, id string, _ core.LicenseID, _ core.Hour) (e usage.Entry, ok bool, err error) {
	had, ok := in.seen[id]
	return usage.Entry{ID: id, Hour: core.HourOf(had.Time), Unbillable: in.unbillable}, ok, nil
}
