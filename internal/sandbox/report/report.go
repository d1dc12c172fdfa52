// Package report writes what AWS Marketplace reports to sellers, as CSV: the sections of the daily and monthly reports,
// and the data feeds.
//
// It owns: the reports' names and columns, as AWS documents them, what a row is made of, and when it is published. It
// does not own the facts: it asks a world for agreements, invoices and records, and writes a row at a time.
//
// AWS knows more of a buyer than this market does (addresses, taxes, a payer of its own) and of a seller (a bank). Such
// columns are there, and empty. docs/sandbox/reports.md says which.
package report

import (
	"encoding/csv"
	"io"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// Market is what reports are made from. *world.World is one.
type Market interface {
	Seller(account string) (world.Seller, error)
	Sellers() []world.Seller
	Buyers() []world.Buyer
	Buyer(account string) (world.Buyer, error)
	Products() []world.Product
	Product(idOrCode string) (world.Product, error)
	Offers() []world.Offer
	Offer(id string) (world.Offer, error)
	Revisions(offerID string) []time.Time
	Agreements(world.AgreementQuery) []world.Agreement
	Agreement(id string) (world.Agreement, error)
	Invoices(world.InvoiceQuery) []world.Invoice
	Usage(world.RecordQuery) []world.Charge
}

// Report is one section of a report, or one data feed.
type Report struct {
	Name    string   `json:"name"`
	About   string   `json:"about"`
	Columns []string `json:"columns"`
	Source  string   `json:"source"`

	span func(now time.Time) (from, to time.Time) // what is covered where nobody says
	rows func(b *book)
}

// Span is what a report covers: From ≤ instant < To. A zero instant means that of the newest published report.
type Span struct{ From, To time.Time }

// book is a report being written.
type book struct {
	Market
	seller string
	Span
	now time.Time
	out *csv.Writer
	err error

	own    []world.Agreement // see agreements
	issued []world.Invoice   // see invoices
}

// row writes one row.
func (b *book) row(cells ...string) {
	if b.err == nil {
		b.err = b.out.Write(cells)
	}
}

// published reports whether what is published at the instant at is there now.
func (b *book) published(at time.Time) bool { return !at.After(b.now) }

// covers reports whether at lies in what was asked for.
func (b *book) covers(at time.Time) bool { return !at.Before(b.From) && at.Before(b.To) }

// agreements are the seller's, oldest first, but for those that never came to be.
func (b *book) agreements() []world.Agreement {
	if b.own == nil {
		b.own = slices.DeleteFunc(b.Agreements(world.AgreementQuery{}), func(a world.Agreement) bool {
			return a.SellerAccount != b.seller || a.License.Status == world.FailedLicense
		})
	}
	return b.own
}

// invoices calls each for the seller's invoices and credit memos, oldest first.
func (b *book) invoices(each func(v world.Invoice)) {
	if b.issued == nil {
		b.issued = b.Invoices(world.InvoiceQuery{SellerAccount: b.seller})
	}
	for _, v := range b.issued {
		each(v)
	}
}

// reported calls each for the invoices that were issued in what is covered, and whose report is published by now, with
// whom they are between.
func (b *book) reported(published func(issued time.Time) time.Time, each func(v world.Invoice, p party)) {
	b.invoices(func(v world.Invoice) {
		if !b.covers(v.IssuedAt) || !b.published(published(v.IssuedAt)) {
			return
		}
		if a, err := b.Agreement(v.AgreementID); err == nil {
			each(v, b.parties(a))
		}
	})
}

// List lists the reports, those of a day first.
func List() []Report { return slices.Clone(reports) }

var reports = slices.Concat(daily, subscribers, monthly, feeds)

// Find finds a report by its name; otherwise fail.NotFound.
func Find(name string) (Report, error) {
	i := slices.IndexFunc(reports, func(r Report) bool { return r.Name == name })
	if i < 0 {
		return Report{}, fail.New(fail.NotFound, "unknown_report", "There is no report %q; GET /_sandbox/reports lists them.", name)
	}
	return reports[i], nil
}

// Write writes r to w, with its head: what it says of seller at the instant now about s. RFC 4180, in UTF-8, and with
// instants as ISO 8601 writes them.
func (r Report) Write(w io.Writer, m Market, seller string, s Span, now time.Time) error {
	from, to := r.span(now)
	if s.From.IsZero() {
		s.From = from
	}
	if s.To.IsZero() {
		s.To = to
	}
	b := &book{Market: m, seller: seller, Span: s, now: now, out: csv.NewWriter(w)}
	b.out.UseCRLF = true
	b.row(r.Columns...)
	r.rows(b)
	b.out.Flush()
	if b.err != nil {
		return b.err
	}
	return b.out.Error()
}
