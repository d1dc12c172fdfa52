package world

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// sell is a random act about offers: one is made, changed, quoted, accepted or put in an agreement's place. Many are
// refused.
func sell(rt *rapid.T, w *World, now time.Time, agreement func() string) error {
	offer := func() Offer {
		all := w.Offers()
		return all[rapid.IntRange(0, len(all)-1).Draw(rt, "offer")]
	}
	buyer := rapid.SampledFrom([]string{acme, globex, initech}).Draw(rt, "buyer")
	choice := Terms{AutoRenew: rapid.Bool().Draw(rt, "renews")}
	if rapid.Bool().Draw(rt, "picks") {
		choice.Duration, choice.Quantities = "P1M", map[string]int64{"seats": rapid.Int64Range(1, 5).Draw(rt, "seats")}
	}
	switch rapid.IntRange(0, 8).Draw(rt, "selling") {
	case 0, 1:
		_, err := w.CreateOffer(now, drawOffer(rt, now, buyer, agreement()))
		return err
	case 2, 3:
		o := offer()
		if len(o.Buyers) > 0 && rapid.Bool().Draw(rt, "targeted") {
			buyer, choice = o.Buyers[0], Terms{Variable: drawChoice(rt, o)}
		}
		_, err := w.Subscribe(now, Subscribe{BuyerAccount: buyer, Product: o.ProductID, OfferID: o.OfferID, Terms: choice})
		return err
	case 4:
		_, err := w.Replace(now, agreement(), Replacement{OfferID: offer().OfferID, Terms: choice})
		return err
	case 5:
		_, err := w.ChangeOffer(now, offer().OfferID, OfferPatch{Withdrawn: new(rapid.Bool().Draw(rt, "withdrawn")), ExpiresAt: new(now.Add(time.Hour))})
		return err
	case 6:
		o := offer()
		q, err := w.Quote(now, Order{BuyerAccount: buyer, Intent: IntentNew, ProposalID: o.ProposalID, Terms: requested(o, choice.Duration, choice.Quantities),
			ClientToken: rapid.SampledFrom([]string{"", "t"}).Draw(rt, "token")})
		if err != nil || rapid.Bool().Draw(rt, "thinks it over") {
			return err
		}
		_, err = w.Accept(now.Add(time.Minute), buyer, q.RequestID, nil)
		return err
	case 7:
		_, err := w.OptOutOfRenewal(now, agreement())
		return err
	default:
		_, err := w.ChooseIncrease(now, agreement(), usd("3"))
		return err
	}
}

// drawOffer is an offer that may be a trial, dated ahead, paid in instalments, or in place of an agreement.
func drawOffer(rt *rapid.T, now time.Time, buyer, agreement string) Offer {
	n := rapid.Int64Range(1, 9).Draw(rt, "granted")
	o := Offer{ProductID: rapid.SampledFrom([]string{teams, classicTeams, inkwell, press}).Draw(rt, "product"), Buyers: []string{buyer}}
	if rapid.IntRange(0, 4).Draw(rt, "trial") == 0 {
		o.Public, o.Buyers, o.Terms.Trial = true, nil, &TrialTerm{Duration: "P14D"}
		return o
	}
	if o.ProductID == inkwell {
		o.Terms.Usage = &UsageTerm{}
		if rapid.Bool().Draw(rt, "flat") {
			o.Terms.Recurring = &RecurringTerm{Price: usd("29.99")}
		}
		return o
	}
	o.Terms.Fixed = &FixedTerm{Duration: "P1M", Grants: []Grant{{Dimension: "seats", MaxQuantity: &n}}}
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0:
		o.Terms.Validity = &ValidityTerm{StartDate: now.AddDate(0, 0, 3)}
	case 1:
		o.Terms.Schedule = []Instalment{{After: "P0D", Amount: usd("10")}, {After: "P10D", Amount: usd("20.01")}}
	case 2:
		o.Replaces = agreement
	case 3:
		o.SellerAccount = partner
	case 4:
		o.Terms.Variable = &VariablePaymentTerm{MaxTotal: usd("300")}
	}
	if rapid.Bool().Draw(rt, "renewable") {
		o.Terms.Renewal = &RenewalTerm{LockoutPeriod: "P5D", AdjustmentDeadline: "P10D", PriceIncrease: &PriceIncrease{Min: new(usd("1")), Default: new(usd("2")), Max: new(usd("4"))}}
	}
	return o
}

// drawChoice is how a buyer approves the payments that an offer lets the seller ask for, or nil.
func drawChoice(rt *rapid.T, o Offer) *VariableChoice {
	switch {
	case o.Terms.Variable == nil || rapid.Bool().Draw(rt, "as it is"):
		return nil
	case rapid.Bool().Draw(rt, "waits"):
		return &VariableChoice{Strategy: WaitForApproval}
	default:
		return &VariableChoice{Strategy: AutoApprove, Expiration: "P1D"}
	}
}

// randomPayment is a random act about payment requests: one is made, or answered; where no agreement has a term for them,
// one that has is signed. Many are refused.
func randomPayment(rt *rapid.T, w *World, now time.Time) error {
	if all := w.Payments(PaymentQuery{}); len(all) > 0 && rapid.Bool().Draw(rt, "answered") {
		r := rapid.SampledFrom(all).Draw(rt, "payment")
		by := rapid.SampledFrom([]string{r.BuyerAccount, r.SellerAccount}).Draw(rt, "by")
		_, err := w.answerPayment(now, rapid.SampledFrom([]RequestStatus{Approved, Rejected, Withdrawn}).Draw(rt, "answer"), by, r.ID, "why")
		return err
	}
	able := slices.DeleteFunc(w.Agreements(AgreementQuery{}), func(a Agreement) bool { return a.Accepted.Variable == nil })
	if len(able) == 0 {
		return signVariable(rt, w, now)
	}
	a := rapid.SampledFrom(able).Draw(rt, "payer")
	_, err := w.RequestPayment(now, a.SellerAccount, NewPayment{AgreementID: a.AgreementID, TermID: TermID(a.OfferID, TermVariable), Name: "Setting up",
		Amount: rapid.SampledFrom([]string{"0.5", "100", "299.99"}).Draw(rt, "payment amount"), ClientToken: rapid.SampledFrom([]string{"", "t"}).Draw(rt, "payment token")})
	return err
}

// signVariable signs a private offer under which the seller may ask for payments.
func signVariable(rt *rapid.T, w *World, now time.Time) error {
	buyer := rapid.SampledFrom([]string{acme, globex}).Draw(rt, "signer")
	o, err := w.CreateOffer(now, Offer{ProductID: teams, Buyers: []string{buyer}, Terms: OfferTerms{
		Fixed: &FixedTerm{Duration: "P12M", Grants: []Grant{{Dimension: "seats"}}}, Variable: &VariablePaymentTerm{MaxTotal: usd("300")}}})
	if err != nil {
		return err
	}
	_, err = w.Subscribe(now, Subscribe{BuyerAccount: buyer, Product: teams, OfferID: o.OfferID, Terms: Terms{Variable: drawChoice(rt, o)}})
	return err
}
