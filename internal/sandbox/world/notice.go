package world

import "time"

// Notice is something that the market tells the seller. Its kind is its Go type: [AgreementCreated],
// [AgreementEnded], [LicenseUpdated] and [LicenseDeprovisioned] are EventBridge events of products with identity
// license; [SubscribeSuccess], [UnsubscribePending] and [UnsubscribeSuccess] are SNS messages of legacy ones.
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
	SellerAccount      string // the proposer, and the receiver
	CustomerIdentifier string // legacy products only
}

// Subject implements [Notice].
func (a About) Subject() About { return a }

// The notices.
type (
	// AgreementCreated: an agreement was accepted. EndTime is zero where no end was agreed on.
	AgreementCreated struct {
		About
		Intent              Intent
		Status              AgreementStatus
		PreviousAgreementID string
		AcceptanceTime      time.Time
		StartTime           time.Time
		EndTime             time.Time
	}
	// AgreementEnded: an agreement came to its end, for the reason that Status says.
	AgreementEnded struct {
		About
		Status AgreementStatus
	}
	// LicenseUpdated: the licence was provisioned, or changed.
	LicenseUpdated struct{ About }
	// LicenseDeprovisioned: the licence was withdrawn.
	LicenseDeprovisioned struct{ About }

	// SubscribeSuccess: the subscription is valid.
	SubscribeSuccess struct {
		About
		FreeTrial bool
	}
	// UnsubscribePending: the buyer unsubscribed; the last hour for metering runs.
	UnsubscribePending struct{ About }
	// UnsubscribeSuccess: the cancellation is complete; no record is taken any more.
	UnsubscribeSuccess struct{ About }
)
