package usage

import (
	"cmp"
	"context"
	"slices"
)

// Filters says how much of the filters of ids is in memory, and how much is not.
type Filters struct {
	Memory int64 // bytes in memory: at most Config.IDsMemory, but for filters that versions before pages wrote
	Disk   int64 // bytes of all of them, which are in the database
	Read   int64 // pages that were read, since the start, because a new id was looked for in what is not in memory
}

// Filters says how much of the filters of ids is in memory.
func (in *Intake) Filters() Filters {
	in.commit.Lock()
	defer in.commit.Unlock()
	f := Filters{Memory: in.held(), Read: in.pagesRead.Load()}
	for _, r := range in.runs {
		f.Disk += r.filter.lines * lineBytes
	}
	return f
}

// held is how many bytes of filters are in memory. Called with commit held.
func (in *Intake) held() (bytes int64) {
	for _, r := range in.runs {
		bytes += r.filter.size(len(r.filter.pieces))
	}
	return bytes
}

// fitting is how many pieces fit into so many bytes: the first ones, together.
func (f *filter) fitting(bytes int64) int {
	n := 0
	for n < f.parts() && f.size(n+1) <= bytes {
		n++
	}
	return n
}

// allotted is how many pieces of each run's filter are to be in memory. A new id is looked for in every filter, so each byte saves
// most reads in the smallest; of those of a size, in the newest, which stays longest. Called with commit held.
func (in *Intake) allotted() []int {
	pieces, order, left := make([]int, len(in.runs)), make([]int, len(in.runs)), in.cfg.IDsMemory
	for i, r := range in.runs {
		order[i] = len(in.runs) - 1 - i
		if r.filter.whole {
			pieces[i] = r.filter.parts()
			left -= r.filter.size(pieces[i])
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(in.runs[a].filter.lines, in.runs[b].filter.lines) })
	for _, i := range order {
		if f := &in.runs[i].filter; !f.whole {
			pieces[i] = f.fitting(left)
			left -= f.size(pieces[i])
		}
	}
	return pieces
}

// misplaced reports whether filters are to come into memory or to leave it. Called with commit held.
func (in *Intake) misplaced() bool {
	for i, n := range in.allotted() {
		if len(in.runs[i].filter.pieces) != n {
			return true
		}
	}
	return false
}

// settleFilters brings one piece of a filter into memory that is to be there, after what is not to be there has left it.
func (in *Intake) settleFilters(ctx context.Context) (did bool, err error) {
	var next *run
	in.commit.Lock()
	for i, n := range in.allotted() {
		switch f := &in.runs[i].filter; {
		case len(f.pieces) > n:
			f.release(n)
			did = true
		case len(f.pieces) < n && next == nil:
			next = in.runs[i]
		}
	}
	in.commit.Unlock()
	if next == nil {
		return did, nil
	}
	piece, err := in.readPiece(ctx, next, len(next.filter.pieces))
	if err != nil {
		return false, err
	}
	in.commit.Lock()
	next.filter.pieces = append(next.filter.pieces, piece)
	in.commit.Unlock()
	return true, nil
}

// readPiece reads the n-th piece of r's filter.
func (in *Intake) readPiece(ctx context.Context, r *run, n int) ([]byte, error) {
	first, last := r.filter.pages(n)
	pages := make([]int64, 0, last-first+1)
	for p := first; p <= last; p++ {
		pages = append(pages, p)
	}
	piece := make([]byte, r.filter.size(n+1)-r.filter.size(n))
	err := in.readPages(ctx, r, pages, func(page int64, body []byte) { copy(piece[(page-first)*pageBytes:], body) })
	return piece, err
}
