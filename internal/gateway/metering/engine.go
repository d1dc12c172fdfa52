package metering

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

// Names of the jobs, for [job.Runner.Wake].
const (
	SealJob = "metering.seal"
	SendJob = "metering.send"
)

// Config is what an engine needs. Zero values take the defaults named.
type Config struct {
	Store    Store
	Intake   *usage.Intake
	Log      usage.Store // for the audit and a record's events
	Licenses license.Directory
	Products core.Catalogue
	// Allowances, if given, tells what was bought in advance and is therefore not metered.
	Allowances Allowances
	Meter      Meter
	Clock      clock.Clock
	Logger     *slog.Logger // nil: none

	SettleTime  time.Duration // how long after an hour's end it is closed; 5 min
	FinalSettle time.Duration // the same for an hour that ends inside a final window; 30 s
	FinalMargin time.Duration // how long before a final window closes its last record is sealed; 1 min
	Skew        time.Duration // how much AWS's clock may be behind ours, for records of a running hour; 2 s
	NoZeros     bool          // no records for idle hours

	CallsPerSecond float64       // AWS's quota; contract.CallsPerSecond. Negative: no pace
	Parallel       int           // calls at a time, so that slow answers do not cost the pace; 5
	ParkedRetry    time.Duration // how often a parked record is tried again; 15 min
	AlertBefore    time.Duration // how long before its deadline a record that AWS does not take is reported; 4 h
	KeepRequests   time.Duration // how long requests to AWS and its answers stay at least, as events do; 400 days

	// Refused, if given, is told that AWS answered CustomerNotSubscribed for a licence at the instant.
	Refused func(ctx context.Context, l core.LicenseID, at time.Time) error
	// Doubted, if given, is told that AWS answered InvalidLicenseException for a licence at the instant: so it does to usage that
	// is stamped after the licence's end.
	Doubted func(l core.LicenseID, at time.Time)
	// Wake, if given, makes a job look again at what is due (job.Runner.Wake).
	Wake func(job string)
}

// Engine seals, sends and answers for records. Make it with [New]. It is safe for concurrent use.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	measures measures

	books    sync.Mutex // held while balances change, in the database and here: see openBooks
	balances map[core.LicenseID]map[core.Dimension]Balance
	covers   sync.Map // of Pair to shown: what balances say of allowances, to be read without the books
	months   months
	restored core.Hour // up to this one a gateway that was lost may have billed hours, of which these books know nothing; 0: none
	doubted  bool      // a write failed, and may have taken effect all the same: the database knows, balances may not

	adrift bool      // the send job, which alone uses this, could not store what became of records
	logSeq int64     // the log's newest segment when the seal job, which alone uses this, looked last
	chunk  int       // how many pairs the seal job sealed last
	keepAt time.Time // when the keep job, which alone uses this, looks for old requests next

	mu      sync.Mutex                  // guards what follows
	closing map[core.LicenseID]struct{} // licences that are ending or have ended and may not be settled
	hasten  map[core.LicenseID]struct{} // licences whose records have another deadline now
	works   []*work                     // closed hours that are not sealed yet
	fresh   bool                        // there may be records that Next was not asked about
	nextAt  time.Time                   // when the next record may be sent, if waits
	waits   bool
	pace    pace
}

// New reads what is kept and is then ready. Records whose answer was lost in a crash will be sent again.
func New(ctx context.Context, cfg Config) (*Engine, error) {
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&cfg.SettleTime, 5*time.Minute)
	def(&cfg.FinalSettle, 30*time.Second)
	def(&cfg.FinalMargin, time.Minute)
	def(&cfg.Skew, 2*time.Second)
	def(&cfg.ParkedRetry, 15*time.Minute)
	def(&cfg.AlertBefore, 4*time.Hour)
	def(&cfg.KeepRequests, usage.DefaultKeepEvents)
	if cfg.CallsPerSecond == 0 {
		cfg.CallsPerSecond = contract.CallsPerSecond
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = 5
	}
	if cfg.FinalMargin >= contract.FinalWindow || cfg.FinalMargin < 0 {
		return nil, fail.New(fail.Invalid, "final_margin", "The margin of the final window is %s; give less than an hour.", cfg.FinalMargin)
	}
	if cfg.Wake == nil {
		cfg.Wake = func(string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{cfg: cfg, log: cfg.Logger, balances: map[core.LicenseID]map[core.Dimension]Balance{},
		closing: map[core.LicenseID]struct{}{}, hasten: map[core.LicenseID]struct{}{}, fresh: true,
		pace: pace{rate: cfg.CallsPerSecond, most: cfg.Parallel}}
	var err error
	if e.measures, err = measuresOf(cfg.Products); err != nil {
		return nil, err
	}
	if err := e.readBalances(ctx); err != nil {
		return nil, err
	}
	if err := e.takeBack(ctx, cfg.Clock.Now()); err != nil {
		return nil, err
	}
	at, err := cfg.Store.Restored(ctx)
	if err != nil {
		return nil, fmt.Errorf("find out whether the books were brought back: %w", err)
	}
	if !at.IsZero() {
		e.restored = core.HourOf(at)
	}
	e.takeUp()
	cfg.Licenses.OnChange(e.licenseChanged)
	cfg.Licenses.All(func(l license.License) bool {
		if !e.settled(l) {
			e.licenseChanged(l)
		}
		return true
	})
	return e, nil
}

// settled reports whether l has ended and nothing is left to do about it.
func (e *Engine) settled(l license.License) bool {
	if l.Standing.State != license.Ended || e.cfg.Intake.Closed(l.ID) < lastHour(l.Standing.Since) {
		return false
	}
	for _, b := range e.balances[l.ID] {
		if !b.nothing() {
			return false
		}
	}
	return true
}

// licenseChanged notes what the jobs have to look at. It calls nobody but Wake.
func (e *Engine) licenseChanged(l license.License) {
	e.mu.Lock()
	switch l.Standing.State {
	case license.WindingDown:
		e.closing[l.ID] = struct{}{}
		e.hasten[l.ID] = struct{}{}
	case license.Ended:
		e.closing[l.ID] = struct{}{}
	case license.Active:
		if _, was := e.closing[l.ID]; was { // subscribed again inside the last hour
			delete(e.closing, l.ID)
			e.hasten[l.ID] = struct{}{}
		}
	}
	e.mu.Unlock()
	e.cfg.Wake(SealJob)
}

// Jobs are what the runner has to run.
func (e *Engine) Jobs() []job.Job {
	return []job.Job{
		{Name: SealJob, Due: e.sealDue, Run: e.seal},
		{Name: SendJob, Due: e.sendDue, Run: e.send},
		{Name: KeepJob, Due: e.keepDue, Run: e.dropOld},
	}
}

// openBooks locks the books in order to change them. The caller unlocks, unless there is an error. Where the last write has no
// answer, it reads what the database has; had that write sealed usage of a licence that had been let go of, the licence is
// looked at again, as it would have been had the answer come.
func (e *Engine) openBooks(ctx context.Context) error {
	e.books.Lock()
	if !e.doubted {
		return nil
	}
	if err := e.readBalances(ctx); err != nil {
		e.books.Unlock()
		return err
	}
	for _, bs := range e.balances {
		e.reopen(slices.Collect(maps.Values(bs)))
	}
	return nil
}

// trustBooks makes the balances in memory what the database has, where they are doubted: whoever only looks at them must not
// miss one that was written though the write failed.
func (e *Engine) trustBooks(ctx context.Context) error {
	if err := e.openBooks(ctx); err != nil {
		return err
	}
	e.books.Unlock()
	return nil
}

// readBalances makes balances what the database has. Called with books held, or before anybody else can.
func (e *Engine) readBalances(ctx context.Context) error {
	bs, err := e.cfg.Store.Balances(ctx)
	if err != nil {
		return fmt.Errorf("read the balances: %w", err)
	}
	clear(e.balances)
	e.keep(bs, nil)
	e.show(bs, 0) // where a crash parted an hour, the seal job, which runs first of all, forgets what is in them
	e.doubted = false
	return nil
}

// keep takes balances over into memory when they were written; when that failed, what is in memory is doubted. Called with
// books held.
func (e *Engine) keep(bs []Balance, failed error) {
	if failed != nil {
		e.doubted = true
		return
	}
	for _, b := range bs {
		if e.balances[b.License] == nil {
			e.balances[b.License] = map[core.Dimension]Balance{}
		}
		e.balances[b.License][b.Dimension] = b
	}
}

// pace spreads calls over business time: a bucket of tokens that fills at rate.
type pace struct {
	rate   float64 // calls a second; 0 or less: no limit
	most   int     // tokens it can hold
	tokens float64
	at     time.Time // when tokens was true
	holdTo time.Time // no call before: AWS is away or wants us to be slower
	fails  int       // calls in a row that failed for a reason that is not the records'
}

// free is how many calls may be made at now, and when there is one if there is none.
func (p *pace) free(now time.Time) (n int, at time.Time) {
	if p.holdTo.After(now) {
		return 0, p.holdTo
	}
	if p.fails > 0 {
		return 1, now // one call finds out whether it is over
	}
	if p.rate <= 0 {
		return p.most, now
	}
	have := p.level(now)
	if have < 1 {
		return 0, now.Add(time.Duration((1-have)/p.rate*float64(time.Second)) + time.Microsecond)
	}
	return min(int(have), p.most), now
}

// level is the number of tokens at now. A new bucket, and one whose clock was set back, has one.
func (p *pace) level(now time.Time) float64 {
	if p.at.IsZero() || now.Before(p.at) {
		return 1
	}
	return min(p.tokens+now.Sub(p.at).Seconds()*p.rate, float64(p.most))
}

func (p *pace) take(now time.Time, n int) { p.tokens, p.at = p.level(now)-float64(n), now }

// Holds after calls that failed for a reason that is not the records'.
const (
	firstHold = time.Second
	lastHold  = time.Minute
)

// failed holds calls back for longer each time; ok lets them go again.
func (p *pace) failed(now time.Time) {
	p.holdTo = now.Add(min(firstHold<<min(p.fails, 10), lastHold))
	p.fails++
}

func (p *pace) ok() { p.fails, p.holdTo = 0, time.Time{} }
