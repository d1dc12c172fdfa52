package models

import (
	"maps"
	"testing"

	"souk.dev/souk/test/harness"
)

func init() {
	maps.Copy(base, discovering)
	maps.Copy(further, discoveringFurther)
	maps.Copy(base, cancelling)
}

// The built-in offers that are not a listing's own, and whose.
const (
	trialOffer   = "offer-inkwelltrial0"
	privateOffer = "offer-globexteams00"
)

// asBuyer is always the same request of the buyer's.
func asBuyer(input object) func(*testing.T, *stage, caller) asked {
	return func(_ *testing.T, s *stage, _ caller) asked { return asked{s.buyer, input} }
}

func filters(kind string, values ...any) []any {
	return []any{object{"filterType": kind, "filterValues": values}}
}

// discovering are valid requests of the Discovery API.
var discovering = map[string]func(*testing.T, *stage, caller) asked{
	"discovery SearchListings": asBuyer(object{"searchText": "inkwell", "filters": filters("FULFILLMENT_OPTION_TYPE", "SAAS"), "maxResults": 1,
		"sortBy": "RELEVANCE", "sortOrder": "DESCENDING"}),
	"discovery SearchFacets":           asBuyer(object{"searchText": "inkwell", "filters": filters("FULFILLMENT_OPTION_TYPE", "SAAS"), "facetTypes": []any{"PUBLISHER", "PRICING_MODEL"}}),
	"discovery GetListing":             asBuyer(object{"listingId": "prodview-inkwell00payg"}),
	"discovery GetProduct":             asBuyer(object{"productId": "prod-inkwell00payg"}),
	"discovery ListFulfillmentOptions": asBuyer(object{"productId": "prod-inkwell00payg", "maxResults": 1}),
	"discovery ListPurchaseOptions":    asBuyer(object{"filters": filters("PRODUCT_ID", "prod-inkwell00payg"), "maxResults": 1}),
	"discovery GetOffer":               asBuyer(object{"offerId": trialOffer}),
	"discovery GetOfferTerms":          asBuyer(object{"offerId": trialOffer, "maxResults": 1}),
	"discovery GetOfferSet":            asBuyer(object{"offerSetId": "offerset-0"}),
}

// discoveringFurther brings what those alone do not: a private offer, and terms of every kind that is offered.
var discoveringFurther = map[string][]func(*testing.T, *stage, caller) asked{
	"discovery SearchListings":      {asBuyer(object{})},
	"discovery ListPurchaseOptions": {fixed(object{"filters": filters("VISIBILITY_SCOPE", "PRIVATE")})},
	"discovery GetOffer":            {fixed(object{"offerId": privateOffer})},
	"discovery GetOfferTerms": {asBuyer(object{"offerId": trialOffer}), fixed(object{"offerId": privateOffer}),
		func(_ *testing.T, s *stage, _ caller) asked {
			return asked{s.seller, object{"offerId": s.offerOf(s.tier)}}
		}},
}

func (s *stage) offerOf(a harness.Agreement) string {
	var whole struct{ OfferID string }
	s.Get("/_sandbox/agreements/"+a.AgreementID, &whole)
	return whole.OfferID
}

// cancellation is a seller's cancellation request that waits for its buyer.
func cancellation(t *testing.T, s *stage, c caller) object {
	a := s.buy(object{"productCode": s.payg.ProductCode})
	r := must(t, s, c, "SendAgreementCancellationRequest", object{"agreementId": a.AgreementID, "reasonCode": "TEST_AGREEMENT", "description": "by mistake"})
	return object{"agreementId": a.AgreementID, "agreementCancellationRequestId": r["agreementCancellationRequestId"]}
}

func answering(key func(*stage) string, more object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := cancellation(t, s, c)
		maps.Copy(in, more)
		return asked{key(s), in}
	}
}

func theSeller(s *stage) string { return s.seller }
func theBuyer(s *stage) string  { return s.buyer }

// cancelling are valid requests of the operations on cancellation requests.
var cancelling = map[string]func(*testing.T, *stage, caller) asked{
	"agreement SendAgreementCancellationRequest": func(_ *testing.T, s *stage, _ caller) asked {
		a := s.buy(object{"productCode": s.payg.ProductCode})
		return asked{s.seller, object{"agreementId": a.AgreementID, "reasonCode": "TEST_AGREEMENT", "description": "by mistake"}}
	},
	"agreement GetAgreementCancellationRequest":    answered,
	"agreement AcceptAgreementCancellationRequest": answering(theBuyer, nil),
	"agreement RejectAgreementCancellationRequest": answering(theBuyer, object{"rejectionReason": "we use it"}),
	"agreement CancelAgreementCancellationRequest": answering(theSeller, object{"cancellationReason": "never mind"}),
	"agreement ListAgreementCancellationRequests": func(t *testing.T, s *stage, c caller) asked {
		in := cancellation(t, s, c)
		cancellation(t, s, c)
		return asked{s.seller, object{"partyType": "Proposer", "status": "PENDING_APPROVAL", "agreementType": "PurchaseAgreement", "catalog": "AWSMarketplace",
			"agreementId": in["agreementId"], "maxResults": 1}}
	},
}

// answered is about a request that its seller has withdrawn.
func answered(t *testing.T, s *stage, c caller) asked {
	in := cancellation(t, s, c)
	withdrawal := maps.Clone(in)
	withdrawal["cancellationReason"] = "never mind"
	must(t, s, c, "CancelAgreementCancellationRequest", withdrawal)
	return asked{s.seller, in}
}
