package world

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/profile"
)

// privatePages lets acme accept a private price for a month.
func (m *market) privatePages() Agreement {
	m.t.Helper()
	o := m.offer(Offer{ProductID: mustProduct(m, inkwell).ProductID, Buyers: []string{acme}, Terms: OfferTerms{
		Usage: &UsageTerm{Rates: map[string]decimal.Decimal{"pages": usd("0.01")}}, Validity: &ValidityTerm{Duration: "P1M"}}})
	return m.acceptOffer(acme, inkwell, o.OfferID)
}

func mustProduct(m *market, code string) Product {
	m.t.Helper()
	p, err := m.Product(code)
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

func TestPayAsYouGoGoesOnAfterItsPrivateOffer(t *testing.T) {
	m := open(t, nil)
	a := m.privatePages()
	public, err := m.PublicOffer(inkwell)
	if err != nil {
		t.Fatal(err)
	}
	if what, why, _ := a.EndBehavior(); what != Replaces || why != NoRenewalTerm || a.Successor != public.OfferID {
		t.Errorf("at its end: %s (%s), under %s", what, why, a.Successor)
	}
	m.until(a.EndTime)
	told := len(m.told)
	m.pass(3600e9)
	all := m.Agreements(AgreementQuery{ProductCode: inkwell})
	if len(all) != 2 {
		t.Fatalf("%d agreements", len(all))
	}
	old, next := all[0], all[1]
	if old.Status != Replaced || next.Status != Active || next.Intent != IntentReplace || next.OfferID != public.OfferID ||
		next.PreviousAgreementID != old.AgreementID || next.License.ARN != old.License.ARN || !next.EndTime.IsZero() {
		t.Errorf("%+v\nfollowed by\n%+v", old, next)
	}
	var kinds []string
	for _, n := range m.told[told:] {
		switch n := n.(type) {
		case AgreementCreated:
			kinds = append(kinds, "created "+string(n.Intent))
		case AgreementEnded:
			kinds = append(kinds, "ended "+string(n.Status))
		case LicenseUpdated:
			kinds = append(kinds, "updated")
		default:
			t.Errorf("told %T", n)
		}
	}
	if !slices.Equal(kinds, []string{"created REPLACE", "ended REPLACED", "updated"}) {
		t.Errorf("told %q", kinds)
	}
	if err := m.meter(next, "pages", 3); err != nil {
		t.Error(err)
	}
}

func TestPayAsYouGoEndsWithItsPrivateOffer(t *testing.T) {
	for name, prepare := range map[string]func(m *market){
		"the profile says so": func(m *market) {
			if err := m.SetProfiles(m.now, map[string]string{string(profile.PrivateEnd): profile.Expires}); err != nil {
				m.t.Fatal(err)
			}
		},
		"its account is suspended": func(*market) {},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, nil)
			prepare(m)
			a := m.privatePages()
			if a.Successor != "" {
				if _, err := m.ChangeBuyer(m.now, acme, BuyerPatch{Suspended: new(true)}); err != nil {
					t.Fatal(err)
				}
			}
			m.until(a.EndTime)
			if all := m.Agreements(AgreementQuery{ProductCode: inkwell}); len(all) != 1 || all[0].Status != Expired {
				t.Errorf("%+v", all)
			}
		})
	}
}
