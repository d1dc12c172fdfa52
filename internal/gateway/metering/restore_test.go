package metering_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

// A backup is restored after hours that are not in it were billed. When all usage since is reported again, with the ids it had and
// before hours are closed, then AWS bills each event once: those from before the backup and since, those that had been billed and
// not, and those that were on their way.
func TestARestoredBackupBillsNothingTwice(t *testing.T) {
	for _, again := range []bool{false, true} { // what AWS says to an identical record is disputed
		t.Run(fmt.Sprint("an identical record is a duplicate: ", again), func(t *testing.T) {
			w := newWorld(t, begin)
			w.path = filepath.Join(storetest.Dir(t), "souk.db")
			w.aws.duplicateOnResend = again
			l := w.license("a")
			w.fact("a", license.Activated, begin.Add(-time.Hour))
			w.open()
			var told []usage.Event
			use := func(at time.Time) {
				e := usage.Event{ID: fmt.Sprint("use ", len(told)), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: "1.5", Time: at}
				told = append(told, e)
				w.tell(e, usage.Result{Accepted: 1})
			}
			use(w.clk.Now())
			w.aws.fault = func(metering.Request) fault { return unreached }
			w.pass(time.Hour) // the hour is sealed, and AWS is away: its record waits
			use(w.clk.Now())
			file := filepath.Join(storetest.Dir(t), "backup.db")
			b, err := w.db.Backup(t.Context(), file, w.clk.Now())
			if err != nil {
				t.Fatal(err)
			}
			w.aws.fault = nil
			for range 6 {
				use(w.clk.Now())
				w.pass(20 * time.Minute)
			}
			use(w.clk.Now())
			billed := w.aws.billed(string(l.ARN), "gb")
			if billed < 8 {
				t.Fatalf("only %d were billed before the disk was lost", billed)
			}

			w.kill()
			w.path = filepath.Join(storetest.Dir(t), "restored.db")
			if _, err := store.Restore(t.Context(), file, w.path, w.clk.Now(), nil); err != nil {
				t.Fatal(err)
			}
			w.url = "sqlite:" + w.path
			w.cfg.SettleTime = w.clk.Now().Sub(b.At).Truncate(time.Hour) + 2*time.Hour
			w.open()
			w.pass(10 * time.Minute)
			known := 0
			for _, e := range told {
				res, err := w.in.Accept(t.Context(), "", []usage.Event{e})
				if err != nil || res.Accepted+res.Duplicates != 1 {
					t.Fatalf("%s: %+v, %v", e.ID, res, err)
				}
				known += res.Duplicates
			}
			if known != 2 {
				t.Errorf("%d events were in the backup, want 2", known)
			}
			w.cfg.SettleTime = 0
			w.reopen()
			use(w.clk.Now())
			w.pass(5 * time.Hour)
			if got, want := w.aws.billed(string(l.ARN), "gb"), int64(len(told))*3/2; got != want {
				t.Errorf("AWS bills %d, want %d for %d events", got, want, len(told))
			}
			w.sound("a", "gb")
		})
	}
}

// The same with a backup that is older than AWS takes usage. What was in its open hour was billed by the gateway that was lost, and AWS can
// not be asked any more: it must not travel in a later hour.
func TestAnOldBackupBillsNothingTwice(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprint("an identical record is a duplicate: ", again), func(t *testing.T) {
			w := newWorld(t, begin)
			w.path = filepath.Join(storetest.Dir(t), "souk.db")
			w.aws.duplicateOnResend = again
			l := w.license("a")
			w.fact("a", license.Activated, begin.Add(-time.Hour))
			w.open()
			var told []usage.Event
			use := func() {
				e := usage.Event{ID: fmt.Sprint("use ", len(told)), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: "2", Time: w.clk.Now()}
				told = append(told, e)
				w.tell(e, usage.Result{Accepted: 1})
			}
			use()
			file := filepath.Join(storetest.Dir(t), "backup.db")
			if _, err := w.db.Backup(t.Context(), file, w.clk.Now()); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				w.pass(time.Hour)
				use()
			}
			w.pass(2 * time.Hour)
			w.billed(l, "gb", int64(2*len(told)))

			w.kill()
			w.path = filepath.Join(storetest.Dir(t), "restored.db")
			if _, err := store.Restore(t.Context(), file, w.path, w.clk.Now(), nil); err != nil {
				t.Fatal(err)
			}
			w.url = "sqlite:" + w.path
			w.cfg.SettleTime = 34 * time.Hour
			w.open()
			for _, e := range told {
				if core.HourOf(e.Time).End().Add(contract.LookBack).After(w.clk.Now().Add(time.Minute)) { // AWS takes its hour still
					w.tell(e, usage.Result{Accepted: 1})
				}
			}
			w.cfg.SettleTime = 0
			w.reopen()
			use()
			w.pass(5 * time.Hour)
			if got, want := w.aws.billed(string(l.ARN), "gb"), int64(2*len(told)); got != want {
				t.Errorf("AWS bills %d, want %d for %d events", got, want, len(told))
			}
			if line := w.sound("a", "gb"); line.Unbillable[metering.ReasonUnknown] != usage.Whole(2) {
				t.Errorf("the books do not say that it cannot be known here: %+v", line)
			}
		})
	}
}

// A record that waited when the backup was made was billed since. When the backup is restored so late that AWS does not take its
// hour any more, its quantity must not travel in a later one: it was billed already.
func TestWhatWaitedInABackupIsNotBilledInALaterHour(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "2", w.clk.Now())
	w.aws.fault = func(metering.Request) fault { return unreached }
	w.pass(time.Hour)
	file := filepath.Join(storetest.Dir(t), "backup.db")
	if _, err := w.db.Backup(t.Context(), file, w.clk.Now()); err != nil {
		t.Fatal(err)
	}
	w.aws.fault = nil
	w.pass(30 * time.Hour)
	w.billed(l, "gb", 2)
	w.kill()
	w.path = filepath.Join(storetest.Dir(t), "restored.db")
	if _, err := store.Restore(t.Context(), file, w.path, w.clk.Now(), nil); err != nil {
		t.Fatal(err)
	}
	w.url = "sqlite:" + w.path
	w.open()
	w.pass(5 * time.Hour)
	if got := w.aws.billed(string(l.ARN), "gb"); got != 2 {
		t.Errorf("AWS bills %d, want 2", got)
	}
	if line := w.sound("a", "gb"); line.Unbillable[metering.ReasonUnknown] != usage.Whole(2) {
		t.Errorf("the books do not say that it cannot be known here: %+v", line)
	}
}
