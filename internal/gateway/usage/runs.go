package usage

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/job"
)

// TidyJob is the name of the job that moves ids out of memory and keeps their runs few, for [job.Runner.Wake].
const TidyJob = "usage.tidy"

// rotateEvery is how long ids stay in memory when they are few.
const rotateEvery = 24 * time.Hour

// Runs of like size are merged, so that a new id is looked for in the filters of few: n times MaxIDs are in at most
// 3·log4(n) runs or so. A run holds the ids of a quarter of the retention at most, so that they can be dropped as they
// expire, and of an eighth at least, when it cannot be merged any more.
const (
	mergeRuns = 4
	mergeSpan = 4
)

// Jobs are what the runner has to run: what keeps ids few, and then what keeps the log no longer than it must be.
func (in *Intake) Jobs() []job.Job {
	return []job.Job{{Name: TidyJob, Due: in.tidyDue, Run: in.Tidy}, {Name: KeepJob, Due: in.keepDue, Run: in.Keep}}
}

func (in *Intake) tidyDue(context.Context) (at time.Time, ok bool, err error) {
	in.commit.Lock()
	defer in.commit.Unlock()
	now := in.cfg.Clock.Now()
	if in.frozen != nil || in.ids.ids >= in.cfg.MaxIDs || in.garbage || in.expired(now) > 0 || len(in.mergeable()) > 0 || in.misplaced() {
		return now, true, nil
	}
	return in.rotated.Add(rotateEvery), true, nil
}

// Tidy does one piece of work that keeps ids in memory and their runs on disk few: it moves the ids in memory, if they
// are many or a day old, into a run, merges runs of like size, or forgets runs that are older than the retention.
// Events are taken meanwhile. What failed may have taken effect all the same: the next call looks first.
func (in *Intake) Tidy(ctx context.Context) (did bool, err error) {
	if in.adrift {
		if err := in.lookAgain(ctx); err != nil {
			return false, err
		}
	}
	did, err = in.tidy(ctx)
	in.adrift = err != nil
	return did, err
}

func (in *Intake) tidy(ctx context.Context) (did bool, err error) {
	now := in.cfg.Clock.Now()
	if did, err := in.rotate(ctx, now); did || err != nil {
		return did, err
	}
	if did, err := in.expire(ctx, now); did || err != nil {
		return did, err
	}
	if did, err := in.merge(ctx); did || err != nil {
		return did, err
	}
	if did, err := in.settleFilters(ctx); did || err != nil {
		return did, err
	}
	if !in.garbage {
		return false, nil
	}
	more, err := in.cfg.Store.SweepIDs(ctx, in.cfg.Part)
	if err != nil {
		return false, fmt.Errorf("sweep ids of runs that are no more: %w", err)
	}
	in.commit.Lock()
	in.garbage = more
	in.commit.Unlock()
	return true, nil
}

// readRuns reads the runs that there are. Those among known are taken over, with what of their filters is in memory.
func (in *Intake) readRuns(ctx context.Context, known []*run) (runs []*run, err error) {
	list, err := in.cfg.Store.Runs(ctx, in.cfg.Part)
	if err != nil {
		return nil, fmt.Errorf("read the id runs: %w", err)
	}
	for _, r := range list {
		if i := slices.IndexFunc(known, func(k *run) bool { return k.No == r.No }); i >= 0 {
			runs = append(runs, known[i])
			continue
		}
		anew, err := newRun(r)
		if err != nil {
			return nil, err
		}
		runs = append(runs, anew)
	}
	return runs, nil
}

// lookAgain makes memory know the runs that there are. Otherwise the next run, which takes the number after the last that is known,
// could be written into one that was made and whose answer was lost.
func (in *Intake) lookAgain(ctx context.Context) error {
	runs, err := in.readRuns(ctx, in.runs)
	if err != nil {
		return err
	}
	in.commit.Lock()
	defer in.commit.Unlock()
	in.runs, in.garbage, in.adrift = runs, true, false
	if n := len(runs); in.frozen != nil && n > 0 && runs[n-1].LastSeq >= in.frozenSeq {
		in.frozen = nil // they have left memory
	}
	return nil
}

// rotate moves the ids in memory into a run.
func (in *Intake) rotate(ctx context.Context, now time.Time) (did bool, err error) {
	frozen, w, err := in.freeze(ctx, now)
	if err != nil || frozen == nil {
		return false, err
	}
	err = frozen.sorted(func(ids []idSlot) error {
		for i := range ids {
			if err := w.add(ctx, ids[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	r, err := w.close(ctx, nil)
	if err != nil {
		return false, err
	}
	in.commit.Lock()
	in.runs = append(in.runs, r)
	in.frozen = nil
	in.commit.Unlock()
	return true, nil
}

// freeze takes the ids that are to move out of memory, if it is time, and a writer for their run. What is still being
// written to the log may fail, so it waits for that.
func (in *Intake) freeze(ctx context.Context, now time.Time) (*idTable, *runWriter, error) {
	release, err := in.quiesce(ctx)
	defer release()
	if err != nil {
		return nil, nil, err
	}
	if in.frozen == nil { // else: the last call failed half-way; finish it first
		if in.ids.ids < in.cfg.MaxIDs && now.Sub(in.rotated) < rotateEvery {
			return nil, nil, nil
		}
		in.rotated, in.asked = now, false
		if in.ids.ids == 0 {
			return nil, nil, nil
		}
		in.frozen, in.ids = in.ids, in.ids.another()
		in.frozenSeq = in.seq
	}
	w := in.writeRun(in.frozen.ids, in.frozen.hours.list())
	w.LastSeq, w.LastAt = in.frozenSeq, now.UnixMicro()
	if w.FirstAt = w.LastAt; len(in.runs) > 0 {
		w.FirstAt = in.runs[len(in.runs)-1].LastAt
	}
	return in.frozen, w, nil
}

// expired is how many of the oldest runs hold nothing but ids that are older than the retention. The newest run always
// stays: it says up to which segment ids have left memory. Called with commit held.
func (in *Intake) expired(now time.Time) int {
	before := now.Add(-in.cfg.KeepIDs).UnixMicro()
	n := 0
	for n < len(in.runs)-1 && in.runs[n].LastAt < before {
		n++
	}
	return n
}

func (in *Intake) expire(ctx context.Context, now time.Time) (did bool, err error) {
	in.commit.Lock()
	n := in.expired(now)
	old := in.runs[:n:n]
	in.commit.Unlock()
	if n == 0 {
		return false, nil
	}
	if err := in.cfg.Store.DropRuns(ctx, in.cfg.Part, numbers(old)); err != nil {
		return false, fmt.Errorf("forget old ids: %w", err)
	}
	in.commit.Lock()
	in.runs, in.garbage = in.runs[n:], true
	in.commit.Unlock()
	return true, nil
}

func numbers(rs []*run) []int64 {
	nos := make([]int64, len(rs))
	for i, r := range rs {
		nos[i] = r.No
	}
	return nos
}

// mergeable are the newest runs that are to be one: four of like size, or as many as will ever be, because the ids of another of
// their span would not expire soon after theirs. Called with commit held.
func (in *Intake) mergeable() []*run {
	most := in.cfg.KeepIDs.Microseconds() / mergeSpan
	for n := min(mergeRuns, len(in.runs)); n > 1; n-- {
		some := in.runs[len(in.runs)-n:]
		span := some[n-1].LastAt - some[0].FirstAt
		if span > most || n < mergeRuns && span*int64(n+1)/int64(n) <= most {
			continue
		}
		newest := in.tier(some[n-1])
		if !slices.ContainsFunc(some, func(r *run) bool { return in.tier(r) > newest }) {
			return some
		}
	}
	return nil
}

// tier is how often runs of the size at which ids leave memory were merged to make r, about.
func (in *Intake) tier(r *run) int {
	n := 0
	for size := r.IDs; size >= int64(in.cfg.MaxIDs)*mergeRuns*3/4; size /= mergeRuns {
		n++
	}
	return n
}

// merge makes the newest runs one, if they are of like size.
func (in *Intake) merge(ctx context.Context) (did bool, err error) {
	in.commit.Lock()
	some := in.mergeable()
	first, n := len(in.runs)-len(some), 0
	for _, r := range some {
		n += int(r.IDs)
	}
	var w *runWriter
	if len(some) > 0 {
		w = in.writeRun(n, hoursOfAll(some))
	}
	in.commit.Unlock()
	if len(some) == 0 {
		return false, nil
	}
	newest := some[len(some)-1]
	w.LastSeq, w.FirstAt, w.LastAt = newest.LastSeq, some[0].FirstAt, newest.LastAt
	heads := make([]runReader, len(some))
	for i := range some {
		heads[i] = runReader{in: in, run: some[i]}
		if err := heads[i].read(ctx); err != nil {
			return false, err
		}
	}
	for {
		var low *runReader
		for i := range heads {
			if h := &heads[i]; !h.end && (low == nil || bytes.Compare(h.slot.key[:], low.slot.key[:]) < 0) {
				low = h
			}
		}
		if low == nil {
			break
		}
		if err := w.add(ctx, low.slot); err != nil {
			return false, err
		}
		if err := low.read(ctx); err != nil {
			return false, err
		}
	}
	r, err := w.close(ctx, numbers(some))
	if err != nil {
		return false, err
	}
	in.commit.Lock()
	in.runs = append(in.runs[:first:first], r)
	in.garbage = true
	in.commit.Unlock()
	return true, nil
}
