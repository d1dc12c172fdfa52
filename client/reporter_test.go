package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
)

// patience is longer than anything here takes on a busy machine.
const patience = time.Minute

func reporter(t *testing.T, s *clienttest.Server, o client.ReporterOptions) *client.Reporter {
	t.Helper()
	r, err := s.Client(client.WithRetries(2, time.Millisecond, 2*time.Millisecond)).NewReporter(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closing(r, 0) }) // ends what the test left running
	return r
}

func closing(r *client.Reporter, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return r.Close(ctx)
}

func add(t *testing.T, r *client.Reporter, n int) {
	t.Helper()
	for range n {
		if err := r.Add(t.Context(), client.Event{License: license, Dimension: "pages", Quantity: "1"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheReporterCountsEveryEventOnceWhateverBreaks(t *testing.T) {
	for name, spool := range map[string]string{"in memory": "", "on disk": "usage.spool"} {
		t.Run(name, func(t *testing.T) {
			s := gateway(t)
			if spool != "" {
				spool = filepath.Join(t.TempDir(), spool)
			}
			r := reporter(t, s, client.ReporterOptions{Delay: time.Millisecond, Spool: spool})
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for i := range 50 {
						switch i {
						case 10:
							s.LoseAnswers(3)
						case 30:
							s.Refuse(3, http.StatusUnauthorized) // a key can be mended
						}
						add(t, r, 1)
					}
				})
			}
			wg.Wait()
			if err := closing(r, patience); err != nil {
				t.Fatal(err)
			}
			if total := s.Total(license, "pages"); total != "400" {
				t.Errorf("counted %s; want 400", total)
			}
			if err := r.Add(t.Context(), used("late", "1")); !errors.Is(err, client.ErrClosed) {
				t.Errorf("after its end: %v", err)
			}
		})
	}
}

func TestEventsTravelTogether(t *testing.T) {
	s := gateway(t)
	r := reporter(t, s, client.ReporterOptions{Delay: time.Hour})
	add(t, r, 499)
	if n := len(s.Events()); n != 0 {
		t.Errorf("%d events went before there were enough, or the delay was over", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.Flush(ctx); err != nil || len(s.Events()) != 499 || r.Waiting() != 0 {
		t.Errorf("%d events, %d wait, %v", len(s.Events()), r.Waiting(), err)
	}
	add(t, r, 500) // a full batch goes without being asked for
	for deadline := time.Now().Add(patience); len(s.Events()) < 999; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d events", len(s.Events()))
		}
	}
	for _, e := range s.Events() {
		if e.Time.IsZero() || e.ID == "" {
			t.Fatalf("an event without a time or an ID: %+v", e)
		}
	}
}

func TestWhatIsLeftAtTheEndIsGivenBack(t *testing.T) {
	s := gateway(t)
	s.Refuse(1_000_000, http.StatusServiceUnavailable)
	var failed atomic.Int64
	r := reporter(t, s, client.ReporterOptions{Delay: time.Millisecond, Failed: func(error) { failed.Add(1) }})
	add(t, r, 3)
	for failed.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	left := client.Undelivered(closing(r, time.Millisecond))
	if len(left) != 3 {
		t.Fatalf("%d of 3 events came back", len(left))
	}
	s.Refuse(0, 0)
	if _, err := s.Client().Report(t.Context(), left...); err != nil || s.Total(license, "pages") != "3" {
		t.Errorf("counted %s, %v", s.Total(license, "pages"), err)
	}
}

// A program is killed while the gateway is away, and started again: all events are delivered, and those whose answer was
// lost count once.
func TestTheSpoolOutlivesTheProgram(t *testing.T) {
	s := gateway(t)
	path := filepath.Join(t.TempDir(), "usage.spool")
	s.LoseAnswers(1_000_000)
	first := reporter(t, s, client.ReporterOptions{Delay: time.Millisecond, Spool: path})
	add(t, first, 3)
	for len(s.Events()) == 0 {
		time.Sleep(time.Millisecond)
	}
	killed, err := os.ReadFile(path) // as it is at this very moment
	if err != nil {
		t.Fatal(err)
	}
	if left := client.Undelivered(closing(first, 0)); len(left) != 3 {
		t.Errorf("%d of 3 given back", len(left))
	}
	s.LoseAnswers(0)
	if err := os.WriteFile(path, append(killed, `{"id":"half a li`...), 0o600); err != nil {
		t.Fatal(err)
	}
	second := reporter(t, s, client.ReporterOptions{Delay: time.Millisecond, Spool: path})
	if n := second.Waiting(); n > 3 {
		t.Errorf("%d wait", n)
	}
	add(t, second, 1)
	if err := closing(second, patience); err != nil {
		t.Fatal(err)
	}
	if total := s.Total(license, "pages"); total != "4" {
		t.Errorf("counted %s; want 4", total)
	}
	if rest, err := os.ReadFile(path); err != nil || len(rest) != 0 {
		t.Errorf("%d bytes are left, %v", len(rest), err)
	}
}

func TestASpoolThatIsNoneIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	const text = "Dear diary,\nnothing happened.\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway(t).Client().NewReporter(client.ReporterOptions{Spool: path}); err == nil {
		t.Error("it was taken")
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != text {
		t.Errorf("%q, %v", now, err)
	}
}

func TestAddWaitsForRoom(t *testing.T) {
	s := gateway(t)
	s.Refuse(1_000_000, http.StatusServiceUnavailable)
	r := reporter(t, s, client.ReporterOptions{MaxWaiting: 10})
	add(t, r, 10)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Add(ctx, used("one too many", "1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want it to have waited", err)
	}
	s.Refuse(0, 0)
	add(t, r, 1) // as soon as there is room
	if err := closing(r, patience); err != nil || s.Total(license, "pages") != "11" {
		t.Errorf("counted %s, %v", s.Total(license, "pages"), err)
	}
}

func TestTheReporterTellsOfRejections(t *testing.T) {
	s := gateway(t)
	var told []string
	r := reporter(t, s, client.ReporterOptions{Rejected: func(e client.Event, no client.Rejection) { told = append(told, e.ID+" "+no.Code) }})
	if err := r.Add(t.Context(), used("good", "1"), used("bad", "-1"), client.Event{ID: "lost", License: "lic_9", Quantity: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := closing(r, patience); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(told) != "[bad bad_quantity lost unknown_license]" || s.Total(license, "pages") != "1" {
		t.Errorf("told of %v, counted %s", told, s.Total(license, "pages"))
	}
}
