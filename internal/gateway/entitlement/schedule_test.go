package entitlement

import (
	"testing"
	"time"
)

// AWS's clock may be ahead of ours: of a licence that begins a moment from now AWS is asked again when it has begun, because
// what was bought for it is not known before.
func TestALifeThatBeginsByAWSsClock(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	k := &Knowledge{License: "lic_1", Answer: Answer{At: at, Entitlements: []Entitlement{{Dimension: "seats", Value: Integer(1)}}}, ChangedAt: at, ToldAt: at}
	for _, ahead := range []time.Duration{time.Millisecond, time.Minute} {
		k.ActivatedAt = at.Add(ahead)
		if next := nextAsking(k, time.Hour); !next.Equal(k.ActivatedAt) {
			t.Errorf("it begins in %s, and AWS is asked in %s", ahead, next.Sub(at))
		}
	}
	for _, ago := range []time.Duration{0, time.Minute} {
		k.ActivatedAt = at.Add(-ago)
		if next := nextAsking(k, time.Hour); !next.Equal(slot("lic_1", at, time.Hour)) {
			t.Errorf("it began %s ago, and AWS is asked in %s", ago, next.Sub(at))
		}
	}
}
