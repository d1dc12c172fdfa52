package correction

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
)

// Store keeps corrections. What a method has changed is durable when it returns nil.
type Store interface {
	// AddCorrection keeps a new one, unless check finds something wrong with it beside the others of [Store.Beside], of which
	// none can come or change meanwhile. check may be called twice, and touches nothing outside. tell is what is to be told of it,
	// and kept with it. Errors: check's.
	AddCorrection(ctx context.Context, c Correction, check func(others []Correction) error, tell ...outbox.Event) error
	// DecideCorrection keeps what a person's decision makes of a correction, in the same manner: one decision at a time, in sight
	// of all others, and what is to be told of it. A decision that changes no state changes nothing. Errors: fail.NotFound, or
	// decision's.
	DecideCorrection(ctx context.Context, id ID, decision func(c Correction, others []Correction) (next Correction, tell []outbox.Event, err error)) (Correction, error)
	// Beside lists the other corrections of c's licence, kind and month, in any state, oldest first.
	Beside(ctx context.Context, c Correction) ([]Correction, error)
	// ChangeCorrection keeps c, which was read at c.Revision, with what is to be told of it, and counts the revision on. A
	// request that is kept never changes. Errors: fail.Conflict if c was changed since it was read, or its request is another
	// than the one kept.
	ChangeCorrection(ctx context.Context, c Correction, tell ...outbox.Event) error
	// Correction finds one; otherwise fail.NotFound.
	Correction(ctx context.Context, id ID) (Correction, error)
	// Corrections lists those that q chooses, oldest first.
	Corrections(ctx context.Context, q Query) ([]Correction, error)
	// DueCorrection is the one that is due first; ok is false while none is.
	DueCorrection(ctx context.Context) (c Correction, ok bool, err error)
	// HastenCorrections makes all that are pending at AWS due at now, at the latest.
	HastenCorrections(ctx context.Context, now time.Time) error
}

// Query chooses corrections; what is empty chooses all.
type Query struct {
	License core.LicenseID
	State   State
	After   ID // the last of the page before
	Limit   int
}

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
