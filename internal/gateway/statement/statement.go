// Package statement makes a licence's statement of a month: what was used, what AWS was told and honoured, and what
// became of the rest; signed, so that it can be shown to others.
//
// It owns: the statement's content, its conservation line, its signature, and the comparison of a month's ledger with
// AWS's own reports. It does not own the ledger (package metering).
package statement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// Ledger is what statements are made from; [metering.Store] fulfils it.
type Ledger interface {
	Totals(ctx context.Context, l core.LicenseID, from, to core.Hour) ([]metering.SealedTotal, error)
	Records(ctx context.Context, q metering.Query) ([]metering.Record, error)
	WriteOffs(ctx context.Context, l core.LicenseID) ([]metering.WriteOff, error)
}

// Statement is one licence's month. Quantities of lines are in what the dimension's events count, those of records in
// the units that AWS bills.
type Statement struct {
	License            core.LicenseID          `json:"license"`
	LicenseARN         core.LicenseARN         `json:"licenseArn,omitempty"`
	Customer           core.AWSAccountID       `json:"customerAWSAccountId,omitempty"`
	CustomerIdentifier core.CustomerIdentifier `json:"customerIdentifier,omitempty"`
	ProductCode        core.ProductCode        `json:"productCode"`
	ProductTitle       string                  `json:"productTitle"`
	Month              string                  `json:"month"` // such as 2026-11, in UTC
	MadeAt             time.Time               `json:"madeAt"`
	// Final says that nothing in it changes by itself any more: AWS has closed the month, no record waits, and no correction
	// is under way. A correction that somebody asks for later makes another statement.
	Final       bool         `json:"final"`
	Lines       []Line       `json:"lines"`
	Corrections []Correction `json:"corrections"`
	Records     []Record     `json:"records"`
}

// Line is what became of a dimension's usage in the month:
//
//	CarriedIn + Used + Returned + Rounded = Recorded + Covered + GivenUp + Moved + CarriedOut
//
// and Recorded = Honoured + Waiting + TooLate + Unbilled.
type Line struct {
	Dimension core.Dimension `json:"dimension"`
	Name      string         `json:"name,omitempty"`
	Unit      string         `json:"unit,omitempty"`
	Meter     string         `json:"meter"`
	Events    int64          `json:"events"`

	CarriedIn  usage.Quantity `json:"carriedIn"` // from the month before
	Used       usage.Quantity `json:"used"`      // that can be billed
	Returned   usage.Quantity `json:"returned"`  // from records that were too late for their hour, or from a licence that is the same
	Rounded    usage.Quantity `json:"rounded"`   // added to fill a last unit
	Covered    usage.Quantity `json:"covered"`   // had been bought in advance
	Recorded   usage.Quantity `json:"recorded"`  // in the month's records
	Honoured   usage.Quantity `json:"honoured"`  // AWS took it
	Waiting    usage.Quantity `json:"waiting"`   // AWS has not taken it yet
	TooLate    usage.Quantity `json:"tooLate"`   // went back, to be billed in a later hour
	Unbilled   usage.Quantity `json:"unbilled"`  // AWS will not take it; the records say why
	GivenUp    usage.Quantity `json:"givenUp"`   // when the licence had ended
	Moved      usage.Quantity `json:"moved"`     // to a licence that turned out to be the same
	CarriedOut usage.Quantity `json:"carriedOut"`

	Added       usage.Quantity `json:"added"`       // of Used: by corrections of what was billed too little
	NotBillable usage.Quantity `json:"notBillable"` // used besides, after the end or told too late; it is in no other part
}

// Balanced reports whether the line adds up.
func (l Line) Balanced() bool {
	in := l.CarriedIn.Add(l.Used).Add(l.Returned).Add(l.Rounded)
	out := l.Recorded.Add(l.Covered).Add(l.GivenUp).Add(l.Moved).Add(l.CarriedOut)
	return in == out && l.Recorded == l.Honoured.Add(l.Waiting).Add(l.TooLate).Add(l.Unbilled)
}

// Record is one metering record of the month.
type Record struct {
	ID               string         `json:"id"`
	Dimension        core.Dimension `json:"dimension"`
	Hour             core.Hour      `json:"hour"`
	Quantity         int64          `json:"quantity"`
	State            metering.State `json:"state"`
	Reason           string         `json:"reason,omitempty"`
	MeteringRecordID string         `json:"meteringRecordId,omitempty"` // AWS's receipt
}

// Maker makes statements.
type Maker struct {
	Ledger      Ledger
	Corrections Corrections
	Products    core.Catalogue
}

// ParseMonth reads a month such as 2026-11, and gives its first instant in UTC.
func ParseMonth(text string) (time.Time, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil {
		return time.Time{}, fail.New(fail.Invalid, "month", "%.20q is no month; write it like 2026-11.", text)
	}
	return t, nil
}

// hoursOf are the first and the last hour of a month.
func hoursOf(month time.Time) (from, to core.Hour) {
	return core.HourOf(month), core.HourOf(month.AddDate(0, 1, 0)) - 1
}

// Make makes l's statement of a month as it is known at now. Hours that are not sealed yet are not in it.
func (m Maker) Make(ctx context.Context, l license.License, month, now time.Time) (Statement, error) {
	from, to := hoursOf(month)
	s := Statement{License: l.ID, LicenseARN: l.ARN, Customer: l.Customer, CustomerIdentifier: l.CustomerIdentifier, ProductCode: l.ProductCode,
		ProductTitle: m.Products.Product(l.ProductCode).Title, Month: month.Format("2006-01"), MadeAt: now.UTC(), Lines: []Line{}, Corrections: []Correction{}, Records: []Record{}}
	totals, err := m.Ledger.Totals(ctx, l.ID, from, to)
	if err != nil {
		return s, fmt.Errorf("read the totals of %s: %w", s.Month, err)
	}
	records, err := m.Ledger.Records(ctx, metering.Query{License: l.ID, From: from, To: to, Limit: 1 << 20})
	if err != nil {
		return s, fmt.Errorf("read the records of %s: %w", s.Month, err)
	}
	offs, err := m.Ledger.WriteOffs(ctx, l.ID)
	if err != nil {
		return s, fmt.Errorf("read what was given up in %s: %w", s.Month, err)
	}
	b := book{lines: map[core.Dimension]*Line{}, open: map[core.Dimension]bool{}}
	for _, w := range offs {
		if w.Hour >= from && w.Hour <= to {
			b.offs = append(b.offs, w)
		}
	}
	slices.SortStableFunc(b.offs, func(a, b metering.WriteOff) int { return cmp.Compare(a.Hour, b.Hour) })
	for _, t := range totals {
		b.writeOffs(t.Hour)
		b.total(t)
	}
	b.writeOffs(to + 1)
	for _, r := range records {
		s.Records = append(s.Records, b.record(r))
	}
	corrections, underWay, err := m.corrections(ctx, l.ID, month)
	if err != nil {
		return s, err
	}
	s.Corrections = append(s.Corrections, corrections...)
	if err := b.added(corrections, totals); err != nil {
		return s, err
	}
	slices.SortFunc(s.Records, func(a, b Record) int { return cmp.Compare(a.ID, b.ID) })
	waits := false
	for d, line := range b.lines {
		known := m.Products.Product(l.ProductCode).Measure(d)
		line.Name, line.Unit = known.Name, known.Unit
		waits = waits || !line.Waiting.IsZero()
		s.Lines = append(s.Lines, *line)
	}
	slices.SortFunc(s.Lines, func(a, b Line) int { return cmp.Compare(a.Dimension, b.Dimension) })
	s.Final = !waits && !underWay && !now.Before(month.AddDate(0, 1, 0).Add(contract.MonthCloses))
	return s, nil
}

// book is a statement's lines while they are added up. Totals come in the order of their hours.
type book struct {
	lines map[core.Dimension]*Line
	open  map[core.Dimension]bool // a first total was seen: CarriedIn is known
	offs  []metering.WriteOff     // that are still to come, by hour
}

func (b *book) line(d core.Dimension) *Line {
	if b.lines[d] == nil {
		b.lines[d] = &Line{Dimension: d, Meter: core.Sum.String()}
	}
	return b.lines[d]
}

func (b *book) total(t metering.SealedTotal) {
	l := b.line(t.Dimension)
	l.Events += t.Events
	if t.Reason != "" {
		l.NotBillable = l.NotBillable.Add(t.Sum)
		return
	}
	l.Meter = t.Meter.String()
	if !b.open[t.Dimension] {
		b.open[t.Dimension] = true
		l.CarriedIn = t.CarriedIn
	} else if !t.CarriedIn.Less(l.CarriedOut) { // what is there more than the hour before left came back
		l.Returned = l.Returned.Add(t.CarriedIn.Sub(l.CarriedOut))
	}
	l.Used, l.Rounded, l.Covered = l.Used.Add(t.Sum), l.Rounded.Add(t.Rounded), l.Covered.Add(t.Covered)
	l.CarriedOut = t.CarriedOut
}

func (b *book) record(r metering.Record) Record {
	l, q := b.line(r.Dimension), r.Per.Times(r.Line.Quantity)
	l.Recorded = l.Recorded.Add(q)
	switch r.State {
	case metering.Honoured:
		l.Honoured = l.Honoured.Add(q)
	case metering.Carried:
		l.TooLate = l.TooLate.Add(q)
	case metering.Unbillable:
		l.Unbilled = l.Unbilled.Add(q)
	default:
		l.Waiting = l.Waiting.Add(q)
	}
	return Record{ID: r.ID, Dimension: r.Dimension, Hour: r.Hour, Quantity: r.Line.Quantity, State: r.State, Reason: r.Reason, MeteringRecordID: r.Receipt}
}

// writeOffs takes those of hours before one.
func (b *book) writeOffs(before core.Hour) {
	for len(b.offs) > 0 && b.offs[0].Hour < before {
		b.writeOff(b.offs[0])
		b.offs = b.offs[1:]
	}
}

// writeOff takes what was given up from what is carried on: it was written off after the last hour, or in it.
func (b *book) writeOff(w metering.WriteOff) {
	l := b.line(w.Dimension)
	if w.MovedTo != "" {
		l.Moved = l.Moved.Add(w.Amount) // the hour's total carries nothing on
		return
	}
	l.GivenUp = l.GivenUp.Add(w.Amount)
	if l.CarriedOut.Less(w.Amount) { // a record of the licence's last hours came back after them
		l.Returned = l.Returned.Add(w.Amount.Sub(l.CarriedOut))
		l.CarriedOut = usage.Quantity{}
		return
	}
	l.CarriedOut = l.CarriedOut.Sub(w.Amount)
}
