package world

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// Limits of offers. Sources: seller guide, private-offers-overview and private-offers-payment-schedule.
const (
	maxTargets     = 25
	maxInstalments = 60
)

var offerID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// completeOffer checks an offer that somebody makes or changes, and fills in what it leaves out. What it returns shares
// nothing with o that could be changed.
func (w *World) completeOffer(o Offer) (Offer, *product, error) {
	p, ok := w.products[o.ProductID]
	if !ok {
		return o, nil, fail.New(fail.Invalid, "unknown_product", "The offer %s: there is no product %q%s", o.OfferID, o.ProductID, meant(o.ProductID, w.products))
	}
	if o.OfferID == "" {
		o.OfferID = w.ids.offerID()
	}
	if o.SellerAccount == "" {
		o.SellerAccount = p.SellerAccount
	}
	if o.Name == "" {
		o.Name = p.Title
	}
	o.ProductID, o.ManufacturerAccount = p.ProductID, p.SellerAccount
	if o.SellerAccount != o.ManufacturerAccount && o.ResaleAuthorization == "" {
		o.ResaleAuthorization = w.ids.resaleAuthorization()
	}
	o.Buyers = slices.Compact(slices.Sorted(slices.Values(o.Buyers)))
	o.Terms = completeTerms(p.Product, o.Terms)
	if err := w.checkOffer(o); err != nil {
		return o, nil, err
	}
	return o, p, checkTerms(o, p.Product)
}

// badOffer says what is wrong with an offer.
func badOffer(o Offer, code, format string, args ...any) error {
	return fail.New(fail.Invalid, code, "The offer %s: %s", o.OfferID, fmt.Sprintf(format, args...))
}

// checkOffer refuses an offer that nobody could accept, whatever its terms.
func (w *World) checkOffer(o Offer) error {
	switch {
	case !offerID.MatchString(o.OfferID):
		return badOffer(o, "offer_id", "the offerId must be letters, digits and hyphens, at most 64.")
	case w.sellers[o.SellerAccount] == nil:
		return badOffer(o, "seller", "there is no seller %q%s", o.SellerAccount, meant(o.SellerAccount, w.sellers))
	case o.SellerAccount == o.ManufacturerAccount && o.ResaleAuthorization != "":
		return badOffer(o, "resale_authorization", "a resaleAuthorizationId is for a channel partner's offer, and %s sells its own product.", o.SellerAccount)
	case o.Public && len(o.Buyers) > 0:
		return badOffer(o, "buyers", "it is public, or for the buyers %q; leave one out.", o.Buyers)
	case !o.Public && (len(o.Buyers) == 0 || len(o.Buyers) > maxTargets):
		return badOffer(o, "buyers", "it is for %d buyers; a private offer is for 1 to %d (buyerAccountIds).", len(o.Buyers), maxTargets)
	case o.Public != (o.Terms.Trial != nil):
		return badOffer(o, "public", "a free trial is public, and any other offer beside the listing's own is private.")
	case o.Public && o.SellerAccount != o.ManufacturerAccount:
		return badOffer(o, "seller", "a channel partner's offer is private.")
	}
	for _, b := range o.Buyers {
		if w.buyers[b] == nil {
			return badOffer(o, "buyers", "there is no buyer %q%s", b, meant(b, w.buyers))
		}
	}
	if o.Public && !o.Withdrawn {
		for _, other := range w.products[o.ProductID].offers {
			if other.OfferID != o.OfferID && other.Terms.Trial != nil && !other.Withdrawn {
				return fail.New(fail.Conflict, "trial_taken", "The product %s has the free trial %s already; withdraw it first.", o.ProductID, other.OfferID)
			}
		}
	}
	return w.checkReplaced(o)
}

// checkReplaced refuses an agreement-based offer that does not fit its agreement.
func (w *World) checkReplaced(o Offer) error {
	if o.Replaces == "" {
		return nil
	}
	a, ok := w.agreement[o.Replaces]
	switch {
	case !ok:
		return badOffer(o, "replaces", "there is no agreement %q that it could replace.", o.Replaces)
	case a.ProductID != o.ProductID:
		return badOffer(o, "replaces", "the agreement %s is for another product.", o.Replaces)
	case !slices.Equal(o.Buyers, []string{a.BuyerAccount}):
		return badOffer(o, "replaces", "the agreement %s is that of the buyer %s: it must be for this buyer alone.", o.Replaces, a.BuyerAccount)
	}
	return nil
}

// completeTerms are the terms with what they leave out: prices of metered units as listed, AWS's standard contract, and
// AWS's general rule of refunds.
func completeTerms(p Product, t OfferTerms) OfferTerms {
	if t.Usage != nil || p.Pricing == Subscription || p.Pricing == ContractWithConsumption && t.Trial == nil {
		listed := p.usageRates()
		if t.Usage != nil {
			maps.Copy(listed, t.Usage.Rates)
		}
		t.Usage = &UsageTerm{listed}
	}
	if t.Recurring != nil {
		r := *t.Recurring
		if r.BillingPeriod == "" {
			r.BillingPeriod = Monthly
		}
		t.Recurring = &r
	}
	if t.Upfront != nil {
		u := UpfrontTerm{t.Upfront.Selection, slices.Clone(t.Upfront.RateCards)}
		if u.Selection == "" {
			u.Selection = p.Selection
		}
		slices.SortStableFunc(u.RateCards, func(a, b RateCard) int { return monthly(a.Duration) - monthly(b.Duration) })
		t.Upfront = &u
	}
	if t.Fixed != nil {
		f := *t.Fixed
		if t.Validity != nil && f.Duration == "" && t.Validity.EndDate.IsZero() {
			f.Duration = t.Validity.Duration
		}
		if f.Price.IsZero() {
			for _, i := range t.Schedule {
				f.Price = f.Price.Add(i.Amount)
			}
		}
		t.Fixed = &f
	}
	if t.Validity != nil {
		v := *t.Validity
		if !v.StartDate.IsZero() {
			v.StartDate = startOfDay(v.StartDate)
		}
		if !v.EndDate.IsZero() {
			v.EndDate = endOfDay(v.EndDate)
		}
		t.Validity = &v
	}
	if t.Trial != nil && p.Pricing.IsContract() && len(t.Trial.Grants) == 0 {
		trial := TrialTerm{Duration: t.Trial.Duration}
		for _, d := range p.Entitled() {
			trial.Grants = append(trial.Grants, Grant{Dimension: d.Key})
		}
		t.Trial = &trial
	}
	if t.Legal == nil {
		t.Legal = &LegalTerm{[]Document{standardContract}}
	}
	if t.Support == nil {
		t.Support = &SupportTerm{refundPolicy(p)}
	}
	return t
}

// standardContract is AWS Marketplace's own, which sellers may use.
var standardContract = Document{StandardEula, contract.SellerGuide + "standardized-license-terms.html", "2022-07-14"}

// refundPolicy is AWS's general rule for the way in which p is sold.
func refundPolicy(p Product) string {
	if p.Pricing == Subscription {
		return "Usage is not refunded. The subscription can be cancelled at any time."
	}
	return "A full refund can be asked for within 48 hours of the purchase; later, with the seller's consent."
}
