package cancellation

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Store keeps requests. What a method has changed is durable when it returns nil.
type Store interface {
	// AddCancellation keeps a new one, unless check finds something wrong with it beside the others of its agreement, of which
	// none can come or change meanwhile. check may be called twice, and touches nothing outside. tell is what is to be told of it,
	// and kept with it. Errors: check's.
	AddCancellation(ctx context.Context, c Cancellation, check func(others []Cancellation) error, tell ...outbox.Event) error
	// ChangeCancellation keeps c, which was read at c.Revision, with what is to be told of it, and counts the revision on. What
	// AWS is asked never changes. Errors: fail.Conflict if c was changed since it was read.
	ChangeCancellation(ctx context.Context, c Cancellation, tell ...outbox.Event) error
	// Cancellation finds one; otherwise fail.NotFound.
	Cancellation(ctx context.Context, id ID) (Cancellation, error)
	// Cancellations lists those that q chooses, oldest first.
	Cancellations(ctx context.Context, q Query) ([]Cancellation, error)
	// DueCancellation is the one that is due first; ok is false while none is.
	DueCancellation(ctx context.Context) (c Cancellation, ok bool, err error)
	// HastenCancellations makes all that AWS has and that are not final due at now, at the latest.
	HastenCancellations(ctx context.Context, now time.Time) error
}

// Query chooses requests; what is empty chooses all.
type Query struct {
	License core.LicenseID
	State   State
	After   ID // the last of the page before
	Limit   int
}

// Status is AWS's word for where a request is. Source: Agreement API, AgreementCancellationRequestStatus.
type Status string

// The statuses. All but PendingApproval are final.
const (
	PendingApproval  Status = "PENDING_APPROVAL"
	Approved         Status = "APPROVED"  // by the buyer, or by the time that passed
	Refused          Status = "REJECTED"  // by the buyer; the console says Denied
	TakenBack        Status = "CANCELLED" // by the seller; the console says Withdrawn
	ValidationFailed Status = "VALIDATION_FAILED"
)

// Seen is what AWS says of a request.
type Seen struct {
	ID        string // "acr-…"
	Status    Status
	Message   string // why, where somebody said so
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AWS is the Agreement API. Errors are fail.Later where the same may be asked again and nothing is known of its effect,
// fail.Denied where our settings must be mended first, and fail.Invalid, fail.NotFound or fail.Conflict where AWS will
// not do it.
type AWS interface {
	// RequestCancellation sends r to the buyer. The same client token again is the same request. fail.Conflict: another is open.
	RequestCancellation(ctx context.Context, r Request) (Seen, error)
	// FindCancellation looks for the request that r became; ok is false if there is none.
	FindCancellation(ctx context.Context, r Request) (s Seen, ok bool, err error)
	// Cancellation is where a request stands.
	Cancellation(ctx context.Context, a core.AgreementID, awsID string) (Seen, error)
	// WithdrawCancellation takes a request back. fail.Conflict: it is decided already.
	WithdrawCancellation(ctx context.Context, a core.AgreementID, awsID, why string) error
	// Describe gives what AWS says of an agreement.
	Describe(ctx context.Context, id core.AgreementID) (agreement.Agreement, error)
}
