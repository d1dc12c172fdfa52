package usage

import (
	"context"
	"slices"

	"souk.dev/souk/internal/gateway/core"
)

// Store is what the intake needs of a database. Each call is one atomic step.
type Store interface {
	// Append writes a segment; when it returns nil, the segment survives a power cut. A taken (Part, Seq) is
	// fail.Conflict: another process owns the partition. After any other error it may or may not be written.
	Append(ctx context.Context, s Segment) error
	// Segments calls yield with the segments of part, in order of Seq, that are newer than after, or hold events
	// billed in an hour later than hour.
	Segments(ctx context.Context, part int, after int64, hour core.Hour, yield func(Segment) error) error
	// SegmentsOf calls yield with the segments of part, in order of Seq, that may hold events of the licence billed in
	// the hour. It reads no others.
	SegmentsOf(ctx context.Context, part int, l core.LicenseID, hour core.Hour, yield func(Segment) error) error

	// Cut closes hours. Cutting the same scope and hour again changes nothing.
	Cut(ctx context.Context, c Cut) error
	// Done says that everything of a cut's hour is recorded.
	Done(ctx context.Context, part int, scope core.LicenseID, hour core.Hour, at int64) error
	// Cuts lists, for each scope of part, the newest cut, and every cut that is not done, by hour.
	Cuts(ctx context.Context, part int) ([]Cut, error)
	// Sealed calls yield with the key and hour of each sealed total of an hour after hour.
	Sealed(ctx context.Context, part int, hour core.Hour, yield func(Key, core.Hour) error) error

	// PutIDs writes pieces of an id run that is being made; PutRun then makes the run exist and those instead of which it
	// stands no more. A piece that was left by a run that never came to exist is replaced.
	PutIDs(ctx context.Context, part int, run int64, pieces []RunPiece) error
	PutRun(ctx context.Context, r Run, instead []int64) error
	// Runs lists the id runs of part, oldest first. IDs reads one chunk.
	Runs(ctx context.Context, part int) ([]Run, error)
	IDs(ctx context.Context, part int, run, chunk int64) ([]byte, error)
	// FilterPages calls yield with pages of a run's filter, in any order. Their numbers ascend; they are neighbours, or few. The body is
	// lent until yield returns. A page that is missing is no error here.
	FilterPages(ctx context.Context, part int, run int64, pages []int64, yield func(page int64, body []byte) error) error
	// DropRuns makes runs exist no more. SweepIDs deletes some chunks of runs that are no more, and tells whether there
	// may be others.
	DropRuns(ctx context.Context, part int, runs []int64) error
	SweepIDs(ctx context.Context, part int) (more bool, err error)

	// Spans lists at most limit segments of part that are newer than after, in order of Seq.
	Spans(ctx context.Context, part int, after int64, limit int) ([]Span, error)
	// Between calls yield with the segments of part from first to last, in order of Seq.
	Between(ctx context.Context, part int, first, last int64, yield func(Segment) error) error
	// Pack puts s in the place of the segments from s.First to s.Seq. Those that are not what s was made of, by the number
	// of events, are fail.Conflict. Packed is the newest segment of part that was packed; 0: none.
	Pack(ctx context.Context, s Segment) error
	Packed(ctx context.Context, part int) (seq int64, err error)
	// Shrink gives a little of the disk's space that is not used any more back, if that is much, and tells whether there is
	// more.
	Shrink(ctx context.Context) (more bool, err error)
	// Drop deletes the segments up to seq, and adds to the books what they were. At is the instant, UTC microseconds.
	Drop(ctx context.Context, part int, seq, at int64) error
	// Dropped is what the books say of segments that are no more.
	Dropped(ctx context.Context, part int) (Dropped, error)
	// Unsettled is the earliest hour whose bill is not settled: of a record that AWS has not answered for good, or of the
	// month that a correction, which is not decided or not done, is of. ok is false if there is none.
	Unsettled(ctx context.Context) (hour core.Hour, ok bool, err error)
}

// Cut says that the hours up to Hour are closed: no event that comes later is billed in them.
type Cut struct {
	Part  int
	Scope core.LicenseID // the one licence that it is for; empty: all
	Hour  core.Hour
	Seq   int64 // the newest segment at the cut
	At    int64 // UTC microseconds
	Done  bool  // the hour's totals are all recorded
}

// Span is a segment as it is looked at from far: without its events.
type Span struct {
	Seq       int64
	FirstHour core.Hour
	LastHour  core.Hour
	Events    int
	At        int64 // UTC microseconds of the commit, the newest one
	Bytes     int64 // of its body
}

// Dropped says what was in the log and is no more. Its zero value: nothing was dropped.
//
// Some events of the hours up to Hour are gone, and none of a later one: so the sealed totals of those hours stand for
// their events, and every other total can still be counted anew.
type Dropped struct {
	Seq    int64     // the newest segment that is gone; all before it are, too
	Hour   core.Hour // the latest hour that an event of theirs was billed in
	Events int64
	Bytes  int64 // of their bodies
	Newest int64 // when the newest of them was committed, UTC microseconds
	At     int64 // when segments were dropped last, UTC microseconds
}

// Key names a sum: of one licence, dimension, and reason why it cannot be billed (empty: it can).
type Key struct {
	License   core.LicenseID
	Dimension core.Dimension
	Reason    string
}

// Total is what the meter makes of one hour's events under one key.
type Total struct {
	Key
	Hour   core.Hour
	Meter  core.Meter // that of the hour's first event: a change of the settings takes effect with the next hour
	Sum    Quantity   // the hour's quantity; of core.Average, nothing until it is sealed
	Events int64
	Late   int64 // how many of them belong to an earlier hour that was closed

	tally  *tally  // nil of additive meters
	shares *shares // nil where usage is not allocated
}

// Shares are the parts of t by tags, the greatest first; none where usage is not allocated.
func (t Total) Shares() []Share {
	if t.shares == nil {
		return nil
	}
	return t.shares.list()
}

// Levels are those that events of the hour set, in the order of the log; of core.Average only.
func (t Total) Levels() []Level {
	if t.tally == nil {
		return nil
	}
	return t.tally.levels
}

// copy is t as it is now; of its tally, what others look at.
func (t *Total) copy() Total {
	c := *t
	c.tally, c.shares = nil, t.shares.copy()
	if ls := t.Levels(); len(ls) > 0 {
		c.tally = &tally{levels: slices.Clone(ls)}
	}
	return c
}

// Run is an immutable sorted list of event ids, in chunks, and a filter of them, in pages. Each chunk has an equal share of all
// keys, and so has each line of the filter: where an id is follows from its key.
type Run struct {
	Part    int
	No      int64 // 1, 2, 3 …
	LastSeq int64 // it holds the ids of all segments up to this one that no earlier run holds
	FirstAt int64 // when its oldest was received at the earliest, UTC microseconds
	LastAt  int64 // when its newest was received at the latest, UTC microseconds
	IDs     int64
	Chunks  int64  // how many there are; 0: of a version before, see FirstKeys
	Lines   int64  // of its filter; 0: of a version before, see Filter
	Places  bool   // its ids say in which segments their events are
	Hours   []byte // what is known of the hours that its ids name, see encodeHours

	// Versions before pages had as many ids in each chunk, and kept the first key of each, 16 bytes, and the filter as a whole.
	FirstKeys []byte
	Filter    []byte
}

// RunPiece is a chunk of a run, or a page of its filter.
type RunPiece struct {
	No   int64 // that of the chunk; -1 - n: page n
	Body []byte
}
