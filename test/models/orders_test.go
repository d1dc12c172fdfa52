package models

import (
	"maps"
	"testing"
)

func init() {
	maps.Copy(base, ordering)
	maps.Copy(further, orderingFurther)
}

// proposed is the listing's own offer for Inkwell Teams, with its terms by their types.
func (s *stage) proposed(t *testing.T) (proposal string, terms map[string]string) {
	t.Helper()
	offer := s.offerOf(s.contract)
	proposal, _ = must(t, s, s.discovery(), "GetOffer", object{"offerId": offer})["agreementProposalId"].(string)
	return proposal, s.termsOf(t, offer)
}

// discovery calls the Discovery API beside the API that is compared.
func (s *stage) discovery() caller {
	return caller{url: s.URL, service: serviceNamed("discovery"), model: &Model{Operations: map[string]*Operation{
		"GetOffer": {Path: "/2026-02-05/getOffer"}, "GetOfferTerms": {Path: "/2026-02-05/getOfferTerms"}}}}
}

// termsOf are the ids of an offer's terms by their types.
func (s *stage) termsOf(t *testing.T, offer string) map[string]string {
	t.Helper()
	terms := map[string]string{}
	all, _ := must(t, s, s.discovery(), "GetOfferTerms", object{"offerId": offer})["offerTerms"].([]any)
	for _, one := range all {
		for _, term := range one.(object) {
			of := term.(object)
			terms[of["type"].(string)] = of["id"].(string)
		}
	}
	return terms
}

// order is a valid CreateAgreementRequest of everything that it can say.
func order(t *testing.T, s *stage, _ caller) asked {
	proposal, terms := s.proposed(t)
	var requested []any
	for kind, id := range terms {
		term := object{"id": id}
		switch kind {
		case "ConfigurableUpfrontPricingTerm":
			term["configuration"] = object{"configurableUpfrontPricingTermConfiguration": object{"selectorValue": "P12M", "dimensions": []any{object{"dimensionKey": "seats", "dimensionValue": 2}}}}
		case "RenewalTerm":
			term["configuration"] = object{"renewalTermConfiguration": object{"enableAutoRenew": true}}
		}
		requested = append(requested, term)
	}
	return asked{s.buyer, object{"intent": "NEW", "agreementProposalIdentifier": proposal, "requestedTerms": requested, "taxConfiguration": object{"taxEstimation": "ENABLED"}}}
}

func serviceNamed(name string) service {
	for _, s := range services {
		if s.name == name {
			return s
		}
	}
	panic("no service " + name) // a mistake in this test
}

// ask is an answer that the test goes on with, for the holder of a key.
func (s *stage) ask(t *testing.T, c caller, key, op string, input object) object {
	t.Helper()
	r, err := c.call(t.Context(), key, op, input)
	if err != nil || !r.ok() {
		t.Fatalf("%s: %s %v", op, r.refusal(), err)
	}
	body, _ := r.body.(object)
	return body
}

// newQuote is a quote that waits to be accepted, and its first charge.
func newQuote(t *testing.T, s *stage, c caller) (request, charge any) {
	summary := s.ask(t, c, s.buyer, "CreateAgreementRequest", order(t, s, c).input)
	first := summary["chargeSummary"].(object)["expectedCharges"].([]any)[0].(object)
	return summary["agreementRequestId"], first["id"]
}

// ordering are valid requests of the operations that buy.
var ordering = map[string]func(*testing.T, *stage, caller) asked{
	"agreement CreateAgreementRequest": order,
	"agreement AcceptAgreementRequest": func(t *testing.T, s *stage, c caller) asked {
		request, charge := newQuote(t, s, c)
		return asked{s.buyer, object{"agreementRequestId": request, "purchaseOrders": []any{object{"chargeId": charge, "chargeRevision": 1, "purchaseOrderReference": "PO-1"}}}}
	},
	"agreement ListAgreementCharges": asBuyer(object{"agreementType": "PurchaseAgreement", "catalog": "AWSMarketplace", "maxResults": 1}),
	"agreement UpdatePurchaseOrders": func(t *testing.T, s *stage, c caller) asked {
		all := s.ask(t, c, s.buyer, "ListAgreementCharges", object{"agreementId": s.contract.AgreementID})
		one := all["items"].([]any)[0].(object)
		return asked{s.buyer, object{"purchaseOrders": []any{object{"chargeId": one["id"], "agreementId": one["agreementId"], "purchaseOrderReference": "PO-2"}}}}
	},
}

// orderingFurther brings what those alone do not: an amendment's quantities, usage, and a charge with a reference.
var orderingFurther = map[string][]func(*testing.T, *stage, caller) asked{
	"agreement ListAgreementCharges": {func(t *testing.T, s *stage, c caller) asked {
		request, charge := newQuote(t, s, c)
		s.ask(t, c, s.buyer, "AcceptAgreementRequest", object{"agreementRequestId": request,
			"purchaseOrders": []any{object{"chargeId": charge, "purchaseOrderReference": "PO-1"}}})
		return asked{s.buyer, object{}}
	}},
}
