package usage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// A commit has two stages, each of one group at a time: deciding (which events are new, their hours, packing them) and
// writing. While one group is written, the next may be decided, if it is large enough that deciding takes a while.
// What is decided for it rests on the group before, which may fail; then it fails as well.
const (
	maxGather = 2 * time.Millisecond   // for callers that are just arriving
	patience  = 300 * time.Microsecond // for those who are on their way back; a processor with nothing else to do makes it a millisecond
	enough    = 512                    // events for which it is not worth waiting for more
)

var errUnsure = errors.New("usage: the segment before may not be in the log")

// enqueue puts those of calls that have events in the queue together, as far as there is room; a call for which there is none has
// the error fail.TooMuch. One of them may be told to lead the next commit. Wait for each in the order in which they were given.
func (in *Intake) enqueue(calls ...*call) {
	in.queue.Lock()
	defer in.queue.Unlock()
	for _, c := range calls {
		if len(c.events) == 0 {
			continue
		}
		if in.queued > 0 && in.queued+len(c.events) > in.cfg.MaxQueued {
			c.res, c.err = Result{}, fail.New(fail.TooMuch, "busy", "More events are waiting than the database keeps up with; send the same again in a moment.")
			continue
		}
		in.waiting = append(in.waiting, c)
		in.queued += len(c.events)
		c.queued, c.leads, in.leading = true, !in.leading, true
		if in.queued >= enough || len(in.waiting) == in.awaited {
			in.stirred.Signal()
		}
	}
}

// await waits until a call that was put in the queue is answered. Until then its answer is not looked at: it is whoever leads that gives it, and
// wakes the call once.
func (in *Intake) await(ctx context.Context, c *call) {
	if c.queued && (c.leads || <-c.wake) {
		// The commit is everybody's: that this caller goes away must not break it off.
		in.lead(context.WithoutCancel(ctx))
	}
	if len(c.res.Rejected) > 1 {
		slices.SortFunc(c.res.Rejected, func(a, b Rejection) int { return a.Index - b.Index })
	}
}

// Seq is the number of the newest segment that is in the log or on its way there.
func (in *Intake) Seq() int64 {
	in.commit.Lock()
	defer in.commit.Unlock()
	return in.seq
}

// gather lets callers join the next commit, which costs nearly the same for one event as for hundreds: those whom the
// last commit answered are about to call again. While that is still being written there is nothing to lose. Then it
// waits, though not long, for half of those who have called lately: the other half are on their way while this one is
// written. Then it yields the processor as long as the queue grows, so that nobody waits for a caller who does not come.
// It returns those who are to be committed, up to MaxGroup events, its own caller first among them.
func (in *Intake) gather() []*call {
	in.queue.Lock()
	defer in.queue.Unlock()
	for in.writing && in.queued < enough {
		in.stirred.Wait()
	}
	in.linger(in.crowd / 2)
	for elapsed, before := clock.Stopwatch(), -1; in.queued != before && in.queued < enough && elapsed() < maxGather; {
		before = in.queued
		in.queue.Unlock()
		runtime.Gosched()
		in.queue.Lock()
	}
	n, events := 0, 0
	for n < len(in.waiting) && (n == 0 || events+len(in.waiting[n].events) <= in.cfg.MaxGroup) {
		events += len(in.waiting[n].events)
		n++
	}
	group := in.waiting[:n:n]
	in.waiting = in.waiting[n:]
	in.queued -= events
	return group
}

// linger waits until so many callers are in the queue, or events enough, for as long as patience lasts. Called with queue
// held.
func (in *Intake) linger(callers int) {
	if len(in.waiting) >= callers || in.queued >= enough {
		return
	}
	impatient := false
	stop := clock.After(patience, func() {
		in.queue.Lock()
		impatient = true
		in.stirred.Signal()
		in.queue.Unlock()
	})
	in.awaited = callers
	for !impatient && len(in.waiting) < callers && in.queued < enough {
		in.stirred.Wait()
	}
	in.awaited = 0
	stop()
}

// passLead makes the next caller in the queue lead, now that the present group goes to the disk.
func (in *Intake) passLead() {
	in.queue.Lock()
	defer in.queue.Unlock()
	in.writing = true
	if len(in.waiting) > 0 {
		in.waiting[0].wake <- true
	} else {
		in.leading = false
	}
}

// lead commits those who wait.
func (in *Intake) lead(ctx context.Context) {
	group := in.gather()
	in.commit.Lock()
	seg, fresh, err := in.decide(ctx, group)
	in.disk.Lock() // waits for the group before
	in.passLead()
	in.commit.Unlock()
	if err == nil {
		err = in.write(ctx, seg, fresh)
	}
	in.queue.Lock()
	in.writing = false
	in.crowd = max(len(group)+len(in.waiting), in.crowd*15/16)
	in.stirred.Signal()
	in.queue.Unlock()
	in.disk.Unlock()

	if err != nil {
		err = fail.Wrap(fail.Later, err, "not_stored", "The events could not be stored; send the same again.")
	}
	for i, c := range group {
		if err != nil {
			c.res, c.err = Result{}, err
		}
		if i > 0 { // the first leads
			c.wake <- false
		}
	}
}

// decide says of each event whether it is new, gives the new ones their hour, and packs them as the next segment. From
// then on they count as seen. Called with commit held. After an error nothing of the group is.
func (in *Intake) decide(ctx context.Context, group []*call) (seg Segment, fresh []*prepared, err error) {
	if in.unsure.Load() {
		in.disk.Lock()
		err := in.catchUp(ctx)
		in.disk.Unlock()
		if err != nil {
			return seg, nil, err
		}
	}
	most := 0
	for _, c := range group {
		most += len(c.events)
	}
	fresh = make([]*prepared, 0, most)
	ahead := 0 // events whose ids were looked up
	for n, c := range group {
		for i := range c.events {
			p := &c.events[i]
			if ahead == 0 {
				if ahead, err = in.lookUp(ctx, group[n:], i); err != nil {
					in.undecide(fresh)
					return seg, nil, err
				}
			}
			ahead--
			slot := in.ids.slot(p.key)
			print, seen, err := slot.print, slot.key == p.key, error(nil)
			if !seen && in.frozen != nil {
				var id idSlot
				id, seen = in.frozen.get(p.key)
				print = id.print
			}
			if !seen && p.suspects != 0 {
				var id idSlot
				id, _, seen, err = in.older(ctx, p)
				print = id.print
			}
			if !seen && err == nil {
				in.assign(p)
				err = in.late(ctx, p)
			}
			switch {
			case err != nil:
				in.undecide(fresh)
				return seg, nil, err
			case !seen:
				in.ids.fill(slot, idSlot{p.key, p.print, uint32(in.seq + 1)})
				in.ids.hours.note(p.hour)
				fresh = append(fresh, p)
				c.res.Accepted++
			case print == p.print || print == firstPrint(&p.Entry, p.tags):
				c.res.Duplicates++
			default:
				c.res.reject(p.index, p.ID, fail.New(fail.Conflict, "conflict", "An event with this source and id was taken before with other content; the first one stands. Give a correction an id of its own."))
			}
		}
	}
	if len(fresh) > 0 {
		in.seq++
		seg = in.segment(fresh)
		if in.ids.ids >= in.cfg.MaxIDs && !in.asked {
			in.asked = true
			in.cfg.Wake(TidyJob)
		}
	}
	return seg, fresh, nil
}

// lookAhead is how many events' ids are looked for together: enough that they wait for memory together, and few enough
// that what was read is still near when they are decided.
const lookAhead = 256

// lookUp reads what deciding about the next events needs of the ids, and tells for how many it did: those of the calls,
// from an event of the first on. Called with commit held.
func (in *Intake) lookUp(ctx context.Context, calls []*call, from int) (n int, err error) {
	defer func() {
		clear(in.next)
		in.next = in.next[:0]
	}()
	for _, c := range calls {
		some := c.events[from:min(len(c.events), from+lookAhead-len(in.next))]
		for i := range some {
			in.warmth += in.ids.warm(some[i].key)
			if in.frozen != nil {
				in.warmth += in.frozen.warm(some[i].key)
			}
			in.next = append(in.next, &some[i])
		}
		if from = 0; len(in.next) == lookAhead {
			break
		}
	}
	return len(in.next), in.suspect(ctx, in.next)
}

// undecide takes back what memory was told of events that do not come into the log. Called with commit held.
func (in *Intake) undecide(fresh []*prepared) {
	in.ids.remove(keysOf(fresh))
	in.past = nil // it may know of them
}

func keysOf(ps []*prepared) []idKey {
	keys := make([]idKey, len(ps))
	for i, p := range ps {
		keys[i] = p.key
	}
	return keys
}

// write makes a decided group durable, and then lets memory know. Called with disk held. A group of repetitions alone
// has nothing to write, but its answers rest on the group before all the same.
func (in *Intake) write(ctx context.Context, seg Segment, fresh []*prepared) error {
	if in.unsure.Load() {
		in.failed = append(in.failed, keysOf(fresh)...)
		return errUnsure
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := in.cfg.Store.Append(ctx, seg); err != nil {
		in.failed = append(in.failed, keysOf(fresh)...)
		in.unsure.Store(true)
		return fmt.Errorf("append segment %d: %w", seg.Seq, err)
	}
	in.written = seg.Seq
	in.state.Lock()
	for _, p := range fresh {
		in.count(&p.Entry)
	}
	in.state.Unlock()
	in.cfg.Grown()
	return nil
}

// segment packs entries as the next row of the log.
func (in *Intake) segment(entries []*prepared) Segment {
	s := Segment{Part: in.cfg.Part, First: in.seq, Seq: in.seq, Events: len(entries), At: entries[0].Received, FirstHour: entries[0].Hour, LastHour: entries[0].Hour}
	for _, e := range entries {
		s.FirstHour, s.LastHour = min(s.FirstHour, e.Hour), max(s.LastHour, e.Hour)
	}
	s.Body, s.Licenses = encodeSegment(entries, s.At, packer)
	return s
}

// assign gives p the hour it is billed in, or the reason why it cannot be billed. Called with commit held.
func (in *Intake) assign(p *prepared) {
	at := time.UnixMicro(p.Time)
	own := core.HourOf(at)
	p.Hour = max(own, in.closed+1, in.closedFor[p.License]+1)
	p.Late = p.Hour > own
	switch {
	case p.end.IsZero():
	case !at.Before(p.end):
		p.Unbillable = ReasonAfterEnd
	case !p.Hour.Start().Before(p.end):
		p.Unbillable = ReasonTooLate
	}
}

// count adds e to its hour's sum. Called with state held.
func (in *Intake) count(e *Entry) {
	if t := in.counted; t == nil || t.Hour != e.Hour || t.Key != e.Key() { // neighbours often are of one sum
		hour := in.sums[e.Hour]
		if hour == nil {
			hour = sums{}
			in.sums[e.Hour] = hour
		}
		in.counted = hour.of(e.Key(), e.Meter, e.Hour)
		if in.allocates && in.counted.Events == 0 {
			in.allocate(in.counted)
		}
	}
	in.counted.Add(e)
}

// allocate lets t be added up by tags, if its product is.
func (in *Intake) allocate(t *Total) {
	l, _ := in.cfg.Licenses.ByID(t.License)
	if by := in.cfg.Products.Product(l.ProductCode).AllocateBy; len(by) > 0 && t.Meter.Additive() {
		t.shares = &shares{by: by, of: map[string]Quantity{}}
	}
}

// quiesce waits until all that was decided is written, keeps anything else from being decided, and makes memory what
// the log says. Call release in any case.
func (in *Intake) quiesce(ctx context.Context) (release func(), err error) {
	in.commit.Lock()
	in.disk.Lock()
	return func() { in.disk.Unlock(); in.commit.Unlock() }, in.catchUp(ctx)
}
