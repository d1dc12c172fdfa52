package cancellation

import (
	"context"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

// Store keeps requests. Beside one are the others of its agreement.
type Store = proposal.Store[Cancellation]

// AWS is the Agreement API. Errors are as [proposal.Buyers] has them.
type AWS interface {
	// RequestCancellation sends r to the buyer. The same client token again is the same request. fail.Conflict: another is open.
	RequestCancellation(ctx context.Context, r Request) (proposal.Seen, error)
	// FindCancellation looks for the request that r became; ok is false if there is none.
	FindCancellation(ctx context.Context, r Request) (s proposal.Seen, ok bool, err error)
	// Cancellation is where a request stands.
	Cancellation(ctx context.Context, a core.AgreementID, awsID string) (proposal.Seen, error)
	// WithdrawCancellation takes a request back. fail.Conflict: it is decided already.
	WithdrawCancellation(ctx context.Context, a core.AgreementID, awsID, why string) error
	// Describe gives what AWS says of an agreement.
	Describe(ctx context.Context, id core.AgreementID) (agreement.Agreement, error)
}

// buyers are whom AWS asks to agree to an end.
type buyers struct{ aws AWS }

var _ proposal.Buyers[Cancellation] = buyers{}

// Ask implements [proposal.Buyers].
func (b buyers) Ask(ctx context.Context, c Cancellation) (proposal.Seen, error) {
	return b.aws.RequestCancellation(ctx, c.Request())
}

// Find implements [proposal.Buyers].
func (b buyers) Find(ctx context.Context, c Cancellation) (proposal.Seen, bool, error) {
	return b.aws.FindCancellation(ctx, c.Request())
}

// Look implements [proposal.Buyers].
func (b buyers) Look(ctx context.Context, c Cancellation) (proposal.Seen, error) {
	return b.aws.Cancellation(ctx, c.Agreement, c.AWSID)
}

// TakeBack implements [proposal.Buyers].
func (b buyers) TakeBack(ctx context.Context, c Cancellation) error {
	return b.aws.WithdrawCancellation(ctx, c.Agreement, c.AWSID, c.WithdrawWhy)
}
