package cancellation

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

// Store keeps requests. Beside one are the others of its agreement.
type Store = proposal.Store[Cancellation]

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
