package world

import (
	"maps"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// How long after an act its notices come, as observed on the live marketplace in August 2026.
const (
	createdAfter = 11 * time.Second // acceptance → Purchase Agreement Created
)

// Subscribe is a buyer's acceptance of an offer.
type Subscribe struct {
	BuyerAccount string `json:"buyerAccountId"`
	Product      string `json:"productCode"`       // its id does as well
	OfferID      string `json:"offerId,omitempty"` // the public offer, if empty
	Terms
	StartTime time.Time `json:"startTime,omitzero"` // now, if zero
}

// Subscribe accepts an offer, with all its terms: it is a quote and its acceptance at once. The agreement is active at
// once, even if it starts later; its licence follows after the profile activation-delay. What it says is charged, and it
// ends, or renews itself, when its duration is over.
//
// Errors: fail.NotFound for an unknown buyer or product, or an offer that the buyer may not see; fail.Invalid for terms
// that the offer does not have, and for an offer that has expired; fail.Conflict when the buyer's account is suspended,
// has a running agreement for a legacy product, or had its free trial already.
func (w *World) Subscribe(now time.Time, in Subscribe) (Agreement, error) {
	defer w.act()()
	d, err := w.subscription(now.Truncate(time.Millisecond), in)
	if err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actSubscribe, Subscribe: &in}); err != nil {
		return Agreement{}, err
	}
	return w.perform(now, d, "").copy(), nil
}

// subscription is what in asks for.
func (w *World) subscription(now time.Time, in Subscribe) (*deal, error) {
	p, ok := w.products[in.Product]
	if !ok {
		return nil, w.unknownProduct(in.Product)
	}
	b, ok := w.buyers[in.BuyerAccount]
	if !ok {
		return nil, w.unknownBuyer(in.BuyerAccount)
	}
	o := p.public()
	if in.OfferID != "" {
		o = w.offers[in.OfferID]
	}
	if o == nil || o.product != p || !o.visible(b.AccountID) {
		return nil, fail.New(fail.NotFound, "unknown_offer", "The product %s has no offer %q for the account %s.", p.ProductID, in.OfferID, b.AccountID)
	}
	want := wish{intent: IntentNew, buyer: b, offer: o, terms: in.Terms}
	if o.Replaces != "" {
		want.intent, want.source = IntentReplace, w.agreement[o.Replaces]
	}
	d, err := w.negotiate(now, want)
	if err == nil && in.StartTime.After(now) && !in.StartTime.Equal(d.start) {
		return nil, fail.New(fail.Invalid, "start_time", "The offer %s starts on %s; leave startTime out.", o.OfferID, stamp(d.start))
	}
	return d, err
}

// perform makes a deal come true. Without a request's id, the deal was not asked for by the Agreement API.
func (w *World) perform(now time.Time, d *deal, request string) *agreement {
	if d.intent == IntentAmend {
		return w.amend(now, d, request)
	}
	now = now.Truncate(time.Millisecond)
	a := w.draft(now, d)
	if d.intent == IntentReplace {
		w.replace(now, d.source, a)
	} else {
		w.accept(now, a)
	}
	if request == "" {
		request = requestID(a.AgreementID, 0)
	}
	w.charge(a, now, request, d.charges)
	return a
}

// accept makes a first agreement known and plans what the seller is told of it.
func (w *World) accept(now time.Time, a *agreement) {
	a.announced, a.toldBy = w.distances(a, now)
	a.License = License{ARN: w.ids.licenseARN(), Status: Provisioning, ActiveFrom: now, ProvisionedAt: a.toldBy}
	later := a.StartTime.After(now)
	if later {
		a.License.Status, a.License.ActiveFrom = ScheduledLicense, a.StartTime
		a.License.ProvisionedAt = a.StartTime.Add(w.profiles.Duration(profile.ActivationDelay))
		a.toldBy = a.announced
	}
	a.subject = w.ledger.subject(meter{product: a.product, buyer: a.buyer, arn: a.License.ARN})
	w.enter(a)
	a.note(now, "accepted", "The buyer accepted the offer.")
	w.schedule(a.announced, tellCreated, a)
	if later {
		w.schedule(a.StartTime, begins, a)
		return
	}
	w.schedule(a.License.ProvisionedAt, provision, a)
}

// draft is an agreement without licence and charges, that nobody knows of yet. Its instants are whole milliseconds, as
// AWS shows them.
func (w *World) draft(now time.Time, d *deal) *agreement {
	o, p := d.offer, d.offer.product
	terms := d.terms
	terms.Quantities = terms.grants()
	a := &agreement{product: p, buyer: d.buyer, offer: o, Agreement: Agreement{
		AgreementID: w.ids.agreementID(), Intent: d.intent, Status: Active, OfferID: o.OfferID, BuyerAccount: d.buyer.AccountID,
		SellerAccount: o.SellerAccount, ManufacturerAccount: p.SellerAccount, ResaleAuthorization: o.ResaleAuthorization,
		ProductID: p.ProductID, ProductCode: p.ProductCode, Terms: terms, Accepted: d.accepted, Rates: d.rates,
		AcceptanceTime: now, StartTime: d.start, EndTime: d.end, TrialEndsAt: d.trialEnds,
	}}
	a.InitialAgreementID = a.AgreementID
	if p.Pricing == Subscription && !d.end.IsZero() && !o.Public && w.profiles.Is(profile.PrivateEnd, profile.GoesOn) {
		a.Successor = p.public().OfferID
	}
	if p.Identity.ByTopics() {
		a.CustomerIdentifier = customerIdentifier(p.SellerAccount, d.buyer.AccountID)
	}
	return a
}

// enter makes a finished draft known, and plans its end where one was agreed on.
func (w *World) enter(a *agreement) {
	w.agreement[a.AgreementID], w.licenses[a.License.ARN] = a, a
	w.order.agreements, a.product.agreements = append(w.order.agreements, a), append(a.product.agreements, a)
	w.agreementsOf[a.BuyerAccount] = append(w.agreementsOf[a.BuyerAccount], a)
	w.enrol(a)
	w.planBilling(a)
	if !a.EndTime.IsZero() {
		w.planReminders(a)
		w.schedule(a.EndTime, termEnds, a)
	}
	if a.TrialEndsAt.After(a.StartTime) && !a.TrialEndsAt.Equal(a.EndTime) {
		w.schedule(a.TrialEndsAt, trialEnds, a)
	}
}

// enrol makes a's buyer a customer of a's product.
func (w *World) enrol(a *agreement) {
	key := customerKey{a.ProductCode, a.BuyerAccount}
	c := w.customers[key]
	if c == nil {
		c = &customer{product: a.product, buyer: a.buyer, handle: a.CustomerIdentifier}
		c.subject = w.ledger.subject(meter{product: a.product, buyer: a.buyer, handle: c.handle})
		w.customers[key] = c
		if c.handle != "" {
			w.byHandle[handleKey{a.product.SellerAccount, c.handle}] = a.BuyerAccount
		}
	}
	c.agreements = append(c.agreements, a)
}

func unknownAgreement(id string) error {
	return fail.New(fail.NotFound, "unknown_agreement", "There is no agreement %q.", id)
}

func hasEnded(a *agreement) error {
	return fail.New(fail.Conflict, "ended", "The agreement %s has ended (%s).", a.AgreementID, a.Status)
}

func (a *agreement) copy() Agreement {
	c := a.Agreement
	c.History, c.Charges, c.Scheduled = slices.Clone(c.History), slices.Clone(c.Charges), slices.Clone(c.Scheduled)
	c.Terms.Quantities, c.Entitlements, c.Rates = maps.Clone(c.Terms.Quantities), maps.Clone(c.Entitlements), maps.Clone(c.Rates)
	return c
}

// Agreement finds an agreement; otherwise fail.NotFound.
func (w *World) Agreement(id string) (Agreement, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.agreement[id]
	if !ok {
		return Agreement{}, unknownAgreement(id)
	}
	return a.copy(), nil
}
