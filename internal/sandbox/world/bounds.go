package world

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/profile"
)

// bounds are between which instants a request's records must be stamped, as the profiles have it. They are worked out
// once for all of its records.
type bounds struct {
	now        time.Time
	earliest   time.Time
	inclusive  bool // earliest itself is taken
	latest     time.Time
	wholeHours bool // an activation counts from the beginning of its hour
	untilEnd   bool // a licence takes nothing stamped after its end, though it is metered for longer
}

// bounds are those of a request at now. Source: [contract.EarliestAccepted].
func (w *World) bounds(now time.Time) bounds {
	judged := now
	if w.profiles.Is(profile.WindowEdge, profile.Inclusive) {
		judged = now.Add(-time.Nanosecond) // an edge belongs to the window that was open just before it
	}
	b := bounds{now: now, latest: now.Add(w.profiles.Duration(profile.FutureTolerance)),
		wholeHours: w.profiles.Is(profile.ActivationEdge, profile.Hour), untilEnd: w.profiles.Is(profile.FinalTimestamps, profile.UntilEnd)}
	b.earliest, b.inclusive = contract.EarliestAccepted(judged)
	return b
}

// check refuses stamps that are too old, of a closed month, or in the future.
func (b *bounds) check(u *Usage, v *verdict) {
	switch c := u.Timestamp.Compare(b.earliest); {
	case c < 0 || (c == 0 && !b.inclusive):
		v.refuse(byTimestamp, contract.TimestampOutOfBounds, "The timestamp %s is too old: it must be after %s.", stamp(u.Timestamp), stamp(b.earliest))
	case u.Timestamp.After(b.latest):
		v.refuse(byTimestamp, contract.TimestampOutOfBounds, "The timestamp %s is in the future: it is %s.", stamp(u.Timestamp), stamp(b.now))
	}
}

// before compares a record's stamp with the start of an activation period.
func (b *bounds) before(t, start time.Time) bool {
	if b.wholeHours {
		return hourOf(t) < hourOf(start)
	}
	return t.Before(start)
}

// afterEnd reports whether a record is stamped later than its licence allows.
func (b *bounds) afterEnd(t time.Time, a *agreement, looksBack bool) bool {
	end := a.License.MeteringUntil
	if b.untilEnd || looksBack {
		end = a.License.EndedAt
	}
	return !end.IsZero() && t.After(end)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
