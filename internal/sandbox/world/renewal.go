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
	if err := w.record(Command{At: now, Act: actRenew, ID: agreementID}); err != nil {
		return Agreement{}, err
	}
	return w.renewed(a, now.Truncate(time.Millisecond)).copy(), nil
}

// renewed ends a and lets another agreement go on in its place, without a gap in what is entitled.
func (w *World) renewed(a *agreement, at time.Time) *agreement {
	b := w.draft(at, a.product, a.buyer, w.offers[a.OfferID], a.Terms)
	b.Intent, b.PreviousAgreementID, b.InitialAgreementID = IntentRenew, a.AgreementID, a.InitialAgreementID
	b.commit(a.Rates)
	a.Status, a.EndedAt, a.License.EndedAt = Renewed, at, at
	a.note(at, string(Renewed), "The term ran out, and "+b.AgreementID+" goes on in its place.")
	keeps := a.product.Identity.ByTopics() || w.profiles.Is(profile.RenewalLicense, profile.SameLicense)
	if keeps {
		b.License = a.License
		b.License.EndedAt = time.Time{}
		a.License.MeteringUntil = at // from then on, records are the renewal's
		b.subject = a.subject
	} else {
		b.License = License{ARN: w.ids.licenseARN(), Status: Provisioned, ActiveFrom: at, ProvisionedAt: at}
		b.subject = w.ledger.subject(meter{product: b.product, buyer: b.buyer, arn: b.License.ARN})
	}
	if b.License.Status == Provisioned {
		b.Entitlements, a.Entitlements = b.Terms.grants(), nil
	}
	w.enter(b)
	b.note(at, "renewed", "It goes on from "+a.AgreementID+".")
	w.tellOfRenewal(a, b, at, keeps)
	return b
}

// tellOfRenewal plans what the seller is told: the new agreement, the end of the old one, and the licence; where that is
// a new one, the old licence is withdrawn after that, with its last hour for metering.
func (w *World) tellOfRenewal(a, b *agreement, at time.Time, keeps bool) {
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
