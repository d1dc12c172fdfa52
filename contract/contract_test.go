package contract

import (
	"regexp"
	"strings"
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

func TestLicenseARNPattern(t *testing.T) {
	const arn = "arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef"
	pattern := regexp.MustCompile(LicenseARNPattern)
	last := "arn:aws:license-manager::294406891311:l" // its last part may be 1024 long
	for text, want := range map[string]bool{
		arn:                              true,
		last + strings.Repeat("x", 1023): true,
		last + strings.Repeat("x", 1024): false,
		"aws:license-manager:us-east-1:294406891311:license:l-1": false,
		"": false,
	} {
		if pattern.MatchString(text) != want {
			t.Errorf("%.60q (%d long): want %v", text, len(text), want)
		}
	}
}

func TestPatternsCompile(t *testing.T) {
	for _, p := range []string{ProductCodePattern, AccountIDPattern, TagPattern} {
		if _, err := regexp.Compile(p); err != nil {
			t.Error(err)
		}
	}
}
