package entitlement

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Store keeps what is known.
type Store interface {
	// LoadEntitlements reads what is known of every licence.
	LoadEntitlements(ctx context.Context) ([]Knowledge, error)
	// LastNotices tells, of every licence about which AWS sent a notice of one of the kinds, when the last one was read.
	LastNotices(ctx context.Context, kinds []string) (map[core.LicenseID]time.Time, error)
	// KeepEntitlements makes k what is known of its licence. Where changed is set, k's answer differs from the one before
	// and is added to the licence's history. tell is what is to be told of it. When it returns nil, all of it survives a power
	// cut.
	KeepEntitlements(ctx context.Context, k Knowledge, changed bool, tell ...outbox.Event) error
	// Raise writes down something that somebody should look at, and that no answer of AWS's came with.
	Raise(ctx context.Context, f alert.Finding) error
	// EntitlementHistory lists the answers of AWS's that differed from the one before, oldest first.
	EntitlementHistory(ctx context.Context, id core.LicenseID) ([]Answer, error)
}

// Source is where entitlements are asked for: AWS.
type Source interface {
	// Entitlements lists all that AWS has of s; none is no error.
	//
	// Errors: fail.Later when the same may be asked again after a pause; fail.Denied when credentials, permission or
	// region are wrong; fail.Invalid when AWS does not know what it is asked about.
	Entitlements(ctx context.Context, s Subject) ([]Entitlement, error)
}
