package entitlement

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// lapsing is for how long AWS must have listed nothing of what a legacy contract had bought before that is believed: as
// long as it takes an answer to settle.
const lapsing = 30 * time.Minute

// tellBook tells what an answer means for the licence's life, of the legacy contracts that no notice speaks of: one of which
// nothing is left is over, and one that is listed again goes on. What is metered, too, ends with unsubscribe-pending.
// Source: docs/aws/entitlements.md, "When a contract has ended".
func (k *Keeper) tellBook(ctx context.Context, l license.License, n *Knowledge) error {
	if l.Identity() == license.ByLicense || k.rulesFor(l.ProductCode).Pricing != core.Contract || k.cfg.Book == nil {
		return nil
	}
	note := license.Note{About: license.Ref{ProductCode: l.ProductCode, CustomerIdentifier: l.CustomerIdentifier}}
	since, over := n.over()
	switch {
	case over && !l.Standing.Lapsed && !n.At.Before(since.Add(lapsing)):
		note.Kind, note.At = license.Lapsed, since
	case !over && l.Standing.Lapsed && len(n.Entitlements) > 0:
		note.Kind, note.At = license.Activated, n.At
	default:
		return nil
	}
	note.ID = fmt.Sprintf("entitlements:%s:%s:%d", l.ID, note.Kind, note.At.UnixMicro())
	v, err := k.cfg.Book.Note(ctx, note)
	if err != nil {
		return fmt.Errorf("tell licence %s that its contract is %s: %w", l.ID, note.Kind, err)
	}
	k.cfg.Log.InfoContext(ctx, "what AWS lists of a contract decides about its life", "license", l.ID, "fact", note.Kind, "outcome", v.Outcome)
	return nil
}

// over reports whether nothing is left of what was bought in the licence's present life, and since when: AWS lists none of
// it any more, or only what has come to its end.
func (k *Knowledge) over() (since time.Time, over bool) {
	if k.ListedAt.IsZero() || k.ListedAt.Before(k.ActivatedAt) {
		return time.Time{}, false
	}
	if len(k.Entitlements) == 0 {
		return k.ChangedAt, true
	}
	for _, e := range k.Entitlements {
		if e.ExpiresAt.IsZero() || k.At.Before(e.ExpiresAt) {
			return time.Time{}, false
		}
		if e.ExpiresAt.After(since) {
			since = e.ExpiresAt
		}
	}
	return since, true
}
