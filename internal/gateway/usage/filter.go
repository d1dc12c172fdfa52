package usage

import (
	"encoding/binary"
	"slices"
)

// A run's filter answers "perhaps" or "certainly not" for keys: a Bloom filter in lines of one cache line each. Line n has the
// n-th share of all keys, so that a run, which is written in the order of its keys, fills one line after the other. They lie in
// pages in the database, beside the run's chunks, and of as many as there is memory for there is a copy in memory.
const (
	filterBits = 20 // per id: about one false "perhaps" in 3,000, for each costs a read of the disk
	lineBytes  = 64
	// pageLines is how many lines are read from the disk together: with what the engines put around it a page fits into one of
	// SQLite's, which has 4 KiB, and twice into one of PostgreSQL's.
	pageLines = 62
	pageBytes = pageLines * lineBytes
	// pieceLines is how many lines come into memory, and leave it, together: of 256 pages, about a megabyte.
	pieceLines = 256 * pageLines
)

// linesFor is how many lines a filter of at most ids ids has.
func linesFor(ids int) int64 { return int64(ids)*filterBits/(8*lineBytes) + 1 }

// mark puts k into its line, and marked reports whether k may be in it.
func mark(line []byte, k idKey) {
	spots := binary.BigEndian.Uint64(k[8:])
	for range 7 {
		line[spots>>3&63] |= 1 << (spots & 7)
		spots >>= 9
	}
}

func marked(line []byte, k idKey) bool {
	spots := binary.BigEndian.Uint64(k[8:])
	for range 7 {
		if line[spots>>3&63]&(1<<(spots&7)) == 0 {
			return false
		}
		spots >>= 9
	}
	return true
}

// filter is the filter of one run, as far as it is in memory: its first pieces.
type filter struct {
	lines  int64
	pieces [][]byte
	// whole says that the filter was not written in pages: it stays in memory, for as long as the run is. Versions before
	// pages wrote such, and the first of them with scattered lines.
	whole, scattered bool
}

// filterOf is r's filter. One of a version before pages is in memory, others are not yet.
func filterOf(r *Run) filter {
	if r.Lines > 0 {
		return filter{lines: r.Lines}
	}
	// A byte behind the lines says that they are in the order of keys.
	f := filter{lines: int64(len(r.Filter) / lineBytes), whole: true}
	f.scattered = f.lines > 0 && len(r.Filter)%lineBytes == 0
	f.pieces = slices.Collect(slices.Chunk(r.Filter[:f.lines*lineBytes], pieceLines*lineBytes))
	return f
}

// line is the number of k's line.
func (f *filter) line(k idKey) int64 {
	if f.scattered {
		return int64(binary.BigEndian.Uint64(k[:8]) % uint64(f.lines))
	}
	return k.share(f.lines)
}

// held is the line with the number n; nil if it is not in memory.
func (f *filter) held(n int64) []byte {
	i := n / pieceLines
	if i >= int64(len(f.pieces)) {
		return nil
	}
	at := (n - i*pieceLines) * lineBytes
	return f.pieces[i][at : at+lineBytes]
}

// parts is how many pieces the filter has, and size how many bytes the first n of them take.
func (f *filter) parts() int { return int((f.lines + pieceLines - 1) / pieceLines) }

func (f *filter) size(n int) int64 { return min(int64(n)*pieceLines, f.lines) * lineBytes }

// away reports whether some of the filter is not in memory.
func (f *filter) away() bool { return len(f.pieces) < f.parts() }

// pages are the numbers of the pages that a piece consists of: from first to last.
func (f *filter) pages(piece int) (first, last int64) {
	from, to := int64(piece)*pieceLines, min(int64(piece+1)*pieceLines, f.lines)
	return from / pageLines, (to - 1) / pageLines
}

// release lets go of all but the first n pieces.
func (f *filter) release(n int) {
	clear(f.pieces[n:])
	f.pieces = f.pieces[:n]
}

// keep takes a page that was just made into memory, the next after those that were kept, if it belongs to the first n pieces.
func (f *filter) keep(page int64, body []byte, n int) {
	piece := int(page * pageLines / pieceLines)
	if piece >= n {
		return
	}
	if piece == len(f.pieces) {
		f.pieces = append(f.pieces, make([]byte, 0, f.size(piece+1)-f.size(piece)))
	}
	f.pieces[piece] = append(f.pieces[piece], body...)
}
