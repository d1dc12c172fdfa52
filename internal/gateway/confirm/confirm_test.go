package confirm_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/confirm"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const arn = core.LicenseARN("arn:aws:license-manager::294406891311:license:l-1")

// aws is what AWS knows, and whether it answers.
type aws struct {
	has   []confirm.Agreement
	down  error
	asked []time.Duration // after noon
	clk   clock.Clock
}

func (a *aws) AgreementsOf(_ context.Context, customer core.AWSAccountID, of core.LicenseARN) ([]confirm.Agreement, error) {
	a.asked = append(a.asked, a.clk.Now().Sub(noon))
	if customer != "111122223333" || of != arn {
		return nil, fail.New(fail.Invalid, "test", "asked about %s of %s", of, customer)
	}
	return a.has, a.down
}

// shop is a confirmer over a real book and database, with a clock that is moved by hand.
type shop struct {
	t        *testing.T
	db       *store.DB
	clk      *clock.Virtual
	aws      *aws
	products core.Catalogue
	book     *license.Book
	runner   *job.Runner
	outcomes []string
}

func newShop(t *testing.T, products ...core.Product) *shop {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	c := confirm.Open(confirm.Config{AWS: s.aws, Licenses: s.book, Book: s.book, Products: s.products, Clock: s.clk, Log: log,
		Observe: func(o string) { s.outcomes = append(s.outcomes, o) }})
	s.runner = job.New(s.clk, log, s.book.Job(), c.Job())
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
	l, err := s.book.Arrive(s.t.Context(), license.Buyer{ProductCode: "p", ARN: arn, Customer: "111122223333", CustomerIdentifier: customer}, s.clk.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return l.ID
}

// ended is a notice that names only the agreement.
func (s *shop) ended(at time.Duration) license.Outcome {
	s.t.Helper()
	v, err := s.book.Note(s.t.Context(), license.Note{ID: "ended", Kind: license.AgreementEnded, At: noon.Add(at), About: license.Ref{Agreement: "agmt-1", Customer: "111122223333"}})
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Outcome
}

func (s *shop) standing(id core.LicenseID) license.Standing {
	s.t.Helper()
	l, ok := s.book.ByID(id)
	if !ok {
		s.t.Fatal("no such licence")
	}
	return l.Standing
}

func running(since time.Duration) confirm.Agreement {
	return confirm.Agreement{ID: "agmt-1", Status: "ACTIVE", StartTime: noon.Add(since), UpdatedAt: noon.Add(since)}
}

func TestAWSIsAskedWhereNoNoticeCame(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.aws.has = []confirm.Agreement{running(-time.Minute)}
	s.until(10*time.Minute - time.Second)
	if got := s.standing(id); got.State != license.Pending || got.Access() || !got.By.Equal(noon.Add(10*time.Minute)) || got.Next == "" {
		t.Errorf("before AWS is asked: %+v", got)
	}
	s.until(10 * time.Minute)
	if got := s.standing(id); got.State != license.Active || !got.ActivatedAt.Equal(noon.Add(-time.Minute)) || got.Next != "" {
		t.Errorf("%+v", got)
	}
	s.until(8 * 24 * time.Hour)
	if !slices.Equal(s.aws.asked, []time.Duration{10 * time.Minute}) || !slices.Equal(s.outcomes, []string{"active"}) {
		t.Errorf("asked after %v: %v", s.aws.asked, s.outcomes)
	}
	// The answer named the agreement: a notice that names nothing else is understood.
	if got := s.ended(8 * 24 * time.Hour); got != license.Applied || s.standing(id).State != license.WindingDown {
		t.Errorf("the end is %s: %+v", got, s.standing(id))
	}
}

// The end may come before AWS is asked, by a notice that could not be understood until then.
func TestAnEndThatWaitedIsFound(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.until(4 * time.Minute)
	if got := s.ended(4 * time.Minute); got != license.Held {
		t.Errorf("the end is %s", got)
	}
	s.aws.has = []confirm.Agreement{{ID: "agmt-1", Status: "CANCELLED", StartTime: noon, UpdatedAt: noon.Add(4 * time.Minute)}}
	s.until(10 * time.Minute)
	if got := s.standing(id); got.State != license.WindingDown || got.Access() || !got.ClosesAt.Equal(noon.Add(64*time.Minute)) {
		t.Errorf("%+v", got)
	}
	s.until(2 * time.Hour)
	if got := s.standing(id); got.State != license.Ended {
		t.Errorf("%+v", got)
	}
}

func TestAskingGoesOnUntilItIsKnownOrAWeekIsOver(t *testing.T) {
	m := time.Minute
	for name, c := range map[string]struct {
		prepare func(s *shop)
		asked   []time.Duration
		outcome string
		state   license.State
	}{
		"nobody knows it": {func(*shop) {}, []time.Duration{10 * m, 20 * m, 40 * m, 80 * m, 160 * m, 320 * m, 640 * m, 1280 * m, 2560 * m, 5120 * m}, "unsettled", license.Pending},
		"it starts later": {func(s *shop) { s.aws.has = []confirm.Agreement{running(30 * m)} }, []time.Duration{10 * m, 20 * m, 40 * m}, "active", license.Active},
		"AWS is away": {func(s *shop) { s.aws.down = fail.New(fail.Later, "away", "away") },
			[]time.Duration{10 * m, 20 * m, 40 * m, 80 * m, 160 * m, 320 * m, 640 * m, 1280 * m, 2560 * m, 5120 * m}, "later", license.Pending},
		"its payment failed": {func(s *shop) {
			s.aws.has = []confirm.Agreement{{ID: "agmt-1", Status: "TERMINATED", StartTime: noon, UpdatedAt: noon.Add(m)}}
		},
			[]time.Duration{10 * m}, "ended", license.Ended},
		"it was bought again, and runs": {func(s *shop) {
			s.aws.has = []confirm.Agreement{{ID: "agmt-0", Status: "RENEWED", StartTime: noon}, running(0)}
		},
			[]time.Duration{10 * m}, "active", license.Active},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			id := s.arrives("")
			c.prepare(s)
			s.until(30 * 24 * time.Hour)
			if !slices.Equal(s.aws.asked, c.asked) || s.outcomes[len(s.outcomes)-1] != c.outcome || s.standing(id).State != c.state {
				t.Errorf("asked after %v: %v, and it is %+v", s.aws.asked, s.outcomes, s.standing(id))
			}
		})
	}
}

func TestNobodyAsksInVain(t *testing.T) {
	legacy := true
	for name, c := range map[string]struct {
		product  core.Product
		customer core.CustomerIdentifier
		kind     license.Kind // told before AWS would be asked
	}{
		"a notice came": {core.Product{Code: "p"}, "", license.Activated},
		"legacy":        {core.Product{Code: "p", Legacy: &legacy}, "X01EXAMPLEX", ""},
		"a contract":    {core.Product{Code: "p", Pricing: core.Contract}, "", ""},
	} {
		s := newShop(t, c.product)
		s.arrives(c.customer)
		if c.kind != "" {
			if _, err := s.book.Note(t.Context(), license.Note{ID: "n", Kind: c.kind, At: noon, About: license.Ref{ProductCode: "p", ARN: arn, Agreement: "agmt-1"}}); err != nil {
				t.Fatal(err)
			}
		}
		s.until(30 * 24 * time.Hour)
		if len(s.aws.asked) > 0 {
			t.Errorf("%s: asked after %v", name, s.aws.asked)
		}
	}
}

// A process that starts asks at once about what was due while there was none, and then goes on.
func TestAskingOutlivesTheProcess(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.clk.Set(noon.Add(time.Hour))
	s.start()
	s.until(time.Hour)
	s.aws.has = []confirm.Agreement{running(0)}
	s.until(3 * time.Hour)
	if want := []time.Duration{time.Hour, 80 * time.Minute}; !slices.Equal(s.aws.asked, want) || s.standing(id).State != license.Active {
		t.Errorf("asked after %v, want %v; %+v", s.aws.asked, want, s.standing(id))
	}
}

// An answer that is out of date by the time it comes, or comes again, revives nothing: it counts by the agreement's start.
func TestALateAnswerRevivesNothing(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.aws.has = []confirm.Agreement{running(0)}
	if _, err := s.book.Note(t.Context(), license.Note{ID: "gone", Kind: license.Deprovisioned, At: noon.Add(5 * time.Minute), About: license.Ref{ProductCode: "p", ARN: arn, Agreement: "agmt-1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.book.Note(t.Context(), license.Note{ID: "agreement:agmt-1:active", Kind: license.Activated, At: noon, About: license.Ref{ProductCode: "p", ARN: arn, Agreement: "agmt-1"}}); err != nil {
		t.Fatal(err)
	}
	if got := s.standing(id); got.State != license.WindingDown || !got.ClosesAt.Equal(noon.Add(65*time.Minute)) {
		t.Errorf("%+v", got)
	}
	s.until(3 * time.Hour)
	if got := s.standing(id); got.State != license.Ended || len(s.aws.asked) > 0 {
		t.Errorf("%+v, asked after %v", got, s.aws.asked)
	}
}
