package metering

import (
	"sync"
	"time"
)

// quota is a bucket of tokens for each account and region, filled in the sandbox's own time.
type quota struct {
	perSecond float64

	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

type bucketKey struct{ account, region string }

type bucket struct {
	left float64
	at   time.Time
}

func newQuota(perSecond int) *quota {
	return &quota{perSecond: float64(perSecond), buckets: map[bucketKey]*bucket{}}
}

// take takes one token at now, and reports whether there was one. A bucket holds a second's worth.
func (q *quota) take(account, region string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := bucketKey{account, region}
	b := q.buckets[k]
	if b == nil {
		b = &bucket{left: q.perSecond, at: now}
		q.buckets[k] = b
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(q.perSecond, b.left+passed.Seconds()*q.perSecond)
		b.at = now
	}
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
