package register_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// aws resolves tokens.
type aws map[string]license.Buyer

func (a aws) Resolve(_ context.Context, token string) (license.Buyer, error) {
	b, ok := a[token]
	if !ok {
		return b, fail.New(fail.Invalid, register.TokenInvalid, "Unknown.")
	}
	return b, nil
}

// book is a real book that can be made to fail before or after it has done what it is asked.
type book struct {
	*license.Book
	before, after error
}

func (b *book) AttachAccount(ctx context.Context, id core.LicenseID, a core.AccountID, settingUp bool) error {
	if b.before != nil {
		return b.before
	}
	if err := b.Book.AttachAccount(ctx, id, a, settingUp); err != nil {
		return err
	}
	return b.after
}

type world struct {
	*register.Service
	db   *store.DB
	aws  aws
	book *book
	clk  *clock.Virtual
	log  *bytes.Buffer
	a, b core.AccountID
}

func newWorld(t *testing.T, products core.Catalogue) *world {
	t.Helper()
	db := storetest.Open(t)
	w := &world{db: db, aws: aws{}, clk: clock.NewVirtual(noon), log: &bytes.Buffer{}, a: "acc_a", b: "acc_b"}
	inner, err := license.OpenBook(t.Context(), db.Licenses(), w.clk, products)
	if err != nil {
		t.Fatal(err)
	}
	w.book = &book{Book: inner}
	for _, id := range []core.AccountID{w.a, w.b} {
		if err := db.Accounts().CreateAccount(t.Context(), account.Who{Person: account.Person{ID: core.PersonID(id)}, Account: account.Account{ID: id, CreatedAt: noon}, Role: account.RoleOwner}, string(id), "h"); err != nil {
			t.Fatal(err)
		}
	}
	w.Service = register.New(db.Registrations(), w.book, w.aws, products, w.clk, slog.New(slog.NewTextHandler(w.log, nil)))
	return w
}

func TestOnlyOurProductsAreTakenIn(t *testing.T) {
	w := newWorld(t, core.Catalogue{{Code: "ours"}})
	w.aws["t"] = license.Buyer{ProductCode: "theirs", ARN: "arn:1", Customer: "111122223333"}
	if _, err := w.Arrive(t.Context(), "t", ""); fail.CodeOf(err) != register.ForeignProduct {
		t.Errorf("another product: %v", err)
	}
	if all, _ := w.Registrations(t.Context(), register.Query{Limit: 10}); len(all) != 0 {
		t.Errorf("kept: %+v", all)
	}
	if _, err := w.Arrive(t.Context(), "?", ""); fail.CodeOf(err) != register.TokenInvalid {
		t.Errorf("an unknown token: %v", err)
	}
	learning := newWorld(t, nil)
	learning.aws["t"] = w.aws["t"]
	if _, err := learning.Arrive(t.Context(), "t", ""); err != nil {
		t.Errorf("without products, AWS's word counts: %v", err)
	}
}

// Both generations: by licence ARN each purchase is a registration, by customer identifier the customer is one.
func TestWhatIsOneRegistration(t *testing.T) {
	w := newWorld(t, nil)
	legacy := license.Buyer{ProductCode: "old", CustomerIdentifier: "X01EXAMPLEX", Customer: "111122223333"}
	w.aws["a"] = license.Buyer{ProductCode: "new", ARN: "arn:1", Customer: "111122223333"}
	w.aws["b"] = license.Buyer{ProductCode: "new", ARN: "arn:2", Customer: "111122223333"}
	w.aws["c"], w.aws["d"] = legacy, legacy
	ids := map[register.ID]string{}
	for _, token := range []string{"a", "b", "c", "d", "a"} {
		reg, err := w.Arrive(t.Context(), token, "")
		if err != nil {
			t.Fatal(err)
		}
		ids[reg.ID] += token
	}
	got := map[string]bool{}
	for _, tokens := range ids {
		got[tokens] = true
	}
	if len(got) != 3 || !got["aa"] || !got["b"] || !got["cd"] {
		t.Errorf("tokens by registration: %v", ids)
	}
}

func TestClaimReachesTheLicenceThoughBothEndsFail(t *testing.T) {
	cut := errors.New("connection cut")
	for name, b := range map[string]*book{"before": {before: cut}, "after": {after: cut}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.aws["t"] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
			reg, err := w.Arrive(t.Context(), "t", "")
			if err != nil {
				t.Fatal(err)
			}
			w.book.before, w.book.after = b.before, b.after
			reg, err = w.Claim(t.Context(), reg.ID, w.a, nil)
			if err != nil || reg.Account != w.a {
				t.Fatalf("the buyer is told of it: %+v, %v", reg, err)
			}
			if owned, err := w.Licenses(t.Context(), w.a); err != nil || len(owned) != 1 {
				t.Errorf("the owner does not see it: %+v, %v", owned, err)
			}
			if _, err := w.Claim(t.Context(), reg.ID, w.b, nil); fail.CodeOf(err) != register.Claimed {
				t.Errorf("another account: %v", err)
			}
			job := w.Attach()
			if did, err := job.Run(t.Context()); did || !errors.Is(err, cut) {
				t.Errorf("did %v, %v", did, err)
			}
			w.book.before, w.book.after = nil, nil
			if did, err := job.Run(t.Context()); !did || err != nil {
				t.Errorf("did %v, %v", did, err)
			}
			if lic, _ := w.book.ByID(reg.License); lic.Account != w.a {
				t.Errorf("the licence has account %q", lic.Account)
			}
			if _, due, err := job.Due(t.Context()); due || err != nil {
				t.Errorf("due %v, %v", due, err)
			}
		})
	}
}

// The owner of a licence that was another row's before keeps it: nobody else is offered the form.
func TestLicenceWithAnOwnerIsRegisteredForThem(t *testing.T) {
	w := newWorld(t, nil)
	w.aws["t"] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
	lic, err := w.book.Arrive(t.Context(), w.aws["t"], noon)
	if err == nil {
		err = w.book.Book.AttachAccount(t.Context(), lic.ID, w.a, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	if reg, err := w.Arrive(t.Context(), "t", ""); err != nil || reg.Account != w.a {
		t.Errorf("%+v, %v", reg, err)
	}
}

func TestStandingExplainsItself(t *testing.T) {
	for state, r := range map[register.State]register.Registration{
		register.Open:     {ArrivedAt: noon},
		register.Complete: {ArrivedAt: noon, Account: "acc_a", ClaimedAt: noon.Add(time.Minute), AttachedAt: noon.Add(time.Minute)},
	} {
		s := r.Standing()
		if s.State != state || s.Why == "" || s.Since.IsZero() || (state == register.Open) != (s.Next != "") {
			t.Errorf("%+v", s)
		}
	}
	claimed := register.Registration{ArrivedAt: noon, Account: "acc_a", ClaimedAt: noon}
	if s := claimed.Standing(); s.State != register.Complete || s.Next == "" {
		t.Errorf("claimed and not attached: %+v", s)
	}
}

func TestNothingOfTheTokenIsLogged(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 3 {
		token := fmt.Sprint("very-secret-token-", i)
		if i > 0 {
			w.aws[token] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
		}
		_, _ = w.Arrive(t.Context(), token, "") // the first one is unknown
	}
	if strings.Contains(w.log.String(), "secret") || !strings.Contains(w.log.String(), "buyer arrived") {
		t.Errorf("%s", w.log)
	}
}

// Two rows that turn out to be one customer's have one owner: an account that claimed the other row sees it no more.
func TestLicenceIsListedForItsOwnerOnly(t *testing.T) {
	w := newWorld(t, nil)
	w.aws["t"] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
	reg, err := w.Arrive(t.Context(), "t", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.book.Book.AttachAccount(t.Context(), reg.License, w.b, false); err != nil { // the other row's owner
		t.Fatal(err)
	}
	if _, err := w.Claim(t.Context(), reg.ID, w.a, nil); err != nil {
		t.Fatal(err)
	}
	if owned, err := w.Licenses(t.Context(), w.a); err != nil || len(owned) != 0 {
		t.Errorf("%+v, %v", owned, err)
	}
}
