package world

import (
	"time"

	"souk.dev/souk/internal/sandbox/profile"
)

// afterWorkdays is the same time of day n business days later: Mondays to Fridays, in UTC, but for the holidays that the
// profile refund-holidays keeps.
func (w *World) afterWorkdays(t time.Time, n int) time.Time {
	keeps := w.profiles.Is(profile.Holidays, profile.UnitedStates)
	for n > 0 {
		t = t.UTC().AddDate(0, 0, 1)
		if d := t.Weekday(); d != time.Saturday && d != time.Sunday && (!keeps || !federalHoliday(t)) {
			n--
		}
	}
	return t
}

// The legal public holidays of the United States: on a date, and then on the Friday before where that is a Saturday, or on
// the Monday after where it is a Sunday; or on a certain weekday of a month, counted from its start, or from its end where
// the number is negative. Source: 5 U.S.C. 6103.
var (
	datedHolidays = []struct {
		month time.Month
		day   int
	}{{time.January, 1}, {time.June, 19}, {time.July, 4}, {time.November, 11}, {time.December, 25}}

	countedHolidays = []struct {
		month   time.Month
		weekday time.Weekday
		nth     int
	}{{time.January, time.Monday, 3}, {time.February, time.Monday, 3}, {time.May, time.Monday, -1}, {time.September, time.Monday, 1},
		{time.October, time.Monday, 2}, {time.November, time.Thursday, 4}}
)

// federalHoliday reports whether t's day, in UTC, is a holiday, or one on which a holiday is observed.
func federalHoliday(t time.Time) bool {
	for _, h := range datedHolidays {
		for _, year := range []int{t.Year(), t.Year() + 1} { // a New Year's Day that is a Saturday is observed the year before
			if on := observed(time.Date(year, h.month, h.day, 0, 0, 0, 0, time.UTC)); on.Year() == t.Year() && on.YearDay() == t.YearDay() {
				return true
			}
		}
	}
	for _, h := range countedHolidays {
		nth := (t.Day()-1)/7 + 1
		if h.nth < 0 {
			last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
			nth = -((last-t.Day())/7 + 1)
		}
		if t.Month() == h.month && t.Weekday() == h.weekday && nth == h.nth {
			return true
		}
	}
	return false
}

// observed is the working day on which a holiday of this date is kept.
func observed(date time.Time) time.Time {
	switch date.Weekday() {
	case time.Saturday:
		return date.AddDate(0, 0, -1)
	case time.Sunday:
		return date.AddDate(0, 0, 1)
	}
	return date
}
