// Package search says what an identifier may name.
//
// It owns: the kinds of things that people look for by an identifier that they were given, by AWS, by a log or by a customer. It does
// not own where they are kept (the store looks), nor where they are shown (the console leads there).
package search

import "context"

// Kind is what is named.
type Kind string

// The kinds.
const (
	License      Kind = "license"
	Agreement    Kind = "agreement"
	Record       Kind = "record"
	Notice       Kind = "notice"
	Delivery     Kind = "delivery"
	Alert        Kind = "alert"
	Correction   Kind = "correction"
	Cancellation Kind = "cancellation"
	Payment      Kind = "payment"
	Account      Kind = "account"
	Registration Kind = "registration"
	APIKey       Kind = "API key"
	Operator     Kind = "operator"
)

// Hit is one thing that an identifier names.
type Hit struct {
	Kind Kind
	ID   string // our own, under which it is shown
}

// Finder finds things by whole identifiers, our own and those that AWS gave them:
//
//   - a metering record by its id, AWS's receipt (MeteringRecordId), or the id of the request with it, ours or AWS's (RequestId)
//   - a notice by its key, the id of the message that brought it (SQS, SNS), the event's own id, or AWS's requestId within it
//   - a delivery by its id, or that of what it tells
//   - a correction, a cancellation request and a payment request by ours or AWS's ("ba-…", "acr-…", "pr-…"), the last by its
//     charge's, too ("ch-…")
//   - an agreement by its id, or its offer's
//   - an account by its id, the seller's reference, or the id of a person in it
//   - alerts, registrations, API keys and operators by their ids
type Finder interface {
	// Named lists what text names whole, each thing once, at most limit.
	Named(ctx context.Context, text string, limit int) ([]Hit, error)
}
