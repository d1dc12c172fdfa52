package usage

import (
	"context"
	"fmt"
)

// chunksAtOnce is how many chunks of a run are written in one transaction: few enough that events do not wait.
const chunksAtOnce = 8

// runWriter writes a run from ids in the order of their keys.
type runWriter struct {
	Run
	store Store
	last  idKey
	chunk []byte
	full  [][]byte // chunks to be written
	put   int      // chunks written
}

// newRun begins the next run, of at most ids ids. Called with commit held; only Tidy makes runs.
func (in *Intake) newRun(ids int) *runWriter {
	no := int64(1)
	if len(in.runs) > 0 {
		no = in.runs[len(in.runs)-1].No + 1
	}
	return &runWriter{Run: Run{Part: in.cfg.Part, No: no, Filter: newFilter(ids), Places: true}, store: in.cfg.Store}
}

func (w *runWriter) add(ctx context.Context, id idSlot) error {
	if id.key == w.last {
		return nil // it stood in two runs
	}
	if w.chunk == nil {
		w.chunk = make([]byte, 0, chunkIDs*idBytes)
		w.FirstKeys = append(w.FirstKeys, id.key[:]...)
	}
	w.chunk = appendID(w.chunk, id)
	filter(w.Filter).add(id.key)
	w.last = id.key
	w.IDs++
	if len(w.chunk) < chunkIDs*idBytes {
		return nil
	}
	w.full, w.chunk = append(w.full, w.chunk), nil
	if len(w.full) < chunksAtOnce {
		return nil
	}
	return w.flush(ctx)
}

func (w *runWriter) flush(ctx context.Context) error {
	if err := w.store.PutIDs(ctx, w.Part, w.No, w.put, w.full); err != nil {
		return fmt.Errorf("write ids of run %d: %w", w.No, err)
	}
	w.put, w.full = w.put+len(w.full), w.full[:0]
	return nil
}

// close makes the run exist, in the place of others.
func (w *runWriter) close(ctx context.Context, instead []int64) (Run, error) {
	if w.chunk != nil {
		w.full = append(w.full, w.chunk)
	}
	if len(w.full) > 0 {
		if err := w.flush(ctx); err != nil {
			return Run{}, err
		}
	}
	if err := w.store.PutRun(ctx, w.Run, instead); err != nil {
		return Run{}, fmt.Errorf("write id run %d: %w", w.No, err)
	}
	return w.Run, nil
}

// runReader reads a run's ids in order.
type runReader struct {
	*Run
	in    *Intake
	chunk int // the next
	body  []byte
	slot  idSlot
	end   bool
}

func (r *runReader) next(ctx context.Context) (err error) {
	if len(r.body) == 0 {
		if r.end = r.chunk == len(r.FirstKeys)/16; r.end {
			return nil
		}
		if r.body, err = r.in.cfg.Store.IDs(ctx, r.Part, r.No, r.chunk); err != nil {
			return fmt.Errorf("read ids of run %d: %w", r.No, err)
		}
		r.chunk++
	}
	r.slot = readID(r.body, r.Run)
	r.body = r.body[idBytes:]
	return nil
}
