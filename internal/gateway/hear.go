package gateway

import (
	"context"
	"slices"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/payment"
)

// heard is the book of licences as notices reach it: of one that may mean that entitlements changed, those who ask for
// them hear as soon as it is written down.
type heard struct {
	intake.Book
	entitlements *entitlement.Keeper
	wake         func()
}

// Note implements [intake.Book].
func (h heard) Note(ctx context.Context, n license.Note) (license.Verdict, error) {
	v, err := h.Book.Note(ctx, n)
	if err == nil && v.License != "" && (n.Kind == "" || n.Kind == license.Activated) {
		h.entitlements.Heard(v.License)
		h.wake()
	}
	return v, err
}

// agreed are the notices after which AWS tells something new of an agreement.
var agreed = []string{contract.AgreementCreated, contract.AgreementAmended, contract.AgreementEnded, contract.LicenseUpdated, contract.LicenseDeprovisioned,
	contract.AgreementEnding, contract.RenewalTermsFinalized, contract.RenewalUpcoming,
	contract.SubscribeSuccess, contract.EntitlementUpdated, contract.UnsubscribeSuccess}

// cancelled are the notices after which AWS tells something new of a cancellation request.
var cancelled = []string{contract.CancellationPending, contract.CancellationApproved, contract.CancellationRejected, contract.CancellationWithdrawn, contract.CancellationFailed,
	contract.AgreementEnded}

// heardOf are the desks of proposals that notices may be about.
type heardOf struct {
	corrections   *correction.Service
	cancellations *cancellation.Service
	payments      *payment.Service
}

// observed tells the metrics of every delivery of a notice, the re-sync of one about an agreement, the corrections of one that AWS
// has decided on some adjustment, the cancellation requests of one about some of them, and the payment requests of an agreement's
// end, which ends them: AWS publishes no events about themselves. Were that lost, they would ask by themselves a little later.
func observed(metrics *api.Metrics, desks heardOf, resync *agreement.Service) func(intake.Notice, bool, time.Duration) {
	return func(n intake.Notice, repeated bool, waited time.Duration) {
		metrics.Notice(n, repeated, waited)
		if !repeated && slices.Contains(agreed, n.Kind) {
			resync.Heard()
		}
		if n.Kind == contract.AdjustmentCompleted || n.Kind == contract.AdjustmentFailed {
			desks.corrections.Heard()
		}
		if slices.Contains(cancelled, n.Kind) {
			desks.cancellations.Heard()
		}
		if n.Kind == contract.AgreementEnded {
			desks.payments.Heard()
		}
	}
}
