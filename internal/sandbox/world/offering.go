package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// offer is an offer with what it belongs to.
type offer struct {
	Offer
	product   *product
	terms     *OfferTerms // of its latest revision
	revisions []revision  // the oldest first
}

// CreateOffer makes an offer beside the listing's own: a private one, or a product's free trial. Missing identifiers
// are drawn. fail.Invalid: something that an offer must have is missing or wrong; fail.Conflict: the id is taken, or
// the product has a free trial already.
func (w *World) CreateOffer(now time.Time, o Offer) (Offer, error) {
	defer w.act()()
	o, p, err := w.newOffer(o)
	if err != nil {
		return Offer{}, err
	}
	if err := w.record(Command{At: now, Act: actCreateOffer, Offer: &o}); err != nil {
		return Offer{}, err
	}
	return w.addOffer(now, o, p).copy(), nil
}

// newOffer completes and checks an offer that is not there yet.
func (w *World) newOffer(o Offer) (Offer, *product, error) {
	o, p, err := w.completeOffer(o)
	if err != nil {
		return o, nil, err
	}
	if w.offers[o.OfferID] != nil {
		return o, nil, fail.New(fail.Conflict, "offer_taken", "There is an offer %s already.", o.OfferID)
	}
	return o, p, nil
}

func (w *World) addOffer(now time.Time, o Offer, p *product) *offer {
	in := &offer{Offer: o, product: p}
	w.offers[o.OfferID] = in
	w.order.offers = append(w.order.offers, o.OfferID)
	p.offers = append(p.offers, in)
	w.propose(in, now)
	return in
}

// revision is what an offer's terms have been from an instant on.
type revision struct {
	from  time.Time
	terms *OfferTerms
}

// propose notes that o's terms are new, and gives it the identifier that they are accepted under. Earlier ones are
// superseded.
func (w *World) propose(o *offer, now time.Time) {
	o.ProposalID = proposalID(o.OfferID, len(o.revisions))
	o.terms = new(o.Terms)
	o.revisions = append(o.revisions, revision{now, o.terms})
	w.proposals[o.ProposalID] = o
}

// termsAt are o's terms at an instant; before the first, those.
func (o *offer) termsAt(t time.Time) *OfferTerms {
	at := o.revisions[0].terms
	for _, r := range o.revisions[1:] {
		if r.from.After(t) {
			break
		}
		at = r.terms
	}
	return at
}

func (o *offer) copy() Offer {
	c := o.Offer
	c.Buyers = slices.Clone(c.Buyers)
	return c
}

// OfferPatch is a change of an offer: what is nil stays. Terms that are given replace all terms.
type OfferPatch struct {
	Name      *string     `json:"name,omitempty"`
	Buyers    []string    `json:"buyerAccountIds,omitempty"`
	ExpiresAt *time.Time  `json:"expiresAt,omitempty"`
	Withdrawn *bool       `json:"withdrawn,omitempty"`
	Terms     *OfferTerms `json:"terms,omitempty"`
}

// ChangeOffer changes an offer; agreements that were made from it stay as they are. A listing's own offer changes with
// the listing. fail.NotFound: no such offer; fail.Invalid: no offer any more, or the listing's own.
func (w *World) ChangeOffer(now time.Time, id string, p OfferPatch) (Offer, error) {
	defer w.act()()
	have, ok := w.offers[id]
	switch {
	case !ok:
		return Offer{}, w.unknownOffer(id)
	case have.listed():
		return Offer{}, fail.New(fail.Invalid, "public_offer", "The offer %s says what the listing of %s says; change the product.", id, have.ProductID)
	}
	next := have.copy()
	set(&next.Name, p.Name)
	set(&next.ExpiresAt, p.ExpiresAt)
	set(&next.Withdrawn, p.Withdrawn)
	set(&next.Terms, p.Terms)
	if p.Buyers != nil {
		next.Buyers = p.Buyers
	}
	next, _, err := w.completeOffer(next)
	if err != nil {
		return Offer{}, err
	}
	if err := w.record(Command{At: now, Act: actChangeOffer, ID: id, OfferPatch: &p}); err != nil {
		return Offer{}, err
	}
	have.Offer = next
	if p.Terms != nil {
		w.propose(have, now)
	}
	return have.copy(), nil
}

// listed reports whether o is its listing's own offer.
func (o *offer) listed() bool { return o.OfferID == publicOfferID(o.ProductID) }

// visible reports whether a buyer may see o, and accept it while it lasts. No account at all sees what is public.
func (o *offer) visible(buyer string) bool { return o.Public || slices.Contains(o.Buyers, buyer) }

// Open reports whether o can be accepted at now.
func (o Offer) Open(now time.Time) bool {
	return !o.Withdrawn && (o.ExpiresAt.IsZero() || now.Before(o.ExpiresAt))
}

// PurchaseOptions lists the offers for a product, by its id or code, that a buyer may see and accept at now: private
// ones first, then the listing's own, then a free trial. fail.NotFound: no such product.
func (w *World) PurchaseOptions(now time.Time, buyer, product string) ([]Offer, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.products[product]
	if !ok {
		return nil, w.unknownProduct(product)
	}
	all := []Offer{}
	for _, o := range p.offers {
		if o.visible(buyer) && o.Open(now) {
			all = append(all, o.copy())
		}
	}
	slices.SortStableFunc(all, func(a, b Offer) int { return rank(a) - rank(b) })
	return all, nil
}

// rank is an offer's place among the purchase options.
func rank(o Offer) int {
	switch {
	case !o.Public:
		return 0
	case o.Terms.Trial == nil:
		return 1
	}
	return 2
}

// Proposal finds the offer that an agreementProposalId, or an offer's own id, names for a buyer. current is false where
// the terms have changed since. fail.NotFound: there is none that the buyer may see.
func (w *World) Proposal(buyer, id string) (o Offer, current bool, err error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	in := w.proposed(id)
	if in == nil || !in.visible(buyer) {
		return Offer{}, false, w.unknownOffer(id)
	}
	return in.copy(), in.ProposalID == id || in.OfferID == id, nil
}

func (w *World) proposed(id string) *offer {
	if o := w.offers[id]; o != nil {
		return o
	}
	return w.proposals[id]
}

// Offers lists the offers as they were made.
func (w *World) Offers() []Offer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]Offer, 0, len(w.order.offers))
	for _, id := range w.order.offers {
		all = append(all, w.offers[id].copy())
	}
	return all
}

// Offer finds an offer; otherwise fail.NotFound.
func (w *World) Offer(id string) (Offer, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o, ok := w.offers[id]
	if !ok {
		return Offer{}, w.unknownOffer(id)
	}
	return o.copy(), nil
}

// PublicOffer is the listing's own offer of a product, given by id or code; fail.NotFound when there is no such product.
func (w *World) PublicOffer(product string) (Offer, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.products[product]
	if !ok {
		return Offer{}, w.unknownProduct(product)
	}
	return p.public().copy(), nil
}

// public is the listing's own offer.
func (p *product) public() *offer { return p.offers[0] }

// list makes, or makes anew, the offer that says what p's listing says; subscriptions' trials follow it.
func (w *World) list(now time.Time, p *product) {
	o := Offer{OfferID: publicOfferID(p.ProductID), ProductID: p.ProductID, SellerAccount: p.SellerAccount, ManufacturerAccount: p.SellerAccount,
		Name: p.Title, Public: true, Terms: p.listedTerms()}
	if len(p.offers) == 0 {
		w.addOffer(now, o, p)
		return
	}
	public := p.public()
	public.Offer = o
	w.propose(public, now)
	for _, trial := range p.offers {
		if trial.Terms.Trial != nil && trial.Terms.Usage != nil {
			trial.Terms.Usage = o.Terms.Usage
			w.propose(trial, now)
		}
	}
}

// listedTerms are the terms that a listing stands for.
func (p Product) listedTerms() OfferTerms {
	var t OfferTerms
	if p.Pricing.IsContract() {
		u := &UpfrontTerm{Selection: p.Selection}
		for _, duration := range p.Durations() {
			u.RateCards = append(u.RateCards, RateCard{duration, p.rates(duration)})
		}
		t.Upfront, t.Validity, t.Renewal = u, &ValidityTerm{}, &RenewalTerm{}
	}
	return completeTerms(p, t)
}

// usageRates are the listed prices of metered units.
func (p Product) usageRates() map[string]decimal.Decimal {
	rates := map[string]decimal.Decimal{}
	for _, d := range p.Dimensions {
		if d.Is(Metered) {
			rates[d.Key] = d.Price()
		}
	}
	return rates
}

// Dated lists the instalments of an agreement that starts at an instant, each with its date.
func (t *OfferTerms) Dated(start time.Time) []Instalment {
	var all []Instalment
	for _, one := range t.Schedule {
		if one.After != "" {
			p, _ := parsePeriod(one.After) // P0D is no time at all
			one.ChargeDate, one.After = p.after(start), ""
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Instalment) int { return a.ChargeDate.Compare(b.ChargeDate) })
	return all
}

// ends is when an agreement of these terms ends that starts at an instant; picked is the duration that its buyer picked
// from rate cards. Zero is never.
func (t *OfferTerms) ends(start time.Time, picked string) time.Time {
	if t.Validity != nil && !t.Validity.EndDate.IsZero() {
		return t.Validity.EndDate
	}
	if p, ok := parsePeriod(t.duration(picked)); ok {
		return p.after(start)
	}
	return time.Time{}
}

// duration is how long an agreement of these terms runs; empty where an end date says so, or nothing does.
func (t *OfferTerms) duration(picked string) string {
	switch {
	case t.Upfront != nil:
		return picked
	case t.Fixed != nil:
		return t.Fixed.Duration
	case t.Trial != nil && t.Usage == nil:
		return t.Trial.Duration
	case t.Validity != nil:
		return t.Validity.Duration
	}
	return ""
}

// granted are the quantities of grants; what has no limit is as much as an entitlement's value can say.
func granted(grants []Grant) map[string]int64 {
	all := map[string]int64{}
	for _, g := range grants {
		all[g.Dimension] = maxUnits
		if g.MaxQuantity != nil {
			all[g.Dimension] = *g.MaxQuantity
		}
	}
	return all
}
