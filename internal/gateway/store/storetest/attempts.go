package storetest

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/metering"
)

// dropAttempts drops the oldest requests, and compares the books with what is left.
func dropAttempts(t *testing.T, s metering.Store) {
	ctx := t.Context()
	if d, err := s.DroppedAttempts(ctx); err != nil || d != (metering.DroppedAttempts{}) {
		t.Fatalf("before anything was dropped: %+v, %v", d, err)
	}
	for i := range 5 {
		must(t, s.Begin(ctx, []metering.Attempt{{ID: fmt.Sprint("att_", i), At: t0, Request: []byte(`{}`)}}))
	}
	drop := func(before string, limit int, at time.Time, want int64) {
		t.Helper()
		if n, err := s.DropAttempts(ctx, before, limit, at); err != nil || n != want {
			t.Fatalf("dropped %d before %s, %v; want %d", n, before, err, want)
		}
	}
	drop("att_0", 10, t0, 0)
	drop("att_3", 2, t0.Add(time.Hour), 2)
	drop("att_3", 2, t0.Add(2*time.Hour), 1)
	drop("att_3", 2, t0.Add(3*time.Hour), 0)
	if d, err := s.DroppedAttempts(ctx); err != nil || d != (metering.DroppedAttempts{Newest: "att_2", Count: 3, At: t0.Add(2 * time.Hour)}) {
		t.Errorf("the books: %+v, %v", d, err)
	}
	for i, want := range []bool{false, false, false, true, true} {
		if _, err := s.Attempt(ctx, fmt.Sprint("att_", i)); (err == nil) != want || err != nil && !fail.Is(err, fail.NotFound) {
			t.Errorf("request %d: %v", i, err)
		}
	}
}
