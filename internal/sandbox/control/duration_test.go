package control

import (
	"testing"
	"time"
)

func TestLater(t *testing.T) {
	from := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"90m": "2026-01-31T13:30:00Z", "36h": "2026-02-02T00:00:00Z", "0s": "2026-01-31T12:00:00Z",
		"P1D": "2026-02-01T12:00:00Z", "P7D": "2026-02-07T12:00:00Z", "P2W": "2026-02-14T12:00:00Z",
		"P1M": "2026-03-03T12:00:00Z", // as time.AddDate: the 31st of February
		"P1Y": "2027-01-31T12:00:00Z", "PT1H30M": "2026-01-31T13:30:00Z", "P1DT0.5S": "2026-02-01T12:00:00.5Z",
		"PT36H": "2026-02-02T00:00:00Z", "P12M": "2027-01-31T12:00:00Z",
		"PT555555556M": "3082-05-17T23:16:00Z", "PT60000000H": "8870-11-07T12:00:00Z", // more than a Duration holds
	} {
		got, err := later(from, s)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "P", "PT", "P1DT", "soon", "-90m", "90", "P-1D", "1d", "P1.5D", "P9999Y", "PT99999999H"} {
		if got, err := later(from, s); err == nil {
			t.Errorf("%q was taken for %v", s, got)
		}
	}
}

func FuzzLater(f *testing.F) {
	for _, s := range []string{"90m", "P1Y2M3W4DT5H6M7.8S", "PT", "P9999Y", "PT555555556M"} {
		f.Add(s)
	}
	from := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := later(from, s); err == nil && got.Before(from) {
			t.Errorf("%q goes back to %v", s, got)
		}
	})
}
