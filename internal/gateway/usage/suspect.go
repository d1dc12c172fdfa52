package usage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"souk.dev/souk/internal/fail"
)

// suspects are runs that may have an id: a bit for each, by its place among the intake's runs. The last bit stands for all
// from its place on.
type suspects uint64

func (s suspects) has(run int) bool { return s&suspect(run) != 0 }

func suspect(run int) suspects { return 1 << min(run, 63) }

// Pages of filters are read so many with one query, and so many queries run at once: a disk, and a database behind a network,
// answers several in the time of one. SQLite has five connections for reading.
const (
	pagesAtOnce   = 64
	queriesAtOnce = 4
)

// question asks a line of a filter that is not in memory.
type question struct {
	of   *prepared
	run  int
	line int64
	yes  bool
}

func (q *question) page() int64 { return q.line / pageLines }

// suspect finds out which runs may have the ids of events, as the hours that they name and their filters say: a run that does
// not become a suspect certainly has not. Those of ids that are in memory it may leave out. Called with commit held.
func (in *Intake) suspect(ctx context.Context, ps []*prepared) error {
	defer func() {
		clear(in.questions) // it knows events
		in.questions = in.questions[:0]
	}()
	for i, r := range in.runs {
		hour, names := idHour(0), true // neighbours often name the same
		for _, p := range ps {
			if p.hour != hour {
				hour, names = p.hour, r.names(p.hour)
			}
			if !names {
				continue
			}
			n := r.filter.line(p.key)
			if line := r.filter.held(n); line == nil {
				in.questions = append(in.questions, question{of: p, run: i, line: n})
			} else if marked(line, p.key) {
				p.suspects |= suspect(i)
			}
		}
	}
	if len(in.questions) == 0 {
		return nil
	}
	in.questions = slices.DeleteFunc(in.questions, func(q question) bool { return in.inMemory(q.of.key) })
	if err := in.ask(ctx, in.questions); err != nil {
		return err
	}
	for i := range in.questions {
		if q := &in.questions[i]; q.yes {
			q.of.suspects |= suspect(q.run)
		}
	}
	return nil
}

func (in *Intake) inMemory(key idKey) bool {
	_, ok := in.ids.get(key)
	if !ok && in.frozen != nil {
		_, ok = in.frozen.get(key)
	}
	return ok
}

// ask answers questions from the disk.
func (in *Intake) ask(ctx context.Context, qs []question) error {
	slices.SortFunc(qs, func(a, b question) int { return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.line, b.line)) })
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	turn := make(chan struct{}, queriesAtOnce)
	for len(qs) > 0 {
		var some []question
		some, qs = oneQuery(qs)
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			if err := in.askRun(ctx, some); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// oneQuery cuts off the first questions of qs that one query answers: of one run, and of not too many pages.
func oneQuery(qs []question) (some, rest []question) {
	n, pages := 1, 1
	for ; n < len(qs) && qs[n].run == qs[0].run; n++ {
		if qs[n].page() != qs[n-1].page() {
			if pages == pagesAtOnce {
				break
			}
			pages++
		}
	}
	return qs[:n:n], qs[n:]
}

// askRun answers questions of one run, in the order of their lines, with one query.
func (in *Intake) askRun(ctx context.Context, qs []question) error {
	r := in.runs[qs[0].run]
	pages := make([]int64, 0, pagesAtOnce)
	for i := range qs {
		if n := qs[i].page(); len(pages) == 0 || pages[len(pages)-1] != n {
			pages = append(pages, n)
		}
	}
	in.pagesRead.Add(int64(len(pages)))
	return in.readPages(ctx, r, pages, func(page int64, body []byte) {
		i := sort.Search(len(qs), func(i int) bool { return qs[i].page() >= page })
		for ; i < len(qs) && qs[i].page() == page; i++ {
			at := qs[i].line % pageLines * lineBytes
			qs[i].yes = marked(body[at:at+lineBytes], qs[i].of.key)
		}
	})
}

// readPages reads pages of r's filter, whose numbers ascend. All of them come, each as long as it is to be, or there is an error:
// what is missing must not count for "certainly not". The bodies are lent until yield returns.
func (in *Intake) readPages(ctx context.Context, r *run, pages []int64, yield func(page int64, body []byte)) error {
	n := 0
	err := in.cfg.Store.FilterPages(ctx, r.Part, r.No, pages, func(page int64, body []byte) error {
		if want := min((page+1)*pageLines, r.filter.lines)*lineBytes - page*pageBytes; int64(len(body)) != want {
			return fail.New(fail.Internal, "ids_damaged", "Page %d has %d bytes and not %d.", page, len(body), want)
		}
		n++
		yield(page, body)
		return nil
	})
	if err == nil && n != len(pages) {
		err = fail.New(fail.Internal, "ids_damaged", "Of %d pages from %d on there are %d.", len(pages), pages[0], n)
	}
	if err != nil {
		return fmt.Errorf("read the filter of run %d: %w", r.No, err)
	}
	return nil
}

// older looks p's key up among the ids that have left memory, in the runs that are suspect, and tells which has it. Called
// with commit held.
func (in *Intake) older(ctx context.Context, p *prepared) (id idSlot, run int, found bool, err error) {
	for i := len(in.runs) - 1; i >= 0; i-- {
		if !p.suspects.has(i) {
			continue
		}
		r := in.runs[i]
		chunk := r.chunk(p.key)
		if chunk < 0 {
			continue
		}
		body, err := in.cfg.Store.IDs(ctx, r.Part, r.No, chunk)
		if err != nil {
			return idSlot{}, 0, false, fmt.Errorf("read ids of run %d: %w", r.No, err)
		}
		m := len(body) / idBytes
		at := sort.Search(m, func(i int) bool { return bytes.Compare(body[i*idBytes:i*idBytes+16], p.key[:]) >= 0 })
		if at < m && bytes.Equal(body[at*idBytes:at*idBytes+16], p.key[:]) {
			return readID(body[at*idBytes:], &r.Run), i, true, nil
		}
	}
	return idSlot{}, 0, false, nil
}
