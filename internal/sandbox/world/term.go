package world

import (
	"crypto/sha256"
	"encoding/hex"
)

// TermType is the kind of a term. Source: Agreement API, AcceptedTerm.
type TermType string

// The types that are played.
const (
	TermUsage     TermType = "UsageBasedPricingTerm"
	TermRecurring TermType = "RecurringPaymentTerm"
	TermUpfront   TermType = "ConfigurableUpfrontPricingTerm"
	TermFixed     TermType = "FixedUpfrontPricingTerm"
	TermSchedule  TermType = "PaymentScheduleTerm"
	TermVariable  TermType = "VariablePaymentTerm"
	TermTrial     TermType = "FreeTrialPricingTerm"
	TermValidity  TermType = "ValidityTerm"
	TermRenewal   TermType = "RenewalTerm"
	TermLegal     TermType = "LegalTerm"
	TermSupport   TermType = "SupportTerm"
)

// TermID names a term of an offer: always the same, in the offer and in every agreement that is made from it.
func TermID(offerID string, t TermType) string {
	sum := sha256.Sum256([]byte("term " + offerID + " " + string(t)))
	return "term-" + hex.EncodeToString(sum[:])
}

// Types lists which terms there are: prices first.
func (t *OfferTerms) Types() []TermType {
	var all []TermType
	for _, one := range []struct {
		kind  TermType
		there bool
	}{
		{TermUpfront, t.Upfront != nil}, {TermFixed, t.Fixed != nil}, {TermSchedule, len(t.Schedule) > 0},
		{TermVariable, t.Variable != nil}, {TermTrial, t.Trial != nil}, {TermValidity, t.Validity != nil}, {TermRenewal, t.Renewal != nil},
		{TermUsage, t.Usage != nil}, {TermRecurring, t.Recurring != nil}, {TermLegal, t.Legal != nil}, {TermSupport, t.Support != nil},
	} {
		if one.there {
			all = append(all, one.kind)
		}
	}
	return all
}

// Contract reports whether something is granted for a time that was agreed on: bought upfront, or tried.
func (t *OfferTerms) Contract() bool {
	return t.Upfront != nil || t.Fixed != nil || (t.Trial != nil && t.Usage == nil)
}

// Card finds the rates of a duration.
func (t *UpfrontTerm) Card(duration string) (RateCard, bool) {
	for _, c := range t.RateCards {
		if c.Duration == duration {
			return c, true
		}
	}
	return RateCard{}, false
}
