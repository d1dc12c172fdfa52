package world

import "time"

// afterWorkdays is the same time of day n business days later: Mondays to Fridays, in UTC. AWS does not say which
// holidays it keeps; none are kept here.
func afterWorkdays(t time.Time, n int) time.Time {
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if d := t.UTC().Weekday(); d != time.Saturday && d != time.Sunday {
			n--
		}
	}
	return t
}
