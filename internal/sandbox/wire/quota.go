package wire

import (
	"sync"
	"time"
)

// Quota limits the calls of each account and region: a bucket of tokens for each, filled in the sandbox's own time. It
// is safe for concurrent use.
type Quota struct {
	perSecond float64

	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

type bucketKey struct{ account, region string }

type bucket struct {
	left float64
	at   time.Time
}

// NewQuota allows perSecond calls a second.
func NewQuota(perSecond int) *Quota {
	return &Quota{perSecond: float64(perSecond), buckets: map[bucketKey]*bucket{}}
}

// Take takes one token at now, and reports whether there was one. A bucket holds a second's worth.
func (q *Quota) Take(account, region string, now time.Time) bool {
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
