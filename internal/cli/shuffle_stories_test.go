package cli

import (
	"net/http"
	"time"
)

// scene is one of the scenes that the play of [shuffled] has.
type scene int

// The scenes. In each, every subscription is used and the stories take their turns; then time passes.
const (
	firstHour scene = iota
	secondHour
	thirdHour
	fourthHour
	secondNight // in which what was dated ahead has begun
	monthsEnd   // twenty minutes before it
	termsEnd    // a quarter of an hour before what was bought for a month, or tried for thirty days, comes to its end
	afterTerms
	lastDay
)

// passes is how the clock is moved at the end of each scene. The play begins at 2026-11-02T09:31.
var passes = map[scene]map[string]string{
	firstHour:   {"advance": "1h"},
	secondHour:  {"advance": "1h"},
	thirdHour:   {"advance": "1h"},
	fourthHour:  {"set": "2026-11-04T00:20:00Z"},
	secondNight: {"set": "2026-11-30T23:40:00Z"},
	monthsEnd:   {"set": "2026-12-02T08:45:00Z"},
	termsEnd:    {"advance": "65m"},
	afterTerms:  {"advance": "1h"},
}

// story is what becomes of one purchase.
type story struct {
	name, product, buyer string
	dimension            string         // that is metered; empty: none
	terms                map[string]any // that the buyer asks for
	offer                map[string]any // the terms of a private offer, which is made for the buyer; nil: none
	begins               scene          // when it is active
	expires              scene          // when it has come to its end by itself; 0: it does not
	turns                map[scene]func(s *shuffled, one *sold)
	goesOnBy             string // the profile by whose value goes-on it does not expire after all; empty: none
	end                  string // what ends it on the last day; empty: nothing
}

const (
	acme, globex, initech = "111122223333", "222233334444", "333344445555"

	payg, classicPages, press, classicTeams = "1nkwe11payasyoug0abcdefgh", "1nkwe11c1ass1c0abcdefghij", "1nkwe11press00t1eredabcde", "1nkwe11c1ass1cteamsabcdef"
)

var productIDs = map[string]string{payg: "prod-inkwell00payg", press: "prod-inkwell0press", teams: "prod-inkwell0teams"}

// always is how many of the stories are told in every shuffle; each of the others is, or is not.
const always = 3

// stories are all ways to sell, and what may become of each.
var stories = []story{
	{name: "pay as you go", product: payg, buyer: acme, dimension: "pages", end: "cancel"},
	{name: "pay as you go, legacy", product: classicPages, buyer: acme, dimension: "pages", end: "cancel"},
	{
		name: "tried for free, and not paid", product: payg, buyer: globex, dimension: "pages",
		terms: map[string]any{"offerId": "offer-inkwelltrial0"}, end: "fail-payment",
	},
	{
		name: "renewed before its time", product: press, buyer: acme, dimension: "extra_pages",
		terms: map[string]any{"quantities": map[string]int{"platen": 1}, "duration": "P12M"},
		turns: map[scene]func(*shuffled, *sold){fourthHour: renews},
	},
	{
		name: "renews itself, amended", product: press, buyer: initech, dimension: "extra_pages",
		terms: map[string]any{"quantities": map[string]int{"handpress": 1}, "duration": "P1M", "autoRenew": true},
		turns: map[scene]func(*shuffled, *sold){secondHour: amends(map[string]int{"platen": 1})}, end: "terminate",
	},
	{
		name: "replaced by a private offer", product: press, buyer: globex, dimension: "extra_pages",
		terms: map[string]any{"quantities": map[string]int{"handpress": 1}, "duration": "P1M"},
		turns: map[scene]func(*shuffled, *sold){thirdHour: replaces(aPress("P12M", nil))}, end: "cancel",
	},
	{
		name: "a channel partner's", product: press, buyer: initech, dimension: "extra_pages",
		terms: map[string]any{"offerId": "offer-initechpress0"}, end: "terminate",
	},
	{
		name: "dated ahead, in instalments", product: press, buyer: globex, dimension: "extra_pages",
		offer: aPress("P12M", map[string]any{
			"paymentSchedule": []map[string]any{{"after": "P0D", "amount": "600"}, {"after": "P1M", "amount": "500"}},
			"validity":        map[string]any{"startDate": time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)},
		}),
		begins: secondNight, end: "cancel",
	},
	{
		name: "seats, added to and refunded", product: teams, buyer: acme,
		terms: map[string]any{"quantities": map[string]int{"seats": 10}, "duration": "P1M", "autoRenew": true},
		turns: map[scene]func(*shuffled, *sold){secondHour: amends(map[string]int{"seats": 25}), thirdHour: refunded("4")},
	},
	{
		name: "seats for a month", product: teams, buyer: initech,
		terms: map[string]any{"quantities": map[string]int{"seats": 3}, "duration": "P1M"}, expires: afterTerms,
	},
	{
		name: "seats, legacy", product: classicTeams, buyer: globex,
		terms: map[string]any{"quantities": map[string]int{"seats": 5}, "duration": "P12M"},
		turns: map[scene]func(*shuffled, *sold){thirdHour: amends(map[string]int{"seats": 8})}, end: "cancel",
	},
	{
		name: "at a private price for a month", product: payg, buyer: initech, dimension: "pages",
		offer: map[string]any{
			"usage": map[string]any{"rates": map[string]string{"pages": "0.01"}}, "recurringPayment": map[string]string{"price": "49"},
			"validity": map[string]string{"duration": "P1M"},
		},
		expires: afterTerms, goesOnBy: "private-end", end: "cancel",
	},
}

// aPress is a private offer's fixed contract with other terms beside it.
func aPress(duration string, beside map[string]any) map[string]any {
	terms := map[string]any{"fixed": map[string]any{"duration": duration, "price": "1100", "grants": []map[string]any{{"dimension": "platen", "maxQuantity": 1}}}}
	for name, v := range beside {
		terms[name] = v
	}
	return terms
}

func renews(s *shuffled, one *sold) {
	s.call(http.MethodPost, "agreements/"+one.AgreementID+"/renew", nil, nil)
}

func amends(quantities map[string]int) func(*shuffled, *sold) {
	return func(s *shuffled, one *sold) {
		s.call(http.MethodPost, "agreements/"+one.AgreementID+"/amend", map[string]any{"quantities": quantities}, nil)
	}
}

func replaces(terms map[string]any) func(*shuffled, *sold) {
	return func(s *shuffled, one *sold) {
		id := s.offer(one.story, terms, one.AgreementID)
		s.call(http.MethodPost, "agreements/"+one.AgreementID+"/replace", map[string]string{"offerId": id}, nil)
	}
}

func refunded(amount string) func(*shuffled, *sold) {
	return func(s *shuffled, one *sold) {
		s.call(http.MethodPost, "agreements/"+one.AgreementID+"/refund", map[string]string{"amount": amount, "reason": "Down for a day"}, nil)
	}
}
