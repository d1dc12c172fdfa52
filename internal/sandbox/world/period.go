package world

import (
	"regexp"
	"strconv"
	"time"
)

// period is how long something lasts by the calendar: whole years, months and days, of ISO 8601's durations those that
// AWS's terms use. The zero period is none.
type period struct{ months, days int }

// Bounds of what terms may last. Sources: seller guide, saas-contracts (private contracts) and saas-free-trials.
const (
	maxMonths    = 60
	minTrialDays = 7
	maxTrialDays = 90
)

var isoPeriod = regexp.MustCompile(`^P(?:([0-9]{1,2})Y)?(?:([0-9]{1,3})M)?(?:([0-9]{1,4})D)?$`)

// parsePeriod reads a duration such as P12M, P1Y6M or P30D. ok is false for anything else, and for none at all.
func parsePeriod(iso string) (p period, ok bool) {
	m := isoPeriod.FindStringSubmatch(iso)
	if m == nil {
		return period{}, false
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // digits, or empty for 0
		return n
	}
	p = period{months: 12*number(m[1]) + number(m[2]), days: number(m[3])}
	return p, p != period{}
}

// after is the same day and time a period later, or the month's last day where that has no such day.
func (p period) after(t time.Time) time.Time { return addMonths(t, p.months).AddDate(0, 0, p.days) }

// monthly are the months of a duration that is whole months; 0 for any other.
func monthly(iso string) int {
	if p, ok := parsePeriod(iso); ok && p.days == 0 {
		return p.months
	}
	return 0
}

// daily are the days of a duration that is whole days; 0 for any other.
func daily(iso string) int {
	if p, ok := parsePeriod(iso); ok && p.months == 0 {
		return p.days
	}
	return 0
}

// endOfDay is the last instant of t's day that AWS shows: 23:59:59.999 UTC.
func endOfDay(t time.Time) time.Time {
	return startOfDay(t).AddDate(0, 0, 1).Add(-time.Millisecond)
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(day) }
