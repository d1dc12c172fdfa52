package world

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// Cancel is the buyer's end of an agreement: it is CANCELLED at once, and the last hour for metering runs as the profile
// final-hour says. Buyers do that to pay as you go by themselves; for a contract, they ask AWS Support, who does it. It
// refunds nothing. Errors: see [World.Expire].
func (w *World) Cancel(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Cancelled, "The buyer cancelled.")
}

// Terminate is AWS's end of an agreement, for instance because of abuse. Errors: see [World.Expire].
func (w *World) Terminate(now time.Time, agreementID string) (Agreement, error) {
	return w.end(now, agreementID, Terminated, "AWS terminated the agreement.")
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
		return Agreement{}, hasEnded(a)
	}
	if err := w.record(Command{At: now, Act: actEnd, ID: id, Status: status, Why: why}); err != nil {
		return Agreement{}, err
	}
	w.ending(a, now, status, why)
	return a.copy(), nil
}

// ending ends a at once. AWS tells of an end only after it has told of all that came before: until then, all that
// follows from the end waits.
func (w *World) ending(a *agreement, now time.Time, status AgreementStatus, why string) {
	began := a.License.Status != ScheduledLicense
	a.finish(now, status, why)
	if !began {
		w.neverBegan(a, now)
		return
	}
	told := now
	if now.Before(a.toldBy) || a.License.Status == Provisioning {
		told = later(now, a.toldBy.Add(time.Second))
	}
	if told.Equal(now) {
		tellEnded(w, a, now)
	} else {
		w.schedule(told, tellEnded, a)
	}
	w.windDown(a, told)
}

// neverBegan ends an agreement before its start: there is no licence to withdraw.
func (w *World) neverBegan(a *agreement, now time.Time) {
	a.License.Status, a.License.MeteringUntil = Deprovisioned, now
	w.schedule(later(now, a.announced.Add(time.Second)), tellEnded, a)
}

// finish makes a an agreement that has ended.
func (a *agreement) finish(now time.Time, status AgreementStatus, why string) {
	a.Status, a.EndedAt, a.License.EndedAt, a.Entitlements, a.Scheduled = status, now, now, nil, nil
	a.note(now, string(status), why)
}

// windDown plans the licence's withdrawal and its last hour, given when the seller is told of the end.
func (w *World) windDown(a *agreement, told time.Time) {
	withdrawn := told.Add(w.profiles.Duration(profile.DeprovisionDelay))
	closes := withdrawn.Add(contract.FinalWindow)
	if w.profiles.Is(profile.FinalHour, profile.Ended) || a.product.Identity == Legacy {
		// The classic reading; and legacy products know but one: unsubscribe-pending opens the hour.
		withdrawn, closes = told.Add(contract.FinalWindow), told.Add(contract.FinalWindow)
	}
	if w.looksBack(a) {
		closes = told.Add(contract.LookBack)
	}
	a.License.DeprovisionedAt, a.License.MeteringUntil = withdrawn, closes
	w.schedule(withdrawn, deprovision, a)
	w.schedule(closes, closeFinal, a)
}

// looksBack reports whether a, in whose place another agreement's licence has gone on, is metered for as long as usage of
// its time is young enough.
func (w *World) looksBack(a *agreement) bool {
	return (a.Status == Renewed || a.Status == Replaced) && w.profiles.Is(profile.SuccessorLookback, profile.LookBack)
}

// tellEnded tells the seller that a has ended: Purchase Agreement Ended, or unsubscribe-pending and entitlement-updated.
func tellEnded(w *World, a *agreement, at time.Time) {
	if a.product.Identity.ByEvents() {
		w.tellParties(a, at, func(told AgreementTold) Notice {
			return AgreementEnded{About: told.About, Status: a.Status, TellsOffer: w.profiles.Is(profile.EndedOffer, profile.Present), Names: w.names()}
		})
		a.note(at, "Purchase Agreement Ended", "AWS Marketplace told the seller of the end.")
	}
	goesOn := a.Status == Renewed || a.Status == Replaced // which topics tell by the new agreement alone
	unheardOf := a.EndedAt.Before(a.StartTime)            // by topics, which do not tell of a signature
	if !a.product.Identity.ByTopics() || goesOn || unheardOf || a.License.Status == FailedLicense {
		return
	}
	if w.unsubscribes(a.product) {
		w.tell(UnsubscribePending{w.made(a, at)})
		a.note(at, "unsubscribe-pending", "The last hour for metering runs.")
	}
	if a.product.Pricing.IsContract() {
		w.tell(EntitlementUpdated{w.made(a, at)})
		a.note(at, "entitlement-updated", "The contract grants nothing any more.")
	}
}

// unsubscribes reports whether the end of a subscription by topic is told with unsubscribe-pending and -success.
func (w *World) unsubscribes(p *product) bool {
	return p.takesUsage() || w.profiles.Is(profile.LegacyContractEnd, profile.Unsubscribe)
}

// takesUsage reports whether sellers meter the product at all.
func (p *product) takesUsage() bool { return p.Pricing != Contract }

// FailPayment is AWS's end of an agreement whose buyer does not pay. Before its licence is provisioned, it never comes
// to be: there is no licence, no last hour and no charge, and the seller of a legacy product is told subscribe-fail; what
// another's is told is the profile failed-payment. Later, it is the end of any agreement. Errors: see [World.Expire].
func (w *World) FailPayment(now time.Time, agreementID string) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Agreement{}, unknownAgreement(agreementID)
	}
	if a.Status != Active {
		return Agreement{}, hasEnded(a)
	}
	if err := w.record(Command{At: now, Act: actFailPayment, ID: agreementID}); err != nil {
		return Agreement{}, err
	}
	const why = "The buyer's payment failed."
	if a.License.Status != Provisioning && a.License.Status != ScheduledLicense {
		w.ending(a, now, Terminated, why)
		return a.copy(), nil
	}
	a.finish(now, Terminated, why)
	a.License.Status, a.License.MeteringUntil = FailedLicense, now
	if a.product.Identity.ByTopics() {
		w.tell(SubscribeFail{w.made(a, now)})
		a.note(now, "subscribe-fail", "AWS Marketplace told the seller that the payment failed.")
	}
	if a.product.Identity.ByEvents() && w.profiles.Is(profile.FailedPayment, profile.Terminated) {
		w.schedule(later(now, a.announced.Add(time.Second)), tellEnded, a)
	}
	return a.copy(), nil
}

// unsupported answers an act that does not exist for an agreement's way of selling, with what to do instead.
func unsupported(act string, a *agreement) error {
	if a.product.Pricing.IsContract() {
		return fail.New(fail.Invalid, "unsupported", "The agreement %[2]s (%[3]s) is one that nobody can %[1]s: its offer says nothing of it.", act, a.AgreementID, a.product.Title)
	}
	return fail.New(fail.Invalid, "unsupported", "The agreement %[2]s (%[3]s) is pay as you go: nobody can %[1]s it.", act, a.AgreementID, a.product.Title)
}
