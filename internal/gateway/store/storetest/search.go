package storetest

import (
	"slices"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/search"
)

// SearchStores are of one database.
type SearchStores struct {
	Search        search.Finder
	Metering      metering.Store
	Notices       intake.Store
	Outbox        outbox.Store
	Licenses      license.Store
	Corrections   correction.Store
	Cancellations cancellation.Store
	Payments      payment.Store
	Agreements    agreement.Store
	Accounts      account.Store
	Registrations register.Store
	Keys          keys.Store
	Operators     operator.Store
}

// Search is what every engine must find.
func Search(t *testing.T, open func(t *testing.T) SearchStores) {
	s, ctx := open(t), t.Context()
	sent := []metering.Record{record("lic_1", 7, "gb"), record("lic_1", 8, "gb")}
	must(t, s.Metering.Seal(ctx, metering.Sealing{Records: sent}))
	a := metering.Attempt{ID: "req_1", At: t0, Records: []string{sent[0].ID, sent[1].ID}, Request: []byte("{}")}
	must(t, s.Metering.Begin(ctx, []metering.Attempt{a}))
	a.Answered, a.Outcome, a.AWSID = t0, "answered", "aws-request-1"
	taken := sent[0]
	taken.State, taken.Receipt, taken.Since = metering.Honoured, "receipt-1", t0
	must(t, s.Metering.Settle(ctx, []metering.Attempt{a}, []metering.Record{taken}, nil))

	const key = "event:r-1:LicenseUpdated"
	keep(t, s.Notices, aNotice(key, noon))
	keep(t, s.Notices, aNotice("sns:s-1", noon))
	keep(t, s.Notices, aNotice("event:r-12:LicenseUpdated", noon)) // another's name begins with it

	told := outbox.Event{ID: "evt_1", At: noon, Kind: outbox.LicenseReady, Data: []byte("{}")}
	way := outbox.Delivery{ID: "dlv_1", Event: told.ID, Kind: told.Kind, Channel: "webhook", Target: outbox.Target{To: "whe_1"}, State: outbox.Pending, CreatedAt: noon, Since: noon, DueAt: noon}
	must(t, s.Outbox.Spread(ctx, told, []outbox.Delivery{way}, noon))
	found := alert.Finding{Kind: outbox.AlertNoticeUnread, Cause: "c", At: noon}
	must(t, s.Licenses.CommitChange(ctx, license.Change{Found: []alert.Finding{found}}))
	fix, end := correction.Correction{Life: proposal.Life{ID: "cor_1", License: "lic_1", CreatedAt: noon, State: correction.Pending, Since: noon, AWSID: "ba-1"}, Kind: correction.OverBilled, Month: noon, Request: &correction.Request{}}, newCancellation(1)
	end.AWSID = "acr-1"
	must(t, s.Corrections.Add(ctx, fix, func([]correction.Correction) error { return nil }))
	addProposal(t, s.Cancellations, end)
	ask := newPayment(1)
	ask.AWSID, ask.ChargeID = "pr-1", "ch-1"
	addProposal(t, s.Payments, ask)
	for i := range 2 {
		if _, err := s.Agreements.KeepAgreements(ctx, []agreement.Agreement{agreementNumbered(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	who := account.Who{Person: account.Person{ID: "per_1", Email: "a@example.com", Name: "A", CreatedAt: noon}, Account: account.Account{ID: "acc_1", CreatedAt: noon}, Role: account.RoleOwner}
	must(t, s.Accounts.CreateAccount(ctx, who, "a@example.com", "hash"))
	if _, err := s.Accounts.ReferAccount(ctx, account.Account{ID: "acc_2", Reference: "customer 17", CreatedAt: noon}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registrations.Arrived(ctx, register.Registration{ID: "reg_1", License: "lic_1", ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}, told); err != nil {
		t.Fatal(err)
	}
	must(t, s.Keys.AddKey(ctx, keys.Key{ID: "key_1", Name: "k", CreatedAt: noon}, keys.Hash{1}))
	addOperator(t, s.Operators, "op_1", operator.Viewer, noon)

	first, second := search.Hit{Kind: search.Record, ID: sent[0].ID}, search.Hit{Kind: search.Record, ID: sent[1].ID}
	notice, delivery := search.Hit{Kind: search.Notice, ID: key}, search.Hit{Kind: search.Delivery, ID: "dlv_1"}
	agreed := func(id string) search.Hit { return search.Hit{Kind: search.Agreement, ID: id} }
	for name, want := range map[string][]search.Hit{
		"": nil, "nothing": nil, "x' or 1=1 --": nil, "receipt": nil, "r-": nil, "\x00": nil,
		sent[0].ID: {first}, "receipt-1": {first}, "req_1": {first, second}, "aws-request-1": {first, second},
		key: {notice}, "r-1": {notice}, "m-" + key: {notice}, "e-" + key: {notice}, "s-1": {{Kind: search.Notice, ID: "sns:s-1"}},
		"dlv_1": {delivery}, "evt_1": {delivery}, string(found.Names()): {{Kind: search.Alert, ID: string(found.Names())}},
		"cor_1": {{Kind: search.Correction, ID: "cor_1"}}, "ba-1": {{Kind: search.Correction, ID: "cor_1"}},
		"can_1": {{Kind: search.Cancellation, ID: "can_1"}}, "acr-1": {{Kind: search.Cancellation, ID: "can_1"}},
		"pay_1": {{Kind: search.Payment, ID: "pay_1"}}, "pr-1": {{Kind: search.Payment, ID: "pay_1"}}, "ch-1": {{Kind: search.Payment, ID: "pay_1"}},
		"agmt-2": {agreed("agmt-2")}, "offer-1": {agreed("agmt-1"), agreed("agmt-2")},
		"acc_1": {{Kind: search.Account, ID: "acc_1"}}, "per_1": {{Kind: search.Account, ID: "acc_1"}}, "customer 17": {{Kind: search.Account, ID: "acc_2"}},
		"reg_1": {{Kind: search.Registration, ID: "reg_1"}}, "key_1": {{Kind: search.APIKey, ID: "key_1"}}, "op_1": {{Kind: search.Operator, ID: "op_1"}},
	} {
		got, err := s.Search.Named(ctx, name, 10)
		slices.SortFunc(got, func(a, b search.Hit) int {
			return slices.Compare([]string{string(a.Kind), a.ID}, []string{string(b.Kind), b.ID})
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", name, got, err, want)
		}
	}
	if got, err := s.Search.Named(ctx, "req_1", 1); err != nil || len(got) != 1 {
		t.Errorf("at most one: %v, %v", got, err)
	}
}
