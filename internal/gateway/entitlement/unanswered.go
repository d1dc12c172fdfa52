package entitlement

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// Somebody is told when AWS has not answered about a licence for patience longer than it is usually asked in, after so many attempts:
// AWS's short troubles are over by then, and one failure after a gateway has stood still is none. It is found anew as often.
const (
	patience = time.Hour
	attempts = 10 // the pauses before the tenth come to 17 minutes
)

// unanswered reports whether AWS's word on what l bought is overdue at now because AWS cannot be asked, and since when it is known, or
// was to be.
func (k *Keeper) unanswered(n *Knowledge, l license.License, now time.Time) (since time.Time, ok bool) {
	if n.Failures < attempts || !k.asks(l) || !l.Standing.Access() {
		return since, false
	}
	since, usual := n.At, k.interval(n)
	if n.At.IsZero() || n.At.Before(l.Standing.ActivatedAt) { // nothing is known of this life
		since, usual = n.ToldAt, 0
	}
	return since, now.Sub(since) >= usual+patience
}

// Unanswered counts the licences of a product, or of all where it is empty, about which AWS has not answered for too long, and says
// since when the longest of them rests on what was known before.
func (k *Keeper) Unanswered(product core.ProductCode) (licences int, since time.Time) {
	now := k.cfg.Clock.Now()
	for l := range k.cfg.Licenses.All {
		n := k.of(l.ID)
		if n == nil || product != "" && l.ProductCode != product {
			continue
		}
		if at, ok := k.unanswered(n, l, now); ok {
			if licences++; licences == 1 || at.Before(since) {
				since = at
			}
		}
	}
	return licences, since
}

// Stale reports whether what an alert is about still stands: AWS does not answer about licences of its product.
func (k *Keeper) Stale(_ context.Context, a alert.Alert) (bool, error) {
	n, _ := k.Unanswered(a.Product)
	return n > 0, nil
}

// complain has it told that AWS cannot be asked about l, if that has lasted; why is what the last attempt failed with. The licences of
// a product are one cause.
func (k *Keeper) complain(ctx context.Context, l license.License, n *Knowledge, why error) error {
	now := k.cfg.Clock.Now()
	if _, ok := k.unanswered(n, l, now); !ok {
		return nil
	}
	k.telling.Lock() // one licence speaks for those of its product
	defer k.telling.Unlock()
	if last := k.told[l.ProductCode]; !last.IsZero() && now.Before(last.Add(patience)) {
		return nil
	}
	licences, since := k.Unanswered(l.ProductCode)
	who := "a licence"
	if licences > 1 {
		who = fmt.Sprintf("%d licences", licences)
	}
	f := alert.Finding{Kind: outbox.AlertEntitlementsStale, Cause: string(l.ProductCode), Product: l.ProductCode, At: now,
		Say: fmt.Sprintf("AWS cannot be asked for the entitlements of %s of the product %s, at the longest for %d hours (%s).", who, l.ProductCode,
			int(now.Sub(since).Hours()), cmp.Or(fail.CodeOf(why), "no answer"))}
	if err := k.cfg.Store.Raise(ctx, f); err != nil {
		return fmt.Errorf("tell that AWS does not answer for entitlements: %w", err)
	}
	k.told[l.ProductCode] = now
	return nil
}
