package world

import (
	"maps"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
)

// How long after an act its notices come, as observed on the live marketplace in August 2026.
const (
	createdAfter       = 11 * time.Second // acceptance → Purchase Agreement Created
	deprovisionedAfter = 31 * time.Second // Purchase Agreement Ended → License Deprovisioned
)

// Subscribe is a buyer's acceptance of an offer.
type Subscribe struct {
	BuyerAccount string `json:"buyerAccountId"`
	Product      string `json:"productCode"`       // its id does as well
	OfferID      string `json:"offerId,omitempty"` // the public offer, if empty
	Terms
	StartTime time.Time `json:"startTime,omitzero"` // now, if zero
}

// Subscribe makes an agreement, which is active at once; its licence follows after the profile activation-delay. A
// contract is charged upfront and ends, or renews itself, when its duration is over.
//
// Errors: fail.NotFound for an unknown buyer, product or offer; fail.Invalid for terms that the product does not have;
// fail.Conflict when the buyer's account is suspended, or has a running agreement for a legacy product already.
func (w *World) Subscribe(now time.Time, in Subscribe) (Agreement, error) {
	defer w.act()()
	p, b, o, err := w.parties(in)
	if err != nil {
		return Agreement{}, err
	}
	terms, err := p.agree(in.Terms)
	if err != nil {
		return Agreement{}, err
	}
	if err := w.subscribable(now, in, p, b); err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actSubscribe, Subscribe: &in}); err != nil {
		return Agreement{}, err
	}
	return w.accept(now.Truncate(time.Millisecond), p, b, o, terms).copy(), nil
}

func (w *World) parties(in Subscribe) (*product, *Buyer, *Offer, error) {
	p, ok := w.products[in.Product]
	if !ok {
		return nil, nil, nil, fail.New(fail.NotFound, "unknown_product", "There is no product %q.", in.Product)
	}
	b, ok := w.buyers[in.BuyerAccount]
	if !ok {
		return nil, nil, nil, fail.New(fail.NotFound, "unknown_buyer", "There is no buyer %q.", in.BuyerAccount)
	}
	if in.OfferID == "" {
		in.OfferID = publicOfferID(p.ProductID)
	}
	o, ok := w.offers[in.OfferID]
	if !ok || o.ProductID != p.ProductID {
		return nil, nil, nil, fail.New(fail.NotFound, "unknown_offer", "The product %s has no offer %q.", p.ProductID, in.OfferID)
	}
	return p, b, o, nil
}

func (w *World) subscribable(now time.Time, in Subscribe, p *product, b *Buyer) error {
	if in.StartTime.After(now) {
		return fail.New(fail.Invalid, "start_time", "The public offer of %s starts at once; leave startTime out.", p.Title)
	}
	if b.Suspended {
		return fail.New(fail.Conflict, "suspended", "The account %s is suspended and cannot buy.", b.AccountID)
	}
	if c := w.customers[customerKey{p.ProductCode, b.AccountID}]; c != nil && p.Identity.ByTopics() {
		for _, a := range c.agreements { // one subscription per account, before concurrent agreements
			if a.Status == Active {
				return fail.New(fail.Conflict, "subscribed", "The account %s is subscribed to %s already.", b.AccountID, p.Title)
			}
		}
	}
	return nil
}

// accept makes a buyer's agreement and plans what the seller is told of it.
func (w *World) accept(now time.Time, p *product, b *Buyer, o *Offer, terms Terms) *agreement {
	a := w.draft(now, p, b, o, terms)
	a.announced, a.toldBy = w.distances(a, now)
	a.License = License{ARN: w.ids.licenseARN(), Status: Provisioning, ActiveFrom: now, ProvisionedAt: a.toldBy}
	a.subject = w.ledger.subject(meter{product: p, buyer: b, arn: a.License.ARN})
	a.commit(nil)
	w.enter(a)
	a.note(now, "accepted", "The buyer accepted the offer.")
	w.schedule(a.announced, tellCreated, a)
	w.schedule(a.License.ProvisionedAt, provision, a)
	return a
}

// draft is an agreement without licence, that nobody knows of yet. Its instants are whole milliseconds, as AWS shows
// them.
func (w *World) draft(now time.Time, p *product, b *Buyer, o *Offer, terms Terms) *agreement {
	terms.Quantities = terms.grants()
	a := &agreement{product: p, buyer: b, Agreement: Agreement{
		AgreementID: w.ids.agreementID(), Intent: IntentNew, Status: Active, OfferID: o.OfferID, BuyerAccount: b.AccountID,
		SellerAccount: o.SellerAccount, ProductID: p.ProductID, ProductCode: p.ProductCode, Terms: terms,
		AcceptanceTime: now, StartTime: now,
	}}
	a.InitialAgreementID = a.AgreementID
	if p.Identity.ByTopics() {
		a.CustomerIdentifier = customerIdentifier(p.SellerAccount, b.AccountID)
	}
	return a
}

// enter makes a finished draft known, and plans its end where one was agreed on.
func (w *World) enter(a *agreement) {
	w.agreement[a.AgreementID], w.licenses[a.License.ARN] = a, a
	w.order.agreements, a.product.agreements = append(w.order.agreements, a), append(a.product.agreements, a)
	w.enrol(a)
	if !a.EndTime.IsZero() {
		w.planReminders(a)
		w.schedule(a.EndTime, termEnds, a)
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
	c.History, c.Charges = slices.Clone(c.History), slices.Clone(c.Charges)
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

// AgreementQuery chooses agreements; what is empty chooses all.
type AgreementQuery struct {
	BuyerAccount string
	ProductCode  string // the product's id does as well
	Status       AgreementStatus
	LicenseARN   string
}

// Agreements lists the agreements that q chooses, oldest first.
func (w *World) Agreements(q AgreementQuery) []Agreement {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := []Agreement{}
	for _, a := range w.order.agreements {
		if (q.BuyerAccount == "" || q.BuyerAccount == a.BuyerAccount) && (q.Status == "" || q.Status == a.Status) &&
			(q.ProductCode == "" || q.ProductCode == a.ProductCode || q.ProductCode == a.ProductID) &&
			(q.LicenseARN == "" || q.LicenseARN == a.License.ARN) {
			all = append(all, a.copy())
		}
	}
	return all
}
