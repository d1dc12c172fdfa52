package license

import "time"

// firstAsking is how long a pending licence waits for a notice before AWS is asked about it: longer than the five minutes
// that sellers have seen License Updated take. Each further asking comes after twice the time, up to the last: what is in
// doubt for a week is left to somebody, and to the scheduled comparison with AWS.
const (
	firstAsking = 10 * time.Minute
	lastAsking  = 7 * 24 * time.Hour
)

// AskedAfter is when AWS is asked next, after t, about a licence that has been in doubt since an instant; ok is false when
// it is not asked any more.
func AskedAfter(since, t time.Time) (at time.Time, ok bool) {
	for wait := firstAsking; wait <= lastAsking; wait *= 2 {
		if at := since.Add(wait); at.After(t) {
			return at, true
		}
	}
	return time.Time{}, false
}

// await says of a pending licence what happens next, at the instant now.
func (s *Standing) await(now time.Time) {
	if s.State != Pending {
		return
	}
	if at, ok := AskedAfter(s.Since, now); ok {
		s.Next, s.By = "A notice makes it active; if none has come, AWS is asked about the agreement.", at
	}
}
