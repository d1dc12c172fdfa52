package world

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// quote is a quote that waits to be accepted, or was.
type quote struct {
	Quote
	deal     *deal
	accepted string // the agreement that came of it
}

// quotes are those that are remembered, the oldest first.
type quotes struct {
	byID    map[string]*quote
	byToken map[tokenKey]*quote
	order   []*quote
}

type tokenKey struct{ buyer, token string }

func newQuotes() quotes {
	return quotes{byID: map[string]*quote{}, byToken: map[tokenKey]*quote{}}
}

// rememberQuotes is how long a quote is remembered once it cannot be accepted any more: an answer that got lost can be
// asked for again.
const rememberQuotes = 24 * time.Hour

// forget drops what is too old.
func (q *quotes) forget(now time.Time) {
	for len(q.order) > 0 && !now.Before(q.order[0].ExpiresAt.Add(rememberQuotes)) {
		old := q.order[0]
		q.order = q.order[1:]
		delete(q.byID, old.RequestID)
		if key := (tokenKey{old.Order.BuyerAccount, old.Order.ClientToken}); q.byToken[key] == old {
			delete(q.byToken, key)
		}
	}
}

// Quote says what an order would cost, and keeps it for [World.Accept] for as long as the profile quote-life says. The
// same ClientToken of a buyer again is the same quote. Source: Agreement API, CreateAgreementRequest.
//
// Errors: [Reason] has AWS's word for each. fail.Conflict: "client_token" for a token that came with another order,
// "ended" for a source agreement that has ended, "suspended", "subscribed", "trial_used"; fail.NotFound for an unknown
// buyer; fail.Invalid for all else.
func (w *World) Quote(now time.Time, o Order) (Quote, error) {
	defer w.act()()
	if q := w.quotes.byToken[tokenKey{o.BuyerAccount, o.ClientToken}]; q != nil && o.ClientToken != "" {
		if !reflect.DeepEqual(q.Order, o) {
			return Quote{}, fail.New(fail.Conflict, "client_token", "The client token %s came with another request already.", o.ClientToken)
		}
		return q.copy(), nil
	}
	now = now.Truncate(time.Millisecond)
	d, err := w.understood(now, o)
	if err != nil {
		return Quote{}, err
	}
	if err := w.record(Command{At: now, Act: actQuote, Order: &o}); err != nil {
		return Quote{}, err
	}
	w.quotes.forget(now)
	q := &quote{Quote: d.quote(now, w.ids.requestID(), o), deal: d}
	q.ExpiresAt = now.Add(w.profiles.Duration(profile.QuoteLife))
	w.quotes.byID[q.RequestID] = q
	if o.ClientToken != "" {
		w.quotes.byToken[tokenKey{o.BuyerAccount, o.ClientToken}] = q
	}
	w.quotes.order = append(w.quotes.order, q)
	return q.copy(), nil
}

// Preview says what an order would cost, and keeps nothing. Errors: see [World.Quote].
func (w *World) Preview(now time.Time, o Order) (Quote, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	now = now.Truncate(time.Millisecond)
	d, err := w.understood(now, o)
	if err != nil {
		return Quote{}, err
	}
	return d.quote(now, "", o), nil
}

// PreviewSubscribe says what [World.Subscribe] would bring about, and keeps nothing. Errors: as there.
func (w *World) PreviewSubscribe(now time.Time, in Subscribe) (Quote, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	now = now.Truncate(time.Millisecond)
	d, err := w.subscription(now, in)
	if err != nil {
		return Quote{}, err
	}
	return d.quote(now, "", Order{BuyerAccount: in.BuyerAccount, Intent: d.intent}), nil
}

// PreviewAmend says what [World.Amend] would bring about, and keeps nothing. Errors: as there.
func (w *World) PreviewAmend(now time.Time, agreementID string, in Amendment) (Quote, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Quote{}, unknownAgreement(agreementID)
	}
	d, err := w.amendment(now, wish{intent: IntentAmend, buyer: a.buyer, source: a, amendment: in})
	if err != nil {
		return Quote{}, err
	}
	return d.quote(now, "", Order{BuyerAccount: a.BuyerAccount, Intent: IntentAmend, SourceAgreementID: agreementID}), nil
}

func (w *World) understood(now time.Time, o Order) (*deal, error) {
	in, err := w.understand(o)
	if err != nil {
		return nil, err
	}
	return w.negotiate(now, in)
}

func (q *quote) copy() Quote {
	c := q.Quote
	c.Charges, c.Items = slices.Clone(c.Charges), slices.Clone(c.Items)
	return c
}

// Request finds a quote of a buyer's, and the agreement that came of it, if one did; fail.NotFound when there is none,
// or none any more.
func (w *World) Request(buyer, requestID string) (q Quote, agreementID string, err error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	in := w.quotes.byID[requestID]
	if in == nil || in.Order.BuyerAccount != buyer {
		return Quote{}, "", noQuote(requestID)
	}
	return in.copy(), in.accepted, nil
}

func noQuote(id string) error {
	return fail.New(fail.NotFound, "unknown_request", "There is no agreement request %q.", id)
}

// Accept makes of a quote an agreement, or its amendment, at the prices of the quote. Accepted again, it is the same
// agreement. Source: Agreement API, AcceptAgreementRequest.
//
// Errors: fail.NotFound for a quote that the buyer has not, or not any more; fail.Invalid with the code
// "expired_agreement_request" where it is too late, "charge_id" for a purchase order of a charge that the quote does
// not have, and what [World.Quote] refuses, if the world has changed meanwhile.
func (w *World) Accept(now time.Time, buyer, requestID string, orders []PurchaseOrder) (Agreement, error) {
	defer w.act()()
	q := w.quotes.byID[requestID]
	switch {
	case q == nil || q.Order.BuyerAccount != buyer:
		return Agreement{}, noQuote(requestID)
	case q.accepted != "":
		return w.agreement[q.accepted].copy(), nil
	case !now.Before(q.ExpiresAt):
		return Agreement{}, invalid("expired_agreement_request", "The agreement request %s could be accepted until %s; ask again.", requestID, stamp(q.ExpiresAt))
	}
	d, err := w.stillGood(now.Truncate(time.Millisecond), q)
	if err != nil {
		return Agreement{}, err
	}
	for _, o := range orders {
		if !slices.ContainsFunc(q.Charges, func(c ExpectedCharge) bool { return c.ID == o.ChargeID }) {
			return Agreement{}, invalid("charge_id", "The agreement request %s has no charge %q.", requestID, o.ChargeID)
		}
	}
	if err := w.record(Command{At: now, Act: actAccept, ID: requestID, Account: buyer, PurchaseOrders: orders}); err != nil {
		return Agreement{}, err
	}
	a := w.perform(now, d, requestID)
	a.refer(orders)
	q.accepted = a.AgreementID
	return a.copy(), nil
}

// stillGood is q's deal as of now: its amounts are those of the quote, whatever time has passed.
func (w *World) stillGood(now time.Time, q *quote) (*deal, error) {
	d, err := w.understood(now, q.Order)
	if err != nil {
		return nil, err
	}
	if len(d.charges) != len(q.deal.charges) || d.offer != nil && d.offer.terms != q.deal.offered {
		return nil, invalid("superseded_agreement_proposal", "What the agreement request %s asks for has changed meanwhile; ask again.", q.RequestID)
	}
	for i := range d.charges {
		d.charges[i].Price, d.charges[i].Amount = q.deal.charges[i].Price, q.deal.charges[i].Amount
	}
	return d, nil
}

// quote writes down what d brings about.
func (d *deal) quote(now time.Time, requestID string, o Order) Quote {
	q := Quote{RequestID: requestID, Order: o, AgreementValue: d.value(), Charges: []ExpectedCharge{}, Items: []ItemizedCharge{}, StartTime: d.start, EndTime: d.end}
	if d.offer != nil {
		q.OfferID, q.ProductID = d.offer.OfferID, d.offer.ProductID
	} else {
		q.OfferID, q.ProductID = d.source.OfferID, d.source.ProductID
	}
	byDimension := map[string]*ItemizedCharge{}
	for i, c := range d.charges {
		e := ExpectedCharge{ID: chargeID(requestID, i), Amount: new(c.Amount), Timing: OnAcceptance}
		if c.At.After(now) {
			e.Time, e.Timing = c.At, Scheduled
		}
		q.Charges = append(q.Charges, e)
		if c.Dimension == "" {
			continue
		}
		item := ItemizedCharge{ChargeID: e.ID, Dimension: c.Dimension, NewQuantity: d.quantities[c.Dimension], Amount: c.Amount}
		if d.source != nil {
			item.OldQuantity = d.source.Terms.Quantities[c.Dimension]
		}
		if have := byDimension[c.Dimension]; have != nil {
			have.Amount = have.Amount.Add(c.Amount)
			continue
		}
		byDimension[c.Dimension] = &item
	}
	for _, c := range d.charges { // in their order
		if item := byDimension[c.Dimension]; item != nil {
			q.Items = append(q.Items, *item)
			delete(byDimension, c.Dimension)
		}
	}
	if d.accepted != nil && d.accepted.Usage != nil && d.intent != IntentAmend {
		q.Charges = append(q.Charges, ExpectedCharge{ID: chargeID(requestID, len(d.charges)), Timing: BillingPeriod})
	}
	if d.accepted != nil && d.accepted.Recurring != nil && d.intent != IntentAmend {
		q.Charges = append(q.Charges, ExpectedCharge{ID: chargeID(requestID, len(d.charges)+1), Amount: new(d.accepted.Recurring.Price), Timing: BillingPeriod})
	}
	return q
}

// chargeID names a charge of an agreement request, so that its quote and its agreement say the same.
func chargeID(requestID string, n int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte("charge "+requestID+" "), uint32(n)))
	return "ch-" + spell(sum[:], 16, lowerAlnum)
}

// requestID names the request of an act that was not asked for by the Agreement API: the purchase of an agreement, or
// the one after n charges.
func requestID(agreementID string, n int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte("request "+agreementID+" "), uint32(n)))
	return "ar-" + spell(sum[:], 16, lowerAlnum)
}

// refer writes the buyer's references beside a's charges.
func (a *agreement) refer(orders []PurchaseOrder) {
	for _, list := range [][]UpfrontCharge{a.Charges, a.Scheduled} {
		for i := range list {
			for _, o := range orders {
				if o.ChargeID == list[i].ID {
					list[i].PurchaseOrder = o.Reference
				}
			}
		}
	}
}
