package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

const (
	teams        = "1nkwe11teams00upfr0ntabcd" // contract
	press        = "1nkwe11press00t1eredabcde" // contract with consumption, in tiers
	classicTeams = "1nkwe11c1ass1cteamsabcdef" // legacy contract
)

// sign buys a contract.
func (m *market) sign(product string, quantities map[string]int64, duration string, autoRenew bool) Agreement {
	m.t.Helper()
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: product, Terms: Terms{Quantities: quantities, Duration: duration, AutoRenew: autoRenew}})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// until lets time go on to an instant.
func (m *market) until(at time.Time) { m.t.Helper(); m.pass(at.Sub(m.now)) }

// granted tells what the product's contracts grant now, as "dimension=value@expiration".
func (m *market) granted(product string) string {
	m.t.Helper()
	all, err := m.Entitlements(product, EntitlementFilter{})
	if err != nil {
		m.t.Fatal(err)
	}
	var text []string
	for _, e := range all {
		text = append(text, fmt.Sprintf("%s=%d@%s", e.Dimension, *e.Value.Integer, e.ExpirationDate.Format(time.DateOnly)))
	}
	return strings.Join(text, " ")
}

// bill is a month's lines, as "kind dimension quantity×price=amount", and the total.
func (m *market) bill(month time.Time) (lines []string, total string) {
	m.t.Helper()
	b, err := m.Bill(acme, month)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range b.Charges {
		lines = append(lines, fmt.Sprintf("%s %s %d×%s=%s", c.Kind, c.Dimension, c.Quantity, c.Price, c.Amount))
	}
	return lines, b.Total.String()
}

func TestContractGrantsFromItsLicenseToItsEnd(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 10, "shelves": 2}, "P12M", false)
	if want := noon.AddDate(1, 0, 0); !a.EndTime.Equal(want) {
		t.Errorf("ends %s, want %s", a.EndTime, want)
	}
	if got := m.granted(teams); got != "" {
		t.Errorf("before its license, it grants %s", got)
	}
	m.pass(2 * time.Minute)
	if got, want := m.granted(teams), "seats=10@2027-11-10 shelves=2@2027-11-10"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	lines, total := m.bill(noon)
	if want := []string{"upfront seats 10×120=1200", "upfront shelves 2×50=100"}; !slices.Equal(lines, want) || total != "1300" {
		t.Errorf("billed %q, %s; want %q, 1300", lines, total, want)
	}
	m.until(a.EndTime)
	if got := m.granted(teams); got != "" {
		t.Errorf("after its end, it grants %s", got)
	}
	m.pass(2 * time.Hour)
	want := "Created@11s Updated@1m12s"
	for _, days := range []int{180, 120, 90, 60, 30} {
		want += fmt.Sprintf(" Ending@%dh0m0s", (365-days)*24)
	}
	if got, want := m.kinds(), want+" Ended@8760h0m0s Deprovisioned@8760h0m31s"; got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
	if n := m.told[2].(AgreementEnding); n.DaysBeforeEnd != 180 || n.AutoRenew {
		t.Errorf("reminded of %+v", n)
	}
	if n := m.told[7].(AgreementEnded); n.Status != Expired {
		t.Errorf("ended as %s", n.Status)
	}
	if end := m.told[0].(AgreementCreated).EndTime; !end.Equal(a.EndTime) {
		t.Errorf("told of the end %s", end)
	}
}

func TestLegacyContractIsToldOfInBothTopics(t *testing.T) {
	m := open(t, nil)
	a := m.sign(classicTeams, map[string]int64{"seats": 3}, "", true) // it has but one duration
	m.pass(time.Hour)
	if _, err := m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"seats": 5}}); err != nil {
		t.Fatal(err)
	}
	m.until(a.EndTime.Add(time.Hour)) // it has renewed itself
	renewal := m.Agreements(AgreementQuery{ProductCode: classicTeams, Status: Active})
	if len(renewal) != 1 || renewal[0].License.ARN != a.License.ARN || renewal[0].CustomerIdentifier != a.CustomerIdentifier {
		t.Fatalf("went on as %+v", renewal)
	}
	if _, err := m.Cancel(m.now, renewal[0].AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Hour)
	want := "subscribe-success@1m12s entitlement-updated@1m12s entitlement-updated@1h1m12s entitlement-updated@8760h1m12s entitlement-updated@8761h0m0s"
	if got := m.kinds(); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}

func TestRenewalGoesOnWithoutAGap(t *testing.T) {
	for name, same := range map[string]bool{"same": true, "new": false} {
		t.Run(name, func(t *testing.T) {
			m := open(t, map[string]string{"renewal-license": name})
			a := m.sign(press, map[string]int64{"platen": 1}, "P1M", true)
			m.until(a.EndTime)
			b := m.Agreements(AgreementQuery{ProductCode: press, Status: Active})[0]
			if b.PreviousAgreementID != a.AgreementID || b.InitialAgreementID != a.AgreementID || b.Intent != IntentRenew || !b.StartTime.Equal(a.EndTime) {
				t.Errorf("goes on as %+v", b)
			}
			if (b.License.ARN == a.License.ARN) != same {
				t.Errorf("under %s after %s", b.License.ARN, a.License.ARN)
			}
			if got, want := m.granted(press), "platen=1@2027-01-10"; got != want {
				t.Errorf("grants %s, want %s", got, want)
			}
			usage := func(arn string, at time.Time) string {
				r, err := m.MeterBatch(m.now, Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{{Timestamp: at, Dimension: "extra_pages", Quantity: 1, BuyerAccount: acme, LicenseARN: arn}}})
				if err != nil {
					t.Fatal(err)
				}
				return r[0].Status
			}
			before := m.now.Add(-time.Hour)
			if got := usage(a.License.ARN, before); got != contract.Success {
				t.Errorf("usage before the renewal, under the license of then: %s", got)
			}
			m.pass(time.Hour)
			if got := usage(b.License.ARN, m.now); got != contract.Success {
				t.Errorf("usage after the renewal: %s", got)
			}
			if _, total := m.bill(m.now); total != "120.036" { // the renewal, and two pages of December
				t.Errorf("December comes to %s", total)
			}
			m.pass(time.Hour)
			end := a.EndTime.Sub(noon)
			want := fmt.Sprintf("Created@11s Updated@1m12s Created@%s Ended@%s Updated@%s", end+11*time.Second, end+12*time.Second, end+72*time.Second)
			if !same {
				want += fmt.Sprintf(" Deprovisioned@%s", end+103*time.Second)
				if got := usage(a.License.ARN, before.Add(time.Minute)); got != contract.CustomerNotSubscribed {
					t.Errorf("usage under the old license after its last hour: %s", got)
				}
			}
			if got := m.kinds(); got != want {
				t.Errorf("told %s\nwant %s", got, want)
			}
			if n := m.told[3].(AgreementEnded); n.Status != Renewed || n.AgreementID != a.AgreementID {
				t.Errorf("told of an end %+v", n)
			}
		})
	}
}

func TestAmendmentIsChargedForTheRestOfTheTerm(t *testing.T) {
	m := open(t, nil)
	m.now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	a := m.sign(teams, map[string]int64{"seats": 1}, "P1M", false)
	m.until(time.Date(2026, 4, 11, 0, 0, 0, 0, time.UTC))
	got, err := m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"seats": 4, "shelves": 1}, AutoRenew: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	if !got.EndTime.Equal(a.EndTime) || !got.Terms.AutoRenew || got.Terms.Quantities["seats"] != 4 {
		t.Errorf("amended to %+v", got.Terms)
	}
	lines, total := m.bill(m.now)
	if want := []string{"upfront seats 1×12=12", "added seats 3×12=24", "added shelves 1×5=3.33"}; !slices.Equal(lines, want) || total != "39.33" {
		t.Errorf("billed %q, %s; want %q", lines, total, want)
	}
	if got := m.granted(teams); got != "seats=1@2026-05-01" {
		t.Errorf("grants %s before its license was updated", got)
	}
	m.pass(2 * time.Minute)
	if got := m.granted(teams); got != "seats=4@2026-05-01 shelves=1@2026-05-01" {
		t.Errorf("grants %s", got)
	}
	amended, ok := m.told[2].(AgreementAmended)
	if _, updated := m.told[3].(LicenseUpdated); !ok || !updated || !amended.AutoRenew || len(m.told) != 4 {
		t.Errorf("told %s, %+v", m.kinds(), amended)
	}
	if _, err := m.Amend(m.now, a.AgreementID, Amendment{AutoRenew: new(false)}); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Minute)
	if amended, ok := m.told[len(m.told)-1].(AgreementAmended); !ok || amended.AutoRenew || len(m.told) != 5 {
		t.Errorf("the renewal was switched off: told %s", m.kinds())
	}
}

func TestHigherTierIsCreditedWithTheOldOne(t *testing.T) {
	m := open(t, nil)
	m.now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	a := m.sign(press, map[string]int64{"platen": 1}, "P1M", false)
	m.until(time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC))
	if _, err := m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"rotary": 1}}); err != nil {
		t.Fatal(err)
	}
	lines, total := m.bill(m.now)
	if want := []string{"upfront platen 1×120=120", "credit platen 1×120=-60", "added rotary 1×900=450"}; !slices.Equal(lines, want) || total != "510" {
		t.Errorf("billed %q, %s; want %q, 510", lines, total, want)
	}
	m.pass(time.Hour)
	if got := m.granted(press); got != "rotary=1@2026-05-01" {
		t.Errorf("grants %s", got)
	}
}

func TestUsageOfAContractRunsToTheEndOfItsLastHour(t *testing.T) {
	m := open(t, nil)
	a := m.sign(press, map[string]int64{"handpress": 1}, "P1M", false)
	usage := func(dimension string) string {
		r, err := m.MeterBatch(m.now, Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{{Timestamp: m.now, Dimension: dimension, Quantity: 7, BuyerAccount: acme, LicenseARN: a.License.ARN}}})
		if err != nil {
			return code(err)
		}
		return r[0].Status
	}
	if got := usage("extra_pages"); got != contract.CustomerNotSubscribed {
		t.Errorf("before the license: %s", got)
	}
	m.pass(time.Hour)
	if got := usage("handpress"); got != contract.InvalidUsageDimension {
		t.Errorf("of what was bought upfront: %s", got)
	}
	if got := usage("extra_pages"); got != contract.Success {
		t.Errorf("during the contract: %s", got)
	}
	m.until(a.EndTime.Add(time.Hour))
	if got := usage("extra_pages"); got != contract.Success {
		t.Errorf("in the last hour: %s", got)
	}
	m.until(a.EndTime.Add(time.Hour + 31*time.Second))
	if got := usage("extra_pages"); got != contract.CustomerNotSubscribed {
		t.Errorf("after it: %s", got)
	}
}

func TestPaymentThatFailsBeforeActivation(t *testing.T) {
	for _, c := range []struct {
		name, product, profile string
		after                  time.Duration
		want                   string
	}{
		{"legacy", classic, "terminated", 10 * time.Second, "subscribe-fail@10s"},
		{"events, at once", inkwell, "terminated", 5 * time.Second, "Created@11s Ended@12s"},
		{"events, later", inkwell, "terminated", time.Minute, "Created@11s Ended@1m0s"},
		{"silence", inkwell, "silence", time.Minute, "Created@11s"},
		{"after activation", inkwell, "silence", 2 * time.Minute, "Created@11s Updated@1m12s Ended@2m0s Deprovisioned@2m31s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := open(t, map[string]string{"failed-payment": c.profile})
			a := m.buy(c.product)
			m.pass(c.after)
			failed, err := m.FailPayment(m.now, a.AgreementID)
			if err != nil || failed.Status != Terminated {
				t.Fatalf("%+v, %v", failed, err)
			}
			early := c.name != "after activation"
			if (failed.License.Status == FailedLicense) != early {
				t.Errorf("license %s", failed.License.Status)
			}
			m.pass(5 * time.Hour)
			if got := m.kinds(); got != c.want {
				t.Errorf("told %s, want %s", got, c.want)
			}
			again := m.buy(c.product) // the buyer found another card
			m.pass(2 * time.Minute)
			if got, err := m.Agreement(again.AgreementID); err != nil || got.License.Status != Provisioned {
				t.Errorf("bought again: %s, %v", got.License.Status, err)
			}
		})
	}
}

func TestFailedPaymentIsNotBilled(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 1}, "P12M", true)
	if _, err := m.FailPayment(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.until(a.EndTime.Add(time.Hour))
	if lines, total := m.bill(noon); len(lines) > 0 || total != "0" {
		t.Errorf("billed %q, %s", lines, total)
	}
	if got := m.Agreements(AgreementQuery{}); len(got) != 1 {
		t.Errorf("it renewed: %d agreements", len(got))
	}
}

func TestEndWaitsForWhatIsYetToBeTold(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 1}, "P12M", false)
	m.pass(time.Hour)
	if _, err := m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"seats": 2}}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Terminate(m.now.Add(time.Second), a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Hour)
	if got, want := m.kinds(), "Created@11s Updated@1m12s Amended@1h0m11s Updated@1h1m12s Ended@1h1m13s Deprovisioned@1h1m44s"; got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
	if got := m.granted(teams); got != "" {
		t.Errorf("grants %s after its end", got)
	}
}

func TestEntitlementsByFilter(t *testing.T) {
	m := open(t, nil)
	first := m.sign(teams, map[string]int64{"seats": 1, "shelves": 1}, "P1M", false)
	second := m.sign(teams, map[string]int64{"seats": 2}, "P12M", false) // concurrent agreements
	other := m.sign(press, map[string]int64{"platen": 1}, "P1M", false)
	m.pass(time.Hour)
	for name, c := range map[string]struct {
		f    EntitlementFilter
		want int
	}{
		"all":               {EntitlementFilter{}, 3},
		"a license":         {EntitlementFilter{LicenseARNs: []string{first.License.ARN}}, 2},
		"another product's": {EntitlementFilter{LicenseARNs: []string{other.License.ARN}}, 0},
		"either account":    {EntitlementFilter{CustomerAWSAccountIDs: []string{acme, "222233334444"}}, 3},
		"either license":    {EntitlementFilter{LicenseARNs: []string{first.License.ARN, second.License.ARN}}, 3},
		"and a dimension":   {EntitlementFilter{LicenseARNs: []string{first.License.ARN}, Dimensions: []string{"shelves"}}, 1},
		"the account":       {EntitlementFilter{CustomerAWSAccountIDs: []string{acme}}, 3},
		"another account":   {EntitlementFilter{CustomerAWSAccountIDs: []string{"222233334444"}}, 0},
		"another license":   {EntitlementFilter{LicenseARNs: []string{"arn:aws:x"}}, 0},
		"another customer":  {EntitlementFilter{CustomerIdentifiers: []string{"nobody"}}, 0},
	} {
		got, err := m.Entitlements(teams, c.f)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d entitlements, %v; want %d", name, len(got), err, c.want)
		}
	}
	if _, err := m.Entitlements("prod-inkwell0teams", EntitlementFilter{}); !fail.Is(err, fail.NotFound) {
		t.Errorf("by a product's id: %v", err)
	}
}

func TestMonthsEndWhereTheCalendarDoes(t *testing.T) {
	for from, want := range map[string]string{"2027-01-31": "2027-02-28", "2028-01-31": "2028-02-29", "2026-11-10": "2026-12-10", "2026-12-31": "2027-01-31"} {
		start, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := addMonths(start, 1).Format(time.DateOnly); got != want {
			t.Errorf("a month after %s is %s, want %s", from, got, want)
		}
	}
}

func TestWhatAContractCannotBe(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 2}, "P12M", false)
	tier := m.sign(press, map[string]int64{"platen": 1}, "P12M", false)
	payg := m.buy(inkwell)
	m.sign(classicTeams, map[string]int64{"seats": 1}, "P12M", false)
	ended := m.sign(teams, map[string]int64{"seats": 2}, "P12M", false)
	if _, err := m.Expire(m.now, ended.AgreementID); err != nil {
		t.Fatal(err)
	}
	sign := func(product, duration string, quantities map[string]int64) func() error {
		return func() error {
			_, err := m.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: product, Terms: Terms{Duration: duration, Quantities: quantities}})
			return err
		}
	}
	amend := func(id string, quantities map[string]int64) func() error {
		return func() error { _, err := m.Amend(noon, id, Amendment{Quantities: quantities}); return err }
	}
	list := func(p Product) func() error {
		return func() error { p.Title = "New"; _, err := m.CreateProduct(noon, p); return err }
	}
	usd := func(names ...string) map[string]decimal.Decimal {
		prices := map[string]decimal.Decimal{}
		for _, n := range names {
			prices[n] = decimal.NewFromInt(1)
		}
		return prices
	}
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"no duration":           {sign(teams, "", map[string]int64{"seats": 1}), "duration"},
		"unsold duration":       {sign(teams, "P24M", map[string]int64{"seats": 1}), "duration"},
		"nothing chosen":        {sign(teams, "P12M", map[string]int64{"seats": 0}), "quantities"},
		"unknown dimension":     {sign(teams, "P12M", map[string]int64{"stools": 1}), "quantities"},
		"metered dimension":     {sign(press, "P12M", map[string]int64{"extra_pages": 1}), "quantities"},
		"negative":              {sign(teams, "P12M", map[string]int64{"seats": -1}), "quantities"},
		"too many":              {sign(teams, "P12M", map[string]int64{"seats": 1 << 31}), "quantities"},
		"two tiers":             {sign(press, "P12M", map[string]int64{"platen": 1, "rotary": 1}), "quantities"},
		"a tier twice":          {sign(press, "P12M", map[string]int64{"platen": 2}), "quantities"},
		"second legacy":         {sign(classicTeams, "P12M", map[string]int64{"seats": 1}), "subscribed"},
		"fewer units":           {amend(a.AgreementID, map[string]int64{"seats": 1}), "reduction"},
		"the same units":        {amend(a.AgreementID, map[string]int64{"seats": 2}), "nothing_changes"},
		"amend by unknown":      {amend(a.AgreementID, map[string]int64{"stools": 2}), "quantities"},
		"lower tier":            {amend(tier.AgreementID, map[string]int64{"handpress": 1}), "reduction"},
		"the same tier":         {amend(tier.AgreementID, map[string]int64{"platen": 1}), "nothing_changes"},
		"amend pay as you go":   {amend(payg.AgreementID, nil), "unsupported"},
		"amend what ended":      {amend(ended.AgreementID, map[string]int64{"seats": 3}), "ended"},
		"renew pay as you go":   {func() error { _, err := m.Renew(noon, payg.AgreementID); return err }, "unsupported"},
		"other durations":       {list(Product{Pricing: Contract, Dimensions: []Dimension{{Key: "a", Prices: usd("P1M")}, {Key: "b", Prices: usd("P12M")}}}), "durations"},
		"no duration at all":    {list(Product{Pricing: Contract, Dimensions: []Dimension{{Key: "a", Kinds: []DimensionKind{Entitled}, Prices: usd()}}}), "price"},
		"a week":                {list(Product{Pricing: Contract, Dimensions: []Dimension{{Key: "a", Prices: usd("P1M", "P1W")}}}), "price"},
		"metered in a contract": {list(Product{Pricing: Contract, Dimensions: []Dimension{{Key: "a", Prices: usd("P1M")}, {Key: "b", Kinds: []DimensionKind{Metered}, Prices: usd("usage")}}}), "dimension_kind"},
		"nothing metered":       {list(Product{Pricing: ContractWithConsumption, Dimensions: []Dimension{{Key: "a", Prices: usd("P1M")}}}), "dimensions"},
		"upfront pay as you go": {list(Product{Dimensions: []Dimension{{Key: "a", Prices: usd("P1M")}}}), "dimension_kind"},
		"a selection of usage":  {list(Product{Selection: OneTier, Dimensions: []Dimension{{Key: "a", Prices: usd("usage")}}}), "selection"},
		"free":                  {list(Product{Pricing: Free, Dimensions: []Dimension{{Key: "a", Prices: usd("usage")}}}), "pricing"},
	} {
		if err := c.do(); fail.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want code %s", name, err, c.want)
		}
	}
}
