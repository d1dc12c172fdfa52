package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

const partner = "555566667777"

// usd reads an amount.
func usd(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// offer makes an offer.
func (m *market) offer(o Offer) Offer {
	m.t.Helper()
	o, err := m.CreateOffer(m.now, o)
	if err != nil {
		m.t.Fatal(err)
	}
	return o
}

// accepts lets a buyer accept an offer that leaves nothing to pick.
func (m *market) accepts(buyer string, o Offer) Agreement {
	m.t.Helper()
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: buyer, Product: o.ProductID, OfferID: o.OfferID})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// named finds a built-in offer.
func (m *market) named(id string) Offer {
	m.t.Helper()
	o, err := m.Offer(id)
	if err != nil {
		m.t.Fatal(err)
	}
	return o
}

// seats is a private contract for acme: so many seats for a year, at a price.
func seats(n int64, price string) Offer {
	return Offer{ProductID: "prod-inkwell0teams", Buyers: []string{acme},
		Terms: OfferTerms{Fixed: &FixedTerm{Duration: "P12M", Price: usd(price), Grants: []Grant{{Dimension: "seats", MaxQuantity: &n}}}}}
}

// charged are an agreement's charges, as "date amount" of what fell due, and "(date amount)" of what will.
func (m *market) charged(id string) string {
	m.t.Helper()
	a, err := m.Agreement(id)
	if err != nil {
		m.t.Fatal(err)
	}
	var all []string
	for _, c := range a.Charges {
		all = append(all, c.At.Format(time.DateOnly)+" "+c.Amount.String())
	}
	for _, c := range a.Scheduled {
		all = append(all, "("+c.At.Format(time.DateOnly)+" "+c.Amount.String()+")")
	}
	return strings.Join(all, ", ")
}

func (m *market) mustRefuse(err error, kind fail.Kind, code string) {
	m.t.Helper()
	if fail.KindOf(err) != kind || fail.CodeOf(err) != code || err == nil {
		m.t.Errorf("got %v (%v, %s), want %v, %s", err, fail.KindOf(err), fail.CodeOf(err), kind, code)
	}
}

func TestPurchaseOptionsAreWhatABuyerMaySee(t *testing.T) {
	m := open(t, nil)
	options := func(buyer, product string) (ids []string) {
		all, err := m.PurchaseOptions(m.now, buyer, product)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			ids = append(ids, o.OfferID)
		}
		return ids
	}
	public, err := m.PublicOffer(teams)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := options(globex, teams), []string{globexOffer, public.OfferID}; !slices.Equal(got, want) {
		t.Errorf("Globex sees %q, want %q", got, want)
	}
	if got, want := options(acme, teams), []string{public.OfferID}; !slices.Equal(got, want) {
		t.Errorf("Acme sees %q, want %q", got, want)
	}
	if got := options("", inkwell); len(got) != 2 || got[1] != trialOffer {
		t.Errorf("anybody sees %q", got)
	}
	if _, err := m.ChangeOffer(m.now, globexOffer, OfferPatch{ExpiresAt: new(noon.Add(time.Hour))}); err != nil {
		t.Fatal(err)
	}
	m.pass(time.Hour)
	if got := options(globex, teams); len(got) != 1 {
		t.Errorf("after it has expired, Globex sees %q", got)
	}
	_, err = m.Subscribe(m.now, Subscribe{BuyerAccount: globex, Product: teams, OfferID: globexOffer})
	m.mustRefuse(err, fail.Invalid, "expired_agreement_proposal")
	_, err = m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: teams, OfferID: globexOffer})
	m.mustRefuse(err, fail.NotFound, "unknown_offer")
}

func TestAListingsOfferChangesWithIt(t *testing.T) {
	m := open(t, nil)
	before, _ := m.PublicOffer(teams)
	p, _ := m.Product(teams)
	p.Dimensions[0].Prices["P12M"] = usd("150")
	if _, err := m.ChangeProduct(m.now, teams, ProductPatch{Dimensions: p.Dimensions}); err != nil {
		t.Fatal(err)
	}
	after, _ := m.PublicOffer(teams)
	card, _ := after.Terms.Upfront.Card("P12M")
	if after.OfferID != before.OfferID || after.ProposalID == before.ProposalID || card.Rates["seats"].String() != "150" {
		t.Errorf("is %+v, was %+v", after, before)
	}
	if old, _ := before.Terms.Upfront.Card("P12M"); old.Rates["seats"].String() != "120" {
		t.Error("what was read before has changed")
	}
	_, err := m.Quote(m.now, Order{BuyerAccount: acme, Intent: IntentNew, ProposalID: before.ProposalID, Terms: requested(before, "P12M", map[string]int64{"seats": 1})})
	m.mustRefuse(err, fail.Invalid, "superseded_agreement_proposal")
	if _, err := m.ChangeOffer(m.now, after.OfferID, OfferPatch{Name: new("X")}); fail.CodeOf(err) != "public_offer" {
		t.Errorf("changed by hand: %v", err)
	}
}

func TestASubscriptionsTrialBecomesPaid(t *testing.T) {
	m := open(t, nil)
	a := m.accepts(acme, m.named(trialOffer))
	if want := noon.AddDate(0, 0, 30); !a.TrialEndsAt.Equal(want) || !a.EndTime.IsZero() {
		t.Fatalf("the trial ends %s, the agreement %s", a.TrialEndsAt, a.EndTime)
	}
	tok, err := m.MintToken(m.now, a.AgreementID)
	if err != nil || tok.OfferType != "free-trial" {
		t.Errorf("the browser posts %q, %v", tok.OfferType, err)
	}
	_, err = m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: inkwell, OfferID: trialOffer})
	m.mustRefuse(err, fail.Conflict, "trial_used")
	m.until(a.TrialEndsAt.Add(time.Hour))
	if got, _ := m.Agreement(a.AgreementID); got.Status != Active || !slices.ContainsFunc(got.History, func(h Happening) bool { return h.What == "trial ended" }) {
		t.Errorf("after its trial it is %s: %+v", got.Status, got.History)
	}
	if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Hour)
	_, err = m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: inkwell, OfferID: trialOffer})
	m.mustRefuse(err, fail.Conflict, "trial_used")
	m.accepts(globex, m.named(trialOffer)) // another's trial is another's
}

func TestAContractsTrialEnds(t *testing.T) {
	m := open(t, nil)
	two := int64(2)
	o := m.offer(Offer{ProductID: teams, Public: true, Terms: OfferTerms{Trial: &TrialTerm{Duration: "P14D", Grants: []Grant{{Dimension: "seats", MaxQuantity: &two}, {Dimension: "shelves"}}}}})
	_, err := m.CreateOffer(m.now, Offer{ProductID: teams, Public: true, Terms: OfferTerms{Trial: &TrialTerm{Duration: "P14D"}}})
	m.mustRefuse(err, fail.Conflict, "trial_taken")
	a := m.accepts(acme, o)
	m.pass(2 * time.Minute)
	if got, want := m.granted(teams), "seats=2@2026-11-24 shelves=2147483647@2026-11-24"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	_, err = m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"seats": 3}})
	m.mustRefuse(err, fail.Invalid, "unsupported")
	m.until(a.EndTime.Add(2 * time.Hour))
	if got, _ := m.Agreement(a.AgreementID); got.Status != Expired || len(got.Charges) != 0 || m.granted(teams) != "" {
		t.Errorf("after it, %+v", got)
	}
	if got, want := m.kinds(), "Created@11s Updated@1m12s Ended@336h0m0s Deprovisioned@336h0m31s"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestInstalmentsFallDueByTheCalendar(t *testing.T) {
	m := open(t, nil)
	a := m.accepts(globex, m.named(globexOffer))
	if got, want := m.charged(a.AgreementID), "2026-11-10 2000, (2027-05-10 1500), (2027-11-10 1500)"; got != want {
		t.Errorf("charged %s, want %s", got, want)
	}
	if a.Committed().String() != "5000" || !a.EndTime.Equal(noon.AddDate(0, 18, 0)) {
		t.Errorf("committed to %s until %s", a.Committed(), a.EndTime)
	}
	m.until(noon.AddDate(0, 6, 0))
	if got, want := m.charged(a.AgreementID), "2026-11-10 2000, 2027-05-10 1500, (2027-11-10 1500)"; got != want {
		t.Errorf("charged %s, want %s", got, want)
	}
	if _, err := m.Replace(m.now, a.AgreementID, Replacement{Terms: Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 50}}}); err != nil {
		t.Fatal(err)
	}
	m.until(noon.AddDate(2, 0, 0))
	if got, want := m.charged(a.AgreementID), "2026-11-10 2000, 2027-05-10 1500"; got != want {
		t.Errorf("after its replacement, charged %s, want %s", got, want)
	}
}

func TestAFutureDatedAgreementStartsByItself(t *testing.T) {
	start := noon.AddDate(0, 1, 0).Truncate(day)
	fda := func(product string) Offer {
		o := seats(5, "900")
		o.ProductID = product
		o.Terms.Fixed.Duration = ""
		o.Terms.Validity = &ValidityTerm{StartDate: start.Add(9 * time.Hour), EndDate: start.AddDate(0, 10, 0)}
		o.Terms.Schedule = []Instalment{{ChargeDate: noon.AddDate(0, 0, -5), Amount: usd("400")}, {ChargeDate: start, Amount: usd("500")}}
		return o
	}
	t.Run("by events", func(t *testing.T) {
		m := open(t, nil)
		a := m.accepts(acme, m.offer(fda(teams)))
		if a.License.Status != ScheduledLicense || !a.StartTime.Equal(start) || !a.EndTime.Equal(start.AddDate(0, 10, 1).Add(-time.Millisecond)) {
			t.Fatalf("it is %+v", a)
		}
		if got, want := m.charged(a.AgreementID), "2026-11-10 400, (2026-12-10 500)"; got != want { // the one before is charged at the acceptance
			t.Errorf("charged %s, want %s", got, want)
		}
		m.until(start.Add(-time.Second))
		if got := m.granted(teams); got != "" || m.kinds() != "Created@11s" {
			t.Errorf("before its start it grants %s and told %s", got, m.kinds())
		}
		m.until(start.Add(time.Hour))
		if got := m.granted(teams); got != "seats=5@2027-10-10" {
			t.Errorf("grants %s", got)
		}
		if got, want := m.kinds(), fmt.Sprintf("Created@11s Updated@%s", start.Add(72*time.Second).Sub(noon)); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
	t.Run("by topics", func(t *testing.T) {
		m := open(t, nil)
		m.accepts(acme, m.offer(fda(classicTeams)))
		m.until(start)
		if got := m.kinds(); got != "" {
			t.Errorf("before its start, told %s", got)
		}
		m.pass(time.Hour)
		at := start.Add(72 * time.Second).Sub(noon)
		if got, want := m.kinds(), fmt.Sprintf("subscribe-success@%s entitlement-updated@%s", at, at); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		for product, want := range map[string]string{teams: "Created@11s Ended@1h0m0s", classicTeams: ""} {
			m := open(t, nil)
			a := m.accepts(acme, m.offer(fda(product)))
			m.pass(time.Hour)
			if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
				t.Fatal(err)
			}
			m.until(start.AddDate(1, 0, 0))
			if got := m.kinds(); got != want {
				t.Errorf("%s: told %q, want %q", product, got, want)
			}
			if got := m.charged(a.AgreementID); got != "2026-11-10 400" {
				t.Errorf("%s: charged %s", product, got)
			}
		}
	})
}

func TestAReplacementLeavesNoGap(t *testing.T) {
	for license, same := range map[string]bool{"same": true, "new": false} {
		t.Run(license, func(t *testing.T) {
			m := open(t, map[string]string{"replacement-license": license})
			a := m.sign(teams, map[string]int64{"seats": 10}, "P12M", true)
			m.pass(time.Hour)
			o := seats(30, "2000")
			o.Replaces = a.AgreementID
			o = m.offer(o)
			b := m.accepts(acme, o)
			if got, want := m.granted(teams), "seats=30@2027-11-10"; got != want {
				t.Errorf("grants %s, want %s", got, want)
			}
			m.pass(3 * time.Hour)
			old, _ := m.Agreement(a.AgreementID)
			if old.Status != Replaced || b.Intent != IntentReplace || b.PreviousAgreementID != a.AgreementID || b.InitialAgreementID != a.AgreementID || (b.License.ARN == old.License.ARN) != same {
				t.Errorf("old %+v\nnew %+v", old, b)
			}
			want := "Created@11s Updated@1m12s Created@1h0m11s Ended@1h0m12s Updated@1h1m12s"
			if !same {
				want += " Deprovisioned@1h1m43s"
			}
			if got := m.kinds(); got != want {
				t.Errorf("told %s, want %s", got, want)
			}
			if n := m.told[3].(AgreementEnded); n.Status != Replaced || n.AgreementID != a.AgreementID {
				t.Errorf("ended %+v", n)
			}
			_, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: teams, OfferID: o.OfferID})
			m.mustRefuse(err, fail.Conflict, "ended")
		})
	}
	t.Run("by topics", func(t *testing.T) {
		m := open(t, nil)
		a := m.sign(classicTeams, map[string]int64{"seats": 1}, "P12M", false)
		m.pass(time.Hour)
		o := seats(3, "300")
		o.ProductID = classicTeams
		o = m.offer(o)
		if _, err := m.Replace(m.now, a.AgreementID, Replacement{OfferID: o.OfferID}); err != nil {
			t.Fatal(err)
		}
		m.pass(3 * time.Hour)
		if got, want := m.kinds(), "subscribe-success@1m12s entitlement-updated@1m12s subscribe-success@1h1m12s entitlement-updated@1h1m12s"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
		if n := m.told[2].(SubscribeSuccess); n.OfferID != o.OfferID {
			t.Errorf("told of the offer %s", n.OfferID)
		}
	})
}

func TestAChannelPartnersAgreementIsToldOfToBoth(t *testing.T) {
	m := open(t, nil)
	a := m.accepts(initech, m.named(initechOffer))
	if a.SellerAccount != partner || a.ManufacturerAccount != seller || a.ResaleAuthorization == "" {
		t.Fatalf("it is %+v", a)
	}
	m.pass(time.Hour)
	if _, err := m.Terminate(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Hour)
	var got []string
	for _, n := range m.told {
		got = append(got, fmt.Sprintf("%T to %s", n, n.Subject().Receiver()))
	}
	want := []string{
		"world.AgreementCreated to " + partner, "world.AgreementCreated to " + seller, "world.LicenseUpdated to " + seller,
		"world.AgreementEnded to " + partner, "world.AgreementEnded to " + seller, "world.LicenseDeprovisioned to " + seller,
	}
	if !slices.Equal(got, want) {
		t.Errorf("told\n%q\nwant\n%q", got, want)
	}
	if m.told[0].Subject().ID == m.told[1].Subject().ID {
		t.Error("two notices have one id")
	}
}

func TestSeveralAgreementsForOneProduct(t *testing.T) {
	m := open(t, nil)
	m.sign(teams, map[string]int64{"seats": 1}, "P12M", false)
	m.accepts(acme, m.offer(seats(5, "100")))
	m.accepts(acme, m.offer(seats(7, "100")))
	m.pass(time.Hour)
	if got, want := m.granted(teams), "seats=1@2027-11-10 seats=5@2027-11-10 seats=7@2027-11-10"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
}
