package world

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// variable is a contract under which the seller may ask for up to 500, and how the buyer approves it.
func (m *market) variable(choice *VariableChoice) Agreement {
	m.t.Helper()
	o, err := m.CreateOffer(m.now, Offer{ProductID: "prod-inkwell0teams", Name: "As it comes", Buyers: []string{acme}, Terms: OfferTerms{
		Fixed: &FixedTerm{Duration: "P12M", Grants: []Grant{{Dimension: "seats"}}}, Variable: &VariablePaymentTerm{MaxTotal: decimal.NewFromInt(500)}}})
	if err != nil {
		m.t.Fatal(err)
	}
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: teams, OfferID: o.OfferID, Terms: Terms{Variable: choice}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.pass(time.Hour)
	return a
}

func TestPaymentRequests(t *testing.T) {
	m := open(t, nil)
	a := m.variable(nil)
	good := NewPayment{AgreementID: a.AgreementID, TermID: TermID(a.OfferID, TermVariable), Name: "Setting up", Amount: "300.50", ClientToken: "t1"}
	with := func(change func(*NewPayment)) NewPayment {
		in := good
		in.ClientToken = ""
		change(&in)
		return in
	}
	first, err := m.RequestPayment(m.now, seller, good)
	if err != nil || first.Status != PendingApproval || !first.ApprovedBy.IsZero() {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := m.RequestPayment(m.now, seller, good); err != nil || again.ID != first.ID {
		t.Errorf("the same token: %+v, %v", again, err)
	}
	other := m.buy(inkwell)
	for name, c := range map[string]struct {
		by   string
		in   NewPayment
		code string
	}{
		"other content":   {seller, with(func(in *NewPayment) { in.ClientToken, in.Name = "t1", "Another" }), "client_token"},
		"beyond the rest": {seller, with(func(in *NewPayment) { in.Amount = "199.51" }), "invalid_charge_amount"},
		"no amount":       {seller, with(func(in *NewPayment) { in.Amount = "" }), "missing_charge_amount"},
		"odd amount":      {seller, with(func(in *NewPayment) { in.Amount = "-1" }), "invalid_charge_amount"},
		"short name":      {seller, with(func(in *NewPayment) { in.Name = "Fee" }), "invalid_name"},
		"no name":         {seller, with(func(in *NewPayment) { in.Name = "" }), "missing_name"},
		"no term":         {seller, with(func(in *NewPayment) { in.TermID = "" }), "missing_term_id"},
		"another term":    {seller, with(func(in *NewPayment) { in.TermID = TermID(a.OfferID, TermFixed) }), "invalid_term_id"},
		"pay as you go":   {seller, with(func(in *NewPayment) { in.AgreementID = other.AgreementID }), "invalid_term_id"},
		"the buyer":       {acme, with(func(*NewPayment) {}), "not_proposer"},
	} {
		if _, err := m.RequestPayment(m.now, c.by, c.in); fail.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := m.AcceptPayment(m.now, seller, first.ID, ""); !fail.Is(err, fail.NotFound) {
		t.Errorf("the seller approves: %v", err)
	}
	paid, err := m.AcceptPayment(m.now, acme, first.ID, "PO-7")
	if err != nil || paid.Status != Approved || paid.ChargeID == "" {
		t.Fatalf("%+v, %v", paid, err)
	}
	v := m.Invoices(InvoiceQuery{AgreementID: a.AgreementID})
	if len(v) != 1 || v[0].Amount.String() != "300.5" || v[0].Lines[0].Name != "Setting up" || v[0].Lines[0].Kind != ChargePayment {
		t.Errorf("invoiced %+v", v)
	}
	refused, err := m.RequestPayment(m.now, seller, with(func(in *NewPayment) { in.Amount = "199.5" }))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.RejectPayment(m.now, acme, refused.ID, "Too much."); err != nil || got.Status != Rejected || got.StatusMessage != "Too much." {
		t.Errorf("%+v, %v", got, err)
	}
	taken, err := m.RequestPayment(m.now, seller, with(func(in *NewPayment) { in.Amount = "199.5" })) // which is free again
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.WithdrawPayment(m.now, seller, taken.ID); err != nil || got.Status != Withdrawn {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := m.AcceptPayment(m.now, acme, taken.ID, ""); fail.CodeOf(err) != "status" {
		t.Errorf("approved after its end: %v", err)
	}
	m.pass(300 * 24 * time.Hour)
	var all []RequestStatus
	for _, r := range m.Payments(PaymentQuery{AgreementID: a.AgreementID, SellerAccount: seller}) {
		all = append(all, r.Status)
	}
	if want := []RequestStatus{Approved, Rejected, Withdrawn}; !slices.Equal(all, want) || m.owed() != "300.5" {
		t.Errorf("requests %q, %s to pay", all, m.owed())
	}
}

// Where the buyer chose it, silence approves; not when the agreement has ended meanwhile.
func TestPaymentsAreApprovedBySilence(t *testing.T) {
	for ends, want := range map[bool]RequestStatus{false: Approved, true: ValidationFailed} {
		m := open(t, nil)
		a := m.variable(&VariableChoice{Strategy: AutoApprove, Expiration: "P10D"})
		r, err := m.RequestPayment(m.now, seller, NewPayment{AgreementID: a.AgreementID, TermID: TermID(a.OfferID, TermVariable), Name: "Setting up", Amount: "1"})
		if err != nil || !r.ApprovedBy.Equal(m.now.AddDate(0, 0, 10)) {
			t.Fatalf("%+v, %v", r, err)
		}
		if ends {
			if _, err := m.Terminate(m.now, a.AgreementID); err != nil {
				t.Fatal(err)
			}
		}
		m.until(r.ApprovedBy.Add(-time.Millisecond))
		if got, _ := m.Payment(r.ID); got.Status != PendingApproval {
			t.Errorf("before its time: %s", got.Status)
		}
		m.pass(time.Millisecond)
		if got, _ := m.Payment(r.ID); got.Status != want || (got.ChargeID != "") != (want == Approved) {
			t.Errorf("ended %v: %+v", ends, got)
		}
	}
}
