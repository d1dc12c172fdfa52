package contract

import (
	"testing"
	"time"
)

func TestEarliestAccepted(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		now, want string
		inclusive bool
	}{
		{"2026-11-20T10:30:00Z", "2026-11-19T10:30:00Z", false},
		{"2026-11-01T05:59:59Z", "2026-10-31T05:59:59Z", false},
		{"2026-11-01T06:00:00Z", "2026-11-01T00:00:00Z", true},
		{"2026-11-01T23:00:00Z", "2026-11-01T00:00:00Z", true},
		{"2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", false},
		{"2026-11-02T00:00:01Z", "2026-11-01T00:00:01Z", false},
	} {
		got, inclusive := EarliestAccepted(at(c.now))
		if !got.Equal(at(c.want)) || inclusive != c.inclusive {
			t.Errorf("at %s: %s, inclusive %v; want %s, %v", c.now, got.Format(time.RFC3339), inclusive, c.want, c.inclusive)
		}
	}
}
