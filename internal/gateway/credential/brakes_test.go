package credential

import (
	"testing"
	"time"
)

func TestBrakesTightenAndLetGo(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	l := limit{free: 3, first: 30 * time.Second, most: 5 * time.Minute, forget: time.Hour}
	var a Attempts
	var waits []time.Duration
	for range 9 {
		a = l.next(a, at)
		wait := time.Duration(0)
		if a.BlockedUntil.After(at) {
			wait = a.BlockedUntil.Sub(at)
		}
		waits = append(waits, wait)
	}
	want := []time.Duration{0, 0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute}
	for i := range want {
		if waits[i] != want[i] {
			t.Errorf("attempt %d waits %s, want %s", i+1, waits[i], want[i])
		}
	}
	if a = l.next(a, at.Add(time.Hour)); a.Count != 1 || a.BlockedUntil.After(at.Add(time.Hour)) {
		t.Errorf("after an hour of rest: %+v", a)
	}
}

func TestWaitsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "half a minute", 30 * time.Second: "half a minute", 31 * time.Second: "a minute", 61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes"} {
		if got := inWords(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
