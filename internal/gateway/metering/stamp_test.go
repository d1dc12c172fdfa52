package metering

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// In the hour of an end the record is stamped before it, however late the end was announced.
func TestStamps(t *testing.T) {
	hour := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	at := func(minute, second int) time.Time {
		return hour.Add(time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
	}
	active := license.Standing{State: license.Active, ActivatedAt: at(-300, 0)}
	ending := func(opens time.Time) license.Standing {
		return license.Standing{State: license.WindingDown, ActivatedAt: at(-300, 0), OpensAt: opens, ClosesAt: opens.Add(time.Hour)}
	}
	followed := active
	followed.FollowedAt = at(50, 12)
	young := ending(at(50, 0))
	young.ActivatedAt = at(20, 0).Add(time.Millisecond)
	for name, c := range map[string]struct {
		s    license.Standing
		want time.Time
	}{
		"it goes on":                      {active, at(59, 59)},
		"it ends within":                  {ending(at(50, 0)), at(0, 0)},
		"it ended shortly before its end": {ending(at(60, 31)), at(0, 0)},
		"it ends much later":              {ending(at(80, 0)), at(59, 59)},
		"it ended before":                 {ending(at(-20, 0)), at(39, 59)},
		"another agreement goes on":       {followed, at(0, 0)},
		"it began within":                 {young, at(20, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := stamp(c.s, core.HourOf(hour), at(75, 0), 5*time.Second)
			if !ok || !got.Equal(c.want) {
				t.Errorf("stamped %s, %t; want %s", got, ok, c.want)
			}
		})
	}
}
