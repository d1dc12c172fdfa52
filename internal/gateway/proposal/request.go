package proposal

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/approval"
)

// The states of a request: a proposal that AWS puts to the buyer. A kind has others for what follows a buyer's yes.
const (
	Sending     State = "sending"     // a person approved it; AWS may have it, or not yet
	Validating  State = "validating"  // AWS has it and checks it; the buyer does not know of it yet
	Pending     State = "pending"     // the buyer has it, and decides
	Withdrawing State = "withdrawing" // the seller takes it back; AWS may know, or not yet
	Denied      State = "denied"      // the buyer does not want it
	Withdrawn   State = "withdrawn"   // the seller took it back
)

// Status is AWS's word for where a request is. Source: Agreement API, AgreementCancellationRequestStatus, PaymentRequestStatus.
type Status string

// The statuses. All but the first two are final; the first is of payment requests alone.
const (
	Checking         Status = "VALIDATING"
	PendingApproval  Status = "PENDING_APPROVAL"
	Approved         Status = "APPROVED"  // by the buyer, or by the time that passed
	Refusal          Status = "REJECTED"  // by the buyer; here it is Denied
	TakenBack        Status = "CANCELLED" // by the seller; here it is Withdrawn
	ValidationFailed Status = "VALIDATION_FAILED"
)

// Seen is what AWS says of a request.
type Seen struct {
	ID        string // AWS's name of it
	Status    Status
	Message   string // why, where somebody said so
	ChargeID  string // of a payment that is approved ("ch-…")
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Asked is what is kept of every request beside its life.
type Asked struct {
	RespondBy   time.Time      // when the buyer's silence becomes a yes, by AWS's clock; zero: never, or AWS does not have it
	WithdrawnBy approval.Actor // who took it back, here
	WithdrawWhy string         // what they said why; may be empty
}

// Said is it itself: those who embed it give it to [Requests] so.
func (a Asked) Said() Asked { return a }

// Request is one kind's: a struct that embeds [Life] and [Asked].
type Request[C any] interface {
	Proposal[C]
	Said() Asked        // of the embedded [Asked]
	WithSaid(a Asked) C // the request with another
	// SilentUntil is when the buyer's silence becomes a yes, of the request that AWS made at made; zero: never.
	SilentUntil(made time.Time) time.Time
	// Agreed is what becomes of it when AWS says that it is approved; silent: by the time that passed.
	Agreed(s Seen, silent bool, now time.Time) C
}

// Buyers are whom AWS asks, of one kind. Errors are fail.Later where the same may be asked again and nothing is known of its
// effect, fail.Denied where our settings must be mended first, and fail.Invalid, fail.NotFound or fail.Conflict where AWS will
// not do it.
type Buyers[C any] interface {
	// Ask has the buyer asked. The same client token again is the same request.
	Ask(ctx context.Context, c C) (Seen, error)
	// Find looks for the request that c became; ok is false if there is none.
	Find(ctx context.Context, c C) (s Seen, ok bool, err error)
	// Look is where the request stands.
	Look(ctx context.Context, c C) (Seen, error)
	// TakeBack takes the request back. fail.Conflict: it is decided already.
	TakeBack(ctx context.Context, c C) error
}
