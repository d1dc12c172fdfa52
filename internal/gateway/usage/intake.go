package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
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

	MaxAhead  time.Duration // how far in the future an event's time may lie, for clocks that differ; 5 min
	KeepIDs   time.Duration // how long repetitions are recognised; 35 days
	MaxAge    time.Duration // how old an event may be at arrival; 34 days, less than KeepIDs
	MaxQueued int           // events that may wait for a commit before callers are held off; 200,000
	MaxGroup  int           // events in one segment; 20,000
	MaxIDs    int           // ids in memory before they move to a run on disk; 500,000
}

// Intake takes events. Make it with [New]. It is safe for concurrent use.
type Intake struct {
	cfg Config

	queue   sync.Mutex // guards the next three
	waiting []*call
	queued  int // events in waiting
	leading bool

	commit    sync.Mutex // held through a commit or a cut; guards the rest of the log's tail
	seq       int64
	unsure    bool // an Append or a Cut failed and may have happened
	ids       map[idKey]uint64
	frozen    map[idKey]uint64 // ids that Rotate is writing
	frozenSeq int64
	rotated   time.Time // when Rotate last had ids to move
	runs      []Run
	past      past // closed hours that late events asked for

	state     sync.RWMutex // guards what readers look at; taken after commit
	sums      map[core.Hour]map[Key]*Total
	closed    core.Hour                    // the newest hour that is closed for all
	closedFor map[core.LicenseID]core.Hour // for single licences, beyond closed
	pending   []Cut                        // cuts found at start whose hours are not all recorded
}

// prepared is a checked event on its way into the log.
type prepared struct {
	Entry
	index    int
	key      idKey
	print    uint64
	standing license.Standing
}

// call is one caller's events.
type call struct {
	events []prepared
	wake   chan bool // true: lead the next commit; false: done
	res    Result
	err    error
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
	def(&cfg.MaxAge, cfg.KeepIDs-24*time.Hour)
	if cfg.MaxQueued == 0 {
		cfg.MaxQueued = 200_000
	}
	if cfg.MaxIDs == 0 {
		cfg.MaxIDs = 500_000
	}
	if cfg.MaxGroup == 0 {
		cfg.MaxGroup = 20_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxAge >= cfg.KeepIDs {
		return nil, fail.New(fail.Invalid, "max_age", "Events of %s must not be taken when their repetition is recognised for %s only.", cfg.MaxAge, cfg.KeepIDs)
	}
	in := &Intake{cfg: cfg, ids: map[idKey]uint64{}, sums: map[core.Hour]map[Key]*Total{}, closedFor: map[core.LicenseID]core.Hour{}}
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
	now := in.cfg.Clock.Now()
	c := &call{wake: make(chan bool, 1), events: make([]prepared, 0, len(events))}
	for i, e := range events {
		p, err := in.check(e, source, now)
		if err != nil {
			c.res.reject(i, e.ID, err)
			continue
		}
		p.index = i
		c.events = append(c.events, p)
	}
	if len(c.events) == 0 {
		return c.res, ctx.Err()
	}
	lead, err := in.enqueue(c)
	if err != nil {
		return Result{}, err
	}
	if !lead {
		lead = <-c.wake
	}
	if lead {
		// The commit is everybody's: that this caller goes away must not break it off.
		in.lead(context.WithoutCancel(ctx))
	}
	slices.SortFunc(c.res.Rejected, func(a, b Rejection) int { return a.Index - b.Index })
	return c.res, c.err
}

func (r *Result) reject(index int, id string, err error) {
	say := err.Error()
	if e, ok := errors.AsType[*fail.Error](err); ok {
		say = e.Say
	}
	r.Rejected = append(r.Rejected, Rejection{Index: index, ID: id, Code: fail.CodeOf(err), Message: say})
}

// enqueue puts c in the queue and reports whether its caller is to lead the next commit.
func (in *Intake) enqueue(c *call) (lead bool, err error) {
	in.queue.Lock()
	defer in.queue.Unlock()
	if in.queued > 0 && in.queued+len(c.events) > in.cfg.MaxQueued {
		return false, fail.New(fail.TooMuch, "busy", "More events are waiting than the database keeps up with; send the same again in a moment.")
	}
	in.waiting = append(in.waiting, c)
	in.queued += len(c.events)
	if in.leading {
		return false, nil
	}
	in.leading = true
	return true, nil
}

// A commit waits for callers that are just arriving no longer than maxGather, and not when it has enough: then a sync
// costs little per event, and it is better that they work while it runs.
const (
	maxGather = 2 * time.Millisecond
	enough    = 256 // events
)

// gather lets callers that are already running join the next commit, which costs nearly the same for one event as for
// hundreds: those whom the last commit answered are about to call again. It yields the processor while the queue
// grows, so that nobody waits for a caller who does not come.
func (in *Intake) gather() {
	for elapsed, before := clock.Stopwatch(), -1; elapsed() < maxGather; {
		in.queue.Lock()
		n := in.queued
		in.queue.Unlock()
		if n == before || n >= enough {
			return
		}
		before = n
		runtime.Gosched()
	}
}

// lead commits those who wait, up to MaxGroup events, its own caller first among them, and hands the lead on.
func (in *Intake) lead(ctx context.Context) {
	in.gather()
	in.queue.Lock()
	n, events := 0, 0
	for n < len(in.waiting) && (n == 0 || events+len(in.waiting[n].events) <= in.cfg.MaxGroup) {
		events += len(in.waiting[n].events)
		n++
	}
	group := in.waiting[:n:n]
	in.waiting = in.waiting[n:]
	in.queued -= events
	in.queue.Unlock()

	if err := in.commitGroup(ctx, group); err != nil {
		err = fail.Wrap(fail.Later, err, "not_stored", "The events could not be stored; send the same again.")
		for _, c := range group {
			c.res, c.err = Result{}, err
		}
	}

	for _, c := range group[1:] {
		c.wake <- false
	}
	in.queue.Lock()
	if len(in.waiting) > 0 {
		in.waiting[0].wake <- true
	} else {
		in.leading = false
	}
	in.queue.Unlock()
}

// commitGroup decides about each event, writes one segment with the new ones, and then lets memory know.
func (in *Intake) commitGroup(ctx context.Context, group []*call) (err error) {
	in.commit.Lock()
	defer in.commit.Unlock()
	if err := in.catchUp(ctx); err != nil {
		return err
	}
	most := 0
	for _, c := range group {
		most += len(c.events)
	}
	fresh, added := make([]*Entry, 0, most), make([]idKey, 0, most)
	defer func() {
		if err != nil { // these ids are not in the log, or catchUp will find them there
			for _, k := range added {
				delete(in.ids, k)
			}
			in.past = nil // it may know of late events that are not in the log
		}
	}()
	for _, c := range group {
		for i := range c.events {
			p := &c.events[i]
			print, seen, err := in.seen(ctx, p.key)
			switch {
			case err != nil:
				return err
			case seen && print == p.print:
				c.res.Duplicates++
				continue
			case seen:
				c.res.reject(p.index, p.ID, fail.New(fail.Conflict, "conflict", "An event with this source and id was taken before with other content; the first one stands. Give a correction an id of its own."))
				continue
			}
			in.assign(p)
			if p.Late {
				if err := in.late(ctx, p); err != nil {
					return err
				}
			}
			in.ids[p.key] = p.print
			added = append(added, p.key)
			fresh = append(fresh, &p.Entry)
			c.res.Accepted++
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	seg := in.segment(fresh)
	if err := in.cfg.Store.Append(ctx, seg); err != nil {
		in.unsure = true
		return fmt.Errorf("append segment %d: %w", seg.Seq, err)
	}
	in.seq = seg.Seq
	in.state.Lock()
	for _, e := range fresh {
		in.count(e)
	}
	in.state.Unlock()
	return nil
}

// segment packs entries as the next row of the log.
func (in *Intake) segment(entries []*Entry) Segment {
	s := Segment{Part: in.cfg.Part, Seq: in.seq + 1, Events: len(entries), At: entries[0].Received, FirstHour: entries[0].Hour, LastHour: entries[0].Hour}
	for _, e := range entries {
		s.FirstHour, s.LastHour = min(s.FirstHour, e.Hour), max(s.LastHour, e.Hour)
	}
	s.Body = encodeSegment(entries, s.At)
	return s
}

func (in *Intake) seen(ctx context.Context, key idKey) (print uint64, found bool, err error) {
	if print, ok := in.ids[key]; ok {
		return print, true, nil
	}
	if print, ok := in.frozen[key]; ok {
		return print, true, nil
	}
	return in.older(ctx, key)
}

// assign gives p the hour it is billed in, or the reason why it cannot be billed. Called with commit held.
func (in *Intake) assign(p *prepared) {
	at := time.UnixMicro(p.Time)
	own := core.HourOf(at)
	p.Hour = max(own, in.closed+1, in.closedFor[p.License]+1)
	p.Late = p.Hour > own
	end, ends := EndOf(p.standing)
	switch {
	case !ends:
	case !at.Before(end):
		p.Unbillable = ReasonAfterEnd
	case !p.Hour.Start().Before(end):
		p.Unbillable = ReasonTooLate
	}
}

// count adds e to its hour's sum. Called with state held.
func (in *Intake) count(e *Entry) {
	hour := in.sums[e.Hour]
	if hour == nil {
		hour = map[Key]*Total{}
		in.sums[e.Hour] = hour
	}
	totalOf(hour, e.Key(), e.Meter, e.Hour).Add(e)
}
