package world

import (
	"time"

	"souk.dev/souk/internal/sandbox/profile"
)

// Renew renews a contract before its time, as the calendar does at its end when it renews itself: another agreement goes
// on for the same duration, with the same quantities, at the prices of now. Errors: see [World.Amend].
func (w *World) Renew(now time.Time, agreementID string) (Agreement, error) {
	defer w.act()()
	a, err := w.running(agreementID, "renew")
	if err != nil {
		return Agreement{}, err
	}
	if a.Accepted.Renewal == nil || a.License.Status == ScheduledLicense {
		return Agreement{}, unsupported("renew", a)
	}
	if err := w.record(Command{At: now, Act: actRenew, ID: agreementID}); err != nil {
		return Agreement{}, err
	}
	return w.renewed(a, now.Truncate(time.Millisecond)).copy(), nil
}

// renewed ends a and lets another agreement go on in its place, without a gap in what is entitled.
func (w *World) renewed(a *agreement, at time.Time) *agreement {
	d := a.renewal(at)
	b := w.draft(at, d)
	b.Renewals = a.Renewals + 1
	keeps := w.goOn(a, b, at, Renewed, profile.RenewalLicense)
	a.note(at, string(Renewed), "The term ran out, and "+b.AgreementID+" goes on in its place.")
	b.note(at, "renewed", "It goes on from "+a.AgreementID+".")
	w.charge(b, at, requestID(b.AgreementID, 0), d.charges)
	w.tellOfSuccession(a, b, at, keeps)
	return b
}

// replace ends a because its buyer has accepted another offer in its place, without a gap in what is entitled. What was
// scheduled to be charged for a is charged no more. Source: seller guide, private-offers-upgrades.
func (w *World) replace(at time.Time, a, b *agreement) {
	keeps := w.goOn(a, b, at, Replaced, profile.ReplacementLicense)
	a.note(at, string(Replaced), "The buyer accepted the offer "+b.OfferID+", and "+b.AgreementID+" goes on in its place.")
	b.note(at, "accepted", "The buyer accepted the offer in place of "+a.AgreementID+".")
	w.tellOfSuccession(a, b, at, keeps)
}

// transitioned lets the buyer go on under the listing's own offer, when the private one has reached its end date.
func (w *World) transitioned(a *agreement, at time.Time) {
	d, err := w.negotiate(at, wish{intent: IntentReplace, buyer: a.buyer, offer: a.product.public(), source: a})
	if err != nil { // such as an account that was suspended meanwhile
		w.ending(a, at, Expired, "The private offer's time is over, and its buyer cannot go on under the listing's own.")
		return
	}
	b := w.draft(at, d)
	keeps := w.goOn(a, b, at, Replaced, profile.ReplacementLicense)
	a.note(at, string(Replaced), "The private offer's time is over, and "+b.AgreementID+" goes on at the listed prices.")
	b.note(at, "accepted", "It goes on from "+a.AgreementID+", whose private offer's time is over.")
	w.charge(b, at, requestID(b.AgreementID, 0), d.charges)
	w.tellOfSuccession(a, b, at, keeps)
}

// goOn ends a and makes b known, which goes on in its place: under the same licence or under a new one, as the profile
// says; legacy customers keep theirs. It reports whether the licence is kept.
func (w *World) goOn(a, b *agreement, at time.Time, as AgreementStatus, license profile.Name) (keeps bool) {
	b.PreviousAgreementID, b.InitialAgreementID = a.AgreementID, a.InitialAgreementID
	a.Status, a.EndedAt, a.License.EndedAt, a.Scheduled = as, at, at, nil
	keeps = a.product.Identity.ByTopics() || w.profiles.Is(license, profile.SameLicense)
	if keeps {
		b.License = a.License
		b.License.EndedAt = time.Time{}
		a.License.MeteringUntil = at // from then on, records are the successor's
		b.subject = a.subject
	} else {
		b.License = License{ARN: w.ids.licenseARN(), Status: Provisioned, ActiveFrom: at, ProvisionedAt: at}
		b.subject = w.ledger.subject(meter{product: b.product, buyer: b.buyer, arn: b.License.ARN})
	}
	if b.License.Status == Provisioned {
		b.Entitlements, a.Entitlements = b.Terms.grants(), nil
	}
	w.enter(b)
	return keeps
}

// tellOfSuccession plans what the seller is told: the new agreement, the end of the old one, and the licence; where that
// is a new one, the old licence is withdrawn after that, with its last hour for metering.
func (w *World) tellOfSuccession(a, b *agreement, at time.Time, keeps bool) {
	announced, updated := w.distances(a, at)
	w.schedule(announced, tellCreated, b)
	w.schedule(announced.Add(time.Second), tellEnded, a)
	if a.product.Identity.ByEvents() {
		updated = later(updated, announced.Add(2*time.Second))
	}
	w.schedule(updated, provision, b)
	b.announced, b.toldBy = announced, updated
	if !keeps {
		w.windDown(a, updated)
	}
}

// distances are when the seller is told of what happens to a at the instant now, and when of its licence; after all that
// it is yet to be told of a.
func (w *World) distances(a *agreement, now time.Time) (announced, updated time.Time) {
	delay := w.profiles.Duration(profile.ActivationDelay)
	announced, updated = now.Add(min(createdAfter, delay)), now.Add(delay)
	if now.Before(a.toldBy) {
		announced = later(announced, a.toldBy.Add(time.Second))
	}
	return announced, later(updated, announced)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
