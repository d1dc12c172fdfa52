package world

import (
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// move gives a product another identity, as PATCH does.
func (m *market) move(product string, to Identity) {
	m.t.Helper()
	if _, err := m.ChangeProduct(m.now, product, ProductPatch{Identity: &to}); err != nil {
		m.t.Fatal(err)
	}
}

// usage sends one record, and gives the word about it; of a refused request, the error's name.
func (m *market) usage(b Batch, u Usage) string {
	m.t.Helper()
	b.Seller, b.Region = seller, "us-east-1"
	u.Timestamp, u.Dimension, u.Quantity = m.now.Add(-time.Hour), "pages", 10
	b.Usage = []Usage{u}
	r, err := m.MeterBatch(m.now, b)
	if refused, ok := err.(*Refusal); ok {
		return refused.Code
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return r[0].Status
}

// TestMigratingBillsTwice is the hazard of every migration: the hour that is metered under the old name and under the
// new one stands on the bill twice. Before and after it, one of the names is refused.
func TestMigratingBillsTwice(t *testing.T) {
	m := open(t, nil)
	a := m.buy(classic)
	old := func() string {
		return m.usage(Batch{ProductCode: classic}, Usage{CustomerIdentifier: a.CustomerIdentifier})
	}
	next := func() string { return m.usage(Batch{}, Usage{BuyerAccount: acme, LicenseARN: a.License.ARN}) }
	owed := func() string {
		t.Helper()
		bill, err := m.Bill(acme, m.now)
		if err != nil {
			t.Fatal(err)
		}
		return bill.Total.String()
	}
	m.pass(2 * time.Hour)
	if got := old(); got != contract.Success || owed() != "0.25" {
		t.Fatalf("legacy: %s, owes %s", got, owed())
	}
	m.pass(time.Hour)
	m.move(classic, Migrating)
	if one, two := old(), next(); one != contract.Success || two != contract.Success {
		t.Fatalf("migrating: %s by customer, %s by license", one, two)
	}
	if got := owed(); got != "0.75" { // one hour at $0.25, and one twice
		t.Errorf("owes %s after an hour that was sent under both names; want 0.75", got)
	}
	if records, _ := m.Records(RecordQuery{BuyerAccount: acme}); len(records) != 3 || records[1].Hour != records[2].Hour ||
		records[1].CustomerIdentifier == "" || records[2].LicenseARN == "" {
		t.Errorf("honoured %+v", records)
	}
	m.pass(time.Hour)
	m.move(classic, ByLicense)
	if one, two := old(), next(); one != contract.InvalidLicense || two != contract.Success || owed() != "1" {
		t.Errorf("by license: %s by customer, %s by license, owes %s", one, two, owed())
	}
}

func TestMigratingIsToldOfByBothSystems(t *testing.T) {
	for name, c := range map[string]struct {
		product string
		terms   Terms
		want    string
	}{
		"pay as you go": {classic, Terms{}, "Created@11s subscribe-success@1m12s Updated@1m12s Ended@2h0m0s unsubscribe-pending@2h0m0s Deprovisioned@2h0m31s unsubscribe-success@3h0m31s"},
		"contract": {classicTeams, Terms{Quantities: map[string]int64{"seats": 3}},
			"Created@11s subscribe-success@1m12s entitlement-updated@1m12s Updated@1m12s Ended@2h0m0s entitlement-updated@2h0m0s Deprovisioned@2h0m31s"},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, nil)
			m.move(c.product, Migrating)
			a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: c.product, Terms: c.terms})
			if err != nil {
				t.Fatal(err)
			}
			m.pass(2 * time.Hour)
			if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
				t.Fatal(err)
			}
			m.pass(2 * time.Hour)
			if got := m.kinds(); got != c.want {
				t.Errorf("told %s\nwant %s", got, c.want)
			}
			for _, n := range m.told {
				if s := n.Subject(); s.CustomerIdentifier == "" || s.LicenseARN != a.License.ARN {
					t.Errorf("%T names %+v", n, s)
				}
			}
		})
	}
}

// What was bought under the old generation is told of by events from the day on which the product migrates, its end's
// reminders too, and by events alone once it is there.
func TestMigratesWhileItRuns(t *testing.T) {
	m := open(t, nil)
	a := m.sign(classicTeams, map[string]int64{"seats": 3}, "", false)
	m.pass(time.Hour)
	m.move(classicTeams, Migrating)
	m.told = nil
	m.until(a.EndTime.Add(-100 * 24 * time.Hour))
	m.move(classicTeams, ByLicense)
	tok, err := m.MintToken(m.now, a.AgreementID)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := m.ResolveToken(m.now, seller, tok.Text); err != nil || who.CustomerIdentifier != "" || who.LicenseARN != a.License.ARN {
		t.Errorf("resolved to %+v, %v", who, err)
	}
	m.until(a.EndTime.Add(2 * time.Hour))
	got := m.kinds()
	if n := strings.Count(got, "Ending"); n != len(reminders) || strings.Contains(got, "entitlement-updated") || !strings.Contains(got, "Deprovisioned@") {
		t.Errorf("told %s", got)
	}
}

func TestIdentitiesThatCannotBe(t *testing.T) {
	m := open(t, nil)
	for _, c := range []struct {
		product string
		to      Identity
	}{{inkwell, Legacy}, {inkwell, Migrating}, {classic, "both"}} {
		if _, err := m.ChangeProduct(m.now, c.product, ProductPatch{Identity: &c.to}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s to %s: %v", c.product, c.to, err)
		}
	}
	m.move(classic, Migrating)
	m.move(classic, Legacy) // a migration can be called off
	m.move(classic, ByLicense)
}
