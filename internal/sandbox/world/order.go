package world

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Order is what a buyer asks for in the words of the Agreement API (CreateAgreementRequest): to accept an offer's
// terms (NEW), in place of a running agreement (REPLACE), or to configure the accepted terms of one anew (AMEND).
type Order struct {
	BuyerAccount string `json:"buyerAccountId"`
	Intent       Intent `json:"intent"`
	// ProposalID is the agreementProposalId of the offer (its offerId does as well); none for AMEND.
	ProposalID string `json:"agreementProposalId,omitempty"`
	// SourceAgreementID is the agreement to amend or to replace; none for NEW.
	SourceAgreementID string          `json:"sourceAgreementId,omitempty"`
	Terms             []RequestedTerm `json:"requestedTerms"`
	// ClientToken makes the same order, asked for again, the same quote.
	ClientToken string `json:"clientToken,omitempty"`
}

// RequestedTerm is a term that the buyer accepts, with what is the buyer's to say in it.
type RequestedTerm struct {
	ID      string         `json:"id"`
	Upfront *UpfrontChoice `json:"upfront,omitempty"`
	Renewal *RenewalChoice `json:"renewal,omitempty"`
	// Variable is how payment requests are approved.
	Variable *VariableChoice `json:"variablePayment,omitempty"`
}

// UpfrontChoice is what a buyer picks from rate cards. In an amendment, the quantities are the new totals.
type UpfrontChoice struct {
	Duration   string           `json:"duration"`
	Quantities map[string]int64 `json:"quantities"`
}

// RenewalChoice is whether the buyer wants the agreement to renew itself.
type RenewalChoice struct {
	AutoRenew bool `json:"autoRenew"`
}

// VariableChoice is how the buyer wants payment requests to be approved. Source: Agreement API,
// VariablePaymentTermConfiguration.
type VariableChoice struct {
	Strategy string `json:"strategy"` // AUTO_APPROVE_ON_EXPIRATION or WAIT_FOR_APPROVAL
	// Expiration is after how long a request is approved by itself, such as P10D; with the first strategy only.
	Expiration string `json:"expiration,omitempty"`
}

// The approval strategies.
const (
	AutoApprove     = "AUTO_APPROVE_ON_EXPIRATION"
	WaitForApproval = "WAIT_FOR_APPROVAL"
)

// Timing is when a charge arises. Source: Agreement API, Timing.
type Timing string

// The timings.
const (
	OnAcceptance  Timing = "ON_ACCEPTANCE"
	Scheduled     Timing = "SCHEDULED"
	BillingPeriod Timing = "BILLING_PERIOD"
)

// Quote is what an order would cost. It can be accepted until ExpiresAt, once.
type Quote struct {
	RequestID string `json:"agreementRequestId,omitempty"` // none for a mere preview
	Order     Order  `json:"order"`
	OfferID   string `json:"offerId"`
	ProductID string `json:"productId"`
	// AgreementValue is what the buyer is committed to in the end, in USD: of an amended agreement, with what it was
	// charged before.
	AgreementValue decimal.Decimal  `json:"newAgreementValue"`
	Charges        []ExpectedCharge `json:"expectedCharges"`
	Items          []ItemizedCharge `json:"itemizedCharges"`
	StartTime      time.Time        `json:"startTime"`
	EndTime        time.Time        `json:"endTime,omitzero"`
	ExpiresAt      time.Time        `json:"expiresAt,omitzero"`
}

// ExpectedCharge is one charge that the order brings about.
type ExpectedCharge struct {
	ID     string           `json:"id"`
	Amount *decimal.Decimal `json:"amount,omitempty"` // USD, of a billing period where Timing says so; nil for usage, which nobody knows yet
	Time   time.Time        `json:"time,omitzero"`    // of scheduled charges
	Timing Timing           `json:"timing"`
}

// ItemizedCharge is a quantity that an order changes, and what that costs.
type ItemizedCharge struct {
	ChargeID    string          `json:"chargeReference"`
	Dimension   string          `json:"dimensionKey"`
	OldQuantity int64           `json:"oldQuantity"`
	NewQuantity int64           `json:"newQuantity"`
	Amount      decimal.Decimal `json:"incrementalChargeAmount"`
}

// PurchaseOrder is the buyer's own reference for a charge.
type PurchaseOrder struct {
	ChargeID  string `json:"chargeId"`
	Reference string `json:"purchaseOrderReference"`
}

// reasons are AWS's words for why an order cannot be, by the code of our error where the two differ. The codes that
// are written like a reason, in small letters, are that reason.
var reasons = map[string]string{
	"terms": "INVALID_REQUESTED_TERM_CONFIGURATION", "duration": "INVALID_REQUESTED_TERM_CONFIGURATION", "quantities": "INVALID_REQUESTED_TERM_CONFIGURATION",
	"reduction": "INVALID_INCREMENTAL_CHARGE", "nothing_changes": "INVALID_REQUESTED_TERMS", "ended": "INACTIVE_AGREEMENT",
	"lockout": "UNSUPPORTED_ACTION", "unsupported": "UNSUPPORTED_ACTION", "start_time": "UNSUPPORTED_ACTION",
	"unknown_offer": "INVALID_AGREEMENT_PROPOSAL_IDENTIFIER", "unknown_agreement": "INVALID_SOURCE_AGREEMENT_IDENTIFIER",
	"unknown_request": "INVALID_AGREEMENT_REQUEST_ID", "client_token": "INVALID_CLIENT_TOKEN", "payment_schedule": "INCOMPATIBLE_TERMS",
	"subscribed": "INCOMPATIBLE_TERMS", "trial_used": "INCOMPATIBLE_TERMS", "charge_id": "INVALID_CHARGE_ID",
}

var ownReasons = []string{"missing_mandatory_terms", "incompatible_terms", "expired_agreement_proposal", "superseded_agreement_proposal",
	"invalid_requested_term_id", "invalid_requested_term_configuration", "missing_requested_term_configuration", "missing_requested_terms", "missing_intent", "invalid_intent",
	"missing_agreement_proposal_identifier", "invalid_agreement_proposal_identifier", "missing_source_agreement_identifier", "invalid_source_agreement_identifier",
	"expired_agreement_request"}

// Reason is the ValidationExceptionReason of the Agreement API for an error of [World.Quote], [World.Preview] and
// [World.Accept]: OTHER, where AWS has no better word.
func Reason(err error) string {
	code := fail.CodeOf(err)
	switch {
	case reasons[code] != "":
		return reasons[code]
	case code == "expired_agreement_request":
		return "INVALID_AGREEMENT_REQUEST_ID"
	case slices.Contains(ownReasons, code):
		return strings.ToUpper(code)
	}
	return "OTHER"
}

func invalid(code, format string, args ...any) error {
	return fail.New(fail.Invalid, code, format, args...)
}

// understand reads an order. Its errors are the caller's to see; see [Reason].
func (w *World) understand(o Order) (wish, error) {
	b, ok := w.buyers[o.BuyerAccount]
	if !ok {
		return wish{}, w.unknownBuyer(o.BuyerAccount)
	}
	in := wish{intent: o.Intent, buyer: b}
	switch o.Intent {
	case IntentNew:
		if o.SourceAgreementID != "" {
			return wish{}, invalid("invalid_source_agreement_identifier", "A new agreement has no source agreement.")
		}
	case IntentAmend, IntentReplace:
		if o.SourceAgreementID == "" {
			return wish{}, invalid("missing_source_agreement_identifier", "Say which agreement is to be amended or replaced.")
		}
		if in.source = w.agreement[o.SourceAgreementID]; in.source == nil || in.source.buyer != b {
			return wish{}, invalid("invalid_source_agreement_identifier", "The account %s has no agreement %q.", o.BuyerAccount, o.SourceAgreementID)
		}
	case "":
		return wish{}, invalid("missing_intent", "Say what is intended: %s, %s or %s.", IntentNew, IntentAmend, IntentReplace)
	default:
		return wish{}, invalid("invalid_intent", "The intent %q is unknown; use %s, %s or %s.", o.Intent, IntentNew, IntentAmend, IntentReplace)
	}
	if len(o.Terms) == 0 {
		return wish{}, invalid("missing_requested_terms", "Name the terms that are accepted.")
	}
	if o.Intent == IntentAmend {
		return w.understandAmendment(o, in)
	}
	return w.understandProposal(o, in)
}

// understandProposal reads which offer is accepted, and that all its terms are.
func (w *World) understandProposal(o Order, in wish) (wish, error) {
	if o.ProposalID == "" {
		return wish{}, invalid("missing_agreement_proposal_identifier", "Say which offer is accepted, by its agreementProposalId.")
	}
	in.offer = w.proposed(o.ProposalID)
	switch {
	case in.offer == nil || !in.offer.visible(o.BuyerAccount):
		return wish{}, invalid("invalid_agreement_proposal_identifier", "There is no agreement proposal %q for the account %s.", o.ProposalID, o.BuyerAccount)
	case o.ProposalID != in.offer.ProposalID && o.ProposalID != in.offer.OfferID:
		return wish{}, invalid("superseded_agreement_proposal", "The terms of the offer %s have changed since %s; its proposal is %s now.", in.offer.OfferID, o.ProposalID, in.offer.ProposalID)
	}
	types := in.offer.terms.Types()
	given := map[TermType]*RequestedTerm{}
	for i := range o.Terms {
		t := &o.Terms[i]
		kind, err := w.termType(t.ID, in.offer.OfferID, types)
		if err != nil {
			return wish{}, err
		}
		if given[kind] != nil {
			return wish{}, invalid("incompatible_terms", "The term %s is requested twice.", t.ID)
		}
		given[kind] = t
		if err := t.fits(kind); err != nil {
			return wish{}, err
		}
		in.take(t)
	}
	for _, kind := range types {
		t := given[kind]
		switch {
		case t == nil:
			return wish{}, invalid("missing_mandatory_terms", "The offer %s has the %s %s, which must be accepted with the others.", in.offer.OfferID, kind, TermID(in.offer.OfferID, kind))
		case kind == TermUpfront && t.Upfront == nil, kind == TermVariable && t.Variable == nil:
			return wish{}, invalid("missing_requested_term_configuration", "The %s %s needs a configuration.", kind, t.ID)
		}
	}
	return in, nil
}

// understandAmendment reads how accepted terms are configured anew. Those without a configuration stay.
func (w *World) understandAmendment(o Order, in wish) (wish, error) {
	if o.ProposalID != "" {
		return wish{}, invalid("invalid_agreement_proposal_identifier", "An amendment has no agreement proposal.")
	}
	types := in.source.Accepted.Types()
	for i := range o.Terms {
		t := &o.Terms[i]
		kind, err := w.termType(t.ID, in.source.OfferID, types)
		if err != nil {
			return wish{}, err
		}
		if err := t.fits(kind); err != nil {
			return wish{}, err
		}
		if t.Upfront != nil {
			if t.Upfront.Duration != in.source.Terms.Duration {
				return wish{}, invalid("invalid_requested_term_configuration", "The duration %s of the agreement %s cannot be changed.", in.source.Terms.Duration, in.source.AgreementID)
			}
			in.amendment.Quantities = t.Upfront.Quantities
		}
		if t.Renewal != nil {
			in.amendment.AutoRenew = &t.Renewal.AutoRenew
		}
	}
	return in, nil
}

// termType tells which of an offer's terms has an id.
func (w *World) termType(id, offerID string, types []TermType) (TermType, error) {
	for _, kind := range types {
		if TermID(offerID, kind) == id {
			return kind, nil
		}
	}
	for other, o := range w.offers {
		for _, kind := range o.terms.Types() {
			if other != offerID && TermID(other, kind) == id {
				return "", invalid("incompatible_terms", "The term %s is another offer's.", id)
			}
		}
	}
	return "", invalid("invalid_requested_term_id", "The offer %s has no term %q.", offerID, id)
}

// fits refuses a configuration for a term of another kind.
func (t *RequestedTerm) fits(kind TermType) error {
	if t.Upfront != nil && kind != TermUpfront || t.Renewal != nil && kind != TermRenewal || t.Variable != nil && kind != TermVariable {
		return invalid("invalid_requested_term_configuration", "The %s %s has no such configuration.", kind, t.ID)
	}
	return nil
}

// take notes what a requested term says.
func (in *wish) take(t *RequestedTerm) {
	if t.Upfront != nil {
		in.terms.Duration, in.terms.Quantities = t.Upfront.Duration, t.Upfront.Quantities
	}
	if t.Renewal != nil {
		in.terms.AutoRenew = t.Renewal.AutoRenew
	}
	if t.Variable != nil {
		in.terms.Variable = new(*t.Variable)
	}
}
