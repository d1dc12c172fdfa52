package agreement

import (
	"context"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/terms"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type createRequest struct {
	ClientToken *string         `json:"clientToken"`
	Intent      *string         `json:"intent"`
	Terms       []requestedTerm `json:"requestedTerms"`
	Source      *string         `json:"sourceAgreementIdentifier"`
	Proposal    *string         `json:"agreementProposalIdentifier"`
	Tax         *struct {
		Estimation *string `json:"taxEstimation"`
	} `json:"taxConfiguration"`
}

type requestedTerm struct {
	ID            *string        `json:"id"`
	Configuration *configuration `json:"configuration"`
}

// configuration is a union: what the buyer says in a term.
type configuration struct {
	Upfront *struct {
		SelectorValue *string `json:"selectorValue"`
		Dimensions    []struct {
			Key   *string `json:"dimensionKey"`
			Value *int64  `json:"dimensionValue"`
		} `json:"dimensions"`
	} `json:"configurableUpfrontPricingTermConfiguration"`
	Renewal *struct {
		Enable *bool `json:"enableAutoRenew"`
	} `json:"renewalTermConfiguration"`
	Variable *struct {
		Strategy   *string `json:"paymentRequestApprovalStrategy"`
		Expiration *string `json:"expirationDuration"`
	} `json:"variablePaymentTermConfiguration"`
}

var (
	proposalIDs = regexp.MustCompile(`^(at-|ap-)[A-Za-z0-9]+$`)
	expirations = regexp.MustCompile(`^P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$`)
	termIDs     = regexp.MustCompile(`^[A-Za-z0-9+=;,.@_-]+$`)
)

// agreementRequest is what errors call a quote.
const agreementRequest = "AgreementRequest"

// createAgreementRequest performs CreateAgreementRequest, for buyers: a quote, that can be accepted for a while.
func (s *service) createAgreementRequest(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in createRequest
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	order, err := in.order(c)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := s.orderable(c, order); err != nil {
		return wire.Answer{}, err
	}
	q, err := s.world.Quote(c.At, order)
	if err != nil {
		return wire.Answer{}, notOrdered(c, err, order.ClientToken)
	}
	return wire.Encode(c, struct {
		ID      string        `json:"agreementRequestId"`
		Summary chargeSummary `json:"chargeSummary"`
	}{q.RequestID, in.summary(q)})
}

// order checks in, and says it in the world's words.
func (in *createRequest) order(c *wire.Call) (world.Order, error) {
	o := world.Order{BuyerAccount: c.Account, Intent: world.Intent(orEmpty(in.Intent)), ProposalID: orEmpty(in.Proposal), SourceAgreementID: orEmpty(in.Source), ClientToken: orEmpty(in.ClientToken)}
	source := idField("sourceAgreementIdentifier", "SOURCE_AGREEMENT_IDENTIFIER", in.Source, resourceID)
	proposal := idField("agreementProposalIdentifier", "AGREEMENT_PROPOSAL_IDENTIFIER", in.Proposal, proposalIDs)
	switch o.Intent {
	case "":
		return o, invalid(c, "MISSING_INTENT", "intent", "The intent is required.")
	case world.IntentNew:
		source.needed = false
	case world.IntentAmend:
		proposal.needed = false
	case world.IntentReplace:
	default:
		return o, invalid(c, "INVALID_INTENT", "intent", "The intent is NEW, AMEND or REPLACE.")
	}
	if err := check(c, tokenField(in.ClientToken), proposal, source); err != nil {
		return o, err
	}
	switch {
	case !source.needed && in.Source != nil:
		return o, invalid(c, "INVALID_SOURCE_AGREEMENT_IDENTIFIER", source.name, "A new agreement has no source agreement.")
	case !proposal.needed && in.Proposal != nil:
		return o, invalid(c, "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER", proposal.name, "An amendment has no agreement proposal.")
	}
	if in.Tax != nil && (in.Tax.Estimation == nil || *in.Tax.Estimation != "ENABLED" && *in.Tax.Estimation != "DISABLED") {
		return o, invalid(c, "OTHER", "taxConfiguration.taxEstimation", "The taxEstimation is ENABLED or DISABLED.")
	}
	switch n := len(in.Terms); {
	case n == 0:
		return o, invalid(c, "MISSING_REQUESTED_TERMS", "requestedTerms", "The requestedTerms are required.")
	case n > contract.MaxRequestedTerms:
		return o, invalid(c, "INVALID_REQUESTED_TERMS", "requestedTerms", "There are at most "+strconv.Itoa(contract.MaxRequestedTerms)+" requestedTerms.")
	}
	for i, t := range in.Terms {
		one, err := t.read(c, "requestedTerms."+strconv.Itoa(i+1))
		if err != nil {
			return o, err
		}
		o.Terms = append(o.Terms, one)
	}
	return o, nil
}

// read checks a term, which stands at a place of the input.
func (t requestedTerm) read(c *wire.Call, at string) (world.RequestedTerm, error) {
	id := field{name: at + ".id", about: "REQUESTED_TERM_ID", value: t.ID, needed: true, most: contract.MaxTermID, like: termIDs}
	if err := check(c, id); err != nil {
		return world.RequestedTerm{}, err
	}
	out := world.RequestedTerm{ID: *t.ID}
	bad := func(what string) (world.RequestedTerm, error) {
		return out, invalid(c, "INVALID_REQUESTED_TERM_CONFIGURATION", at+".configuration", what)
	}
	if t.Configuration == nil {
		return out, nil
	}
	given := 0
	if u := t.Configuration.Upfront; u != nil {
		given++
		if !fits(u.SelectorValue) || len(u.Dimensions) == 0 {
			return bad("A selectorValue and at least one of dimensions are required.")
		}
		out.Upfront = &world.UpfrontChoice{Duration: *u.SelectorValue, Quantities: map[string]int64{}}
		for _, d := range u.Dimensions {
			if !fits(d.Key) || d.Value == nil || *d.Value < 0 || *d.Value > contract.MaxQuantity {
				return bad("Each of dimensions needs a dimensionKey and a dimensionValue of at least 0.")
			}
			if _, twice := out.Upfront.Quantities[*d.Key]; twice {
				return bad("The dimension " + *d.Key + " is there twice.")
			}
			out.Upfront.Quantities[*d.Key] = *d.Value
		}
	}
	if r := t.Configuration.Renewal; r != nil {
		given++
		if r.Enable == nil {
			return bad("An enableAutoRenew is required.")
		}
		out.Renewal = &world.RenewalChoice{AutoRenew: *r.Enable}
	}
	if v := t.Configuration.Variable; v != nil {
		given++
		if v.Strategy == nil || *v.Strategy != world.WaitForApproval && *v.Strategy != world.AutoApprove || v.Expiration != nil && !expirations.MatchString(*v.Expiration) {
			return bad("A paymentRequestApprovalStrategy is required: " + world.WaitForApproval + ", or " + world.AutoApprove + " with an expirationDuration such as P10D.")
		}
		out.Variable = &world.VariableChoice{Strategy: orEmpty(v.Strategy), Expiration: orEmpty(v.Expiration)}
	}
	if given != 1 {
		return bad("A configuration has exactly one member.")
	}
	return out, nil
}

// fits reports whether a text that is required has 1 to 4096 characters, as names and values in terms have.
func fits(s *string) bool {
	return s != nil && *s != "" && utf8.RuneCountInString(*s) <= contract.MaxTermText
}

// orderable finds what an order is about. Its form has been checked.
func (s *service) orderable(c *wire.Call, o world.Order) error {
	if _, err := s.world.Buyer(c.Account); err != nil {
		return denied(c, "The account "+c.Account+" is not a buyer's.")
	}
	if o.SourceAgreementID != "" {
		if _, err := s.bought(c, &o.SourceAgreementID); err != nil {
			return err
		}
	}
	if o.ProposalID != "" {
		if _, _, err := s.world.Proposal(c.Account, o.ProposalID); err != nil {
			return refused(c, err, "AgreementProposal", o.ProposalID, "agreementProposalIdentifier")
		}
	}
	return nil
}

// notOrdered says why an order cannot be quoted or accepted. id is what a conflict is about.
func notOrdered(c *wire.Call, err error, id string) error {
	switch fail.CodeOf(err) {
	case "client_token":
		return refused(c, err, agreementRequest, id, "clientToken")
	case "suspended":
		return failure(c, contract.AccessDenied, fail.SayOf(err), map[string]any{"reason": "INVALID_ACCOUNT_STATE"})
	}
	switch fail.KindOf(err) {
	case fail.NotFound:
		return refused(c, err, agreementRequest, id, "agreementRequestId")
	case fail.Invalid, fail.Conflict:
		return invalid(c, world.Reason(err), "requestedTerms", fail.SayOf(err))
	}
	return err
}

type chargeSummary struct {
	CurrencyCode  string          `json:"currencyCode"`
	Value         string          `json:"newAgreementValue"`
	ValueAfterTax string          `json:"newAgreementValueAfterTax,omitempty"`
	Taxes         *estimatedTaxes `json:"estimatedTaxes,omitempty"`
	Expected      []expected      `json:"expectedCharges"`
	Itemized      []itemized      `json:"itemizedCharges"`
	Entity        entity          `json:"invoicingEntity"`
}

type expected struct {
	ID             string          `json:"id"`
	Time           wire.Time       `json:"time,omitzero"`
	Amount         string          `json:"amount,omitempty"` // of usage, nobody knows it yet
	AmountAfterTax string          `json:"amountAfterTax,omitempty"`
	Timing         string          `json:"timing"`
	Taxes          *estimatedTaxes `json:"estimatedTaxes,omitempty"`
}

type itemized struct {
	DimensionKey    string `json:"dimensionKey"`
	NewQuantity     int64  `json:"newQuantity"`
	OldQuantity     int64  `json:"oldQuantity"`
	ChargeReference string `json:"chargeReference"`
	Amount          string `json:"incrementalChargeAmount"`
}

// estimatedTaxes are of no amount: nothing is taxed here.
type estimatedTaxes struct {
	Breakdown []struct{} `json:"breakdown"`
	Total     string     `json:"totalAmount"`
}

// entity is who writes the invoices.
type entity struct {
	LegalName  string `json:"legalName"`
	BranchName string `json:"branchName"`
}

var invoicer = entity{"Amazon Web Services, Inc. (sandbox)", "US"}

// summary is what q says of money, with taxes where in asks for them.
func (in *createRequest) summary(q world.Quote) chargeSummary {
	out := chargeSummary{CurrencyCode: terms.Currency, Value: amount(q.AgreementValue), Expected: []expected{}, Itemized: []itemized{}, Entity: invoicer}
	var taxes *estimatedTaxes
	if in.Tax != nil && *in.Tax.Estimation == "ENABLED" {
		taxes = &estimatedTaxes{[]struct{}{}, amount(decimal.Zero)}
		out.Taxes, out.ValueAfterTax = taxes, out.Value
	}
	for _, x := range q.Charges {
		one := expected{ID: x.ID, Time: wire.Time{Time: x.Time}, Timing: string(x.Timing)}
		if x.Amount != nil {
			one.Amount = amount(*x.Amount)
			if taxes != nil {
				one.Taxes, one.AmountAfterTax = taxes, one.Amount
			}
		}
		out.Expected = append(out.Expected, one)
	}
	for _, x := range q.Items {
		out.Itemized = append(out.Itemized, itemized{x.Dimension, x.NewQuantity, x.OldQuantity, x.ChargeID, amount(x.Amount)})
	}
	return out
}

// amount writes dollars.
func amount(d decimal.Decimal) string { return d.StringFixed(2) }
