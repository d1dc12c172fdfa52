package intake

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// quiet is a queue without messages that answers while err is nil.
type quiet struct{ err error }

func (l *quiet) Receive(context.Context, bool) ([]Message, error) { return nil, l.err }
func (l *quiet) Remove(context.Context, []Message) error          { return nil }

// A queue that has not answered for a while is told of, once for each while; one that answers ends it, also where it has nothing.
func TestAQueueThatDoesNotAnswerIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := &shelf{notices: map[string]Notice{}}, &quiet{}
		in := New(l, s, nil, nil, clock.System{}, slog.New(slog.DiscardHandler))
		woken := 0
		in.Wake = func() { woken++ }
		poll := func(after time.Duration) {
			t.Helper()
			time.Sleep(after)
			if _, err := in.poll(t.Context(), false); errors.Is(err, job.ErrExpected) != (l.err != nil) {
				t.Fatal(err)
			}
		}
		silent := func(want bool) {
			t.Helper()
			if got, err := in.Silent(t.Context(), alert.Alert{}); got != want || err != nil {
				t.Errorf("silent: %v, %v; want %v", got, err, want)
			}
		}
		told := func(want int) {
			t.Helper()
			if len(s.found) != want || woken != want {
				t.Errorf("told %d times (woken %d), want %d: %+v", len(s.found), woken, want, s.found)
			}
		}
		silent(true) // before the first call it is as the process before left it
		poll(0)
		silent(false)
		away := fail.New(fail.Later, "AWS.SimpleQueueService.NonExistentQueue", "The queue does not answer.")
		l.err = away
		poll(time.Hour) // of nothing but an empty queue
		silent(true)
		poll(silence - time.Second)
		told(0)
		poll(time.Second)
		told(1)
		if f := s.found[0]; f.Kind != outbox.AlertQueueAway || !strings.Contains(f.Say, "10 minutes (AWS.SimpleQueueService.NonExistentQueue)") || !f.At.Equal(clock.System{}.Now()) {
			t.Errorf("%+v", f)
		}
		poll(silence - time.Second)
		told(1)
		poll(time.Second)
		told(2)
		if s.found[0].Names() != s.found[1].Names() {
			t.Error("one outage is two alerts")
		}
		l.err = nil
		poll(time.Minute)
		silent(false)
		l.err = away
		poll(time.Hour) // another outage begins at its first call
		told(2)

		s.down = errors.New("the database is away, too")
		if _, err := (func() (bool, error) { time.Sleep(silence); return in.poll(t.Context(), false) })(); !errors.Is(err, s.down) {
			t.Errorf("that it could not be told: %v", err)
		}
		s.down = nil
		poll(time.Second)
		told(3) // it is told as soon as it can be

		ended, end := context.WithCancel(t.Context())
		end()
		time.Sleep(silence)
		if _, err := in.poll(ended, false); !errors.Is(err, job.ErrExpected) {
			t.Error(err)
		}
		told(3) // who hangs up is not told that nobody answers
		if got, err := New(nil, s, nil, nil, clock.System{}, slog.New(slog.DiscardHandler)).Silent(t.Context(), alert.Alert{}); got || err != nil {
			t.Errorf("without a queue: %v, %v", got, err)
		}
	})
}
