package models

import (
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// made is an offer to the stage's buyer, and the agreement that the buyer made from it; none where it was not accepted.
type made struct {
	offer string
	harness.Agreement
}

// sell makes offers with every term that there is, and has them accepted.
func (s *stage) sell() {
	now := s.Now()
	day := func(n int) string { return now.AddDate(0, 0, n).Format(time.RFC3339) }
	grants := []any{object{"dimension": "seats", "maxQuantity": 5}, object{"dimension": "shelves"}}
	for _, terms := range []object{
		{"fixed": object{"duration": "P12M", "price": "1200", "grants": grants},
			"renewal": object{"lockoutPeriod": "P30D", "adjustmentDeadline": "P60D", "maxRenewals": 3,
				"priceIncrease": object{"minPercentage": "1", "maxPercentage": "5", "defaultPercentage": "2"}}},
		{"fixed": object{"duration": "P18M", "grants": grants}, "paymentSchedule": []any{object{"after": "P0D", "amount": "700"}, object{"after": "P6M", "amount": "500"}},
			"renewal": object{"priceIncrease": object{"fixedPercentage": "4"},
				"paymentSchedule": []any{object{"after": "P0D", "percentage": "50"}, object{"after": "P6M", "percentage": "50"}}}},
		{"fixed": object{"price": "900", "grants": grants}, "validity": object{"startDate": day(40), "endDate": day(400)}},
		{"fixed": object{"duration": "P12M", "price": "900", "grants": grants}, "variablePayment": object{"maxTotalChargeAmount": "5000"}},
	} {
		s.offers = append(s.offers, s.offered(object{"productId": "prod-inkwell0teams", "name": "Made for the test", "buyerAccountIds": []any{s.account},
			"expiresAt": day(30), "terms": terms}, true))
	}
	s.offers = append(s.offers,
		s.offered(object{"productId": "prod-inkwell00payg", "name": "A year", "buyerAccountIds": []any{s.account},
			"terms": object{"usage": object{"rates": object{"pages": "0.01", "gb_stored": "0.001"}}, "recurringPayment": object{"price": "49"}, "validity": object{"duration": "P12M"}}}, true),
		s.offered(object{"productId": "prod-inkwell0teams", "name": "To try", "public": true, "terms": object{"freeTrial": object{"duration": "P14D", "grants": grants}}}, true),
		s.offered(object{"productId": "prod-inkwell0teams", "name": "In its stead", "buyerAccountIds": []any{s.account}, "replacementAgreementId": s.contract.AgreementID,
			"terms": object{"fixed": object{"duration": "P12M", "price": "1500", "grants": grants}}}, false))
}

func (s *stage) offered(offer object, accepted bool) made {
	var o struct {
		OfferID string `json:"offerId"`
	}
	s.Post("/_sandbox/offers", offer, &o)
	m := made{offer: o.OfferID}
	if accepted {
		code := teams
		if offer["productId"] == "prod-inkwell00payg" {
			code = s.payg.ProductCode
		}
		m.Agreement = s.buy(object{"productCode": code, "offerId": o.OfferID})
	}
	return m
}

// eachOffer asks about every offer, as the buyer or seller.
func eachOffer(ask func(s *stage, m made) asked) []func(*testing.T, *stage, caller) asked {
	var all []func(*testing.T, *stage, caller) asked
	for i := range 7 { // as many as sell makes
		all = append(all, func(_ *testing.T, s *stage, _ caller) asked {
			m := s.offers[i]
			if m.AgreementID == "" {
				m.Agreement = s.offers[0].Agreement
			}
			return ask(s, m)
		})
	}
	return all
}

func init() {
	more := func(op string, ask func(s *stage, m made) asked) {
		further[op] = append(further[op], eachOffer(ask)...)
	}
	for _, op := range []string{"agreement DescribeAgreement", "agreement GetAgreementTerms"} {
		more(op, func(s *stage, m made) asked { return asked{s.seller, about(m.Agreement)} })
	}
	for _, op := range []string{"discovery GetOffer", "discovery GetOfferTerms"} {
		more(op, func(s *stage, m made) asked { return asked{s.buyer, object{"offerId": m.offer}} })
	}
}
