package license

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// ledger keeps what a book commits, as a database would, but only to be looked at.
type ledger struct {
	changes []Change
	down    error
}

func (l *ledger) LoadBook(context.Context) (Pages, error) { return Pages{}, nil }

func (l *ledger) CommitChange(_ context.Context, c Change) error {
	if l.down != nil {
		return l.down
	}
	l.changes = append(l.changes, c)
	return nil
}

func openBook(t *testing.T, products ...core.Product) (*Book, *ledger, *clock.Virtual) {
	t.Helper()
	l, clk := &ledger{}, clock.NewVirtual(at("10:00:00"))
	b, err := OpenBook(t.Context(), l, clk, products)
	if err != nil {
		t.Fatal(err)
	}
	return b, l, clk
}

var ada = Buyer{ProductCode: "p", ARN: "arn:a", Customer: "111122223333"}

func arrive(t *testing.T, b *Book, buyer Buyer, when time.Time) License {
	t.Helper()
	l, err := b.Arrive(t.Context(), buyer, when)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tell(t *testing.T, b *Book, id string, kind Kind, when time.Time, about Ref) Verdict {
	t.Helper()
	v, err := b.Note(t.Context(), Note{ID: id, Kind: kind, At: when, About: about})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestArrivingOftenIsArrivingOnce(t *testing.T) {
	b, l, _ := openBook(t)
	var told int
	b.OnChange(func(License) { told++ })
	first := arrive(t, b, ada, at("10:00:00"))
	for range 3 {
		if again := arrive(t, b, ada, at("11:00:00")); !same(first, again) {
			t.Errorf("first %+v\nagain %+v", first, again)
		}
	}
	if len(l.changes) != 1 || told != 1 || first.Standing.State != Pending || first.Standing.Access() {
		t.Errorf("%d changes, %d announcements, %s", len(l.changes), told, first.Standing.State)
	}
}

func TestWhoCannotArrive(t *testing.T) {
	b, l, _ := openBook(t, core.Product{Code: "p"})
	for code, buyer := range map[string]Buyer{
		"unknown_product": {ProductCode: "q", ARN: "arn:a"},
		"unnamed_buyer":   {ProductCode: "p", Customer: "111122223333"},
	} {
		if _, err := b.Arrive(t.Context(), buyer, at("10:00:00")); !fail.Is(err, fail.Invalid) || fail.CodeOf(err) != code {
			t.Errorf("%+v: %v", buyer, err)
		}
	}
	if len(l.changes) != 0 {
		t.Errorf("kept %+v", l.changes)
	}
}

func TestAccountIsAttachedOnce(t *testing.T) {
	b, _, _ := openBook(t)
	l := arrive(t, b, ada, at("10:00:00"))
	for range 2 {
		if err := b.AttachAccount(t.Context(), l.ID, "acc_1", false); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.AttachAccount(t.Context(), l.ID, "acc_2", false); !fail.Is(err, fail.Conflict) {
		t.Errorf("another account: %v", err)
	}
	if err := b.AttachAccount(t.Context(), "lic_none", "acc_2", false); !fail.Is(err, fail.NotFound) {
		t.Errorf("no licence: %v", err)
	}
	for _, buyer := range []string{"acc_1", "111122223333"} {
		if ls := b.ByBuyer(buyer, "p"); len(ls) != 1 || ls[0].Account != "acc_1" {
			t.Errorf("by %s: %+v", buyer, ls)
		}
	}
	if ls := b.ByBuyer("acc_1", "q"); len(ls) != 0 {
		t.Errorf("of another product: %+v", ls)
	}
}

func TestWhatIsNotKeptIsNotSeen(t *testing.T) {
	b, l, _ := openBook(t)
	arrive(t, b, ada, at("10:00:00"))
	var told int
	b.OnChange(func(License) { told++ })
	l.down = errors.New("disk")
	if _, err := b.Note(t.Context(), Note{ID: "n", Kind: Activated, At: at("10:01:00"), About: Ref{ProductCode: "p", ARN: "arn:a", Agreement: "agmt-1"}}); !errors.Is(err, l.down) {
		t.Fatal(err)
	}
	if _, err := b.Arrive(t.Context(), Buyer{ProductCode: "p", ARN: "arn:b", Customer: "111122223333"}, at("10:01:00")); !errors.Is(err, l.down) {
		t.Fatal(err)
	}
	if got, _ := b.ByARN("arn:a"); got.Standing.State != Pending || len(got.Agreements) != 0 || told != 0 {
		t.Errorf("%s, agreements %v, %d announcements", got.Standing.State, got.Agreements, told)
	}
	if _, ok := b.ByARN("arn:b"); ok {
		t.Error("a licence that was not kept is seen")
	}
}

func TestTimeEndsALicenceAndTheJobTellsOf(t *testing.T) {
	b, l, clk := openBook(t)
	lic := arrive(t, b, ada, at("10:00:00"))
	tell(t, b, "1", Activated, at("10:00:01"), Ref{ProductCode: "p", ARN: "arn:a"})
	tell(t, b, "2", Deprovisioned, at("10:10:00"), Ref{ProductCode: "p", ARN: "arn:a"})
	var told []State
	b.OnChange(func(l License) { told = append(told, l.Standing.State) })
	due, ok, err := b.Job().Due(t.Context())
	if err != nil || !ok || !due.Equal(at("11:10:00")) {
		t.Fatalf("due %s, %v, %v", due, ok, err)
	}
	clk.Set(at("11:10:00"))
	if now, _ := b.ByID(lic.ID); now.Standing.State != Ended || now.Standing.Access() {
		t.Errorf("before the job has run it looks %s", now.Standing.State)
	}
	kept := len(l.changes)
	if did, err := b.Job().Run(t.Context()); !did || err != nil {
		t.Fatalf("%v, %v", did, err)
	}
	if !slices.Equal(told, []State{Ended}) || len(l.changes) != kept+1 {
		t.Errorf("told %v, %d changes", told, len(l.changes)-kept)
	}
	if _, ok, _ := b.Job().Due(t.Context()); ok {
		t.Error("still due")
	}
}

func TestVerdicts(t *testing.T) {
	b, _, _ := openBook(t, core.Product{Code: "p"})
	byARN := Ref{ProductCode: "p", ARN: "arn:a", Agreement: "agmt-1", Customer: "111122223333"}
	for _, c := range []struct {
		id      string
		kind    Kind
		when    string
		about   Ref
		outcome Outcome
	}{
		{"created", "", "10:00:00", Ref{Agreement: "agmt-1"}, Recorded},
		{"ended", AgreementEnded, "12:00:00", Ref{Agreement: "agmt-1"}, Held},
		{"updated", Activated, "10:01:00", byARN, Applied},
		{"updated", Activated, "10:01:00", byARN, Confirmed},
		{"updated again", Activated, "10:02:00", byARN, Confirmed},
		{"created again", "", "10:00:00", Ref{Agreement: "agmt-1"}, Recorded},
		{"deprovisioned", Deprovisioned, "12:00:30", byARN, Applied},
		{"failed", PaymentFailed, "12:00:40", byARN, Unused},
		{"another product's", Activated, "10:00:00", Ref{ProductCode: "q", ARN: "arn:q"}, Unserved},
		{"nobody's", Activated, "10:00:00", Ref{ProductCode: "p"}, Unmatched},
		{"entitlements of nobody known", "", "10:00:00", Ref{ProductCode: "p", CustomerIdentifier: "c"}, Recorded},
	} {
		if v := tell(t, b, c.id, c.kind, at(c.when), c.about); v.Outcome != c.outcome || v.Why == "" || v.Note != c.id {
			t.Errorf("%s: %+v; want %s", c.id, v, c.outcome)
		}
	}
	if n := len(slices.Collect(b.All)); n != 1 {
		t.Errorf("%d licences", n)
	}
}

// The notice that names both settles the one that was held, in the same change.
func TestHeldNoticeIsSettledWithTheLink(t *testing.T) {
	b, l, _ := openBook(t)
	if v := tell(t, b, "ended", AgreementEnded, at("09:30:00"), Ref{Agreement: "agmt-1"}); v.Outcome != Held {
		t.Fatalf("%+v", v)
	}
	tell(t, b, "updated", Activated, at("09:00:00"), Ref{ProductCode: "p", ARN: "arn:a", Agreement: "agmt-1"})
	last := l.changes[len(l.changes)-1]
	settled := map[string]Outcome{}
	for _, v := range last.Verdicts {
		settled[v.Note] = v.Outcome
	}
	if settled["ended"] != Applied || settled["updated"] != Applied || len(last.Links) != 1 {
		t.Errorf("settled %v, links %v", settled, last.Links)
	}
	if got, _ := b.ByARN("arn:a"); got.Standing.State != WindingDown || !got.Standing.ClosesAt.Equal(at("10:30:00")) {
		t.Errorf("%s until %s", got.Standing.State, got.Standing.ClosesAt)
	}
}

// Should AWS name another licence for a renewal, the renewal's facts go where they belong.
func TestFactsMoveToTheLicenceThatAWSNames(t *testing.T) {
	b, _, _ := openBook(t)
	tell(t, b, "1", Activated, at("09:00:00"), Ref{ProductCode: "p", ARN: "arn:a", Agreement: "agmt-1"})
	tell(t, b, "2", "", at("09:10:00"), Ref{Agreement: "agmt-2", Follows: "agmt-1"})
	tell(t, b, "3", AgreementEnded, at("09:50:00"), Ref{Agreement: "agmt-2"})
	if got, _ := b.ByARN("arn:a"); got.Standing.State != WindingDown || len(got.Agreements) != 2 {
		t.Fatalf("while nothing else is known: %s, %v", got.Standing.State, got.Agreements)
	}
	tell(t, b, "4", Activated, at("09:11:00"), Ref{ProductCode: "p", ARN: "arn:b", Agreement: "agmt-2"})
	a, _ := b.ByARN("arn:a")
	bb, _ := b.ByARN("arn:b")
	if a.Standing.State != Active || bb.Standing.State != WindingDown || len(a.Agreements) != 1 || len(bb.Agreements) != 1 {
		t.Errorf("a %s %v, b %s %v", a.Standing.State, a.Agreements, bb.Standing.State, bb.Agreements)
	}
}

func TestIdentity(t *testing.T) {
	no, yes := false, true
	both := Buyer{ProductCode: "p", ARN: "arn:a", Customer: "111122223333", CustomerIdentifier: "c"}
	for _, c := range []struct {
		name   string
		legacy *bool
		buyer  Buyer
		want   Identity
	}{
		{"an ARN alone", nil, ada, ByLicense},
		{"an identifier alone", nil, Buyer{ProductCode: "p", CustomerIdentifier: "c"}, ByCustomer},
		{"both: the product is of the older kind", nil, both, ByCustomer},
		{"both, and the seller says so", &yes, both, ByCustomer},
		{"both, and the seller has moved to ARNs", &no, both, ByLicense},
	} {
		b, _, _ := openBook(t, core.Product{Code: "p", Legacy: c.legacy})
		if l := arrive(t, b, c.buyer, at("10:00:00")); l.Identity() != c.want {
			t.Errorf("%s: by %s", c.name, l.Identity())
		}
	}
}

// By ARN, a later purchase is another licence, even where a customer identifier is told too and the same.
func TestALaterPurchaseIsAnotherLicence(t *testing.T) {
	no := false
	b, _, _ := openBook(t, core.Product{Code: "p", Legacy: &no})
	one := arrive(t, b, Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333", CustomerIdentifier: "c"}, at("10:00:00"))
	two := arrive(t, b, Buyer{ProductCode: "p", ARN: "arn:2", Customer: "111122223333", CustomerIdentifier: "c"}, at("10:00:00"))
	if one.ID == two.ID || len(b.ByBuyer("111122223333", "p")) != 2 {
		t.Errorf("%s, %s", one.ID, two.ID)
	}
}

// Of the older kind, a customer is one row for ever, whatever ARN AWS names; a row that an event made under a new ARN
// is the same customer's, and its id leads there.
func TestACustomerOfTheOlderKindIsOneRow(t *testing.T) {
	b, l, _ := openBook(t)
	c := Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333", CustomerIdentifier: "c"}
	first := arrive(t, b, c, at("08:00:00"))
	if err := b.AttachAccount(t.Context(), first.ID, "acc_1", false); err != nil {
		t.Fatal(err)
	}
	tell(t, b, "1", Activated, at("08:00:01"), Ref{ProductCode: "p", ARN: "arn:1", Agreement: "agmt-1"})
	tell(t, b, "2", Deprovisioned, at("08:30:00"), Ref{ProductCode: "p", ARN: "arn:1", Agreement: "agmt-1"})
	tell(t, b, "3", Activated, at("09:40:00"), Ref{ProductCode: "p", ARN: "arn:2", Agreement: "agmt-2"})
	second, _ := b.ByARN("arn:2")
	if second.ID == first.ID {
		t.Fatal("known before the landing told so")
	}
	c.ARN = "arn:2"
	l2 := arrive(t, b, c, at("09:41:00"))
	if l2.ID != first.ID || l2.Account != "acc_1" || l2.Standing.State != Active || l2.ARN != "arn:2" || len(l2.Agreements) != 2 {
		t.Errorf("%+v", l2)
	}
	if old, ok := b.ByID(second.ID); !ok || old.ID != first.ID {
		t.Errorf("the id of the row that went leads to %s", old.ID)
	}
	for _, arn := range []core.LicenseARN{"arn:1", "arn:2"} {
		if got, _ := b.ByARN(arn); got.ID != first.ID {
			t.Errorf("%s leads to %s", arn, got.ID)
		}
	}
	if n := len(slices.Collect(b.All)); n != 1 {
		t.Errorf("%d rows", n)
	}
	if last := l.changes[len(l.changes)-1]; len(last.Merges) != 1 || last.Merges[0] != (Merge{second.ID, first.ID}) {
		t.Errorf("kept %+v", last.Merges)
	}
}

func TestRefusalInTheLastHourEnds(t *testing.T) {
	b, _, _ := openBook(t)
	l := arrive(t, b, ada, at("09:00:00"))
	tell(t, b, "1", Activated, at("09:00:01"), Ref{ProductCode: "p", ARN: "arn:a"})
	refuse := func(when string) Standing {
		t.Helper()
		if err := b.Refused(t.Context(), l.ID, at(when)); err != nil {
			t.Fatal(err)
		}
		got, _ := b.ByID(l.ID)
		return got.Standing
	}
	if s := refuse("09:10:00"); s.State != Active || len(s.Unused) != 1 {
		t.Errorf("while active: %s, unused %v", s.State, s.Unused)
	}
	tell(t, b, "2", Deprovisioned, at("09:30:00"), Ref{ProductCode: "p", ARN: "arn:a"})
	if s := refuse("10:00:00"); s.State != Ended {
		t.Errorf("in the last hour: %s", s.State)
	}
	if err := b.Refused(t.Context(), "lic_none", at("10:00:00")); !fail.Is(err, fail.NotFound) {
		t.Errorf("%v", err)
	}
}

// Readers and writers at once; the race detector is the judge of most of it.
func TestManyAtOnce(t *testing.T) {
	b, _, clk := openBook(t)
	var wg sync.WaitGroup
	const buyers, repeats = 20, 5
	for i := range buyers {
		arn := core.LicenseARN(fmt.Sprint("arn:", i))
		for r := range repeats {
			wg.Go(func() {
				if _, err := b.Arrive(t.Context(), Buyer{ProductCode: "p", ARN: arn, Customer: "111122223333"}, at("10:00:00")); err != nil {
					t.Error(err)
				}
				if _, err := b.Note(t.Context(), Note{ID: fmt.Sprint(i, r), Kind: Activated, At: at("09:00:00"), About: Ref{ProductCode: "p", ARN: arn, Agreement: core.AgreementID(fmt.Sprint("agmt-", i))}}); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				for l := range b.All {
					b.ByID(l.ID)
				}
				b.ByBuyer("111122223333", "p")
				clk.Set(at("10:00:00"))
			})
		}
	}
	wg.Wait()
	if ls := b.ByBuyer("111122223333", "p"); len(ls) != buyers {
		t.Errorf("%d licences", len(ls))
	}
	for l := range b.All {
		if l.Standing.State != Active {
			t.Errorf("%s is %s", l.ID, l.Standing.State)
		}
	}
}

// A product that migrates is metered by customer identifier until its hour, and by licence ARN from then on; a customer
// whose ARN is not known stays as it was.
func TestAProductMigratesAtAnHour(t *testing.T) {
	legacy := true
	noon := at("12:00:00")
	b, _, clk := openBook(t, core.Product{Code: "p", Legacy: &legacy, LicenseFrom: noon})
	old := arrive(t, b, Buyer{ProductCode: "p", Customer: "111122223333", CustomerIdentifier: "cust-a"}, at("10:00:00"))
	unnamed := arrive(t, b, Buyer{ProductCode: "p", Customer: "444455556666", CustomerIdentifier: "cust-b"}, at("10:00:00"))
	// The event tells the ARN of the customer that is there already: it makes no second licence.
	v := tell(t, b, "n1", Activated, at("11:00:00"), Ref{ProductCode: "p", ARN: "arn:a", Customer: "111122223333", Agreement: "agmt-1"})
	if v.License != old.ID {
		t.Fatalf("the event is of %s, want %s", v.License, old.ID)
	}
	identity := func(id core.LicenseID, hour time.Time) Identity {
		t.Helper()
		l, ok := b.ByID(id)
		if !ok {
			t.Fatalf("%s is gone", id)
		}
		return l.IdentityAt(hour)
	}
	clk.Set(at("11:30:00"))
	if got := identity(old.ID, at("11:00:00")); got != ByCustomer {
		t.Errorf("before its hour: %s", got)
	}
	clk.Set(at("12:05:00")) // eleven o'clock is sealed now
	if got := identity(old.ID, at("11:00:00")); got != ByCustomer {
		t.Errorf("an hour before, sealed after: %s", got)
	}
	if got := identity(old.ID, noon); got != ByLicense {
		t.Errorf("from its hour on: %s", got)
	}
	if got := identity(unnamed.ID, noon); got != ByCustomer {
		t.Errorf("without an ARN: %s", got)
	}
	// The move is over: the settings say license, and nobody is named the old way any more.
	moved := false
	b.products = core.Catalogue{{Code: "p", Legacy: &moved}}
	if got := identity(old.ID, noon); got != ByLicense {
		t.Errorf("when the product has moved: %s", got)
	}
}

// Two licences of one buyer without ARN cannot be told apart: an event's ARN is then a third, until the buyer arrives.
func TestAnARNIsNotGuessed(t *testing.T) {
	legacy := true
	b, _, _ := openBook(t, core.Product{Code: "p", Legacy: &legacy, LicenseFrom: at("12:00:00")})
	one := arrive(t, b, Buyer{ProductCode: "p", ARN: "arn:a", Customer: "111122223333", CustomerIdentifier: "cust-a"}, at("10:00:00"))
	v := tell(t, b, "n1", Activated, at("11:00:00"), Ref{ProductCode: "p", ARN: "arn:b", Customer: "111122223333"})
	if v.License == one.ID {
		t.Error("another ARN is taken for the same licence")
	}
}

// full is a ledger in which something stands already.
type full struct {
	*ledger
	pages Pages
}

func (f full) LoadBook(context.Context) (Pages, error) { return f.pages, nil }

// An audit beside a gateway looks by another clock, or with other rules: it must work the standing out and leave the
// database as it is.
func TestWhoOnlyLooksKeepsNothing(t *testing.T) {
	shelf := full{&ledger{}, Pages{
		Licenses: []License{{ID: "lic_1", ProductCode: "p", Standing: Standing{State: Ended, Why: "by another clock"}}},
		Facts:    []FactOf{{License: "lic_1", Fact: Fact{ID: "f", Kind: Activated, At: at("09:00:00")}}}}}
	clk := clock.NewVirtual(at("10:00:00"))
	b, err := ReadBook(t.Context(), shelf, clk)
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := b.ByID("lic_1"); !ok || l.Standing.State != Active {
		t.Errorf("it is %+v", l.Standing)
	}
	if len(shelf.changes) > 0 {
		t.Errorf("it keeps %+v", shelf.changes)
	}
	if _, err := OpenBook(t.Context(), shelf, clk, nil); err != nil || len(shelf.changes) != 1 {
		t.Errorf("the gateway's own book keeps %+v, %v", shelf.changes, err)
	}
}
