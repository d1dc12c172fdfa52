package entitlement

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// Reason says in a word why a check came out as it did, for programs.
type Reason string

// The reasons. Those that allow come first.
const (
	ByAccess Reason = "access"       // the licence gives access, and the dimension is not one that is bought in advance
	Entitled Reason = "entitled"     // it is within what was bought
	Overage  Reason = "overage"      // it is beyond what was bought, and metered: the buyer pays for it by usage
	Unsure   Reason = "not_known"    // AWS has not said what was bought; allowed only where the product fails open
	Stale    Reason = "stale"        // what AWS said is too old; allowed only where the product fails open
	NoAccess Reason = "no_access"    // the licence gives no access
	Absent   Reason = "not_entitled" // AWS lists nothing of the dimension
	Exceeded Reason = "exceeded"     // it is beyond what was bought
	Expired  Reason = "expired"      // what was bought is over
)

// Verdict is what a check came to.
type Verdict struct {
	Allowed bool
	Reason  Reason
	Why     string // in words
	// Entitled is what was bought of the dimension; the zero Value where nothing is known to be.
	Entitled  Value
	ExpiresAt time.Time // the earliest instant at which Entitled may change by its date; zero: none is told
	AsOf      time.Time // when AWS said so; zero where AWS's answer had no part in it
}

// rules are what a product says, with the defaults filled in.
type rules struct {
	core.Product
	open         bool
	stale, grace time.Duration
	learnt       func(core.Dimension) bool // AWS has listed the dimension for some licence of the product
}

func rulesOf(p core.Product, learnt func(core.Dimension) bool) *rules {
	r := &rules{p, p.Entitlements.FailOpen, p.Entitlements.StaleAfter, p.Entitlements.Grace, learnt}
	if r.stale == 0 {
		r.stale = DefaultStaleAfter
	}
	if r.grace == 0 {
		r.grace = DefaultGrace
	}
	return r
}

// entitles reports whether the dimension is one that is bought in advance: because it is configured so, because AWS has
// listed it, or because the product is sold by nothing else.
func (r *rules) entitles(d core.Dimension, k *Knowledge) bool {
	switch {
	case d == "" || r.Pricing == core.Subscription:
		return false
	case r.Entitles(d):
		return true
	case k != nil && len(k.by[d]) > 0:
		return true
	case len(r.Entitled) > 0 || r.Meters(d):
		return false
	default:
		return r.Pricing == core.Contract || r.learnt(d)
	}
}

// check judges whether quantity of a dimension may be used at now. k is nil while nothing is known. It reads nothing but
// its arguments.
func check(s license.Standing, k *Knowledge, r *rules, d core.Dimension, quantity usage.Quantity, now time.Time) Verdict {
	if !s.Access() {
		return Verdict{Reason: NoAccess, Why: s.Why}
	}
	if !r.entitles(d, k) {
		return Verdict{Allowed: true, Reason: ByAccess, Why: "The subscription gives access; nothing of this is bought in advance."}
	}
	if k == nil || k.At.IsZero() {
		return Verdict{Allowed: r.open, Reason: Unsure, Why: "AWS has not yet said what was bought; it is asked again shortly."}
	}
	v := judge(k, r, d, quantity, now)
	if age := now.Sub(k.At); age >= r.stale && v.Reason != Expired {
		v.Reason, v.Why = Stale, "What AWS last said is too old to be relied on; it is being asked again."
		v.Allowed = v.Allowed && r.open
	}
	return v
}

// judge compares with what AWS last said.
func judge(k *Knowledge, r *rules, d core.Dimension, quantity usage.Quantity, now time.Time) Verdict {
	v := Verdict{AsOf: k.At}
	entries := k.by[d]
	if len(entries) == 0 {
		v.Reason, v.Why = Absent, "AWS lists nothing of this as bought."
		return v
	}
	var amount usage.Quantity
	live, numeric, holds := 0, true, false
	for _, e := range entries {
		if expired(e, k, r.grace, now) {
			continue
		}
		live++
		amount = amount.Add(e.Value.amount)
		numeric, holds = numeric && e.Value.numeric(), holds || e.Value.holds()
		if v.Entitled = e.Value; v.ExpiresAt.IsZero() || (!e.ExpiresAt.IsZero() && e.ExpiresAt.Before(v.ExpiresAt)) {
			v.ExpiresAt = e.ExpiresAt
		}
	}
	if live == 0 {
		last := entries[len(entries)-1]
		v.Entitled, v.ExpiresAt = last.Value, last.ExpiresAt
		v.Reason, v.Why = Expired, "What was bought is over."
		return v
	}
	if live > 1 && numeric { // two agreements of one customer: both were bought
		v.Entitled = Value{DoubleValue, amount.String(), amount}
	}
	switch {
	case holds || (numeric && !amount.Less(quantity)):
		v.Allowed, v.Reason, v.Why = true, Entitled, "It is within what was bought."
	case numeric && r.Meters(d):
		v.Allowed, v.Reason, v.Why = true, Overage, "It is beyond what was bought; the rest is billed as usage."
	case numeric:
		v.Reason, v.Why = Exceeded, "It is more than what was bought."
	default:
		v.Reason, v.Why = Absent, "What AWS lists of this does not entitle to anything."
	}
	return v
}

// expired reports whether an entitlement is over at now. Its date alone does not end it: a renewal moves the date, and
// only AWS knows. It is over when AWS, asked after the date (and the time that a renewal may take to show), still gave
// the same one; or when AWS could not be asked, and the grace is over.
func expired(e Entitlement, k *Knowledge, grace time.Duration, now time.Time) bool {
	if e.ExpiresAt.IsZero() || now.Before(e.ExpiresAt) {
		return false
	}
	return !k.At.Before(e.ExpiresAt.Add(renewalLag)) || !now.Before(e.ExpiresAt.Add(grace))
}
