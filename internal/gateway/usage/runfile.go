package usage

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"
)

// run is a run as the intake knows it. Tidy alone makes and changes them.
type run struct {
	Run
	filter filter
	hours  []idHour // that its ids name, in order; nil: they are not known
}

// newRun is a run as the store has it. Errors: fail.Internal.
func newRun(r Run) (*run, error) {
	hours, err := decodeHours(r.Hours)
	if err != nil {
		return nil, fmt.Errorf("read run %d: %w", r.No, err)
	}
	f := filterOf(&r)
	r.Filter, r.Hours = nil, nil
	return &run{r, f, hours}, nil
}

// names reports whether an id that names the hour may be in r.
func (r *run) names(h idHour) bool {
	if r.hours == nil || h == 0 {
		return true
	}
	_, ok := slices.BinarySearch(r.hours, h)
	return ok
}

// chunks is how many chunks r has, and chunk is the number of the one that has key, if r has it; -1: it has not.
func (r *run) chunks() int64 {
	if r.Chunks > 0 {
		return r.Chunks
	}
	return int64(len(r.FirstKeys) / 16)
}

func (r *run) chunk(key idKey) int64 {
	if r.Chunks > 0 {
		return key.share(r.Chunks)
	}
	n := len(r.FirstKeys) / 16
	return int64(sort.Search(n, func(i int) bool { return bytes.Compare(r.FirstKeys[i*16:i*16+16], key[:]) > 0 })) - 1
}

// writeAtOnce is how many bytes of a run are written in one transaction: few enough that events do not wait.
const writeAtOnce = 128 << 10

// runWriter writes a run from ids in the order of their keys.
type runWriter struct {
	run
	store  Store
	last   idKey
	chunk  []byte // the present one, which is put
	page   []byte // of the filter, which is paged
	put    int64
	paged  int64
	full   []RunPiece // to be written
	bytes  int        // of full
	pieces int        // of the filter that may stay in memory
}

// writeRun begins the next run, of at most ids ids, which name these hours. Called with commit held; only Tidy makes runs.
func (in *Intake) writeRun(ids int, hours []idHour) *runWriter {
	no := int64(1)
	if len(in.runs) > 0 {
		no = in.runs[len(in.runs)-1].No + 1
	}
	r := Run{Part: in.cfg.Part, No: no, Chunks: int64(ids/chunkIDs) + 1, Lines: linesFor(ids), Places: true}
	w := &runWriter{run: run{Run: r, filter: filterOf(&r), hours: hours}, store: in.cfg.Store}
	w.pieces = w.filter.fitting(in.cfg.IDsMemory - in.held())
	w.nextChunk()
	w.nextPage()
	return w
}

func (w *runWriter) nextChunk() { w.chunk = make([]byte, 0, (chunkIDs+chunkIDs/8)*idBytes) }

func (w *runWriter) nextPage() {
	w.page = make([]byte, min(pageLines, w.Lines-w.paged*pageLines)*lineBytes)
}

func (w *runWriter) add(ctx context.Context, id idSlot) error {
	if id.key == w.last {
		return nil // it stood in two runs
	}
	line := w.filter.line(id.key)
	if err := w.upTo(ctx, w.run.chunk(id.key), line/pageLines); err != nil {
		return err
	}
	w.chunk = appendID(w.chunk, id)
	mark(w.page[line%pageLines*lineBytes:][:lineBytes], id.key)
	w.last = id.key
	w.IDs++
	return nil
}

// upTo finishes the chunks before chunk and the pages before page.
func (w *runWriter) upTo(ctx context.Context, chunk, page int64) error {
	for w.put < chunk {
		w.full, w.bytes = append(w.full, RunPiece{w.put, w.chunk}), w.bytes+len(w.chunk)
		w.put++
		w.nextChunk()
	}
	for w.paged < page {
		w.full, w.bytes = append(w.full, RunPiece{-1 - w.paged, w.page}), w.bytes+len(w.page)
		w.filter.keep(w.paged, w.page, w.pieces)
		if w.paged++; w.paged*pageLines < w.Lines {
			w.nextPage()
		}
	}
	if w.bytes < writeAtOnce {
		return nil
	}
	return w.flush(ctx)
}

func (w *runWriter) flush(ctx context.Context) error {
	if err := w.store.PutIDs(ctx, w.Part, w.No, w.full); err != nil {
		return fmt.Errorf("write ids of run %d: %w", w.No, err)
	}
	w.full, w.bytes = w.full[:0], 0
	return nil
}

// close makes the run exist, in the place of others.
func (w *runWriter) close(ctx context.Context, instead []int64) (*run, error) {
	if err := w.upTo(ctx, w.Chunks, (w.Lines+pageLines-1)/pageLines); err != nil {
		return nil, err
	}
	if err := w.flush(ctx); err != nil {
		return nil, err
	}
	r := w.Run
	r.Hours = encodeHours(w.hours)
	if err := w.store.PutRun(ctx, r, instead); err != nil {
		return nil, fmt.Errorf("write id run %d: %w", w.No, err)
	}
	return &w.run, nil
}

// runReader reads a run's ids in order.
type runReader struct {
	*run
	in   *Intake
	next int64 // chunk
	body []byte
	slot idSlot
	end  bool
}

func (r *runReader) read(ctx context.Context) (err error) {
	for len(r.body) == 0 {
		if r.end = r.next == r.chunks(); r.end {
			return nil
		}
		if r.body, err = r.in.cfg.Store.IDs(ctx, r.Part, r.No, r.next); err != nil {
			return fmt.Errorf("read ids of run %d: %w", r.No, err)
		}
		r.next++
	}
	r.slot = readID(r.body, &r.Run)
	r.body = r.body[idBytes:]
	return nil
}
