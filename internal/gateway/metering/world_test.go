package metering_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/powerloss"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

// directory is a license.Directory whose licences stand where their facts say.
type directory struct {
	clk   clock.Clock
	all   []license.License
	facts map[core.LicenseID][]license.Fact
	told  []func(license.License)

	merged map[core.LicenseID]core.LicenseID // rows that turned out to be another's
}

func (d *directory) stand(l license.License) license.License {
	l.Standing = license.Replay(d.facts[l.ID], d.clk.Now())
	return l
}

func (d *directory) find(match func(license.License) bool) (license.License, bool) {
	i := slices.IndexFunc(d.all, match)
	if i < 0 {
		return license.License{}, false
	}
	return d.stand(d.all[i]), true
}

func (d *directory) ByID(id core.LicenseID) (license.License, bool) {
	if to, ok := d.merged[id]; ok {
		id = to
	}
	return d.find(func(l license.License) bool { return l.ID == id })
}

func (d *directory) ByARN(arn core.LicenseARN) (license.License, bool) {
	return d.find(func(l license.License) bool { return l.ARN == arn && arn != "" })
}

func (d *directory) ByBuyer(buyer string, p core.ProductCode) (ls []license.License) {
	for _, l := range d.all {
		if l.ProductCode == p && (string(l.Customer) == buyer || string(l.CustomerIdentifier) == buyer || string(l.Account) == buyer) {
			ls = append(ls, d.stand(l))
		}
	}
	return ls
}

func (d *directory) All(yield func(license.License) bool) {
	for _, l := range d.all {
		if _, gone := d.merged[l.ID]; gone {
			continue
		}
		if !yield(d.stand(l)) {
			return
		}
	}
}

func (d *directory) OnChange(f func(license.License)) { d.told = append(d.told, f) }

// world is a gateway's ledger between a fake AWS and a hand-moved clock, on a real SQLite file or PostgreSQL.
type world struct {
	t    testing.TB
	clk  *clock.Virtual
	dir  *directory
	aws  *fakeAWS
	cfg  metering.Config // what the test wants otherwise than usual
	ucfg usage.Config
	path string // of the database's file; empty: it is made in a folder of its own

	url  string          // of the database; empty: it is the file at path, and made there
	disk *powerloss.Disk // nil: the machine's own

	// wrap, if given, stands between the features and the database.
	wrap func(usage.Store, metering.Store) (usage.Store, metering.Store)

	db     *store.DB
	in     *usage.Intake
	eng    *metering.Engine
	run    *job.Runner
	refuse []core.LicenseID
	events int
}

// begin is half past nine on a day in the middle of a month.
var begin = time.Date(2026, 11, 17, 9, 30, 0, 0, time.UTC)

func newWorld(t testing.TB, now time.Time) *world {
	clk := clock.NewVirtual(now)
	w := &world{t: t, clk: clk, dir: &directory{clk: clk, facts: map[core.LicenseID][]license.Fact{}}, aws: newFakeAWS(t, clk)}
	t.Cleanup(func() {
		if w.db != nil {
			w.db.Close()
		}
	})
	return w
}

// open starts the gateway's ledger, or starts it again after close.
func (w *world) open() *world {
	w.t.Helper()
	if err := w.tryOpen(); err != nil {
		w.t.Fatal(err)
	}
	return w
}

func (w *world) tryOpen() (err error) {
	ctx := context.Background()
	open := store.Open
	if w.disk != nil {
		open = w.disk.Driver().Open
	}
	if w.path == "" {
		w.path = filepath.Join(storetest.Dir(w.t), "souk.db")
	}
	if w.url == "" {
		w.url = storetest.File(w.t, w.path)
	}
	if w.db, err = open(ctx, w.url); err != nil {
		return err
	}
	var us usage.Store = store.NewUsage(w.db)
	var ms metering.Store = store.NewMetering(w.db)
	if w.wrap != nil {
		us, ms = w.wrap(us, ms)
	}
	w.dir.told = nil
	uc := w.ucfg
	uc.Store, uc.Licenses, uc.Clock = us, w.dir, w.clk
	if w.in, err = usage.New(ctx, uc); err != nil {
		return err
	}
	c := w.cfg
	c.Store, c.Log, c.Intake, c.Licenses, c.Meter, c.Clock = ms, us, w.in, w.dir, w.aws, w.clk
	if c.Refused == nil {
		c.Refused = func(_ context.Context, l core.LicenseID, _ time.Time) error {
			w.refuse = append(w.refuse, l)
			return nil
		}
	}
	if w.eng, err = metering.New(ctx, c); err != nil {
		return err
	}
	w.run = job.New(w.clk, slog.New(slog.DiscardHandler), slices.Concat(w.eng.Jobs(), w.in.Jobs())...)
	return nil
}

// kill ends the process: whatever was in memory is gone.
func (w *world) kill() {
	w.db.Close()
	w.db = nil
}

// reopen is a kill and a new start.
func (w *world) reopen() {
	w.kill()
	w.open()
}

// license makes a licence of the generation that is named by ARN.
func (w *world) license(id string) license.License {
	l := license.License{ID: core.LicenseID(id), ProductCode: "prod", ARN: core.LicenseARN("arn:aws:license-manager::294406891311:license:l-" + id), Customer: "111122223333"}
	w.dir.all = append(w.dir.all, l)
	return l
}

// legacy makes a licence of the generation that is named by customer identifier.
func (w *world) legacy(id string) license.License {
	l := license.License{ID: core.LicenseID(id), ProductCode: "oldprod", CustomerIdentifier: core.CustomerIdentifier("cust-" + id), Customer: "444455556666"}
	w.dir.all = append(w.dir.all, l)
	return l
}

// fact tells something about a licence, as a notice would.
func (w *world) fact(id string, k license.Kind, at time.Time) {
	l := core.LicenseID(id)
	w.dir.facts[l] = append(w.dir.facts[l], license.Fact{ID: fmt.Sprint(len(w.dir.facts[l])), Kind: k, At: at})
	now, _ := w.dir.ByID(l)
	for _, f := range w.dir.told {
		f(now)
	}
}

// use reports usage that must be accepted.
func (w *world) use(id, dimension, quantity string, at time.Time) {
	w.t.Helper()
	w.events++
	w.tell(usage.Event{ID: fmt.Sprint("e", w.events), License: usage.Ref{Name: id}, Dimension: core.Dimension(dimension), Quantity: quantity, Time: at}, usage.Result{Accepted: 1})
}

func (w *world) tell(e usage.Event, want usage.Result) {
	w.t.Helper()
	got, err := w.in.Accept(context.Background(), "", []usage.Event{e})
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Accepted != want.Accepted || got.Duplicates != want.Duplicates || len(got.Rejected) != len(want.Rejected) {
		w.t.Fatalf("event %s: got %+v, want %+v", e.ID, got, want)
	}
	for i := range want.Rejected {
		if got.Rejected[i].Code != want.Rejected[i].Code {
			w.t.Fatalf("event %s: rejected as %q, want %q", e.ID, got.Rejected[i].Code, want.Rejected[i].Code)
		}
	}
}

// to moves time to t, stopping at every instant at which something is due.
func (w *world) to(t time.Time) {
	w.t.Helper()
	for range 200_000 {
		next, ok, err := w.run.Step(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok || next.After(t) {
			if !w.clk.Now().Before(t) {
				return
			}
			next = t
		}
		w.clk.Set(next)
	}
	w.t.Fatalf("still busy at %s", w.clk.Now())
}

func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.to(w.clk.Now().Add(d))
}

// sound audits and returns the line of a licence and dimension.
func (w *world) sound(id, dimension string) metering.AuditLine {
	w.t.Helper()
	rep, err := w.eng.Audit(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range rep.Breaches {
		w.t.Error("breach:", b)
	}
	for _, l := range rep.Lines {
		if l.License == core.LicenseID(id) && l.Dimension == core.Dimension(dimension) {
			return l
		}
	}
	return metering.AuditLine{}
}

// alerts are all that somebody was to look at, the last first.
func (w *world) alerts() []alert.Alert {
	w.t.Helper()
	all, err := w.db.Alerts().Alerts(context.Background(), alert.Query{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// billed checks AWS's books and ours.
func (w *world) billed(l license.License, dimension string, want int64) {
	w.t.Helper()
	who := string(l.ARN)
	if who == "" {
		who = string(l.CustomerIdentifier)
	}
	if got := w.aws.billed(who, core.Dimension(dimension)); got != want {
		w.t.Errorf("AWS bills %d of %s, want %d", got, dimension, want)
	}
	if line := w.sound(string(l.ID), dimension); line.Honoured != usage.Whole(want) {
		w.t.Errorf("our books say honoured %s of %s, want %d: %+v", line.Honoured, dimension, want, line)
	}
}
