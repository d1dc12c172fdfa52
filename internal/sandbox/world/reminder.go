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
}

// remind tells the seller that a contract's end is near: Purchase Agreement Ending. No topic has its like.
func remind(w *World, a *agreement, at time.Time) {
	if a.Status != Active || !a.product.Identity.ByEvents() {
		return
	}
	days := int(a.EndTime.Sub(at) / day)
	w.tell(AgreementEnding{AgreementTold: w.tellable(a, at), Intent: a.Intent, DaysBeforeEnd: days, AutoRenew: a.Terms.AutoRenew})
	a.note(at, "Purchase Agreement Ending", "AWS Marketplace reminded the seller of the contract's end.")
}
