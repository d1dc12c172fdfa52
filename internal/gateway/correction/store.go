package correction

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/usage"
)

// Store keeps corrections. Beside one are the others of its licence, kind and month.
type Store = proposal.Store[Correction]

// AWS is the Agreement API. Errors are fail.Later where the same may be asked again and nothing is known of its effect,
// fail.Denied where our settings must be mended first, and fail.Invalid, fail.NotFound or fail.Conflict where AWS will
// never do it.
type AWS interface {
	// Invoices lists the invoices of an agreement whose billing period is month; credit memos are none.
	Invoices(ctx context.Context, a core.AgreementID, month time.Time) ([]Invoice, error)
	// Price is what an agreement's terms say that one unit of a metered dimension costs; otherwise fail.NotFound.
	Price(ctx context.Context, a core.AgreementID, d core.Dimension) (Price, error)
	// Adjust asks for a billing adjustment and gives AWS's name of it. The same client token again is the same adjustment.
	Adjust(ctx context.Context, r Request) (awsID string, err error)
	// Find looks for the adjustment that r became, among those made at since or later; awsID is empty if there is none.
	Find(ctx context.Context, r Request, since time.Time) (awsID string, err error)
	// Adjustment is where an adjustment stands.
	Adjustment(ctx context.Context, a core.AgreementID, awsID string) (Verdict, error)
}

// Invoice is what AWS has charged for one agreement.
type Invoice struct {
	ID           string
	IssuedAt     time.Time
	Maximum      decimal.Decimal // that can still be given back
	CurrencyCode string
}

// Price is a unit's.
type Price struct {
	Amount       decimal.Decimal
	CurrencyCode string
}

// Verdict is AWS's on an adjustment. Source: Agreement API, BillingAdjustmentStatus.
type Verdict struct {
	Done    bool      // final
	Given   bool      // of one that is final: the money was given back
	At      time.Time // since when, by AWS's clock
	Message string    // why not
}

// Usage takes events, and finds them again.
type Usage interface {
	Accept(ctx context.Context, source string, events []usage.Event) (usage.Result, error)
	// Find finds an event of a licence that was accepted in the hour from or later; ok is false if there is none.
	Find(ctx context.Context, source, id string, l core.LicenseID, from core.Hour) (e usage.Entry, ok bool, err error)
}
