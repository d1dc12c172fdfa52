package entitlement

import (
	"hash/fnv"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Defaults.
const (
	DefaultEvery      = time.Hour      // how often AWS is asked about a licence of which nothing is told
	DefaultStaleAfter = 24 * time.Hour // the age at which an answer is too old
	DefaultGrace      = 24 * time.Hour // past an entitlement's date, while AWS cannot be asked
)

// seldom is how much less often AWS is asked about a licence for which it has never listed anything, where the product
// is not said to be sold by contract: it is probably not.
const seldom = 24

// settling are the pauses, from when something was told, after which AWS is asked again while its answer is empty or
// still as it was before: an agreement may not be final when its notice comes. Source: AWS's published agent skill on
// Marketplace metering, September 2026.
var settling = [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// renewalLag is for how long after an entitlement's date AWS may still give that date and renew it nevertheless.
const renewalLag = 5 * time.Minute

// After a failure: doubled each time, up to the last.
const (
	firstRetry = 2 * time.Second
	lastRetry  = 15 * time.Minute
)

func retryAfter(failures int) time.Duration {
	return min(firstRetry<<min(max(failures-1, 0), 10), lastRetry)
}

// places is how many places an interval has. Each licence has one of them, so that those that came at once are not
// asked about at once for ever; there are few, so that a sandbox's clock, which stops at every due instant, moves fast.
const places = 4

// nextAsking is when AWS is asked next, after it answered at k.At.
func nextAsking(k *Knowledge, every time.Duration) time.Time {
	next := slot(k.License, k.At, every)
	sooner := func(t time.Time) {
		if t.After(k.At) && t.Before(next) {
			next = t
		}
	}
	sooner(k.ActivatedAt) // by AWS's clock, which may be ahead of ours: what was asked for before says nothing of this life
	if !k.ToldAt.IsZero() && (len(k.Entitlements) == 0 || k.ChangedAt.Before(k.ToldAt)) {
		for _, pause := range settling {
			sooner(k.ToldAt.Add(pause))
		}
	}
	for _, e := range k.Entitlements {
		if !e.ExpiresAt.IsZero() {
			sooner(e.ExpiresAt)
			sooner(e.ExpiresAt.Add(renewalLag))
		}
	}
	return next
}

// settling reports whether t is one of the instants at which AWS is asked because something was told.
func (k *Knowledge) settling(t time.Time) bool {
	for _, pause := range settling {
		if t.Equal(k.ToldAt.Add(pause)) {
			return true
		}
	}
	return false
}

// slot is the first instant after t at the licence's own place in an interval.
func slot(id core.LicenseID, t time.Time, every time.Duration) time.Time {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	own := every / places * time.Duration(h.Sum64()%places)
	at := t.Truncate(every).Add(own)
	for !at.After(t) {
		at = at.Add(every)
	}
	return at
}
