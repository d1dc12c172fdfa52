package world

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

// renewable is a private contract with a renewal term.
func renewable(r RenewalTerm) Offer {
	o := seats(10, "1000")
	o.Terms.Renewal = &r
	return o
}

// signs lets acme accept an offer that is to renew itself.
func (m *market) signs(o Offer) Agreement {
	m.t.Helper()
	o = m.offer(o)
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: o.ProductID, OfferID: o.OfferID, Terms: Terms{AutoRenew: true}})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// values are what the agreements with a product were committed to, the oldest first.
func (m *market) values(product string) string {
	var all []string
	for _, a := range m.Agreements(AgreementQuery{ProductCode: product}) {
		all = append(all, fmt.Sprintf("%s %s", a.Status, a.Committed()))
	}
	return strings.Join(all, ", ")
}

func TestAPrivateContractRenewsAsAgreed(t *testing.T) {
	m := open(t, nil)
	a := m.signs(renewable(RenewalTerm{LockoutPeriod: "P30D", MaxRenewals: new(2), PriceIncrease: &PriceIncrease{Fixed: new(usd("4.5"))}}))
	m.until(a.EndTime.AddDate(0, 0, -31))
	for _, renews := range []bool{false, true} {
		if _, err := m.Amend(m.now, a.AgreementID, Amendment{AutoRenew: new(renews)}); err != nil {
			t.Fatal(err)
		}
	}
	m.until(a.EndTime.AddDate(0, 0, -30))
	_, err := m.Amend(m.now, a.AgreementID, Amendment{AutoRenew: new(false)})
	m.mustRefuse(err, fail.Invalid, "lockout")
	if what, why, ok := mustFind(m, a).EndBehavior(); what != Renews || why != "" || !ok {
		t.Errorf("at its end: %s, %s", what, why)
	}
	m.until(a.EndTime.AddDate(3, 0, 1))
	if got, want := m.values(teams), "RENEWED 1000, RENEWED 1045, EXPIRED 1092.03"; got != want {
		t.Errorf("made %s, want %s", got, want)
	}
	upcoming := 0
	for _, n := range m.told {
		if n, ok := n.(AgreementRenewalUpcoming); ok {
			upcoming++
			if want := map[int]string{1: "1045", 2: "1092.03"}[upcoming]; n.Value.String() != want {
				t.Errorf("upcoming is %s, want %s", n.Value, want)
			}
		}
	}
	if upcoming != 2 {
		t.Errorf("told of %d upcoming renewals", upcoming)
	}
}

func mustFind(m *market, a Agreement) Agreement {
	m.t.Helper()
	a, err := m.Agreement(a.AgreementID)
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

func TestTheSellerChoosesFromARange(t *testing.T) {
	terms := RenewalTerm{LockoutPeriod: "P30D", AdjustmentDeadline: "P60D", PriceIncrease: &PriceIncrease{Min: new(usd("1")), Max: new(usd("8")), Default: new(usd("2"))}}
	for chosen, want := range map[string]string{"": "RENEWED 1000, ACTIVE 1020", "7.5": "RENEWED 1000, ACTIVE 1075"} {
		m := open(t, nil)
		a := m.signs(renewable(terms))
		_, err := m.ChooseIncrease(m.now, a.AgreementID, usd("9"))
		m.mustRefuse(err, fail.Invalid, "price_increase")
		if chosen != "" {
			if _, err := m.ChooseIncrease(m.now, a.AgreementID, usd(chosen)); err != nil {
				t.Fatal(err)
			}
		}
		m.until(a.EndTime.AddDate(0, 0, -60))
		_, err = m.ChooseIncrease(m.now, a.AgreementID, usd("3"))
		m.mustRefuse(err, fail.Invalid, "price_increase")
		if n, ok := m.told[len(m.told)-2].(AgreementTermsFinalized); !ok || !strings.HasSuffix(want, n.Value.String()) {
			if n, ok = m.told[len(m.told)-1].(AgreementTermsFinalized); !ok || !strings.HasSuffix(want, n.Value.String()) {
				t.Errorf("chosen %q: told %+v", chosen, m.told[len(m.told)-2:])
			}
		}
		m.until(a.EndTime.Add(time.Hour))
		if got := m.values(teams); got != want {
			t.Errorf("chosen %q: made %s, want %s", chosen, got, want)
		}
	}
}

func TestTheSellersOptOutIsFinal(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 1}, "P1M", true)
	m.pass(time.Hour)
	if _, err := m.OptOutOfRenewal(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	_, err := m.Amend(m.now, a.AgreementID, Amendment{AutoRenew: new(false)})
	m.mustRefuse(err, fail.Invalid, "unsupported")
	if what, why, _ := mustFind(m, a).EndBehavior(); what != Expires || why != ProposerOptedOut {
		t.Errorf("at its end: %s, %s", what, why)
	}
	m.until(a.EndTime.Add(time.Hour))
	if got := m.values(teams); got != "EXPIRED 12" {
		t.Errorf("made %s", got)
	}
}

func TestARenewalsInstalments(t *testing.T) {
	private := func(r RenewalTerm) Offer {
		o := renewable(r)
		o.Terms.Fixed.Price = usd("0")
		o.Terms.Schedule = []Instalment{{After: "P0D", Amount: usd("400")}, {After: "P6M", Amount: usd("600")}}
		return o
	}
	for name, c := range map[string]struct {
		terms RenewalTerm
		want  string
	}{
		"as before":  {RenewalTerm{PriceIncrease: &PriceIncrease{Fixed: new(usd("10"))}}, "2027-11-10 440, (2028-05-10 660)"},
		"by a share": {RenewalTerm{Schedule: []RenewalInstalment{{"P0D", usd("33.33")}, {"P1M", usd("33.33")}, {"P3M", usd("33.34")}}}, "2027-11-10 333.3, (2027-12-10 333.3), (2028-02-10 333.4)"},
	} {
		m := open(t, nil)
		a := m.signs(private(c.terms))
		m.until(a.EndTime.Add(time.Hour))
		renewal := m.Agreements(AgreementQuery{Status: Active, ProductCode: teams})
		if len(renewal) != 1 {
			t.Fatalf("%s: %d renewals", name, len(renewal))
		}
		if got := m.charged(renewal[0].AgreementID); got != c.want {
			t.Errorf("%s: charged %s, want %s", name, got, c.want)
		}
	}
}

// A price that was raised holds for a renewal only if that was 90 days before; a lower one always.
func TestARiseNeedsNotice(t *testing.T) {
	for name, c := range map[string]struct {
		price string
		days  int // before the end
		want  string
	}{
		"raised in time":  {"150", 91, "150"},
		"raised too late": {"150", 89, "120"},
		"lowered late":    {"100", 1, "100"},
	} {
		m := open(t, nil)
		a := m.sign(teams, map[string]int64{"seats": 1}, "P12M", true)
		m.until(a.EndTime.AddDate(0, 0, -c.days))
		p, _ := m.Product(teams)
		p.Dimensions[0].Prices["P12M"] = usd(c.price)
		if _, err := m.ChangeProduct(m.now, teams, ProductPatch{Dimensions: p.Dimensions}); err != nil {
			t.Fatal(err)
		}
		m.until(a.EndTime.Add(time.Hour))
		if got, want := m.values(teams), "RENEWED 120, ACTIVE "+c.want; got != want {
			t.Errorf("%s: made %s, want %s", name, got, want)
		}
	}
}

// The same holds for usage: who subscribed before the rise pays the old price for 90 days.
func TestARiseOfUsageNeedsNotice(t *testing.T) {
	m := open(t, nil)
	old := m.buy(inkwell)
	m.pass(24 * time.Hour)
	p, _ := m.Product(inkwell)
	p.Dimensions[0].Prices[UsagePrice] = usd("0.03")
	if _, err := m.ChangeProduct(m.now, inkwell, ProductPatch{Dimensions: p.Dimensions}); err != nil {
		t.Fatal(err)
	}
	later := m.accepts(globex, m.named(publicOfferID(p.ProductID)))
	use := func() {
		m.pass(time.Hour)
		for _, a := range []Agreement{old, later} {
			u := Usage{Timestamp: m.now.Add(-time.Minute), Dimension: "pages", Quantity: 100, BuyerAccount: a.BuyerAccount, LicenseARN: a.License.ARN}
			if r, err := m.MeterBatch(m.now, Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{u}}); err != nil || r[0].Status != "Success" {
				t.Fatal(r, err)
			}
		}
	}
	for month, want := range []map[string]string{{acme: "2", globex: "3"}, {acme: "2", globex: "3"}, {acme: "2", globex: "3"}, {acme: "3", globex: "3"}} {
		use()
		for buyer, total := range want {
			if b, err := m.Bill(buyer, m.now); err != nil || b.Total.String() != total {
				t.Errorf("%d months on, %s pays %s (%v), want %s", month, buyer, b.Total, err, total)
			}
		}
		m.until(monthStart(monthOf(m.now) + 1).Add(12 * time.Hour))
	}
}
