package statement_test

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/statement"
)

// put are corrections in memory; it gives them one a page, to be asked again.
type put []correction.Correction

func (p put) List(_ context.Context, q proposal.Query) (list []correction.Correction, err error) {
	for _, c := range p {
		if (q.License == "" || c.License == q.License) && (q.State == "" || c.State == q.State) && c.ID > q.After && len(list) < q.Limit {
			list = append(list, c)
		}
	}
	return list, nil
}

// over is a correction of what was billed too much in november, given back on the 5th of december at AWS and heard of later.
func over(id correction.ID, l license.License, amount string, change func(*correction.Correction)) correction.Correction {
	december := november.AddDate(0, 1, 0)
	c := correction.Correction{Life: proposal.Life{ID: id, License: l.ID, State: correction.Completed, AWSID: "ba-1", SettledAt: december.AddDate(0, 0, 4), Since: december.AddDate(0, 0, 5)},
		Kind: correction.OverBilled, Dimension: "gb", Quantity: "4", Month: november, Reason: "INCORRECT_METERING", Request: &correction.Request{InvoiceID: "inv-1", Amount: amount, CurrencyCode: "USD"}}
	if change != nil {
		change(&c)
	}
	return c
}

func TestCorrectionsOnAStatement(t *testing.T) {
	m := month()
	added := correction.Correction{Life: proposal.Life{ID: "cor_2", License: ann.ID, State: correction.Completed, Since: (first + 1).Start()},
		Kind: correction.UnderBilled, Dimension: "gb", Quantity: "1.5", Reason: "A queue was lost.", Hour: first + 1}
	open := added
	open.ID, open.Hour = "cor_3", first+9 // of an hour that is not sealed
	m.Corrections = put{over("cor_1", ann, "8", nil), added, open,
		over("cor_4", ann, "1", func(c *correction.Correction) { c.State = correction.Failed }),
		over("cor_5", ann, "1", func(c *correction.Correction) { c.State, c.SettledAt = correction.Proposed, time.Time{} }),
		over("cor_6", bob, "1", nil)}
	s, err := m.Make(t.Context(), ann, november, november.AddDate(0, 0, 40))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Corrections) != 3 || s.Corrections[0].ID != "cor_1" || s.Corrections[1].ID != "cor_2" || s.Corrections[2].ID != "cor_3" {
		t.Fatalf("%+v", s.Corrections)
	}
	if c := s.Corrections[0]; c.Amount != "8" || c.Currency != "USD" || c.Invoice != "inv-1" || c.AWSID != "ba-1" || c.Month != "2026-11" || !c.At.Equal(november.AddDate(0, 1, 4)) || c.Reason != "INCORRECT_METERING" {
		t.Errorf("given back: %+v", c)
	}
	if c := s.Corrections[1]; c.Month != "2026-11" || c.Hour != first+1 || c.Quantity != "1.5" || c.Reason != "A queue was lost." {
		t.Errorf("added: %+v", c)
	}
	if l := s.Lines[0]; l.Added != q("1.5") || !l.Balanced() {
		t.Errorf("the line %+v", l)
	}
	december, err := m.Make(t.Context(), ann, november.AddDate(0, 1, 0), november.AddDate(0, 0, 70))
	if err != nil || len(december.Corrections) != 1 || december.Corrections[0].Month != "2026-11" {
		t.Errorf("the month in which it was given back: %+v, %v", december.Corrections, err)
	}

	text, err := s.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(rows) != 1+1+3+3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cell := func(row int, name string) string {
		for i, column := range rows[0] {
			if column == name {
				return rows[row][i]
			}
		}
		t.Fatalf("there is no column %s", name)
		return ""
	}
	for name, want := range map[string]string{"kind": "correction", "correction": "cor_1", "correctionKind": "over_billed", "quantity": "4", "amount": "8", "currency": "USD",
		"reason": "INCORRECT_METERING", "state": "completed", "invoice": "inv-1", "billingAdjustmentRequestId": "ba-1", "at": "2026-12-05T00:00:00Z", "hour": "", "final": "false"} {
		if got := cell(2, name); got != want {
			t.Errorf("%s of the correction is %q, want %q", name, got, want)
		}
	}
	if cell(1, "added") != "1.5" || cell(3, "hour") != "2026-11-01T01:00:00Z" {
		t.Errorf("%q\n%q", rows[1], rows[3])
	}
}

// A statement is not final while AWS decides on what is given back of it.
func TestACorrectionUnderWayKeepsAStatementOpen(t *testing.T) {
	for state, final := range map[correction.State]bool{correction.Approved: false, correction.Sending: false, correction.Pending: false, correction.Completed: true,
		correction.Failed: true, correction.Rejected: true, correction.Proposed: true} {
		m := statement.Maker{Ledger: ledger{}, Corrections: put{over("cor_1", ann, "8", func(c *correction.Correction) { c.State = state })}}
		s, err := m.Make(t.Context(), ann, november, november.AddDate(0, 2, 0))
		if err != nil || s.Final != final {
			t.Errorf("%s: final %v, %v", state, s.Final, err)
		}
	}
}

// What was given back is in AWS's report, in the section fees, as an amount below 0.
func TestRefundsBesideAWSsReports(t *testing.T) {
	december := november.AddDate(0, 1, 0)
	m := statement.Maker{Ledger: ledger{}, Corrections: put{over("cor_1", ann, "8", nil), over("cor_2", ann, "2.50", nil), over("cor_3", bob, "1", nil), over("cor_4", eve, "1", nil),
		over("cor_5", bob, "7", func(c *correction.Correction) { c.SettledAt = november }),
		over("cor_6", bob, "7", func(c *correction.Correction) { c.State = correction.Failed })}}
	const usage = "Product Code,Instance Type,Usage Units,Customer AWS Account Number\r\n"
	const fees = "Product Code,Amount,Currency,Fee Description,Customer AWS Account Number,Quantity,Dimension\r\n"
	report := usage + "prod,gb,3,11122223333\r\n" + fees + "prod,120,USD,SaaS Contracts fee,11122223333,1,seats\r\nprod,-8,USD,Refund,11122223333,1,\r\nprod,-2.5,USD,Refund,011122223333,1,\r\n" +
		"prod,-3,EUR,Refund,444455556666,1,\r\n"
	got, err := m.Reconcile(t.Context(), directory{ann, bob, eve}, december, strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		customer core.AWSAccountID
		currency string
		here, at string
		match    statement.Match
	}
	want := []line{{"", "USD", "1", "0", statement.NoAccountID}, {"444455556666", "EUR", "0", "3", statement.OnlyAtAWS}, {"444455556666", "USD", "1", "0", statement.OnlyHere},
		{"011122223333", "USD", "10.5", "10.5", statement.Agrees}}
	if len(got.Refunds) != len(want) || got.Agrees != 1 || got.Sound() || len(got.Items) != 1 || got.Rows != 5 {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if r := got.Refunds[i]; (line{r.Customer, r.Currency, r.Here.String(), r.AtAWS.String(), r.Match}) != w {
			t.Errorf("%d: %+v, want %+v", i, r, w)
		}
	}
	if ids := got.Refunds[3].Corrections; len(ids) != 2 || ids[0] != "cor_1" {
		t.Errorf("%v", ids)
	}

	onlyUsage, err := m.Reconcile(t.Context(), directory{ann}, december, strings.NewReader(usage))
	if err != nil || len(onlyUsage.Refunds) != 0 || !onlyUsage.Sound() {
		t.Errorf("without the section fees: %+v, %v", onlyUsage, err)
	}
	m.Ledger = ledger{records: month().Ledger.(ledger).records}
	onlyFees, err := m.Reconcile(t.Context(), directory{ann}, december, strings.NewReader(fees))
	if err != nil || len(onlyFees.Items) != 0 || len(onlyFees.Refunds) == 0 {
		t.Errorf("without the section usage: %+v, %v", onlyFees, err)
	}
	one := decimal.NewFromInt(1)
	m.Corrections = put{over("cor_3", bob, "1", nil)}
	differs, err := m.Reconcile(t.Context(), directory{bob}, december, strings.NewReader(fees+"prod,-2,USD,Refund,444455556666,1,\r\n"))
	if err != nil || len(differs.Refunds) != 1 || differs.Refunds[0].Match != statement.Differs || !differs.Refunds[0].Here.Equal(one) {
		t.Errorf("%+v, %v", differs, err)
	}
}
