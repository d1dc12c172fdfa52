package world

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

// requested are all of an offer's terms, with the choice of a contract's buyer.
func requested(o Offer, duration string, quantities map[string]int64) []RequestedTerm {
	var all []RequestedTerm
	for _, kind := range o.Terms.Types() {
		t := RequestedTerm{ID: TermID(o.OfferID, kind)}
		switch kind {
		case TermUpfront:
			t.Upfront = &UpfrontChoice{duration, quantities}
		case TermRenewal:
			t.Renewal = &RenewalChoice{AutoRenew: true}
		}
		all = append(all, t)
	}
	return all
}

func TestAQuoteIsWhatIsCharged(t *testing.T) {
	m := open(t, nil)
	o, _ := m.PublicOffer(teams)
	order := Order{BuyerAccount: acme, Intent: IntentNew, ProposalID: o.ProposalID, ClientToken: "t-1", Terms: requested(o, "P12M", map[string]int64{"seats": 10, "shelves": 1})}
	q, err := m.Quote(m.now, order)
	if err != nil {
		t.Fatal(err)
	}
	if q.AgreementValue.String() != "1250" || len(q.Charges) != 2 || len(q.Items) != 2 || q.Items[0].NewQuantity != 10 || q.Items[0].OldQuantity != 0 || q.Charges[0].Timing != OnAcceptance {
		t.Fatalf("quoted %+v", q)
	}
	if again, err := m.Quote(m.now, order); err != nil || again.RequestID != q.RequestID {
		t.Errorf("the same token again: %+v, %v", again, err)
	}
	other := order
	other.Intent = IntentReplace
	_, err = m.Quote(m.now, other)
	m.mustRefuse(err, fail.Conflict, "client_token")
	if p, err := m.Preview(m.now, order); err != nil || p.RequestID != "" || !p.AgreementValue.Equal(q.AgreementValue) {
		t.Errorf("previewed %+v, %v", p, err)
	}
	m.pass(59 * time.Minute)
	a, err := m.Accept(m.now, acme, q.RequestID, []PurchaseOrder{{q.Charges[1].ID, "PO-7"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Charges) != 2 || a.Charges[0].ID != q.Charges[0].ID || a.Charges[1].PurchaseOrder != "PO-7" || !a.Terms.AutoRenew {
		t.Errorf("agreed on %+v", a)
	}
	again, err := m.Accept(m.now, acme, q.RequestID, nil)
	if err != nil || again.AgreementID != a.AgreementID || len(m.Agreements(AgreementQuery{})) != 1 {
		t.Errorf("accepted twice: %v, %v", again.AgreementID, err)
	}
}

func TestAQuoteExpires(t *testing.T) {
	m := open(t, nil)
	o, _ := m.PublicOffer(inkwell)
	q, err := m.Quote(m.now, Order{BuyerAccount: acme, Intent: IntentNew, ProposalID: o.ProposalID, Terms: requested(o, "", nil)})
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Charges) != 1 || q.Charges[0].Timing != BillingPeriod || q.Charges[0].Amount != nil {
		t.Errorf("quoted %+v", q.Charges)
	}
	_, err = m.Accept(m.now, globex, q.RequestID, nil)
	m.mustRefuse(err, fail.NotFound, "unknown_request")
	m.pass(time.Hour)
	_, err = m.Accept(m.now, acme, q.RequestID, nil)
	m.mustRefuse(err, fail.Invalid, "expired_agreement_request")
	if Reason(err) != "INVALID_AGREEMENT_REQUEST_ID" {
		t.Errorf("AWS's word is %s", Reason(err))
	}
}

func TestAmendingByQuote(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 10}, "P12M", false)
	m.pass(time.Hour)
	amend := func(terms ...RequestedTerm) (Quote, error) {
		return m.Quote(m.now, Order{BuyerAccount: acme, Intent: IntentAmend, SourceAgreementID: a.AgreementID, Terms: terms})
	}
	upfront := RequestedTerm{ID: TermID(a.OfferID, TermUpfront), Upfront: &UpfrontChoice{"P12M", map[string]int64{"seats": 12}}}
	q, err := amend(upfront)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Items) != 1 || q.Items[0].OldQuantity != 10 || q.Items[0].NewQuantity != 12 || !q.AgreementValue.Equal(usd("1200").Add(*q.Charges[0].Amount)) {
		t.Errorf("quoted %+v", q)
	}
	m.pass(30 * time.Minute) // the quote's amounts hold
	after, err := m.Accept(m.now, acme, q.RequestID, nil)
	if err != nil || after.AgreementID != a.AgreementID || !after.Charges[1].Amount.Equal(*q.Charges[0].Amount) || after.Charges[1].ID != q.Charges[0].ID {
		t.Errorf("amended to %+v, %v", after, err)
	}
	upfront.Upfront = &UpfrontChoice{"P12M", map[string]int64{"seats": 11}}
	_, err = amend(upfront)
	m.mustRefuse(err, fail.Invalid, "reduction")
	if Reason(err) != "INVALID_INCREMENTAL_CHARGE" {
		t.Errorf("AWS's word is %s", Reason(err))
	}
}

// Every way in which an order can be wrong, and AWS's word for it.
func TestReasonsAgainstAnOrder(t *testing.T) {
	m := open(t, nil)
	public, _ := m.PublicOffer(teams)
	payg, _ := m.PublicOffer(inkwell)
	units := map[string]int64{"seats": 1}
	good := func() Order {
		return Order{BuyerAccount: acme, Intent: IntentNew, ProposalID: public.ProposalID, Terms: requested(public, "P12M", units)}
	}
	if _, err := m.Preview(m.now, good()); err != nil {
		t.Fatal(err)
	}
	running := m.sign(teams, units, "P12M", false)
	ended := m.buy(inkwell)
	if _, err := m.Cancel(m.now, ended.AgreementID); err != nil {
		t.Fatal(err)
	}
	expired := seats(1, "1")
	expired.ExpiresAt = noon.Add(-time.Hour)
	expired = m.offer(expired)
	for name, c := range map[string]struct {
		spoil func(o *Order)
		want  string
	}{
		"no intent":             {func(o *Order) { o.Intent = "" }, "MISSING_INTENT"},
		"another intent":        {func(o *Order) { o.Intent = IntentRenew }, "INVALID_INTENT"},
		"no proposal":           {func(o *Order) { o.ProposalID = "" }, "MISSING_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"an unknown proposal":   {func(o *Order) { o.ProposalID = "at-nobody" }, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"another's proposal":    {func(o *Order) { o.ProposalID = m.named(globexOffer).ProposalID }, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"an expired proposal":   {func(o *Order) { o.ProposalID, o.Terms = expired.ProposalID, requested(expired, "", nil) }, "EXPIRED_AGREEMENT_PROPOSAL"},
		"a source for new":      {func(o *Order) { o.SourceAgreementID = running.AgreementID }, "INVALID_SOURCE_AGREEMENT_IDENTIFIER"},
		"no source to replace":  {func(o *Order) { o.Intent = IntentReplace }, "MISSING_SOURCE_AGREEMENT_IDENTIFIER"},
		"another product":       {func(o *Order) { o.Intent, o.SourceAgreementID = IntentReplace, ended.AgreementID }, "INACTIVE_AGREEMENT"},
		"an unknown source":     {func(o *Order) { o.Intent, o.SourceAgreementID = IntentReplace, "agmt-nobody" }, "INVALID_SOURCE_AGREEMENT_IDENTIFIER"},
		"a proposal to amend":   {func(o *Order) { o.Intent, o.SourceAgreementID = IntentAmend, running.AgreementID }, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"no terms":              {func(o *Order) { o.Terms = nil }, "MISSING_REQUESTED_TERMS"},
		"terms missing":         {func(o *Order) { o.Terms = o.Terms[1:] }, "MISSING_MANDATORY_TERMS"},
		"a term twice":          {func(o *Order) { o.Terms = append(o.Terms, o.Terms[1]) }, "INCOMPATIBLE_TERMS"},
		"another offer's term":  {func(o *Order) { o.Terms[1].ID = TermID(payg.OfferID, TermUsage) }, "INCOMPATIBLE_TERMS"},
		"an unknown term":       {func(o *Order) { o.Terms[1].ID = "term-nobody" }, "INVALID_REQUESTED_TERM_ID"},
		"no configuration":      {func(o *Order) { o.Terms[0].Upfront = nil }, "MISSING_REQUESTED_TERM_CONFIGURATION"},
		"another configuration": {func(o *Order) { o.Terms[1].Upfront = o.Terms[0].Upfront }, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"an unknown dimension":  {func(o *Order) { o.Terms[0].Upfront.Quantities = map[string]int64{"x": 1} }, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"an unknown duration":   {func(o *Order) { o.Terms[0].Upfront.Duration = "P5M" }, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"nothing to amend": {func(o *Order) {
			*o = Order{BuyerAccount: acme, Intent: IntentAmend, SourceAgreementID: running.AgreementID, Terms: []RequestedTerm{{ID: TermID(public.OfferID, TermLegal)}}}
		}, "INVALID_REQUESTED_TERMS"},
		"another duration to amend": {func(o *Order) {
			*o = Order{BuyerAccount: acme, Intent: IntentAmend, SourceAgreementID: running.AgreementID,
				Terms: []RequestedTerm{{ID: TermID(public.OfferID, TermUpfront), Upfront: &UpfrontChoice{"P36M", units}}}}
		}, "INVALID_REQUESTED_TERM_CONFIGURATION"},
	} {
		o := good()
		c.spoil(&o)
		_, err := m.Preview(m.now, o)
		if err == nil || Reason(err) != c.want {
			t.Errorf("%s: %v: %s, want %s", name, err, Reason(err), c.want)
		}
	}
}
