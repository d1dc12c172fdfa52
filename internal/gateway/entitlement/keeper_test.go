package entitlement_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const arn = core.LicenseARN("arn:aws:license-manager::294406891311:license:l-1")

// aws is what AWS knows, and whether it answers.
type aws struct {
	mu    sync.Mutex // the keeper asks about several licences at once
	has   map[entitlement.Subject][]entitlement.Entitlement
	down  error
	asked []entitlement.Subject
	// during, if set, happens while AWS works out its answer, once.
	during func()
}

func (a *aws) Entitlements(_ context.Context, s entitlement.Subject) ([]entitlement.Entitlement, error) {
	a.mu.Lock()
	a.asked = append(a.asked, s)
	es, f := slices.Clone(a.has[s]), a.during
	a.during = nil
	a.mu.Unlock()
	if f != nil {
		f()
	}
	return es, a.down
}

// shop is a keeper over a real book and database, with a clock that is moved by hand.
type shop struct {
	t        *testing.T
	db       *store.DB
	clk      *clock.Virtual
	aws      *aws
	products core.Catalogue
	book     *license.Book
	keeper   *entitlement.Keeper
	runner   *job.Runner
	outcomes []string
}

func newShop(t *testing.T, products ...core.Product) *shop {
	t.Helper()
	db := storetest.Open(t)
	s := &shop{t: t, db: db, clk: clock.NewVirtual(noon), aws: &aws{has: map[entitlement.Subject][]entitlement.Entitlement{}}, products: products}
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
	s.keeper, err = entitlement.Open(s.t.Context(), entitlement.Config{Store: s.db.Entitlements(), AWS: s.aws, Licenses: s.book, Book: s.book, Products: s.products, Clock: s.clk, Log: log,
		Observe: func(o string) {
			s.aws.mu.Lock()
			defer s.aws.mu.Unlock()
			s.outcomes = append(s.outcomes, o)
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.runner = job.New(s.clk, log, s.book.Job(), s.keeper.Job())
}

// work does what is due now and tells when something is due next.
func (s *shop) work() time.Time {
	s.t.Helper()
	next, _, err := s.runner.Step(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return next
}

// until moves the clock from one due instant to the next, to t.
func (s *shop) until(t time.Time) {
	s.t.Helper()
	for {
		next := s.work()
		if next.IsZero() || next.After(t) {
			break
		}
		s.clk.Set(next)
	}
	s.clk.Set(t)
	s.work()
}

// told is a notice of AWS's about the licence.
func (s *shop) told(id string, kind license.Kind, about license.Ref) core.LicenseID {
	s.t.Helper()
	v, err := s.book.Note(s.t.Context(), license.Note{ID: id, Kind: kind, At: s.clk.Now(), About: about})
	if err != nil {
		s.t.Fatal(err)
	}
	s.keeper.Heard(v.License)
	return v.License
}

func (s *shop) buy() core.LicenseID {
	s.t.Helper()
	return s.told("n1", license.Activated, license.Ref{ProductCode: "p", ARN: arn, Customer: "111122223333", Agreement: "agmt-1"})
}

func (s *shop) check(id core.LicenseID, d core.Dimension, quantity int64) entitlement.Verdict {
	s.t.Helper()
	l, ok := s.book.ByID(id)
	if !ok {
		s.t.Fatal("no such licence")
	}
	return s.keeper.Check(&l, d, usage.Whole(quantity))
}

func (s *shop) want(id core.LicenseID, d core.Dimension, quantity int64, want entitlement.Reason) entitlement.Verdict {
	s.t.Helper()
	v := s.check(id, d, quantity)
	if v.Reason != want {
		s.t.Errorf("at %s: %+v; want %s", s.clk.Now(), v, want)
	}
	return v
}

func users(n int32, until time.Time) []entitlement.Entitlement {
	return []entitlement.Entitlement{{Dimension: "users", Value: entitlement.Integer(n), ExpiresAt: until}}
}

var (
	subject = entitlement.Subject{ProductCode: "p", ARN: arn}
	byYear  = core.Product{Code: "p", Pricing: core.Contract}
	away    = fail.New(fail.Later, "aws_away", "AWS is away.")
)

func TestAskedWhenActiveAndWhenANoticeComes(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.want(id, "users", 1, entitlement.Unsure)
	s.work()
	s.want(id, "users", 10, entitlement.Entitled)
	s.want(id, "users", 11, entitlement.Exceeded)
	s.until(noon.Add(10 * time.Minute))
	s.aws.has[subject] = users(20, noon.AddDate(1, 0, 0))
	s.told("n2", "", license.Ref{ProductCode: "p", ARN: arn})
	s.work()
	if v := s.want(id, "users", 20, entitlement.Entitled); !v.AsOf.Equal(s.clk.Now()) {
		t.Errorf("as of %s", v.AsOf)
	}
	history, err := s.db.Entitlements().EntitlementHistory(t.Context(), id)
	if err != nil || len(history) != 2 || !history[0].At.Equal(noon) || history[1].Entitlements[0].Value != entitlement.Integer(20) {
		t.Errorf("history %+v, %v", history, err)
	}
}

// The agreement may not be final when its notice comes.
func TestEmptyRightAfterActivationIsAskedAgain(t *testing.T) {
	s := newShop(t, byYear)
	id := s.buy()
	s.work()
	s.want(id, "users", 1, entitlement.Absent)
	s.until(noon.Add(90 * time.Second))
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	s.until(noon.Add(2 * time.Minute))
	s.want(id, "users", 10, entitlement.Entitled)
}

func TestAmendmentThatShowsLate(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.until(noon.Add(5 * time.Minute))
	s.told("n2", "", license.Ref{ProductCode: "p", ARN: arn})
	s.work()
	s.aws.has[subject] = users(20, noon.AddDate(1, 0, 0))
	s.until(noon.Add(6 * time.Minute))
	s.want(id, "users", 20, entitlement.Entitled)
}

// What is told while AWS is being asked may not be in the answer.
func TestNoticeWhileAsking(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	var id core.LicenseID
	s.aws.during = func() {
		s.aws.has[subject] = users(20, noon.AddDate(1, 0, 0))
		s.keeper.Heard(id)
	}
	id = s.buy()
	s.work()
	s.want(id, "users", 20, entitlement.Entitled)
	if len(s.aws.asked) != 2 {
		t.Errorf("asked %d times", len(s.aws.asked))
	}
}

func TestAskedOnceAnInterval(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.until(noon.Add(10 * time.Hour))
	if n := len(s.aws.asked); n < 11 || n > 12 {
		t.Errorf("asked %d times in ten hours", n)
	}
	s.aws.has[subject] = nil // a notice was lost
	s.until(noon.Add(11 * time.Hour))
	s.want(id, "users", 1, entitlement.Absent)
}

// An outage of AWS and a restart in it: what was last known counts, and says how old it is.
func TestOutageAndRestart(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.work()
	s.aws.down = away
	s.until(noon.Add(20 * time.Hour))
	asked := len(s.aws.asked)
	s.start()
	l, _ := s.book.ByID(id)
	before, _ := s.keeper.Known(l)
	v := s.want(id, "users", 10, entitlement.Entitled)
	if age := s.clk.Now().Sub(v.AsOf); age < 19*time.Hour || age > 20*time.Hour {
		t.Errorf("known for %s", age)
	}
	if before.Failures < 5 || before.Failure == "" || before.DueAt.Before(s.clk.Now()) {
		t.Errorf("the retries are not kept: %+v", before)
	}
	s.work()
	if len(s.aws.asked) != asked {
		t.Error("a restart asks before the retry is due")
	}
	s.until(noon.Add(25 * time.Hour))
	s.want(id, "users", 1, entitlement.Stale)
	s.aws.down = nil
	s.until(noon.Add(25*time.Hour + 15*time.Minute))
	s.want(id, "users", 1, entitlement.Entitled)
}

func TestRenewalMovesTheDate(t *testing.T) {
	s := newShop(t, byYear)
	end := noon.Add(90 * time.Minute)
	s.aws.has[subject] = users(10, end)
	id := s.buy()
	s.until(end)
	s.want(id, "users", 10, entitlement.Entitled) // AWS has not written the renewal yet
	s.aws.has[subject] = users(10, end.AddDate(1, 0, 0))
	s.until(end.Add(10 * time.Minute))
	s.want(id, "users", 10, entitlement.Entitled)

	s.aws.has[subject] = users(10, s.clk.Now().Add(time.Minute))
	s.told("n3", "", license.Ref{ProductCode: "p", ARN: arn})
	s.until(s.clk.Now().Add(10 * time.Minute))
	s.want(id, "users", 1, entitlement.Expired)
}

func TestGraceWhileAWSIsAway(t *testing.T) {
	p := byYear
	p.Entitlements = core.EntitlementRules{Grace: 2 * time.Hour, StaleAfter: 48 * time.Hour}
	s := newShop(t, p)
	end := noon.Add(90 * time.Minute)
	s.aws.has[subject] = users(10, end)
	id := s.buy()
	s.work()
	s.aws.down = away
	s.until(end.Add(2*time.Hour - time.Second))
	s.want(id, "users", 10, entitlement.Entitled)
	s.until(end.Add(2 * time.Hour))
	s.want(id, "users", 10, entitlement.Expired)
}

// The process dies between a notice and the question that follows from it.
func TestKilledBeforeAsking(t *testing.T) {
	s := newShop(t, byYear)
	id := s.buy()
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	s.start()
	s.work()
	s.want(id, "users", 10, entitlement.Entitled)
}

// An answer that could not be kept is asked for again.
func TestAnswerThatIsNotKeptIsNotUsed(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	full := &failingStore{Store: s.db.Entitlements(), err: errors.New("disk full")}
	keeper, err := entitlement.Open(t.Context(), entitlement.Config{Store: full, AWS: s.aws, Licenses: s.book, Products: s.products, Clock: s.clk, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.keeper, s.runner = keeper, job.New(s.clk, slog.New(slog.DiscardHandler), keeper.Job())
	s.work()
	s.want(id, "users", 1, entitlement.Unsure)
	full.err = nil
	s.until(noon.Add(2 * time.Second))
	s.want(id, "users", 1, entitlement.Entitled)
}

// The answer to a keeping is lost: nobody knows whether the first entitlements were kept. What AWS says then is kept whatever
// it is, and the same happening is told once.
func TestAKeepingWhoseAnswerIsLost(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.work()
	lossy := &failingStore{Store: s.db.Entitlements(), err: errors.New("connection lost"), after: true}
	keeper, err := entitlement.Open(t.Context(), entitlement.Config{Store: lossy, AWS: s.aws, Licenses: s.book, Products: s.products, Clock: s.clk, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.keeper, s.runner = keeper, job.New(s.clk, slog.New(slog.DiscardHandler), keeper.Job())
	told := func() (n int) {
		t.Helper()
		events, err := s.db.Outbox().Unspread(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == outbox.EntitlementChanged {
				n++
			}
		}
		return n
	}
	change := func(n int32, kept bool) {
		t.Helper()
		s.aws.has[subject] = users(n, noon.AddDate(1, 0, 0))
		lossy.err = nil
		if !kept {
			lossy.err = errors.New("connection lost")
		}
		s.clk.Set(s.clk.Now().Add(time.Minute))
		s.keeper.Heard(id)
		s.work()
	}
	if told() != 1 {
		t.Fatalf("told %d times of the first", told())
	}
	change(20, false)
	change(20, true)
	if told() != 2 {
		t.Errorf("20 users were told %d times", told()-1)
	}
	change(30, false)
	change(20, true) // AWS thought better of it
	s.start()
	s.want(id, "users", 21, entitlement.Exceeded)
	if told() != 4 {
		t.Errorf("30 users and 20 again were told %d times", told()-2)
	}
}

type failingStore struct {
	entitlement.Store
	err   error
	after bool // it fails when all is done
}

func (s *failingStore) KeepEntitlements(ctx context.Context, k entitlement.Knowledge, changed bool, tell ...outbox.Event) error {
	if s.err != nil && !s.after {
		return s.err
	}
	return cmp.Or(s.Store.KeepEntitlements(ctx, k, changed, tell...), s.err)
}

func TestPayAsYouGoIsNotAskedAbout(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", Pricing: core.Subscription})
	id := s.buy()
	s.until(noon.Add(48 * time.Hour))
	if len(s.aws.asked) != 0 {
		t.Errorf("asked %v", s.aws.asked)
	}
	s.want(id, "pages", 99, entitlement.ByAccess)
	l, _ := s.book.ByID(id)
	if _, ok := s.keeper.Known(l); ok {
		t.Error("there is something to know")
	}
}

// Of a product whose pricing nobody told, AWS's answers show it; one that never has any is asked about seldom.
func TestUnknownPricingIsLearnt(t *testing.T) {
	s := newShop(t)
	id := s.buy()
	s.until(noon.Add(48 * time.Hour))
	if n := len(s.aws.asked); n < 7 || n > 9 { // at once, while it settles, and once a day
		t.Errorf("asked %d times in two days", n)
	}
	s.want(id, "users", 99, entitlement.ByAccess)
	other := core.LicenseARN(arn + "2")
	s.aws.has[entitlement.Subject{ProductCode: "p", ARN: other}] = users(5, noon.AddDate(1, 0, 0))
	second := s.told("n2", license.Activated, license.Ref{ProductCode: "p", ARN: other, Customer: "444455556666", Agreement: "agmt-2"})
	s.work()
	s.want(second, "users", 5, entitlement.Entitled)
	s.want(id, "users", 1, entitlement.Absent) // now it is known that users are bought
}

func TestOlderGenerationIsAskedByCustomer(t *testing.T) {
	s := newShop(t, byYear)
	customer := entitlement.Subject{ProductCode: "p", CustomerIdentifier: "X01EXAMPLEX"}
	s.aws.has[customer] = users(3, noon.AddDate(1, 0, 0))
	id := s.told("n1", license.Activated, license.Ref{ProductCode: "p", CustomerIdentifier: "X01EXAMPLEX"})
	s.work()
	s.want(id, "users", 3, entitlement.Entitled)
	if want := []entitlement.Subject{customer}; !slices.Equal(s.aws.asked, want) {
		t.Errorf("asked %v", s.aws.asked)
	}
}

func TestPeerA22_EndedIsNotAskedAboutAndGivesNothing(t *testing.T) {
	s := newShop(t, byYear)
	s.aws.has[subject] = users(10, noon.AddDate(1, 0, 0))
	id := s.buy()
	s.work()
	s.clk.Set(noon.Add(time.Second))
	s.told("n2", license.Deprovisioned, license.Ref{ProductCode: "p", ARN: arn})
	s.until(noon.Add(2 * time.Hour))
	asked := len(s.aws.asked)
	s.want(id, "users", 1, entitlement.NoAccess)
	s.until(noon.Add(24 * time.Hour))
	if len(s.aws.asked) != asked {
		t.Errorf("asked %d times after the end", len(s.aws.asked)-asked)
	}
	if _, ok := s.keeper.Oldest(); ok {
		t.Error("an ended licence rests on no answer")
	}
}

func TestOneThatFailsKeepsNoOtherWaiting(t *testing.T) {
	s := newShop(t, byYear)
	for i := range 30 {
		a := core.LicenseARN(fmt.Sprint(arn, "-", i))
		if i%3 > 0 {
			s.aws.has[entitlement.Subject{ProductCode: "p", ARN: a}] = users(1, noon.AddDate(1, 0, 0))
		}
		s.told(fmt.Sprint("n", i), license.Activated, license.Ref{ProductCode: "p", ARN: a, Customer: "111122223333", Agreement: core.AgreementID(fmt.Sprint("agmt-", i))})
	}
	s.keeper, s.runner = nil, nil
	s.aws = &aws{has: s.aws.has}
	picky := source(func(ctx context.Context, sub entitlement.Subject) ([]entitlement.Entitlement, error) {
		if es := s.aws.has[sub]; es != nil {
			return es, nil
		}
		return nil, away
	})
	log := slog.New(slog.DiscardHandler)
	var err error
	if s.keeper, err = entitlement.Open(t.Context(), entitlement.Config{Store: s.db.Entitlements(), AWS: picky, Licenses: s.book, Products: s.products, Clock: s.clk, Log: log}); err != nil {
		t.Fatal(err)
	}
	s.runner = job.New(s.clk, log, s.keeper.Job())
	s.work()
	counts := map[entitlement.Reason]int{}
	for l := range s.book.All {
		counts[s.check(l.ID, "users", 1).Reason]++
	}
	if counts[entitlement.Entitled] != 20 || counts[entitlement.Unsure] != 10 {
		t.Errorf("%v", counts)
	}
}

type source func(context.Context, entitlement.Subject) ([]entitlement.Entitlement, error)

func (f source) Entitlements(ctx context.Context, s entitlement.Subject) ([]entitlement.Entitlement, error) {
	return f(ctx, s)
}
