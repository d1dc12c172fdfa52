package agreement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type acceptedTerms struct {
	Items []acceptedTerm `json:"acceptedTerms"`
	Next  *string        `json:"nextToken,omitempty"`
}

// acceptedTerm is a union: exactly one member is set.
type acceptedTerm struct {
	UsageBased   *usageBasedTerm   `json:"usageBasedPricingTerm,omitempty"`
	Configurable *configurableTerm `json:"configurableUpfrontPricingTerm,omitempty"`
	Validity     *validityTerm     `json:"validityTerm,omitempty"`
	Renewal      *renewalTerm      `json:"renewalTerm,omitempty"`
	Legal        *legalTerm        `json:"legalTerm,omitempty"`
	Support      *supportTerm      `json:"supportTerm,omitempty"`
}

// term is what every term begins with.
type term struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type usageBasedTerm struct {
	term
	CurrencyCode string          `json:"currencyCode"`
	RateCards    []usageRateCard `json:"rateCards"`
}

type usageRateCard struct {
	RateCard []rate `json:"rateCard"`
}

type rate struct {
	DimensionKey string `json:"dimensionKey"`
	Price        string `json:"price"`
}

type configurableTerm struct {
	term
	CurrencyCode  string            `json:"currencyCode"`
	RateCards     []upfrontRateCard `json:"rateCards"`
	Configuration chosen            `json:"configuration"`
}

type upfrontRateCard struct {
	Selector    selector    `json:"selector"`
	Constraints constraints `json:"constraints"`
	RateCard    []rate      `json:"rateCard"`
}

type selector struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// constraints are each Allowed or Disallowed.
type constraints struct {
	MultipleDimensionSelection string `json:"multipleDimensionSelection"`
	QuantityConfiguration      string `json:"quantityConfiguration"`
}

type chosen struct {
	SelectorValue string            `json:"selectorValue"`
	Dimensions    []chosenDimension `json:"dimensions"`
}

type chosenDimension struct {
	DimensionKey   string `json:"dimensionKey"`
	DimensionValue int64  `json:"dimensionValue"`
}

type validityTerm struct {
	term
	AgreementDuration string `json:"agreementDuration"`
}

type renewalTerm struct {
	term
	Configuration renewalChoice `json:"configuration"`
}

type renewalChoice struct {
	EnableAutoRenew bool `json:"enableAutoRenew"`
}

type legalTerm struct {
	term
	Documents []document `json:"documents"`
}

type document struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

type supportTerm struct {
	term
	RefundPolicy string `json:"refundPolicy"`
}

// getAgreementTerms performs GetAgreementTerms, for both parties.
func (s *service) getAgreementTerms(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
		MaxResults  *int64  `json:"maxResults"`
		NextToken   *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.agreement(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, a.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	p, err := s.world.Product(a.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	type numbered struct {
		n int64
		acceptedTerm
	}
	var all []numbered
	for i, one := range termsOf(a, p) {
		all = append(all, numbered{int64(i), one})
	}
	part, next := page.Cut(all, func(n numbered) page.Key { return page.Key{N: n.n} }, false, t)
	out := acceptedTerms{Items: []acceptedTerm{}, Next: next}
	for _, n := range part {
		out.Items = append(out.Items, n.acceptedTerm)
	}
	return wire.Encode(c, out)
}

// termsOf lists what the buyer has accepted: prices first.
func termsOf(a world.Agreement, p world.Product) []acceptedTerm {
	of := func(kind string) term { return term{kind, termID(a.OfferID, kind)} }
	var all []acceptedTerm
	if cards := upfrontRates(a, p); len(cards) > 0 {
		all = append(all,
			acceptedTerm{Configurable: &configurableTerm{of("ConfigurableUpfrontPricingTerm"), currency, cards, configuration(a, p)}},
			acceptedTerm{Validity: &validityTerm{of("ValidityTerm"), a.Terms.Duration}},
			acceptedTerm{Renewal: &renewalTerm{of("RenewalTerm"), renewalChoice{a.Terms.AutoRenew}}})
	}
	if rates := usageRates(p); len(rates) > 0 {
		all = append(all, acceptedTerm{UsageBased: &usageBasedTerm{of("UsageBasedPricingTerm"), currency, []usageRateCard{{rates}}}})
	}
	return append(all,
		acceptedTerm{Legal: &legalTerm{of("LegalTerm"), []document{eula}}},
		acceptedTerm{Support: &supportTerm{of("SupportTerm"), refundPolicy(p)}})
}

// eula stands for the seller's legal terms, which listings here do not have: AWS Marketplace's own standard contract.
var eula = document{"StandardEula", contract.SellerGuide + "standardized-license-terms.html", "2022-07-14"}

// refundPolicy is AWS's general rule for the way in which p is sold; listings here have none of their own.
func refundPolicy(p world.Product) string {
	if p.Pricing == world.Subscription {
		return "Usage is not refunded. The subscription can be cancelled at any time."
	}
	return "A full refund can be asked for within 48 hours of the purchase; later, with the seller's consent."
}

// termID names a term: the same in the offer, and in every agreement that is made from it.
func termID(offer, kind string) string {
	sum := sha256.Sum256([]byte("term " + offer + " " + kind))
	return "term-" + hex.EncodeToString(sum[:])
}
