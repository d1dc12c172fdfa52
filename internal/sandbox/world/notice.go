package world

import (
	"cmp"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/profile"
)

// Notice is something that the market tells the seller. Its kind is its Go type: [AgreementCreated], [AgreementAmended],
// [AgreementEnding], [AgreementTermsFinalized], [AgreementRenewalUpcoming], [AgreementEnded], [LicenseUpdated] and
// [LicenseDeprovisioned], [AdvisoryIssued] and [AdvisoryResolved] are EventBridge events of products with identity license; [CancellationRequested] and
// [BillingAdjusted] are events for all products; [SubscribeSuccess], [SubscribeFail], [UnsubscribePending],
// [UnsubscribeSuccess] and [EntitlementUpdated] are
// SNS messages of legacy ones.
type Notice interface {
	// Subject is what the notice is about.
	Subject() About
}

// About is what every notice knows. How much of it is told differs from kind to kind.
type About struct {
	ID                 string    // a UUID, of this notice alone (AWS: detail.requestId)
	At                 time.Time // when it happened
	AgreementID        string
	OfferID            string
	ProductID          string
	ProductCode        string
	LicenseARN         string
	BuyerAccount       string // the acceptor
	SellerAccount      string // the proposer
	CustomerIdentifier string // legacy products only
	Travel             Travel
	// Manufacturer is the product's seller, in what is told to it where it is not the proposer. Whoever is both is told of
	// agreements as their proposer.
	Manufacturer string
	// Acceptor is the buyer, in what is told to it; see [ForAcceptor].
	Acceptor string
	// ResaleAuthorization is what the proposer sells under, where it is not the product's seller.
	ResaleAuthorization string
}

// Receiver is the account that is told.
func (a About) Receiver() string { return cmp.Or(a.Acceptor, a.Manufacturer, a.SellerAccount) }

// Subject implements [Notice].
func (a About) Subject() About { return a }

// AgreementTold is what notices know of an agreement itself. EndTime is zero where no end was agreed on.
type AgreementTold struct {
	About
	Status         AgreementStatus
	AcceptanceTime time.Time
	StartTime      time.Time
	EndTime        time.Time
	ProductTitle   string
	ProposerName   string
	OfferName      string
	// LockoutStart is from when on it is settled whether it renews itself; zero where that is open until its end.
	LockoutStart time.Time
	// ProposerOptedOut says that it was not the buyer who does not want it renewed.
	ProposerOptedOut bool
}

// Names is what a notice of an agreement's beginning or end names beside the agreement; see the profile
// agreement-event-names.
type Names struct{ Product, License bool }

func (w *World) names() Names {
	how := w.profiles.Get(profile.AgreementNames)
	return Names{Product: how != profile.AgreementOnly, License: how == profile.WithLicense}
}

// The notices.
type (
	// AgreementCreated: an agreement was accepted, or renewed. Of a renewal, PreviousAgreementID goes on in it.
	AgreementCreated struct {
		AgreementTold
		Intent              Intent
		PreviousAgreementID string
		Names               Names
	}
	// AgreementAmended: a contract's quantities, or whether it renews itself, changed.
	AgreementAmended struct {
		AgreementTold
		AutoRenew bool
	}
	// AgreementEnding: a contract ends, or renews itself, in some days.
	AgreementEnding struct {
		AgreementTold
		Intent        Intent
		DaysBeforeEnd int
		AutoRenew     bool
	}
	// AgreementTermsFinalized: the deadline has passed until which the seller could choose by how much the price rises.
	AgreementTermsFinalized struct {
		AgreementTold
		Intent Intent
		Value  decimal.Decimal // of the renewal, USD
	}
	// AgreementRenewalUpcoming: the lockout has begun, and the contract will renew itself.
	AgreementRenewalUpcoming struct {
		AgreementTold
		Intent Intent
		Value  decimal.Decimal // of the renewal, USD
	}
	// AgreementEnded: an agreement came to its end, for the reason that Status says.
	AgreementEnded struct {
		About
		Status AgreementStatus
		// TellsOffer says that this notice names the offer; see profile ended-offer.
		TellsOffer bool
		Names      Names
	}
	// LicenseUpdated: the licence was provisioned, or changed.
	LicenseUpdated struct{ About }
	// LicenseDeprovisioned: the licence was withdrawn.
	LicenseDeprovisioned struct{ About }
	// AdvisoryIssued: AWS sees a risk with the buyer.
	AdvisoryIssued struct{ About }
	// AdvisoryResolved: the risk is over.
	AdvisoryResolved struct{ About }

	// CancellationRequested: a seller's cancellation request waits for the buyer, or came to an end, as its status says.
	CancellationRequested struct {
		About
		Request CancellationRequest
	}

	// BillingAdjusted: a billing adjustment was completed, or failed, as its status says.
	BillingAdjusted struct {
		About
		Adjustment Adjustment
	}

	// SubscribeSuccess: the subscription is valid.
	SubscribeSuccess struct {
		About
		FreeTrial bool
	}
	// SubscribeFail: the payment failed before the subscription was valid.
	SubscribeFail struct{ About }
	// EntitlementUpdated: what a contract grants has changed. It does not say to what.
	EntitlementUpdated struct{ About }
	// UnsubscribePending: the buyer unsubscribed; the last hour for metering runs.
	UnsubscribePending struct{ About }
	// UnsubscribeSuccess: the cancellation is complete; no record is taken any more.
	UnsubscribeSuccess struct{ About }
)
