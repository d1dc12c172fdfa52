package report_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/goldentest"
	"souk.dev/souk/internal/sandbox/report"
	"souk.dev/souk/internal/sandbox/world"
)

const (
	seller  = "444455556666"
	partner = "555566667777"
	acme    = "111122223333"
	globex  = "222233334444"
	initech = "333344445555"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// market is a world whose clock is moved by hand.
type market struct {
	*world.World
	t   *testing.T
	now time.Time
}

// live is three months of a market in which everything that reports tell of happens.
func live(t *testing.T) *market {
	t.Helper()
	w, err := world.New(world.Options{File: world.Builtin(), Seed: 4, FulfillmentURL: "http://127.0.0.1:4710/register"})
	if err != nil {
		t.Fatal(err)
	}
	m := &market{World: w, t: t, now: noon}
	usage := m.buy(acme, "prod-inkwell00payg", "", world.Terms{})
	trial := m.buy(globex, "prod-inkwell00payg", "offer-inkwelltrial0", world.Terms{})
	seats := m.buy(acme, "prod-inkwell0teams", "", world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 10}})
	m.buy(globex, "prod-inkwell0teams", "offer-globexteams00", world.Terms{})
	press := m.buy(initech, "prod-inkwell0press", "offer-initechpress0", world.Terms{})
	brief := m.buy(initech, "prod-inkwell0teams", "", world.Terms{Duration: "P1M", Quantities: map[string]int64{"seats": 1}, AutoRenew: true})
	m.pass(time.Hour)
	m.meter(usage, "pages", 500)
	m.meter(trial, "pages", 40)
	m.meter(press, "extra_pages", 1000)
	m.pass(20 * 24 * time.Hour)
	m.must(m.Amend(m.now, seats.AgreementID, world.Amendment{Quantities: map[string]int64{"seats": 12}}))
	m.pass(20 * 24 * time.Hour) // brief is renewed, and the trial goes over into paid usage
	m.meter(usage, "gb_stored", 200)
	m.meter(trial, "pages", 60)
	m.must(m.Refund(m.now, seats.AgreementID, world.Refund{Amount: "100"}))
	m.must(m.Refund(m.now, usage.AgreementID, world.Refund{Amount: "2.5"}))
	m.must(m.Cancel(m.now, usage.AgreementID))
	m.pass(50 * 24 * time.Hour)
	if got, _ := m.Agreement(brief.AgreementID); got.Status != world.Renewed {
		t.Fatalf("the month's contract is %s", got.Status)
	}
	return m
}

func (m *market) must(_ world.Agreement, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) buy(buyer, product, offer string, terms world.Terms) world.Agreement {
	m.t.Helper()
	a, err := m.Subscribe(m.now, world.Subscribe{BuyerAccount: buyer, Product: product, OfferID: offer, Terms: terms})
	m.must(a, err)
	return a
}

func (m *market) pass(d time.Duration) {
	m.t.Helper()
	m.now = m.now.Add(d)
	if _, err := m.RunDue(m.now); err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) meter(a world.Agreement, dimension string, quantity int64) {
	m.t.Helper()
	b := world.Batch{Seller: a.ManufacturerAccount, Region: "us-east-1", Usage: []world.Usage{{Timestamp: m.now, Dimension: dimension, Quantity: quantity, BuyerAccount: a.BuyerAccount, LicenseARN: a.License.ARN}}}
	if r, err := m.MeterBatch(m.now, b); err != nil || r[0].Status != "Success" {
		m.t.Fatalf("%+v, %v", r, err)
	}
}

// write is a report as it is written, over all time if s is zero.
func (m *market) write(name, seller string, s report.Span, now time.Time) string {
	m.t.Helper()
	r, err := report.Find(name)
	if err != nil {
		m.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Write(&b, m, seller, s, now); err != nil {
		m.t.Fatal(err)
	}
	return b.String()
}

// rows are a report's, without its head.
func (m *market) rows(text string) []map[string]string {
	m.t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll() // which wants the same number of cells in every row
	if err != nil {
		m.t.Fatal(err)
	}
	rows := make([]map[string]string, 0, len(all))
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[all[0][i]] = c
		}
		rows = append(rows, row)
	}
	return rows
}

var allTime = report.Span{From: noon.AddDate(0, 0, -1), To: noon.AddDate(1, 0, 0)}

// drawn are identifiers that the world draws, or that are made from such: agreements, licences, references, invoices.
var drawn = regexp.MustCompile(`agmt-[a-z0-9]{25}|\bl-[0-9a-f]{32}|\b[0-9a-f]{40}\b|\b[1-9][0-9]{9}\b`)

// numbered names drawn identifiers by the order in which they come, because any new notice makes the world draw others.
func numbered(text string) string {
	names := map[string]string{}
	return drawn.ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("id-%d", len(names)+1)
		}
		return names[id]
	})
}

// Every report of the three months, to the byte but for drawn identifiers.
func TestReportsToTheByte(t *testing.T) {
	m := live(t)
	for _, r := range report.List() {
		t.Run(r.Name, func(t *testing.T) {
			s := allTime
			if strings.HasPrefix(r.Columns[0], "valid_from") {
				s = report.Span{}
			}
			goldentest.Compare(t, r.Name+".csv", numbered(strings.ReplaceAll(m.write(r.Name, seller, s, m.now), "\r\n", "\n")))
		})
	}
}

func TestFormIsThatOfRFC4180(t *testing.T) {
	m := live(t)
	for _, r := range report.List() {
		text := m.write(r.Name, seller, allTime, m.now)
		if strings.Count(text, "\n") != strings.Count(text, "\r\n") || !strings.HasPrefix(text, strings.Join(r.Columns, ",")) {
			t.Errorf("%s begins %.80q", r.Name, text)
		}
		m.rows(text)
	}
}

// A day's report is there from the midnight after it on; fees two days later; a month's from the 15th on. What is asked
// for too early is empty.
func TestReportsAreThereWhenTheyArePublished(t *testing.T) {
	m := live(t)
	first := report.Span{From: time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)}
	november := report.Span{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	for name, c := range map[string]struct {
		span report.Span
		at   time.Time
	}{
		"daily_business_usage_by_instance_type":            {first, first.To},
		"daily_business_new_product_subscribers":           {first, first.To},
		"daily_business_fees":                              {first, first.To.AddDate(0, 0, 2)},
		"daily_business_free_trial_conversions":            {first, first.To},
		"customer_subscriber_hourly_monthly_subscriptions": {first, first.To},
		"customer_subscriber_annual_subscriptions":         {first, first.To},
		"monthly_revenue_annual_subscriptions":             {november, time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)},
		"monthly_revenue_flexible_payment_schedule":        {november, time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)},
		"monthly_revenue_billing_and_revenue_data":         {report.Span{From: november.From, To: november.To.AddDate(0, 0, 1).Add(-time.Hour)}, time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)},
		"account":       {report.Span{From: first.To, To: first.To.AddDate(0, 0, 1)}, first.To},
		"agreements":    {report.Span{From: first.To, To: first.To.AddDate(0, 0, 1)}, first.To},
		"billing_event": {report.Span{From: first.To, To: first.To.AddDate(0, 0, 1)}, first.To},
	} {
		if early := m.rows(m.write(name, seller, c.span, c.at.Add(-time.Millisecond))); len(early) != 0 {
			t.Errorf("%s has %d rows before it is published", name, len(early))
		}
		if there := m.rows(m.write(name, seller, c.span, c.at)); len(there) == 0 {
			t.Errorf("%s is empty when it is published", name)
		}
	}
}

// What the reports say adds up to what the buyers were billed: the seller's share in the feed, and billed less refunds
// in the monthly report.
func TestReportsAddUpToTheBills(t *testing.T) {
	m := live(t)
	sum := func(rows []map[string]string, columns ...string) decimal.Decimal {
		t.Helper()
		all := decimal.Zero
		for _, r := range rows {
			for _, c := range columns {
				d, err := decimal.NewFromString(r[c])
				if err != nil {
					t.Fatalf("%s is %q", c, r[c])
				}
				all = all.Add(d)
			}
		}
		return all
	}
	for _, account := range []string{seller, partner} {
		invoiced := decimal.Zero
		for _, v := range m.Invoices(world.InvoiceQuery{SellerAccount: account}) {
			invoiced = invoiced.Add(v.Amount)
		}
		shares := decimal.Zero
		for _, r := range m.rows(m.write("billing_event", account, report.Span{}, m.now.AddDate(0, 0, 1))) {
			if strings.HasPrefix(r["transaction_type"], "SELLER_REV_SHARE") {
				shares = shares.Add(decimal.RequireFromString(r["amount"]))
			}
		}
		if !shares.Equal(invoiced) || !invoiced.IsPositive() {
			t.Errorf("%s: the feed has %s, %s was invoiced", account, shares, invoiced)
		}
		later := m.now.AddDate(0, 3, 0)
		billed := sum(m.rows(m.write("monthly_revenue_billing_and_revenue_data", account, allTime, later)), "Customer Billed Amount", "Refunds Amount").
			Add(sum(m.rows(m.write("monthly_revenue_annual_subscriptions", account, allTime, later)), "Customer Billed Amount", "Refunds Amount"))
		if !billed.Equal(invoiced) {
			t.Errorf("%s: the monthly report has %s, %s was invoiced", account, billed, invoiced)
		}
	}
}

// The feeds join: every account and offer that an agreement or a billing event names is in the feed of its kind.
func TestFeedsJoin(t *testing.T) {
	m := live(t)
	now := m.now.AddDate(0, 0, 1)
	keys := func(feed, column string) map[string]bool {
		all := map[string]bool{"": true, "AWS": true}
		for _, r := range m.rows(m.write(feed, seller, report.Span{}, now)) {
			all[r[column]] = true
		}
		return all
	}
	accounts, products, offers := keys("account", "account_id"), keys("product", "product_id"), keys("offer", "offer_id")
	for feed, columns := range map[string]map[string]map[string]bool{
		"agreements":    {"proposer_account_id": accounts, "acceptor_account_id": accounts, "offer_id": offers},
		"billing_event": {"from_account_id": accounts, "to_account_id": accounts, "end_user_account_id": accounts, "product_id": products},
		"offer_product": {"offer_id": offers, "product_id": products},
		"offer_target":  {"offer_id": offers},
		"product":       {"manufacturer_account_id": accounts},
	} {
		rows := m.rows(m.write(feed, seller, report.Span{}, now))
		if len(rows) == 0 {
			t.Errorf("%s is empty", feed)
		}
		for _, r := range rows {
			for column, known := range columns {
				if !known[r[column]] {
					t.Errorf("%s: %s %q is nowhere", feed, column, r[column])
				}
			}
		}
	}
}

func TestUnknownReport(t *testing.T) {
	if _, err := report.Find("gossip"); err == nil {
		t.Error("found")
	}
}
