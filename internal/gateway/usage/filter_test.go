package usage

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
)

// whole is a filter with room for ids, all of it in memory as a run's writer leaves it there, and its bytes in a row.
func whole(ids int) (f filter, body func() []byte) {
	f = filter{lines: linesFor(ids)}
	for page := int64(0); page*pageLines < f.lines; page++ {
		f.keep(page, make([]byte, min(pageLines, f.lines-page*pageLines)*lineBytes), f.parts())
	}
	return f, func() []byte { return bytes.Join(f.pieces, nil) }
}

func TestAFilterKnowsItsKeysAndFewOthers(t *testing.T) {
	const n = 20_000
	now, _ := whole(n)
	_, body := whole(n)
	before := filterOf(&Run{Filter: append(body(), 0)})
	scattered := filterOf(&Run{Filter: body()})
	if before.scattered || !scattered.scattered || before.away() || scattered.away() {
		t.Fatalf("%+v, %+v", before, scattered)
	}
	for name, f := range map[string]filter{"of now": now, "as a whole": before, "of the first kind": scattered} {
		wrong := 0
		for i := range n {
			k := keyNo(i)
			mark(f.held(f.line(k)), k)
		}
		for i := range n {
			if k := keyNo(i); !marked(f.held(f.line(k)), k) {
				t.Fatalf("%s: key %d is not known", name, i)
			}
			if k := keyNo(n + i); marked(f.held(f.line(k)), k) {
				wrong++
			}
		}
		if wrong > n/1000 {
			t.Errorf("%s: %d of %d others may be in it", name, wrong, n)
		}
	}
}

// Filters of the first kind are in databases.
func TestFiltersOfTheFirstKindStandAsTheyStood(t *testing.T) {
	body := make([]byte, 256)
	f := filterOf(&Run{Filter: body})
	for i := range 100 {
		k := keyNo(i)
		mark(f.held(f.line(k)), k)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(body)); got != "b4d9c3f58e361ce28f175edf87c43fda50911854e9f6db43ec897f248deb6a9a" {
		t.Error("now: ", got)
	}
}

// A filter of several pieces is the same whether all or some of it is in memory.
func TestAFilterLiesInPieces(t *testing.T) {
	const ids = 1_000_000
	f, body := whole(ids)
	all := body()
	if int64(len(all)) != f.lines*lineBytes || f.parts() != 3 || f.away() || f.size(f.parts()) != int64(len(all)) {
		t.Fatalf("%d bytes in %d pieces of %d lines", len(all), f.parts(), f.lines)
	}
	for n := range f.lines {
		line := f.held(n)
		line[0], line[1], line[2] = byte(n), byte(n>>8), byte(n>>16)
	}
	all = body()
	at := int64(0) // the pages of the pieces, in a row
	for i := range f.parts() {
		first, last := f.pages(i)
		if first*pageBytes != at || f.size(i) != at {
			t.Errorf("piece %d begins at page %d, byte %d; want byte %d", i, first, f.size(i), at)
		}
		at = min((last+1)*pageBytes, int64(len(all)))
	}
	if at != int64(len(all)) {
		t.Errorf("the pieces end at %d", at)
	}
	for held := f.parts(); held >= 0; held-- {
		f.release(held)
		if f.away() != (held < f.parts()) || f.fitting(f.size(held)) != held || held > 0 && f.fitting(f.size(held)-1) != held-1 {
			t.Errorf("with %d pieces: away %t; %d fit", held, f.away(), f.fitting(f.size(held)))
		}
		for n := range f.lines {
			if line := f.held(n); (line != nil) != (n*lineBytes < f.size(held)) || line != nil && !bytes.Equal(line, all[n*lineBytes:][:lineBytes]) {
				t.Fatalf("with %d pieces: line %d is %v", held, n, line)
			}
		}
	}
}
