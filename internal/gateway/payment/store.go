package payment

import (
	"context"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

// Store keeps requests. Beside one are the others of its agreement.
type Store = proposal.Store[Payment]

// Terms tells what an agreement's terms are. It is fulfilled by [agreement.Service].
type Terms interface {
	// TermsOf is what is known of them; the zero Terms while AWS was not asked for them.
	TermsOf(ctx context.Context, id core.AgreementID) (agreement.Terms, error)
}

// AWS is the Agreement API. Errors are as [proposal.Buyers] has them.
type AWS interface {
	// RequestPayment sends r to the buyer. The same client token again is the same request. fail.Invalid: the term has not
	// as much left, or the agreement is not active.
	RequestPayment(ctx context.Context, r Request) (proposal.Seen, error)
	// FindPayment looks for the request that r became; ok is false if there is none.
	FindPayment(ctx context.Context, r Request) (s proposal.Seen, ok bool, err error)
	// Payment is where a request stands.
	Payment(ctx context.Context, a core.AgreementID, awsID string) (proposal.Seen, error)
	// WithdrawPayment takes a request back. fail.Conflict: it is decided already.
	WithdrawPayment(ctx context.Context, a core.AgreementID, awsID string) error
}

// buyers are whom AWS asks to pay.
type buyers struct{ aws AWS }

var _ proposal.Buyers[Payment] = buyers{}

// Ask implements [proposal.Buyers].
func (b buyers) Ask(ctx context.Context, p Payment) (proposal.Seen, error) {
	return b.aws.RequestPayment(ctx, p.Request())
}

// Find implements [proposal.Buyers].
func (b buyers) Find(ctx context.Context, p Payment) (proposal.Seen, bool, error) {
	return b.aws.FindPayment(ctx, p.Request())
}

// Look implements [proposal.Buyers].
func (b buyers) Look(ctx context.Context, p Payment) (proposal.Seen, error) {
	return b.aws.Payment(ctx, p.Agreement, p.AWSID)
}

// TakeBack implements [proposal.Buyers].
func (b buyers) TakeBack(ctx context.Context, p Payment) error {
	return b.aws.WithdrawPayment(ctx, p.Agreement, p.AWSID)
}
