package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Config is what an intake needs. Zero durations and sizes take the defaults named.
type Config struct {
	Store    Store
	Licenses license.Directory
	Products core.Catalogue
	Clock    clock.Clock
	Log      *slog.Logger // nil: none

	Part int // the partition that this process owns; 0 while there is one

	MaxAhead   time.Duration // how far in the future an event's time may lie, for clocks that differ; 5 min
	KeepIDs    time.Duration // how long repetitions are recognised; 35 days
	KeepEvents time.Duration // how long events stay in the log at least; 400 days, which is 13 months and a little
	PackAfter  time.Duration // how old segments are when they are packed together; 3 days
	MaxAge     time.Duration // how old an event may be at arrival; 34 days, less than KeepIDs
	MaxQueued  int           // events that may wait for a commit before callers are held off; 200,000
	MaxGroup   int           // events in one segment; 20,000
	MaxIDs     int           // ids in memory before they move to a run on disk; 1,000,000
	IDsMemory  int64         // bytes of memory for the filters of ids on disk, see [Filters]; 512 MiB; less than 0: none

	Wake func(job string) // makes a job look again at what is due (job.Runner.Wake); may be nil
	// Grown, if given, is told after every commit that sums have grown. Those who brought events wait for it: it returns at
	// once.
	Grown func()
}

// Intake takes events. Make it with [New]. It is safe for concurrent use.
type Intake struct {
	cfg       Config
	rules     Rules
	allocates bool // some product allocates usage by tags

	queue   sync.Mutex // guards the next seven
	waiting []*call
	queued  int // events in waiting
	leading bool
	writing bool
	crowd   int        // how many callers there were around the last commits
	awaited int        // how many callers the leader waits for; 0: it does not
	stirred *sync.Cond // writing became false, or queued or waiting became enough

	commit    sync.Mutex // held while a group or a cut is decided; guards what is decided, though perhaps not written yet
	seq       int64      // of the newest segment
	ids       *idTable
	frozen    *idTable // ids that are being written as a run; nil: none are
	frozenSeq int64
	rotated   time.Time   // when ids last moved
	runs      []*run      // oldest first
	garbage   bool        // there may be chunks of runs that are no more
	adrift    bool        // runs may not be those that there are: Tidy failed half-way
	asked     bool        // the tidy job knows that there are many ids
	past      past        // closed hours that late events asked for
	warmth    byte        // see idTable.warm
	next      []*prepared // those whose ids are looked up; used again, as are the next
	questions []question

	pagesRead atomic.Int64 // of filters, since the start

	keepAt  time.Time // when the keep job, which alone uses this, looks at old segments next
	keepSeq int64     // the log's newest segment when it looked last

	disk    sync.Mutex // held while a segment or a cut is written; taken with commit held, so that the log has the order of decisions
	written int64      // the newest segment that is surely in the log
	unsure  atomic.Bool
	failed  []idKey // ids of decided events whose segments may not be in the log

	state     sync.RWMutex // guards what readers look at; taken after commit and disk
	sums      map[core.Hour]sums
	counted   *Total                       // the newest that an event was added to; it is in sums
	closed    core.Hour                    // the newest hour that is closed for all
	closedFor map[core.LicenseID]core.Hour // for single licences, beyond closed
	pending   []Cut                        // cuts whose hours are not all recorded
}

// prepared is a checked event on its way into the log.
type prepared struct {
	Entry
	tags     string // see appendTags
	index    int
	key      idKey
	print    uint32
	hour     idHour    // that ID names
	suspects suspects  // runs that may have key
	end      time.Time // the licence's usage from then on is not AWS's to bill; zero: no end is in sight
}

// call is one caller's events.
type call struct {
	events []prepared
	queued bool      // it was put in the queue: whoever leads answers it
	leads  bool      // its caller is to lead the next commit
	wake   chan bool // if it does not lead already. true: lead the next commit; false: done
	res    Result
	err    error
}

// calls are used again: their events are large, and there are many.
var calls = sync.Pool{New: func() any { return &call{wake: make(chan bool, 1)} }}

const maxPooledEvents = 4096

// newCall makes a call with room for so many events.
func newCall(events int) *call {
	c := calls.Get().(*call)
	if cap(c.events) < events {
		c.events = make([]prepared, 0, events)
	}
	return c
}

// free gives c back. Nobody wakes it any more: who waits is woken once.
func (c *call) free() {
	if cap(c.events) > maxPooledEvents {
		c.events = nil
	}
	clear(c.events)
	c.events, c.queued, c.leads, c.res, c.err = c.events[:0], false, false, Result{}, nil
	calls.Put(c)
}

// New reads the log's tail and is then ready to take events. With a new database it closes all hours before the
// present one.
func New(ctx context.Context, cfg Config) (*Intake, error) {
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&cfg.MaxAhead, 5*time.Minute)
	def(&cfg.KeepIDs, 35*24*time.Hour)
	def(&cfg.KeepEvents, DefaultKeepEvents)
	def(&cfg.PackAfter, 72*time.Hour)
	def(&cfg.MaxAge, cfg.KeepIDs-24*time.Hour)
	if cfg.MaxQueued == 0 {
		cfg.MaxQueued = 200_000
	}
	if cfg.MaxIDs == 0 {
		cfg.MaxIDs = 1_000_000
	}
	if cfg.IDsMemory == 0 {
		cfg.IDsMemory = 512 << 20
	}
	if cfg.MaxGroup == 0 {
		cfg.MaxGroup = 20_000
	}
	if cfg.Wake == nil {
		cfg.Wake = func(string) {}
	}
	if cfg.Grown == nil {
		cfg.Grown = func() {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxAge >= cfg.KeepIDs {
		return nil, fail.New(fail.Invalid, "max_age", "Events of %s must not be taken when their repetition is recognised for %s only.", cfg.MaxAge, cfg.KeepIDs)
	}
	in := &Intake{cfg: cfg, ids: &idTable{}, garbage: true, sums: map[core.Hour]sums{}, closedFor: map[core.LicenseID]core.Hour{},
		rules: Rules{Licenses: cfg.Licenses, Products: cfg.Products, MaxAhead: cfg.MaxAhead, MaxAge: cfg.MaxAge}}
	in.stirred = sync.NewCond(&in.queue)
	for _, p := range cfg.Products {
		in.allocates = in.allocates || len(p.AllocateBy) > 0
	}
	if err := in.rebuild(ctx); err != nil {
		return nil, fmt.Errorf("read the log of usage: %w", err)
	}
	return in, nil
}

// Accept takes events: it answers when those it accepted are durable. source is the source of events that name none.
//
// Errors, of the whole call: fail.TooMuch when too many events wait (nothing was taken); fail.Later when the database
// failed (some may have been taken: send the same again). A bad event is no error of the call, see [Result].
func (in *Intake) Accept(ctx context.Context, source string, events []Event) (Result, error) {
	check := in.checks()
	c := newCall(len(events))
	defer c.free()
	check.Source = source
	for i := range events {
		c.take(&check, i, &events[i])
	}
	if len(c.events) == 0 {
		return c.res, ctx.Err()
	}
	in.enqueue(c)
	in.await(ctx, c)
	return c.res, c.err
}

// AcceptBundle is [Intake.Accept] for each of the calls that a [Bundle] has, which are committed together. It gives their answers,
// in order, and the ids of the API keys with which they were told.
//
// Errors: fail.Invalid for what is no bundle; then nothing was taken.
func (in *Intake) AcceptBundle(ctx context.Context, bundle []byte) (answers []Answer, keys []string, err error) {
	var calls []*call
	defer func() {
		for _, c := range calls {
			c.free()
		}
	}()
	check := in.checks()
	var e Event
	r := newBundleReader(string(bundle))
	for r.more() {
		key, source, events := r.call()
		if len(keys) == 0 || keys[len(keys)-1] != key {
			keys = append(keys, key)
		}
		c := newCall(events)
		calls = append(calls, c)
		check.Source = source
		for i := range events {
			if r.event(&e); r.bad {
				break
			}
			c.take(&check, i, &e)
		}
	}
	if r.bad {
		return nil, nil, fail.New(fail.Invalid, "bad_bundle", "The body is no bundle of events; nothing was taken.")
	}
	in.enqueue(calls...)
	answers = make([]Answer, len(calls))
	for i, c := range calls {
		in.await(ctx, c)
		answers[i] = Answer{c.res, c.err}
	}
	return answers, keys, nil
}

// checking is what the checks of neighbouring events share.
type checking struct {
	Checker
	tags tagWriter
}

func (in *Intake) checks() checking {
	return checking{Checker: Checker{Rules: &in.rules, Now: in.cfg.Clock.Now()}}
}

// take checks the i-th event of the call, for which there is room, and puts it behind the others if it counts.
func (c *call) take(check *checking, i int, t *Event) {
	n := len(c.events)
	c.events = c.events[:n+1]
	p := &c.events[n]
	end, err := check.Check(t, &p.Entry)
	if err != nil {
		c.events = c.events[:n]
		c.res.reject(i, t.ID, err)
		return
	}
	p.index, p.end, p.tags = i, end, check.tags.write(p.Tags)
	p.key, p.print = identify(&p.Entry, p.tags)
	p.hour = hourNamed(p.ID)
}

func (r *Result) reject(index int, id string, err error) {
	e := classed(err)
	r.Rejected = append(r.Rejected, Rejection{Index: index, ID: id, Code: e.Code, Message: e.Say})
}

// classed is err as it can be told.
func classed(err error) *fail.Error {
	if e, ok := errors.AsType[*fail.Error](err); ok {
		return e
	}
	return fail.Wrap(fail.Internal, err, "", "%v", err)
}
