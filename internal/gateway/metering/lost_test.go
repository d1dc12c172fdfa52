package metering_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/alert"
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

// losingBooks are books whose writing of a balance, once, has no answer.
type losingBooks struct {
	metering.Store
	lose bool
	of   func(metering.Balance) bool
}

func (l *losingBooks) answer(err error, bs []metering.Balance) error {
	if err == nil && l.lose && slices.ContainsFunc(bs, l.of) {
		l.lose, err = false, errLost
	}
	return err
}

func (l *losingBooks) Seal(ctx context.Context, s metering.Sealing) error {
	return l.answer(l.Store.Seal(ctx, s), s.Balances)
}

func (l *losingBooks) Settle(ctx context.Context, as []metering.Attempt, rs []metering.Record, bs []metering.Balance, found ...alert.Finding) error {
	return l.answer(l.Store.Settle(ctx, as, rs, bs, found...), bs)
}

// What a record that came too late leaves in the balance is billed by the next hour, though the database's answer to that was
// lost, nothing else is used or sent that would make the books be read again, and the process lives on.
func TestABalanceWhoseWritingWasLostTravelsOn(t *testing.T) {
	w := newWorld(t, begin)
	w.cfg.NoZeros = true
	books := &losingBooks{lose: true, of: func(b metering.Balance) bool { return b.Amount == usage.Whole(3) }}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { books.Store = m; return u, books }
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "3", begin)
	w.aws.fault = func(metering.Request) fault { return unreached }
	w.pass(26 * time.Hour)
	if books.lose {
		t.Fatal("nothing was carried")
	}
	w.aws.fault = nil
	w.pass(3 * time.Hour)
	w.billed(l, "gb", 3)
}

// What is left of a licence that has ended is written off, though the database's answer to its sealing was lost.
func TestWhatIsLeftAtTheEndIsWrittenOffThoughItsSealingWasLost(t *testing.T) {
	w := newWorld(t, begin)
	books := &losingBooks{of: func(b metering.Balance) bool { return !b.Amount.IsZero() }}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { books.Store = m; return u, books }
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "2.5", begin)
	w.fact("a", license.Deprovisioned, begin)
	books.lose = true
	w.pass(3 * time.Hour)
	if books.lose {
		t.Fatal("nothing was left")
	}
	w.billed(l, "gb", 2)
	if line := w.sound("a", "gb"); !line.Carried.IsZero() || line.Unbillable[metering.ReasonEnded].IsZero() {
		t.Errorf("half a unit is left, and not written off: %+v", line)
	}
}

// The same, by a process that starts when the licence has ended and all its hours are closed, but not sealed: it finds nothing
// in the books that would have it look at the licence again, until the sealing has written something there, whether or not the
// database's answer to that is lost.
func TestWhatIsLeftAtTheEndIsWrittenOffByTheNextProcess(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newWorld(t, begin)
		books := &losingBooks{of: func(b metering.Balance) bool { return !b.Amount.IsZero() }}
		w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { books.Store = m; return u, books }
		l := w.license("a")
		w.fact("a", license.Activated, begin.Add(-time.Hour))
		w.open()
		w.use("a", "gb", "2.5", begin)
		w.fact("a", license.Deprovisioned, begin)
		w.pass(time.Minute)
		if err := w.eng.Finalize(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		w.fact("a", license.Unsubscribed, w.clk.Now())
		books.lose = lost
		w.reopen()
		w.pass(3 * time.Hour)
		if books.lose {
			t.Fatal("nothing was left")
		}
		if line := w.sound("a", "gb"); !line.Carried.IsZero() || line.Unbillable[metering.ReasonEnded].IsZero() {
			t.Errorf("answer lost %v: what is left is not written off: %+v", lost, line)
		}
		w.billed(l, "gb", 2)
	}
}
