package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/usage"
)

// evil is what an attacker puts wherever something can be put.
const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

// TestStoredScriptStaysText puts a script into everything that others write and the console shows: a customer's form, a
// notice, an event, the names of keys and operators, identifiers; and opens every page.
func TestStoredScriptStaysText(t *testing.T) {
	d := newDesk(t)
	admin := d.add(operator.Admin)
	ctx := t.Context()
	buyer := license.Buyer{ProductCode: inkCode, Customer: core.AWSAccountID("111122223333"), ARN: core.LicenseARN("arn:aws:license-manager::1:license:" + evil), CustomerIdentifier: core.CustomerIdentifier(evil)}
	l, err := d.book.Arrive(ctx, buyer, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.book.Note(ctx, license.Note{ID: evil, Kind: license.Activated, At: noon, About: license.Ref{ProductCode: inkCode, ARN: buyer.ARN, Agreement: core.AgreementID(evil), Offer: core.OfferID(evil)}}); err != nil {
		t.Fatal(err)
	}
	owner := account.Who{Person: account.Person{ID: "per_1", Email: "a" + evil + "@example.com", Name: evil, CreatedAt: noon}, Account: account.Account{ID: "acc_1", Company: evil, CreatedAt: noon}, Role: account.RoleOwner}
	if err := d.db.Accounts().CreateAccount(ctx, owner, "a@example.com", "hash"); err != nil {
		t.Fatal(err)
	}
	if err := d.book.AttachAccount(ctx, l.ID, "acc_1", true); err != nil {
		t.Fatal(err)
	}
	if _, err := d.db.Registrations().Arrived(ctx, register.Registration{ID: "reg_1", License: l.ID, Buyer: buyer, Offer: evil, ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}, outbox.Event{ID: "evt_1", At: noon, Kind: outbox.RegistrationArrived, Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.db.Registrations().Claim(ctx, register.Registration{ID: "reg_1", Account: "acc_1", ClaimedAt: noon, DueAt: noon, Answers: []register.Answer{{Name: "x", Label: evil, Type: core.LongTextField, Value: evil}}}, outbox.Event{ID: "evt_2", At: noon, Kind: outbox.RegistrationCompleted, Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	n := d.hears(`{"detail-type":"` + url.QueryEscape(evil) + evil)
	read, err := d.in.Take(ctx, intake.Message{ID: evil, Body: `{"id":"e1","detail-type":"\"><script>alert(1)</script> - Manufacturer","source":"aws.agreement-marketplace","detail":{}}`, SentAt: noon})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := d.events.Accept(ctx, evil, []usage.Event{{Source: evil, ID: evil, License: usage.Ref{Name: string(l.ID)}, Dimension: "pages", Quantity: "3", Time: noon}}); err != nil || res.Accepted != 1 {
		t.Fatal(res, err)
	}
	if _, _, err := keys.Create(ctx, d.db.Keys(), d.clk, evil); err != nil {
		t.Fatal(err)
	}
	fix := correction.Correction{Life: proposal.Life{ID: "cor_1", License: l.ID, AskedBy: approval.Actor{Key: evil, Person: evil}, CreatedAt: noon, State: correction.Proposed, Why: evil, Since: noon},
		Kind: correction.OverBilled, Amount: evil, InvoiceID: evil, Month: noon.AddDate(0, -1, 0), Reason: evil, Description: evil, Request: &correction.Request{Description: evil}}
	if err := d.db.Corrections().Add(ctx, fix, func([]correction.Correction) error { return nil }); err != nil {
		t.Fatal(err)
	}
	end := cancellation.Cancellation{Life: proposal.Life{ID: "can_1", License: l.ID, AskedBy: approval.Actor{Key: evil, Person: evil}, AWSID: evil, CreatedAt: noon, State: cancellation.Pending, Why: evil, Since: noon},
		Agreement: core.AgreementID(evil), Reason: evil, Description: evil, Asked: proposal.Asked{WithdrawnBy: approval.Actor{Person: evil}, WithdrawWhy: evil}}
	if err := d.db.Cancellations().Add(ctx, end, func([]cancellation.Cancellation) error { return nil }); err != nil {
		t.Fatal(err)
	}
	bill := payment.Payment{Life: proposal.Life{ID: "pay_1", License: l.ID, AskedBy: approval.Actor{Key: evil, Person: evil}, AWSID: evil, CreatedAt: noon, State: payment.Pending, Why: evil, Since: noon},
		Asked: proposal.Asked{WithdrawnBy: approval.Actor{Person: evil}, WithdrawWhy: evil}, Agreement: "agmt-9", Term: evil, Name: evil, Amount: evil, Currency: evil, Description: evil, Maximum: evil, Silence: evil, ChargeID: evil}
	if err := d.db.Payments().Add(ctx, bill, func([]payment.Payment) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := d.db.Licenses().CommitChange(ctx, license.Change{Found: []alert.Finding{{Kind: outbox.AlertNoticeUnread, Cause: evil, License: core.LicenseID(evil), Product: core.ProductCode(evil), About: evil, Say: evil, At: noon}}}); err != nil {
		t.Fatal(err)
	}
	deal := agreement.Agreement{ID: "agmt-9", Status: evil, Customer: evil, Offer: evil, ProductID: evil, Initial: "agmt-9", Licenses: []core.LicenseARN{buyer.ARN}, AtEnd: evil, AtEndWhy: evil, SeenAt: noon}
	for _, a := range []agreement.Agreement{deal, {ID: "agmt-8", Status: agreement.Active, Offer: evil, Initial: "agmt-9", SeenAt: noon}} {
		if _, err := d.db.Agreements().KeepAgreements(ctx, []agreement.Agreement{a}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.db.Agreements().KeepTerms(ctx, deal, agreement.Terms{At: noon, Value: evil, CurrencyCode: evil, Accepted: evilTerms(t)}); err != nil {
		t.Fatal(err)
	}
	alarm := alert.Finding{Kind: outbox.AlertNoticeUnread, Cause: evil}.Names()
	told := outbox.Event{ID: "evt_9", Kind: outbox.LicenseReady, At: noon, License: l.ID, Data: []byte(`{"a":"<script>alert(1)</script>"}`)}
	way := outbox.Delivery{ID: "dlv_9", Event: told.ID, Kind: told.Kind, License: l.ID, Channel: "webhook", Target: outbox.Target{To: evil, Form: evil, Lane: "x"}, State: outbox.Pending, Why: evil, CreatedAt: noon, Since: noon, DueAt: noon}
	if err := d.db.Outbox().Spread(ctx, told, []outbox.Delivery{way}, noon); err != nil {
		t.Fatal(err)
	}
	b := d.as(admin)
	if a := b.post("/console/operators", url.Values{"email": {"x@example.com"}, "name": {evil}, "role": {"viewer"}, "password": {password}}); a.Code != http.StatusSeeOther {
		t.Fatal(a.Code)
	}
	seen := 0
	for _, path := range []string{"/console", "/console/licenses?q=" + url.QueryEscape("<script>"), "/console/licenses", "/console/licenses/" + string(l.ID), "/console/records", "/console/notices",
		"/console/notices/" + url.PathEscape(n.Key), "/console/notices/" + url.PathEscape(read.Key), "/console/registrations", "/console/registrations/reg_1", "/console/accounts", "/console/accounts/acc_1", "/console/corrections", "/console/corrections/cor_1", "/console/cancellations", "/console/cancellations/can_1",
		"/console/payments", "/console/payments/pay_1", "/console/payments/new?license=" + string(l.ID) + "&name=" + url.QueryEscape(evil) + "&agreement=" + url.QueryEscape(evil), "/console/cancellations/new?license=" + string(l.ID), "/console/corrections/new?license=" + string(l.ID) + "&description=" + url.QueryEscape(evil) + "&month=" + url.QueryEscape(evil), "/console/keys", "/console/operators", "/console/log", "/console/me", browsersPath + "others", browsersPath + url.PathEscape(evil),
		"/console/agreements", "/console/agreements/agmt-9", "/console/agreements?offer=" + url.QueryEscape(evil), "/console/search?q=" + url.QueryEscape(evil),
		"/console/deliveries", "/console/alerts", "/console/alerts/" + string(alarm), "/console/alerts?state=" + url.QueryEscape(evil), "/console/deliveries/dlv_9", "/console/deliveries?license=" + url.QueryEscape(evil), "/console/settings", "/console/signin?then=" + url.QueryEscape(evil), "/console/licenses?state=" + url.QueryEscape(evil), "/console/notices?license=" + url.QueryEscape(evil), "/console/records?license=" + url.QueryEscape(evil), "/console/" + url.PathEscape(evil)} {
		who := b
		if strings.HasPrefix(path, "/console/signin") {
			who = d.browser()
		}
		a := who.get(path)
		if a.Page.Node == nil || a.Code == http.StatusSeeOther {
			t.Errorf("%s: %d %.200s", path, a.Code, a.Body)
			continue
		}
		if strings.Contains(a.Page.Text(), "<script>") {
			seen++
		}
		for _, s := range a.Page.All("script") {
			if !strings.HasPrefix(s.Attr("src"), assetPath) {
				t.Errorf("%s: a script came in through data", path)
			}
		}
		if n := len(a.Page.All("img")); n > 0 {
			t.Errorf("%s: %d pictures came in through data", path, n)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	if seen < 21 {
		t.Errorf("only %d pages showed what was put in", seen)
	}
}
