package world

import (
	"slices"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
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

// Subscribe makes an agreement, which is active at once; its licence follows after the profile activation-delay.
//
// Errors: fail.NotFound for an unknown buyer, product or offer; fail.Invalid for terms that the product does not have;
// fail.Conflict when the buyer's account is suspended, or has a running subscription to a legacy product already.
func (w *World) Subscribe(now time.Time, in Subscribe) (Agreement, error) {
	defer w.act()()
	p, b, o, err := w.parties(in)
	if err != nil {
		return Agreement{}, err
	}
	if err := w.subscribable(now, in, p, b); err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actSubscribe, Subscribe: &in}); err != nil {
		return Agreement{}, err
	}
	return w.accept(now, p, b, o, in).copy(), nil
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
	if len(in.Quantities) > 0 || in.Duration != "" || in.AutoRenew {
		return fail.New(fail.Invalid, "terms", "%s is pay as you go: it is bought without quantities, duration or renewal.", p.Title)
	}
	if !in.StartTime.IsZero() && in.StartTime.After(now) {
		return fail.New(fail.Invalid, "start_time", "%s is pay as you go and starts at once; leave startTime out.", p.Title)
	}
	if b.Suspended {
		return fail.New(fail.Conflict, "suspended", "The account %s is suspended and cannot buy.", b.AccountID)
	}
	if c := w.customers[customerKey{p.ProductCode, b.AccountID}]; c != nil && p.Identity == Legacy {
		for _, a := range c.agreements { // one subscription per account, before concurrent agreements
			if a.Status == Active {
				return fail.New(fail.Conflict, "subscribed", "The account %s is subscribed to %s already.", b.AccountID, p.Title)
			}
		}
	}
	return nil
}

// accept makes the agreement. Its instants are whole milliseconds, as AWS shows them.
func (w *World) accept(now time.Time, p *product, b *Buyer, o *Offer, in Subscribe) *agreement {
	now = now.Truncate(time.Millisecond)
	delay := w.profiles.Duration(profile.ActivationDelay)
	a := &agreement{product: p, buyer: b, Agreement: Agreement{
		AgreementID: w.ids.agreementID(), Intent: IntentNew, Status: Active, OfferID: o.OfferID, BuyerAccount: b.AccountID,
		SellerAccount: o.SellerAccount, ProductID: p.ProductID, ProductCode: p.ProductCode, Terms: in.Terms,
		AcceptanceTime: now, StartTime: now,
		License: License{ARN: w.ids.licenseARN(), Status: Provisioning, ActiveFrom: now, ProvisionedAt: now.Add(delay)},
	}}
	a.InitialAgreementID = a.AgreementID
	if p.Identity == Legacy {
		a.CustomerIdentifier = customerIdentifier(p.SellerAccount, b.AccountID)
	}
	a.subject = w.ledger.subject(meter{product: p, buyer: b, arn: a.License.ARN})
	w.agreement[a.AgreementID], w.licenses[a.License.ARN] = a, a
	w.order.agreements, p.agreements = append(w.order.agreements, a), append(p.agreements, a)
	w.enrol(a)
	a.note(now, "accepted", "The buyer accepted the offer.")
	if p.Identity == ByLicense {
		w.schedule(now.Add(min(createdAfter, delay)), tellCreated, a)
	}
	w.schedule(a.License.ProvisionedAt, provision, a)
	return a
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

// Cancel is the buyer's end of a pay-as-you-go agreement: it is CANCELLED at once, and the last hour for metering
// runs as the profile final-hour says. Errors: see [World.Expire].
func (w *World) Cancel(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Cancelled, "The buyer cancelled.")
}

// Terminate is AWS's end of an agreement, for instance because of abuse. Errors: see [World.Expire].
func (w *World) Terminate(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Terminated, "AWS terminated the agreement.")
}

// FailPayment is AWS's end of an agreement whose buyer does not pay. Errors: see [World.Expire].
func (w *World) FailPayment(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Terminated, "The buyer's payment failed.")
}

// Expire ends an agreement as if its term had run out. Errors: fail.NotFound for an unknown agreement; fail.Conflict
// for one that has ended.
func (w *World) Expire(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Expired, "The agreement's term ran out.")
}

func (w *World) end(now time.Time, id string, status AgreementStatus, why string) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[id]
	if !ok {
		return Agreement{}, unknownAgreement(id)
	}
	if a.Status != Active {
		return Agreement{}, fail.New(fail.Conflict, "ended", "The agreement %s has ended (%s).", id, a.Status)
	}
	if err := w.record(Command{At: now, Act: actEnd, ID: id, Status: status, Why: why}); err != nil {
		return Agreement{}, err
	}
	w.ending(a, now, status, why)
	return a.copy(), nil
}

// ending ends a at once. AWS tells of an end only after it has told of the beginning: for an agreement that ends before
// its licence was provisioned, all that follows from the end waits for that.
func (w *World) ending(a *agreement, now time.Time, status AgreementStatus, why string) {
	a.Status, a.EndedAt, a.License.EndedAt = status, now, now
	a.note(now, string(status), why)
	told := now
	if earliest := a.License.ProvisionedAt.Add(time.Second); a.License.Status == Provisioning && told.Before(earliest) {
		told = earliest
	}
	withdrawn, closes := told.Add(deprovisionedAfter), told.Add(deprovisionedAfter+contract.FinalWindow)
	if w.profiles.Is(profile.FinalHour, profile.Ended) || a.product.Identity == Legacy {
		// The classic reading; and legacy products know but one: unsubscribe-pending opens the hour.
		withdrawn, closes = told.Add(contract.FinalWindow), told.Add(contract.FinalWindow)
	}
	a.License.DeprovisionedAt, a.License.MeteringUntil = withdrawn, closes
	if told.Equal(now) {
		w.toldOfEnd(a, now)
	} else {
		w.schedule(told, tellEnded, a)
	}
	w.schedule(withdrawn, deprovision, a)
	w.schedule(closes, closeFinal, a)
}

// toldOfEnd tells the seller that a has ended.
func (w *World) toldOfEnd(a *agreement, at time.Time) {
	if a.product.Identity == Legacy {
		w.tell(UnsubscribePending{w.about(a, at)})
		a.note(at, "unsubscribe-pending", "The last hour for metering runs.")
		return
	}
	w.tell(AgreementEnded{About: w.about(a, at), Status: a.Status})
	a.note(at, "Purchase Agreement Ended", "AWS Marketplace told the seller of the end.")
}

// Unsupported answers an act that this sandbox does not play yet for the agreement's way of selling: fail.NotFound
// for an unknown agreement, otherwise fail.Invalid with what to do instead.
func (w *World) Unsupported(act, agreementID string) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.agreement[agreementID]
	if !ok {
		return unknownAgreement(agreementID)
	}
	return fail.New(fail.Invalid, "unsupported", "%q does not exist for a pay-as-you-go agreement such as %s (%s); cancel it instead.", act, agreementID, a.product.Title)
}

func unknownAgreement(id string) error {
	return fail.New(fail.NotFound, "unknown_agreement", "There is no agreement %q.", id)
}

func (a *agreement) copy() Agreement {
	c := a.Agreement
	c.History = slices.Clone(c.History)
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
