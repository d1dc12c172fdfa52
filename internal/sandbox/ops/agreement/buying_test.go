package agreement

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// listed is the own offer of a product's listing.
func (s *stand) listed(product string) world.Offer {
	s.T.Helper()
	o, err := s.World.PublicOffer(product)
	if err != nil {
		s.T.Fatal(err)
	}
	return o
}

// accepting is an input of CreateAgreementRequest that accepts all terms of an offer; choices are the configurations of
// terms of a type. More members follow.
func accepting(o world.Offer, choices map[world.TermType]string, more ...any) string {
	var terms []string
	for _, kind := range o.Terms.Types() {
		id := `{"id":"` + world.TermID(o.OfferID, kind) + `"`
		if c := choices[kind]; c != "" {
			id += `,"configuration":` + c
		}
		terms = append(terms, id+"}")
	}
	return inputs(append([]any{"intent", "NEW", "agreementProposalIdentifier", o.ProposalID, "requestedTerms", json.RawMessage("[" + strings.Join(terms, ",") + "]")}, more...)...)
}

// upfront configures a contract's quantities.
func upfront(duration string, quantities ...any) string {
	var dims []string
	for i := 0; i < len(quantities); i += 2 {
		dims = append(dims, fmt.Sprintf(`{"dimensionKey":%q,"dimensionValue":%d}`, quantities[i], quantities[i+1]))
	}
	return `{"configurableUpfrontPricingTermConfiguration":{"selectorValue":"` + duration + `","dimensions":[` + strings.Join(dims, ",") + `]}}`
}

const renewing = `{"renewalTermConfiguration":{"enableAutoRenew":true}}`

// quoted is what CreateAgreementRequest answers.
type quoted struct {
	ID      string        `json:"agreementRequestId"`
	Summary chargeSummary `json:"chargeSummary"`
}

// agreed is what AcceptAgreementRequest answers.
type agreed struct{ AgreementID string }

func (s *stand) quote(account, body string) (q quoted) {
	s.T.Helper()
	s.read(account, "CreateAgreementRequest", body, &q)
	return q
}

func (s *stand) accept(account, id string) (a agreed) {
	s.T.Helper()
	s.read(account, "AcceptAgreementRequest", inputs("agreementRequestId", id), &a)
	return a
}

func TestBuyingToTheByte(t *testing.T) {
	s := open(t)
	o := s.listed(teams)
	body := accepting(o, map[world.TermType]string{world.TermUpfront: upfront("P12M", "seats", 5, "shelves", 2), world.TermRenewal: renewing},
		"clientToken", "once", "taxConfiguration", map[string]string{"taxEstimation": "ENABLED"})
	s.both(t, "quote", acme, "CreateAgreementRequest", body)
	s.both(t, "quote-usage", acme, "CreateAgreementRequest", accepting(s.listed(inkwell), nil))
	id := s.quote(acme, body).ID
	opstest.Golden(t, "accept-json", s.as(acme, "AcceptAgreementRequest", inputs("agreementRequestId", id)))
	s.both(t, "accept", acme, "AcceptAgreementRequest", inputs("agreementRequestId", id)) // again: the same agreement
	s.both(t, "charges", acme, "ListAgreementCharges", `{}`)
	opstest.Golden(t, "quote-refused", s.as(acme, "CreateAgreementRequest", accepting(o, nil)))
}

// The whole way of a buyer's program: quote, agreement, token; then an amendment.
func TestBuyAndAmend(t *testing.T) {
	s := open(t)
	o := s.listed(teams)
	body := accepting(o, map[world.TermType]string{world.TermUpfront: upfront("P12M", "seats", 5), world.TermRenewal: renewing}, "clientToken", "one")
	q := s.quote(acme, body)
	if q.Summary.Value != "600.00" || len(q.Summary.Expected) != 1 || q.Summary.Expected[0].Amount != "600.00" || q.Summary.Expected[0].Timing != "ON_ACCEPTANCE" ||
		len(q.Summary.Itemized) != 1 || q.Summary.Itemized[0].NewQuantity != 5 || q.Summary.Itemized[0].ChargeReference != q.Summary.Expected[0].ID || q.Summary.Taxes != nil {
		t.Errorf("quoted %+v", q)
	}
	if again := s.quote(acme, body); again.ID != q.ID {
		t.Errorf("the same token: %s, want %s", again.ID, q.ID)
	}
	a := s.accept(acme, q.ID)
	if again := s.accept(acme, q.ID); again != a {
		t.Errorf("accepted again: %v, want %v", again, a)
	}
	s.Pass(2 * time.Minute)
	var e agreementEntitlements
	s.read(acme, "GetAgreementEntitlements", inputs("agreementId", a.AgreementID), &e)
	if who, err := s.World.ResolveToken(s.Clock.Now(), seller, e.Items[0].RegistrationToken); err != nil || who.BuyerAccount != acme {
		t.Errorf("the token is %+v's, %v", who, err)
	}
	amend := func(term world.TermType, configuration string) quoted {
		return s.quote(acme, inputs("intent", "AMEND", "sourceAgreementIdentifier", a.AgreementID, "requestedTerms",
			json.RawMessage(`[{"id":"`+world.TermID(o.OfferID, term)+`","configuration":`+configuration+`}]`)))
	}
	more := amend(world.TermUpfront, upfront("P12M", "seats", 7))
	if x := more.Summary.Itemized; len(x) != 1 || x[0].OldQuantity != 5 || x[0].NewQuantity != 7 || !strings.HasPrefix(x[0].Amount, "239.99") && x[0].Amount != "240.00" {
		t.Errorf("two more seats: %+v", more.Summary)
	}
	if same := s.accept(acme, more.ID); same != a {
		t.Errorf("the amendment is %v, want %v", same, a)
	}
	s.accept(acme, amend(world.TermRenewal, strings.Replace(renewing, "true", "false", 1)).ID)
	now, err := s.World.Agreement(a.AgreementID)
	if err != nil || now.Terms.Quantities["seats"] != 7 || now.Terms.AutoRenew {
		t.Errorf("%+v, %v", now.Terms, err)
	}
}

// A replacement ends what it replaces.
func TestReplace(t *testing.T) {
	s := open(t)
	old := s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 1}, Duration: "P1M"})
	s.Pass(2 * time.Minute)
	o, err := s.World.CreateOffer(s.Clock.Now(), world.Offer{ProductID: old.ProductID, Buyers: []string{acme}, Replaces: old.AgreementID, Terms: world.OfferTerms{
		Fixed: &world.FixedTerm{Duration: "P24M", Price: decimal.NewFromInt(900), Grants: []world.Grant{{Dimension: "seats", MaxQuantity: new(int64(9))}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if e := s.failure(s.as(acme, "CreateAgreementRequest", accepting(o, nil))); e.Reason != "MISSING_SOURCE_AGREEMENT_IDENTIFIER" {
		t.Errorf("as a new agreement: %+v", e)
	}
	next := s.accept(acme, s.quote(acme, accepting(o, nil, "intent", "REPLACE", "sourceAgreementIdentifier", old.AgreementID)).ID)
	s.Pass(2 * time.Minute)
	if before, err := s.World.Agreement(old.AgreementID); err != nil || before.Status != world.Replaced {
		t.Errorf("the old one is %s, %v", before.Status, err)
	}
	var d described
	s.read(acme, "DescribeAgreement", inputs("agreementId", next.AgreementID), &d)
	if d.InitialAgreementID != old.AgreementID || d.EstimatedCharges.AgreementValue != "900.00" || d.EndTimeBehavior.ReasonCode != "NO_RENEWAL_TERM" {
		t.Errorf("%+v", d)
	}
}

func TestOrdersRefused(t *testing.T) {
	s := open(t)
	payg, contractual := s.listed(inkwell), s.listed(teams)
	running, foreign := s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 3}, Duration: "P12M"}), s.Buy(globex, inkwell)
	ended := s.Buy(acme, inkwell)
	s.Pass(2 * time.Minute)
	if _, err := s.World.Cancel(s.Clock.Now(), ended.AgreementID); err != nil {
		t.Fatal(err)
	}
	private, err := s.World.CreateOffer(s.Clock.Now(), world.Offer{ProductID: payg.ProductID, Buyers: []string{globex}})
	if err != nil {
		t.Fatal(err)
	}
	seats := map[world.TermType]string{world.TermUpfront: upfront("P12M", "seats", 1)}
	one := func(id, configuration string) json.RawMessage {
		return json.RawMessage(`[{"id":"` + id + `","configuration":` + configuration + `}]`)
	}
	amend := func(configuration string) string {
		return inputs("intent", "AMEND", "sourceAgreementIdentifier", running.AgreementID, "requestedTerms", one(world.TermID(contractual.OfferID, world.TermUpfront), configuration))
	}
	many := make([]map[string]string, contract.MaxRequestedTerms+1)
	for name, c := range map[string]struct{ account, body, code, reason string }{
		"no intent":               {acme, `{}`, contract.Validation, "MISSING_INTENT"},
		"another intent":          {acme, `{"intent":"STEAL"}`, contract.Validation, "INVALID_INTENT"},
		"a renewal by hand":       {acme, `{"intent":"RENEW"}`, contract.Validation, "INVALID_INTENT"},
		"no proposal":             {acme, `{"intent":"NEW"}`, contract.Validation, "MISSING_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"an offer's id":           {acme, accepting(payg, nil, "agreementProposalIdentifier", payg.OfferID), contract.Validation, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"an unknown proposal":     {acme, accepting(payg, nil, "agreementProposalIdentifier", "at-0"), contract.ResourceNotFound, ""},
		"another's private offer": {acme, accepting(private, nil), contract.ResourceNotFound, ""},
		"new with a source":       {acme, accepting(payg, nil, "sourceAgreementIdentifier", running.AgreementID), contract.Validation, "INVALID_SOURCE_AGREEMENT_IDENTIFIER"},
		"replace without one":     {acme, accepting(payg, nil, "intent", "REPLACE"), contract.Validation, "MISSING_SOURCE_AGREEMENT_IDENTIFIER"},
		"amend with a proposal":   {acme, accepting(payg, nil, "intent", "AMEND", "sourceAgreementIdentifier", running.AgreementID), contract.Validation, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER"},
		"an unknown source":       {acme, inputs("intent", "AMEND", "sourceAgreementIdentifier", "agmt-0", "requestedTerms", one("x", renewing)), contract.ResourceNotFound, ""},
		"another's source":        {acme, inputs("intent", "AMEND", "sourceAgreementIdentifier", foreign.AgreementID, "requestedTerms", one("x", renewing)), contract.AccessDenied, "INVALID_ACCESS"},
		"the seller":              {seller, accepting(payg, nil), contract.AccessDenied, "INVALID_ACCESS"},
		"no terms":                {acme, accepting(payg, nil, "requestedTerms", []any{}), contract.Validation, "MISSING_REQUESTED_TERMS"},
		"31 terms":                {acme, accepting(payg, nil, "requestedTerms", many), contract.Validation, "INVALID_REQUESTED_TERMS"},
		"a term without id":       {acme, accepting(payg, nil, "requestedTerms", []any{map[string]any{}}), contract.Validation, "MISSING_REQUESTED_TERM_ID"},
		"a malformed id":          {acme, accepting(payg, nil, "requestedTerms", one("a b", renewing)), contract.Validation, "INVALID_REQUESTED_TERM_ID"},
		"an unknown term":         {acme, accepting(payg, nil, "requestedTerms", one("term-0", renewing)), contract.Validation, "INVALID_REQUESTED_TERM_ID"},
		"another offer's term":    {acme, accepting(payg, nil, "requestedTerms", one(world.TermID(contractual.OfferID, world.TermRenewal), renewing)), contract.Validation, "INCOMPATIBLE_TERMS"},
		"terms left out":          {acme, accepting(payg, nil, "requestedTerms", json.RawMessage(`[{"id":"`+world.TermID(payg.OfferID, world.TermUsage)+`"}]`)), contract.Validation, "MISSING_MANDATORY_TERMS"},
		"no configuration":        {acme, accepting(contractual, nil), contract.Validation, "MISSING_REQUESTED_TERM_CONFIGURATION"},
		"an empty configuration":  {acme, accepting(contractual, map[world.TermType]string{world.TermUpfront: `{}`}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"no dimensions":           {acme, accepting(contractual, map[world.TermType]string{world.TermUpfront: upfront("P12M")}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"a dimension twice":       {acme, accepting(contractual, map[world.TermType]string{world.TermUpfront: upfront("P12M", "seats", 1, "seats", 2)}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"a negative quantity":     {acme, accepting(contractual, map[world.TermType]string{world.TermUpfront: upfront("P12M", "seats", -1)}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"another duration":        {acme, accepting(contractual, map[world.TermType]string{world.TermUpfront: upfront("P7M", "seats", 1)}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"a renewal of neither":    {acme, accepting(contractual, map[world.TermType]string{world.TermRenewal: `{"renewalTermConfiguration":{}}`}), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
		"a malformed token":       {acme, accepting(payg, nil, "clientToken", "a b"), contract.Validation, "INVALID_CLIENT_TOKEN"},
		"taxes perhaps":           {acme, accepting(payg, nil, "taxConfiguration", map[string]string{"taxEstimation": "PERHAPS"}), contract.Validation, "OTHER"},
		"fewer than before":       {acme, amend(upfront("P12M", "seats", 2)), contract.Validation, "INVALID_INCREMENTAL_CHARGE"},
		"what has ended":          {acme, inputs("intent", "AMEND", "sourceAgreementIdentifier", ended.AgreementID, "requestedTerms", one(world.TermID(payg.OfferID, world.TermUsage), renewing)), contract.Validation, "INVALID_REQUESTED_TERM_CONFIGURATION"},
	} {
		if e := s.failure(s.as(c.account, "CreateAgreementRequest", c.body)); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s: %+v, want %s %s", name, e, c.code, c.reason)
		}
	}
	s.quote(acme, accepting(contractual, seats, "clientToken", "t"))
	if e := s.failure(s.as(acme, "CreateAgreementRequest", accepting(payg, nil, "clientToken", "t"))); e.Type != contract.Conflict || e.ResourceType != agreementRequest {
		t.Errorf("the token of another order: %+v", e)
	}
	if _, err := s.World.ChangeBuyer(s.Clock.Now(), acme, world.BuyerPatch{Suspended: new(true)}); err != nil {
		t.Fatal(err)
	}
	if e := s.failure(s.as(acme, "CreateAgreementRequest", accepting(payg, nil))); e.Type != contract.AccessDenied || e.Reason != "INVALID_ACCOUNT_STATE" {
		t.Errorf("suspended: %+v", e)
	}
}

// A quote lives for a while, and is its buyer's alone.
func TestQuotesExpire(t *testing.T) {
	s := open(t)
	q := s.quote(acme, accepting(s.listed(inkwell), nil))
	id := inputs("agreementRequestId", q.ID)
	if e := s.failure(s.as(globex, "AcceptAgreementRequest", id)); e.Type != contract.ResourceNotFound || e.ResourceType != agreementRequest {
		t.Errorf("another's: %+v", e)
	}
	for body, reason := range map[string]string{`{}`: "MISSING_AGREEMENT_REQUEST_ID", `{"agreementRequestId":"x"}`: "INVALID_AGREEMENT_REQUEST_ID",
		inputs("agreementRequestId", q.ID, "purchaseOrders", []any{}):                                                                   "INVALID_PURCHASE_ORDERS",
		inputs("agreementRequestId", q.ID, "purchaseOrders", []any{map[string]any{"chargeId": "ch-0", "purchaseOrderReference": "PO"}}): "INVALID_CHARGE_ID"} {
		if e := s.failure(s.as(acme, "AcceptAgreementRequest", body)); e.Reason != reason {
			t.Errorf("%s: %+v, want %s", body, e, reason)
		}
	}
	s.Pass(25 * time.Hour)
	if e := s.failure(s.as(acme, "AcceptAgreementRequest", id)); e.Type != contract.Validation || e.Reason != "INVALID_AGREEMENT_REQUEST_ID" {
		t.Errorf("a day later: %+v", e)
	}
}

// The buyer's references stand beside the charges, from the acceptance on; each change is a revision.
func TestPurchaseOrders(t *testing.T) {
	s := open(t)
	o, err := s.World.CreateOffer(s.Clock.Now(), world.Offer{ProductID: s.listed(teams).ProductID, Buyers: []string{acme}, Terms: world.OfferTerms{
		Fixed:    &world.FixedTerm{Duration: "P12M", Grants: []world.Grant{{Dimension: "seats"}}},
		Schedule: []world.Instalment{{After: "P0D", Amount: decimal.NewFromInt(100)}, {After: "P6M", Amount: decimal.NewFromInt(50)}}}})
	if err != nil {
		t.Fatal(err)
	}
	q := s.quote(acme, accepting(o, nil))
	if len(q.Summary.Expected) != 2 || q.Summary.Expected[1].Timing != "SCHEDULED" || q.Summary.Expected[1].Time.IsZero() {
		t.Fatalf("%+v", q.Summary)
	}
	order := func(charge, reference string, more ...any) json.RawMessage {
		return json.RawMessage(inputs(append([]any{"chargeId", charge, "purchaseOrderReference", reference}, more...)...))
	}
	later := q.Summary.Expected[1].ID
	var a agreed
	s.read(acme, "AcceptAgreementRequest", inputs("agreementRequestId", q.ID, "purchaseOrders", []any{order(later, "PO-1")}), &a)
	update := func(account string, orders ...any) *httptest.ResponseRecorder {
		return s.as(account, "UpdatePurchaseOrders", inputs("purchaseOrders", orders))
	}
	charges := func(body string) (all []charge) {
		t.Helper()
		var out struct{ Items []charge }
		s.read(acme, "ListAgreementCharges", body, &out)
		return out.Items
	}
	if all := charges(inputs("agreementId", a.AgreementID)); len(all) != 2 || all[0].Order != "" || all[1].Order != "PO-1" || all[1].Revision != 1 || all[1].Amount != "50.00" {
		t.Fatalf("%+v", all)
	}
	if w := update(acme, order(later, "PO-2", "chargeRevision", 1, "agreementId", a.AgreementID), order(q.Summary.Expected[0].ID, "PO-3")); w.Body.String() != "{}" {
		t.Fatalf("%s", w.Body)
	}
	if all := charges(`{}`); all[0].Order != "PO-3" || all[1].Order != "PO-2" || all[1].Revision != 2 {
		t.Errorf("%+v", all)
	}
	for name, c := range map[string]struct {
		w            *httptest.ResponseRecorder
		code, reason string
	}{
		"an old revision":   {update(acme, order(later, "PO-4", "chargeRevision", 1)), contract.Conflict, ""},
		"an unknown charge": {update(acme, order("ch-0", "PO")), contract.ResourceNotFound, ""},
		"another's charge":  {update(globex, order(later, "PO")), contract.ResourceNotFound, ""},
		"the seller":        {update(seller, order(later, "PO")), contract.AccessDenied, "INVALID_ACCESS"},
		"none at all":       {s.as(acme, "UpdatePurchaseOrders", `{}`), contract.Validation, "MISSING_PURCHASE_ORDERS"},
		"an empty list":     {s.as(acme, "UpdatePurchaseOrders", `{"purchaseOrders":[]}`), contract.Validation, "INVALID_PURCHASE_ORDERS"},
		"no charge":         {s.as(acme, "UpdatePurchaseOrders", `{"purchaseOrders":[{}]}`), contract.Validation, "MISSING_CHARGE_ID"},
		"no reference":      {s.as(acme, "UpdatePurchaseOrders", `{"purchaseOrders":[{"chargeId":"ch-0"}]}`), contract.Validation, "MISSING_PURCHASE_ORDER_REFERENCE"},
		"revision 0":        {update(acme, order(later, "PO", "chargeRevision", 0)), contract.Validation, "INVALID_CHARGE_REVISION"},
		"twice":             {update(acme, order(later, "PO"), order(later, "PO")), contract.Validation, "DUPLICATE_CHARGES"},
	} {
		if e := s.failure(c.w); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s: %+v, want %s %s", name, e, c.code, c.reason)
		}
	}
	if all := charges(`{}`); slices.ContainsFunc(all, func(x charge) bool { return x.Order == "PO" || x.Order == "PO-4" }) {
		t.Errorf("a refused update has changed something: %+v", all)
	}
	if got := charges(inputs("agreementId", "agmt-nobody")); len(got) != 0 {
		t.Errorf("of an unknown agreement: %+v", got)
	}
}
