package world

import (
	"container/heap"
	"maps"
	"time"

	"souk.dev/souk/internal/sandbox/profile"
)

// entry is something that the calendar does by itself. What it is about is its function's own affair: an agreement, a
// request, a case, a month.
type entry struct {
	at  time.Time
	seq uint64 // entries of the same instant come in the order in which they were made
	do  func(at time.Time)
}

// calendar is a heap of entries, the earliest first.
type calendar struct {
	entries []entry
	made    uint64
}

func (c *calendar) Len() int { return len(c.entries) }
func (c *calendar) Less(i, j int) bool {
	a, b := c.entries[i], c.entries[j]
	return a.at.Before(b.at) || (a.at.Equal(b.at) && a.seq < b.seq)
}
func (c *calendar) Swap(i, j int) { c.entries[i], c.entries[j] = c.entries[j], c.entries[i] }
func (c *calendar) Push(x any)    { c.entries = append(c.entries, x.(entry)) }
func (c *calendar) Pop() any {
	last := len(c.entries) - 1
	e := c.entries[last]
	c.entries[last] = entry{}
	c.entries = c.entries[:last]
	return e
}

// plan lets the calendar do something at the instant at, which do is given.
func (w *World) plan(at time.Time, do func(at time.Time)) {
	w.calendar.made++
	heap.Push(&w.calendar, entry{at: at, seq: w.calendar.made, do: do})
}

// event is something that becomes of an agreement by itself.
type event func(w *World, a *agreement, at time.Time)

// schedule plans an event of a's.
func (w *World) schedule(at time.Time, what event, a *agreement) {
	w.plan(at, func(at time.Time) { what(w, a, at) })
}

// Due tells when the calendar does something next; ok is false when nothing is planned.
func (w *World) Due() (at time.Time, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if len(w.calendar.entries) == 0 {
		return time.Time{}, false
	}
	return w.calendar.entries[0].at, true
}

// RunDue does what is due at now, the earliest first, each with its own instant. It reports whether there was
// anything. Its error is that of the journal; what was not done is still due.
func (w *World) RunDue(now time.Time) (did bool, err error) {
	defer w.act()()
	if len(w.calendar.entries) == 0 || w.calendar.entries[0].at.After(now) {
		return false, nil
	}
	if err := w.record(Command{At: now, Act: actCalendar}); err != nil {
		return false, err
	}
	for len(w.calendar.entries) > 0 && !w.calendar.entries[0].at.After(now) {
		e := heap.Pop(&w.calendar).(entry)
		e.do(e.at)
	}
	return true, nil
}

// tellCreated tells the seller of an agreement: Purchase Agreement Created. Like all that only events tell, it is planned
// for legacy products, too, because they may be migrating by then.
func tellCreated(w *World, a *agreement, at time.Time) {
	if !a.product.Identity.ByEvents() {
		return
	}
	w.tellParties(a, at, func(told AgreementTold) Notice {
		return AgreementCreated{AgreementTold: told, Intent: a.Intent, PreviousAgreementID: a.PreviousAgreementID, Names: w.names()}
	})
	a.note(at, "Purchase Agreement Created", "AWS Marketplace told the seller of the agreement.")
}

// tellAmended tells the seller of an amendment: Purchase Agreement Amended.
func tellAmended(w *World, a *agreement, at time.Time) {
	if !a.product.Identity.ByEvents() {
		return
	}
	w.tellParties(a, at, func(told AgreementTold) Notice {
		return AgreementAmended{AgreementTold: told, AutoRenew: a.Terms.AutoRenew}
	})
	a.note(at, "Purchase Agreement Amended", "AWS Marketplace told the seller of the amendment.")
}

// regrant provisions what an amendment agreed on: License Updated, or entitlement-updated.
func regrant(w *World, a *agreement, at time.Time) {
	w.grant(a)
	w.invoiceDue(a, at)
	w.tellLicense(a, at, "The license has what the amendment agreed on.")
}

// deprovision withdraws a licence: License Deprovisioned.
func deprovision(w *World, a *agreement, at time.Time) {
	a.License.Status = Deprovisioned
	a.note(at, "License Deprovisioned", "AWS Marketplace withdrew the license.")
	if a.product.Identity.ByEvents() {
		w.tell(LicenseDeprovisioned{w.made(a, at)})
	}
}

// provision makes a licence usable and tells the seller (License Updated, or subscribe-success), also when the agreement
// has ended meanwhile; but not when its payment failed.
func provision(w *World, a *agreement, at time.Time) {
	switch a.License.Status {
	case FailedLicense:
		return
	case Provisioning:
		a.License.Status = Provisioned
	}
	w.grant(a)
	w.invoiceDue(a, at)
	if a.Intent != IntentRenew {
		w.tellSubscribed(a, at)
	}
	w.tellLicense(a, at, "The license is provisioned.")
}

// grant lets a's licence entitle to what was agreed on.
func (w *World) grant(a *agreement) {
	if a.Status == Active {
		a.Entitlements = a.Terms.grants()
	}
}

// grants are what terms entitle to: nothing, in pay as you go.
func (t Terms) grants() map[string]int64 { return maps.Clone(t.Quantities) }

// tellLicense tells the seller that a licence was provisioned or changed; by topic, of contracts only.
func (w *World) tellLicense(a *agreement, at time.Time, why string) {
	if a.product.Identity.ByTopics() && a.product.Pricing.IsContract() {
		w.tell(EntitlementUpdated{w.made(a, at)})
		a.note(at, "entitlement-updated", why)
	}
	silent := !a.product.Pricing.IsContract() && w.profiles.Is(profile.PaygLicenseUpdated, profile.Never)
	if a.product.Identity.ByEvents() && !silent {
		w.tell(LicenseUpdated{w.made(a, at)})
		a.note(at, "License Updated", why)
	}
}

// begins lets an agreement start that was signed before: what follows is what follows another's acceptance.
func begins(w *World, a *agreement, at time.Time) {
	if a.Status != Active {
		return
	}
	a.License.Status, a.License.ProvisionedAt = Provisioning, at.Add(w.profiles.Duration(profile.ActivationDelay))
	a.toldBy = later(a.toldBy, a.License.ProvisionedAt)
	a.note(at, "started", "The agreement that was signed before starts.")
	w.schedule(a.License.ProvisionedAt, provision, a)
}

// trialEnds ends a subscription's free trial; whether the seller is told is the profile trial-conversion.
func trialEnds(w *World, a *agreement, at time.Time) {
	if a.Status != Active {
		return
	}
	a.note(at, "trial ended", "The free trial is over: usage is charged from now on.")
	if w.profiles.Is(profile.TrialConversion, profile.ToldAgain) {
		w.tellSubscribed(a, at)
		w.tellLicense(a, at, "The free trial is over.")
	}
}

// tellSubscribed tells by topic that a subscription is valid: subscribe-success, which says whether it is in a free trial.
func (w *World) tellSubscribed(a *agreement, at time.Time) {
	if !a.product.Identity.ByTopics() {
		return
	}
	w.tell(SubscribeSuccess{About: w.made(a, at), FreeTrial: at.Before(a.TrialEndsAt)})
	a.note(at, "subscribe-success", "The subscription is valid.")
}

// chargeDue charges what has fallen due of a; of an agreement that has ended, nothing is left to charge.
func chargeDue(w *World, a *agreement, at time.Time) {
	for len(a.Scheduled) > 0 && !a.Scheduled[0].At.After(at) {
		a.Charges = append(a.Charges, a.Scheduled[0])
		a.Scheduled = a.Scheduled[1:]
		a.note(at, "charged", "An instalment fell due.")
	}
	w.invoiceDue(a, at)
}

// termEnds ends a contract whose duration is over, or lets its renewal go on.
func termEnds(w *World, a *agreement, at time.Time) {
	switch what, _, ok := a.EndBehavior(); {
	case !ok: // it has ended before
	case what == Renews:
		w.renewed(a, at)
	case what == Replaces:
		w.transitioned(a, at)
	case a.trial():
		w.ending(a, at, Expired, "The free trial is over.")
	default:
		w.ending(a, at, Expired, "The contract's duration is over.")
	}
}

// closeFinal ends the last hour for metering. By topic, the cancellation is complete only if the buyer has not subscribed
// again meanwhile: then subscribe-success was the next notice, and there is no unsubscribe-success.
// Source: seller guide, saas-notification.
func closeFinal(w *World, a *agreement, at time.Time) {
	a.note(at, "Metering closed", "The last hour for metering is over; AWS takes no more records for this agreement.")
	if !a.product.Identity.ByTopics() || !w.unsubscribes(a.product) {
		return
	}
	for _, other := range w.customers[customerKey{a.ProductCode, a.BuyerAccount}].agreements {
		if other != a && other.Status == Active {
			a.note(at, "unsubscribe-success suppressed", "The buyer subscribed again within the last hour.")
			return
		}
	}
	w.tell(UnsubscribeSuccess{w.made(a, at)})
	a.note(at, "unsubscribe-success", "The cancellation is complete.")
}

func (w *World) about(a *agreement, at time.Time) About {
	id := w.ids.uuid()
	return About{ID: id, Travel: w.travel(id), At: at, AgreementID: a.AgreementID, OfferID: a.OfferID, ProductID: a.ProductID,
		ProductCode: a.ProductCode, LicenseARN: a.License.ARN, BuyerAccount: a.BuyerAccount, SellerAccount: a.SellerAccount,
		CustomerIdentifier: a.CustomerIdentifier, ResaleAuthorization: a.ResaleAuthorization}
}

// made is about, for what only the product's seller is told, whoever proposed the agreement: of licences, and by topics.
func (w *World) made(a *agreement, at time.Time) About {
	told := w.about(a, at)
	if a.ManufacturerAccount != a.SellerAccount {
		told.Manufacturer = a.ManufacturerAccount
	}
	return told
}

// tellParties tells the proposer of an agreement, and the product's seller if that is another.
func (w *World) tellParties(a *agreement, at time.Time, write func(AgreementTold) Notice) {
	w.tell(write(w.tellable(a, at)))
	if a.ManufacturerAccount != a.SellerAccount {
		told := w.tellable(a, at)
		told.Manufacturer = a.ManufacturerAccount
		w.tell(write(told))
	}
}

// tellable is what notices tell of an agreement itself.
func (w *World) tellable(a *agreement, at time.Time) AgreementTold {
	return AgreementTold{About: w.about(a, at), Status: Active, AcceptanceTime: a.AcceptanceTime, StartTime: a.StartTime, EndTime: a.EndTime,
		ProductTitle: a.product.Title, ProposerName: w.sellers[a.SellerAccount].Name, OfferName: a.offer.Name, LockoutStart: a.LockoutStart(), ProposerOptedOut: a.ProposerOptedOut}
}

func (a *agreement) note(at time.Time, what, why string) {
	a.History = append(a.History, Happening{At: at, What: what, Why: why})
}
