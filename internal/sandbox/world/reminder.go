package world

import "time"

// reminders are how many days before its end a contract is reminded of. Source: seller guide, eventbridge, Purchase
// Agreement Ending.
var reminders = []int{180, 120, 90, 60, 30}

const day = 24 * time.Hour

// planReminders plans those that come after a's start.
func (w *World) planReminders(a *agreement) {
	for _, days := range reminders {
		if at := a.EndTime.Add(-time.Duration(days) * day); at.After(a.StartTime) {
			w.schedule(at, remind, a)
		}
	}
	if deadline := a.AdjustmentDeadline(); deadline.After(a.StartTime) {
		w.schedule(deadline, tellFinalized, a)
	}
	if lockout := a.LockoutStart(); lockout.After(a.StartTime) {
		w.schedule(lockout, tellUpcoming, a)
	}
}

// tellFinalized tells the seller that the renewal's price is fixed: Purchase Agreement Renewal Terms Finalized.
func tellFinalized(w *World, a *agreement, at time.Time) {
	if what, _, _ := a.EndBehavior(); what != Renews || !a.product.Identity.ByEvents() {
		return
	}
	value := a.renewal(a.EndTime).value()
	w.tellParties(a, at, func(told AgreementTold) Notice {
		return AgreementTermsFinalized{AgreementTold: told, Intent: a.Intent, Value: value}
	})
	a.note(at, "Purchase Agreement Renewal Terms Finalized", "The renewal's price is fixed.")
}

// tellUpcoming tells the seller that the contract will renew itself: Purchase Agreement Renewal Upcoming.
func tellUpcoming(w *World, a *agreement, at time.Time) {
	if what, _, _ := a.EndBehavior(); what != Renews || !a.product.Identity.ByEvents() {
		return
	}
	value := a.renewal(a.EndTime).value()
	w.tellParties(a, at, func(told AgreementTold) Notice {
		return AgreementRenewalUpcoming{AgreementTold: told, Intent: a.Intent, Value: value}
	})
	a.note(at, "Purchase Agreement Renewal Upcoming", "The decision on its renewal is final: it will renew itself.")
}

// remind tells the seller that a contract's end is near: Purchase Agreement Ending. No topic has its like.
func remind(w *World, a *agreement, at time.Time) {
	if a.Status != Active || !a.product.Identity.ByEvents() {
		return
	}
	days := int(a.EndTime.Sub(at) / day)
	w.tellParties(a, at, func(told AgreementTold) Notice {
		return AgreementEnding{AgreementTold: told, Intent: a.Intent, DaysBeforeEnd: days, AutoRenew: a.Terms.AutoRenew}
	})
	a.note(at, "Purchase Agreement Ending", "AWS Marketplace reminded the seller of the contract's end.")
}
