package world

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// The laws of money, over random acts and moves of the clock:
//   - a bill's total is the sum of its lines, and of the invoices of its month and what will be invoiced;
//   - what is given back of an invoice is never more than what it was over, and its maximum is what is left of that;
//   - what was approved of an agreement's payment requests is on its bill once, and is never more than its term allows;
//   - every honoured record is on exactly one line, whose quantity is the sum of its records;
//   - every request, adjustment and case comes to one final state, and each state that AWS tells the proposer of is told once.
func TestLawsOfMoney(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		told := map[string]int{}
		w, err := New(Options{File: Builtin(), Seed: 9, FulfillmentURL: "http://127.0.0.1/", Sink: func(n Notice) {
			switch n := n.(type) {
			case CancellationRequested:
				told[n.Request.ID+string(n.Request.Status)]++
			case BillingAdjusted:
				if n.Manufacturer == n.SellerAccount {
					rt.Fatalf("told as the product's seller and as the proposer: %+v", n)
				}
				if n.Manufacturer == "" {
					told[n.Adjustment.ID+string(n.Adjustment.Status)]++
				}
			}
		}})
		if err != nil {
			rt.Fatal(err)
		}
		now := noon
		for range rapid.IntRange(5, 60).Draw(rt, "acts") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 70, 3600, 20 * 3600, 5 * 24 * 3600, 25 * 24 * 3600}).Draw(rt, "seconds")) * time.Second)
			if _, err := w.RunDue(now); err != nil {
				rt.Fatal(err)
			}
			randomMoney(rt, w, now)
			checkMoney(rt, w)
		}
		now = now.AddDate(0, 3, 0) // everything that was asked for comes to its end
		if _, err := w.RunDue(now); err != nil {
			rt.Fatal(err)
		}
		checkMoney(rt, w)
		for _, r := range w.Cancellations(CancellationQuery{}) {
			if !r.Status.Final() || told[r.ID+string(PendingApproval)] > 1 || told[r.ID+string(r.Status)] != 1 {
				rt.Fatalf("%+v, told %v", r, told)
			}
		}
		for _, ad := range w.Adjustments(AdjustmentQuery{}) {
			if ad.Status == AdjustmentPending || told[ad.ID+string(ad.Status)] != 1 || (ad.Status == AdjustmentCompleted) != (ad.CreditMemoID != "") {
				rt.Fatalf("%+v, told %v", ad, told)
			}
		}
		for _, r := range w.Payments(PaymentQuery{}) {
			if (r.Status == Approved) != (r.ChargeID != "") || r.Status == PendingApproval && !r.ApprovedBy.IsZero() {
				rt.Fatalf("%+v", r)
			}
		}
		for _, c := range w.Cases(CaseQuery{}) {
			if (c.Status == CasePending) != (c.WaitsFor == WaitsForSeller) || (c.Status == CaseCompleted) != c.Refunded.IsPositive() {
				rt.Fatalf("%+v", c)
			}
		}
		for id, n := range told {
			if n != 1 {
				rt.Fatalf("%s was told %d times", id, n)
			}
		}
	})
}

// randomMoney does something that has to do with money, or tries to.
func randomMoney(rt *rapid.T, w *World, now time.Time) {
	agreements := w.Agreements(AgreementQuery{})
	agreement := Agreement{AgreementID: "none"}
	if len(agreements) > 0 {
		agreement = rapid.SampledFrom(agreements).Draw(rt, "agreement")
	}
	amount := rapid.SampledFrom([]string{"0.01", "1", "12", "120.5", "1000"}).Draw(rt, "amount")
	switch rapid.IntRange(-5, 10).Draw(rt, "act") {
	case -5, -4:
		_ = randomPayment(rt, w, now)
	case -3, -2, -1:
		_ = sell(rt, w, now, func() string { return agreement.AgreementID })
	case 0:
		_, _ = w.Subscribe(now, Subscribe{BuyerAccount: acme, Product: rapid.SampledFrom([]string{inkwell, classic}).Draw(rt, "product")})
	case 1:
		terms := Terms{Duration: "P1M", AutoRenew: rapid.Bool().Draw(rt, "renews"), Quantities: map[string]int64{"seats": rapid.Int64Range(1, 5).Draw(rt, "seats")}}
		_, _ = w.Subscribe(now, Subscribe{BuyerAccount: acme, Product: teams, Terms: terms})
	case 2:
		_, _ = w.Subscribe(now, Subscribe{BuyerAccount: acme, Product: press, Terms: Terms{Duration: "P12M", Quantities: map[string]int64{"handpress": 1}}})
	case 3, 4:
		randomUsage(rt, w, agreement, now)
	case 5:
		_, _ = w.Cancel(now, agreement.AgreementID)
	case 6:
		_, _ = w.Amend(now, agreement.AgreementID, Amendment{Quantities: map[string]int64{"seats": 9}})
	case 7:
		_, _ = w.RequestCancellation(now, seller, NewCancellation{AgreementID: agreement.AgreementID, ReasonCode: "OTHER"})
		if all := w.Cancellations(CancellationQuery{Status: PendingApproval}); len(all) > 0 && rapid.Bool().Draw(rt, "answered") {
			_, _ = w.answer(now, rapid.SampledFrom([]RequestStatus{Approved, Rejected}).Draw(rt, "answer"), acme, all[0].ID, "why")
		}
	case 8:
		_, _ = w.Refund(now, agreement.AgreementID, Refund{Kind: rapid.SampledFrom([]RefundKind{FullRefund, ProratedRefund}).Draw(rt, "kind")})
	case 9:
		_, _ = w.OpenCase(now, NewCase{AgreementID: agreement.AgreementID, Kind: rapid.SampledFrom([]CaseKind{"", MeteringError}).Draw(rt, "kind"), Month: rapid.SampledFrom([]string{"", "2026-11"}).Draw(rt, "month")})
		if all := w.Cases(CaseQuery{Status: CasePending}); len(all) > 0 && rapid.Bool().Draw(rt, "decided") {
			_, _ = w.DecideCase(now, seller, all[0].CaseID, Decision{Grant: ProratedRefund})
		}
	case 10:
		if all := w.Invoices(InvoiceQuery{}); len(all) > 0 {
			v := rapid.SampledFrom(all).Draw(rt, "invoice")
			_, _, _ = w.Adjust(now, seller, []NewAdjustment{{AgreementID: v.AgreementID, InvoiceID: v.InvoiceID, Amount: amount, Currency: "USD", ReasonCode: "OTHER",
				ClientToken: rapid.StringMatching("[a-z]{3}").Draw(rt, "token")}})
		}
	}
}

func randomUsage(rt *rapid.T, w *World, a Agreement, now time.Time) {
	u := Usage{Timestamp: now.Add(-time.Duration(rapid.IntRange(0, 20).Draw(rt, "hours")) * time.Hour), Dimension: "pages", Quantity: rapid.Int64Range(0, 1000).Draw(rt, "quantity")}
	b := Batch{Seller: seller, Region: "us-east-1"}
	if a.CustomerIdentifier != "" {
		b.ProductCode, u.CustomerIdentifier = a.ProductCode, a.CustomerIdentifier
	} else {
		u.LicenseARN, u.BuyerAccount = a.License.ARN, a.BuyerAccount
	}
	if a.ProductCode == press {
		u.Dimension = "extra_pages"
	}
	b.Usage = []Usage{u}
	_, _ = w.MeterBatch(now, b)
}

func checkMoney(rt *rapid.T, w *World) {
	records, lines := map[string]int64{}, map[string]int64{}
	all, _ := w.Records(RecordQuery{})
	for _, r := range all {
		if r.Quantity > 0 {
			records[fmt.Sprint(r.LicenseARN, r.ProductCode, r.Dimension, r.Timestamp.Format("2006-01"))] += r.Quantity
		}
	}
	given := map[string]decimal.Decimal{} // by invoice
	paid := map[string]decimal.Decimal{}  // by agreement, on request
	flat := map[string]time.Duration{}    // by agreement: the time that a month's price was charged for
	start := func(month string) time.Time {
		t, err := time.Parse("2006-01", month)
		if err != nil {
			rt.Fatal(err)
		}
		return t
	}
	for _, b := range bills(rt, w) {
		sum := decimal.Zero
		for _, c := range b.Charges {
			sum = sum.Add(c.Amount)
			switch {
			case c.Kind == ChargeUsage && c.Quantity > 0:
				lines[fmt.Sprint(c.LicenseARN, c.ProductCode, c.Dimension, b.Month)] += c.Quantity
			case c.Kind == ChargeRecurring:
				if c.Amount.GreaterThan(c.Price) || c.From.Before(start(b.Month)) || c.To.After(start(b.Month).AddDate(0, 1, 0)) || !c.From.Before(c.To) {
					rt.Fatalf("%s: a month's price is %+v", b.Month, c)
				}
				flat[c.AgreementID] += c.To.Sub(c.From)
			case c.Kind == ChargePayment:
				paid[c.AgreementID] = paid[c.AgreementID].Add(c.Amount)
			case c.Original != "":
				given[c.Original] = given[c.Original].Sub(c.Amount)
			}
		}
		if !sum.Equal(b.Total) {
			rt.Fatalf("%s: %s in all, the lines are %s", b.Month, b.Total, sum)
		}
	}
	if fmt.Sprint(records) != fmt.Sprint(lines) {
		rt.Fatalf("honoured %v, billed %v", records, lines)
	}
	for id, charged := range flat {
		if a, err := w.Agreement(id); err != nil || !a.EndedAt.IsZero() && charged > a.EndedAt.Sub(a.StartTime) {
			rt.Fatalf("%s is charged by the month for %s, and ran from %s to %s, %v", id, charged, a.StartTime, a.EndedAt, err)
		}
	}
	asked := map[string]decimal.Decimal{} // by agreement: approved, or it waits
	for _, r := range w.Payments(PaymentQuery{}) {
		if r.Status == Approved || r.Status == PendingApproval {
			asked[r.AgreementID] = asked[r.AgreementID].Add(r.Amount)
			if a, err := w.Agreement(r.AgreementID); err != nil || asked[r.AgreementID].GreaterThan(a.Accepted.Variable.MaxTotal) {
				rt.Fatalf("%s was asked for under %+v, %v", asked[r.AgreementID], a.Accepted.Variable, err)
			}
		}
		if r.Status == Approved {
			paid[r.AgreementID] = paid[r.AgreementID].Sub(r.Amount)
		}
	}
	for id, rest := range paid {
		if !rest.IsZero() {
			rt.Fatalf("%s is billed %s beside what was approved", id, rest)
		}
	}
	for _, v := range w.Invoices(InvoiceQuery{Type: InvoiceCharge}) {
		if left := decimal.Max(v.Amount, decimal.Zero).Sub(given[v.InvoiceID]); left.IsNegative() || !left.Equal(v.MaxAdjustment) {
			rt.Fatalf("of %+v, %s was given back", v, given[v.InvoiceID])
		}
		delete(given, v.InvoiceID)
	}
	if len(given) > 0 {
		rt.Fatalf("given back of no invoice: %v", given)
	}
}

// bills are those of every buyer and month.
func bills(rt *rapid.T, w *World) (all []Bill) {
	for _, buyer := range w.Buyers() {
		for month := noon; month.Before(noon.AddDate(8, 0, 0)); month = month.AddDate(0, 1, 0) {
			b, err := w.Bill(buyer.AccountID, month)
			if err != nil {
				rt.Fatal(err)
			}
			all = append(all, b)
		}
	}
	return all
}
