package agreement_test

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const (
	arn   = core.LicenseARN("arn:aws:license-manager::294406891311:license:l-1")
	buyer = core.AWSAccountID("111122223333")
)

// aws is what AWS knows, and whether it answers.
type aws struct {
	clk   clock.Clock
	has   []agreement.Agreement
	lags  map[core.AgreementID]agreement.Status // what lists say still, where that differs
	down  error
	page  int             // most on a page; 0: no limit
	asked []time.Duration // after noon, when a customer's agreements were listed
	whole []agreement.Search

	terms  []core.AgreementID // asked for
	value  string             // of each agreement; 12.00 where it is empty
	silent map[core.AgreementID]error
}

func (a *aws) Search(_ context.Context, q agreement.Search) (page []agreement.Agreement, next string, err error) {
	if q.Customer != "" {
		a.asked = append(a.asked, a.clk.Now().Sub(noon))
	} else {
		a.whole = append(a.whole, q)
	}
	for _, g := range a.has {
		if (q.Customer != "" && q.Customer != g.Customer) || g.UpdatedAt.Before(q.Since) || string(g.ID) <= q.Token {
			continue
		}
		if a.page > 0 && len(page) == a.page {
			return page, string(page[len(page)-1].ID), a.down
		}
		if s, ok := a.lags[g.ID]; ok {
			g.Status = s
		}
		page = append(page, g)
	}
	return page, "", a.down
}

func (a *aws) Describe(_ context.Context, id core.AgreementID) (agreement.Agreement, error) {
	i := slices.IndexFunc(a.has, func(g agreement.Agreement) bool { return g.ID == id })
	if i < 0 {
		return agreement.Agreement{}, fail.New(fail.NotFound, "test", "no %s", id)
	}
	g := a.has[i]
	g.Licenses, g.UpdatedAt = nil, time.Time{}
	return g, a.down
}

func (a *aws) Terms(_ context.Context, id core.AgreementID) (agreement.Terms, error) {
	a.terms = append(a.terms, id)
	if err, ok := a.silent[id]; ok {
		return agreement.Terms{}, err
	}
	return agreement.Terms{Value: cmp.Or(a.value, "12.00"), CurrencyCode: "USD", Accepted: []agreement.Term{{Name: "freeTrialPricingTerm", Content: []byte(`{"duration":"P7D"}`)}}}, a.down
}

// shop is a service over a real book and database, with a clock that is moved by hand.
type shop struct {
	t        *testing.T
	db       *store.DB
	clk      *clock.Virtual
	aws      *aws
	products core.Catalogue
	book     *license.Book
	service  *agreement.Service
	runner   *job.Runner
	outcomes []string
	runs     []agreement.Run
	changed  []core.LicenseID
}

func newShop(t *testing.T, products ...core.Product) *shop {
	t.Helper()
	db := storetest.Open(t)
	s := &shop{t: t, db: db, clk: clock.NewVirtual(noon), products: products}
	s.aws = &aws{clk: s.clk}
	s.start()
	return s
}

// start is what a new process does.
func (s *shop) start() {
	s.t.Helper()
	var err error
	if s.book, err = license.OpenBook(s.t.Context(), s.db.Licenses(), s.clk, s.products); err != nil {
		s.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s.service, err = agreement.Open(s.t.Context(), agreement.Config{Store: s.db.Agreements(), AWS: s.aws, Licenses: s.book, Book: s.book, Products: s.products, Clock: s.clk, Log: log,
		Changed: func(id core.LicenseID, _ time.Time) { s.changed = append(s.changed, id) },
		Observe: func(o string, r agreement.Run) { s.outcomes, s.runs = append(s.outcomes, o), append(s.runs, r) }})
	if err != nil {
		s.t.Fatal(err)
	}
	s.runner = job.New(s.clk, log, append(s.service.Jobs(), s.book.Job())...)
}

// until moves the clock from one due instant to the next, to d after noon.
func (s *shop) until(d time.Duration) {
	s.t.Helper()
	for {
		next, _, err := s.runner.Step(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if next.IsZero() || next.After(noon.Add(d)) {
			break
		}
		s.clk.Set(next)
	}
	s.clk.Set(noon.Add(d))
	if _, _, err := s.runner.Step(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// arrives brings the buyer to the landing page.
func (s *shop) arrives(customer core.CustomerIdentifier) core.LicenseID {
	s.t.Helper()
	l, err := s.book.Arrive(s.t.Context(), license.Buyer{ProductCode: "p", ARN: arn, Customer: buyer, CustomerIdentifier: customer}, s.clk.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return l.ID
}

// told brings a notice.
func (s *shop) told(n license.Note) license.Outcome {
	s.t.Helper()
	v, err := s.book.Note(s.t.Context(), n)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Outcome
}

// activated is License Updated, of the agreement.
func (s *shop) activated(id core.AgreementID, at time.Duration) {
	s.t.Helper()
	s.told(license.Note{ID: "updated " + string(id), Kind: license.Activated, At: noon.Add(at), About: license.Ref{ProductCode: "p", ARN: arn, Customer: buyer, Agreement: id}})
}

// ended is a notice that names only the agreement.
func (s *shop) ended(at time.Duration) license.Outcome {
	s.t.Helper()
	return s.told(license.Note{ID: "ended", Kind: license.AgreementEnded, At: noon.Add(at), About: license.Ref{Agreement: "agmt-1", Customer: buyer}})
}

func (s *shop) standing(id core.LicenseID) license.Standing {
	s.t.Helper()
	l, ok := s.book.ByID(id)
	if !ok {
		s.t.Fatal("no such licence")
	}
	return l.Standing
}

// resync asks for a run and lets it be made.
func (s *shop) resync(id core.LicenseID, dry bool) (agreement.Run, []agreement.Finding) {
	s.t.Helper()
	asked, err := s.service.Ask(s.t.Context(), id, dry, "key_1")
	if err != nil {
		s.t.Fatal(err)
	}
	s.until(s.clk.Now().Sub(noon) + time.Minute)
	r, found, err := s.service.RunByID(s.t.Context(), asked.ID)
	if err != nil || r.EndedAt.IsZero() {
		s.t.Fatalf("%+v, %v", r, err)
	}
	return r, found
}

// one is an agreement that leads to the license, started, and changed last, at instants after noon.
func one(id core.AgreementID, status agreement.Status, starts, updated time.Duration) agreement.Agreement {
	return agreement.Agreement{ID: id, Status: status, Customer: buyer, Initial: id, ProductID: "prod-1", Licenses: []core.LicenseARN{arn},
		AcceptedAt: noon.Add(starts), StartsAt: noon.Add(starts), UpdatedAt: noon.Add(updated)}
}

func running(since time.Duration) agreement.Agreement {
	return one("agmt-1", agreement.Active, since, since)
}
