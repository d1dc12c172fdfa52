package metering_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

var errLost = errors.New("the answer was lost")

// losing is a log in which an hour is cut, once, without an answer.
type losing struct {
	usage.Store
	lose bool
}

func (l *losing) Cut(ctx context.Context, c usage.Cut) error {
	err := l.Store.Cut(ctx, c)
	if err == nil && l.lose {
		l.lose, err = false, errLost
	}
	return err
}

// An hour that was closed, though the database's answer was lost, is sealed also if an event showed that it is closed before
// anybody tried again; and without a restart.
func TestAnHourWhoseClosingWasLostIsSealed(t *testing.T) {
	w := newWorld(t, begin)
	log := &losing{}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { log.Store = u; return log, m }
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "3", begin)
	w.pass(time.Minute)
	log.lose = true
	w.clk.Set(core.HourOf(begin).End().Add(5 * time.Minute))
	if _, _, err := w.run.Step(t.Context()); err != nil || log.lose {
		t.Fatalf("it was not closed: %v", err)
	}
	w.use("a", "gb", "4", w.clk.Now())
	w.pass(3 * time.Hour)
	w.billed(l, "gb", 7)
}
