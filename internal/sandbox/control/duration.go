package control

import (
	"regexp"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
)

// iso is an ISO 8601 duration: P, then years, months, weeks and days, then T and hours, minutes and seconds.
var iso = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$`)

// later is t moved on by s: a Go duration such as 90m, or an ISO 8601 one such as P1M or PT1H30M. Years and months are
// the calendar's.
func later(t time.Time, s string) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil {
		if d < 0 {
			return t, fail.New(fail.Invalid, "advance", "advance must not be negative: time does not go back.")
		}
		return t.Add(d), nil
	}
	m := iso.FindStringSubmatch(s)
	if m == nil || s[len(s)-1] == 'P' || s[len(s)-1] == 'T' {
		return t, fail.New(fail.Invalid, "advance", "advance must be a duration such as 90m, 36h, PT1H30M, P7D or P1M; got %q.", s)
	}
	var n [6]int
	for i := range n {
		n[i], _ = strconv.Atoi("0" + m[i+1]) // digits only, and few: cannot fail
	}
	// Whole days of hours and minutes are added as days: as nanoseconds they would not all fit into a Duration.
	t = t.UTC().AddDate(n[0], n[1], 7*n[2]+n[3]+n[4]/24+n[5]/(24*60)).Add(time.Duration(n[4]%24)*time.Hour + time.Duration(n[5]%(24*60))*time.Minute)
	if m[7] != "" {
		d, err := time.ParseDuration(m[7] + "s")
		if err != nil {
			return t, fail.New(fail.Invalid, "advance", "advance has %q seconds, which is no number.", m[7])
		}
		t = t.Add(d)
	}
	if t.Year() > 9999 { // RFC 3339 has four digits for it
		return t, fail.New(fail.Invalid, "advance", "advance by %s leads beyond the year 9999.", s)
	}
	return t, nil
}
