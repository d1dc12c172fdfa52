package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"souk.dev/souk/internal/gateway/usage"
)

const putIDs = `insert into usage_ids (part, run, chunk, body) values ($1, $2, $3, $4)
	on conflict (part, run, chunk) do update set body = excluded.body`

// PutIDs implements [usage.Store].
func (s Usage) PutIDs(ctx context.Context, part int, run int64, pieces []usage.RunPiece) error {
	return s.db.repeated(ctx, s.db.soon, func(p *prepared) error {
		for _, piece := range pieces {
			if _, err := p.exec(putIDs, part, run, piece.No, noneIsEmpty(piece.Body)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutRun implements [usage.Store].
func (s Usage) PutRun(ctx context.Context, r usage.Run, instead []int64) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `insert into usage_run (part, run, last_seq, first_us, last_us, ids, chunks, lines, places, hours, first_keys, filter)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, r.Part, r.No, r.LastSeq, r.FirstAt, r.LastAt, r.IDs, r.Chunks, r.Lines, r.Places, r.Hours, noneIsEmpty(r.FirstKeys), noneIsEmpty(r.Filter))
		if err != nil {
			return err
		}
		return dropRuns(ctx, tx, r.Part, instead)
	})
}

// Runs implements [usage.Store].
func (s Usage) Runs(ctx context.Context, part int) (runs []usage.Run, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var r usage.Run
		if err := rows.Scan(&r.Part, &r.No, &r.LastSeq, &r.FirstAt, &r.LastAt, &r.IDs, &r.Chunks, &r.Lines, &r.Places, &r.Hours, &r.FirstKeys, &r.Filter); err != nil {
			return err
		}
		runs = append(runs, r)
		return nil
	}, `select part, run, last_seq, first_us, last_us, ids, chunks, lines, places, hours, first_keys, filter from usage_run where part = $1 order by last_seq`, part)
	for i := range runs {
		if err == nil && runs[i].Lines == 0 && len(runs[i].Filter) == 0 {
			runs[i].Filter, err = s.wholeFilter(ctx, part, runs[i].No)
		}
	}
	return runs, err
}

// wholeFilter reads a filter of a version before pages, which lies in pieces.
func (s Usage) wholeFilter(ctx context.Context, part int, run int64) ([]byte, error) {
	var all bytes.Buffer
	err := scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var piece sql.RawBytes
		if err := rows.Scan(&piece); err != nil {
			return err
		}
		all.Write(piece)
		return nil
	}, `select body from usage_ids where part = $1 and run = $2 and chunk < 0 order by chunk desc`, part, run)
	return all.Bytes(), err
}

// somePages reads as many pages of a filter at once as it has branches. With a branch for each, PostgreSQL goes by the whole key,
// whatever it knows of the table; with a list in one condition it has read the whole run.
var somePages = func() string {
	branches := make([]string, pagesAtOnce)
	for i := range branches {
		branches[i] = fmt.Sprintf(`select chunk, body from usage_ids where part = $1 and run = $2 and chunk = $%d`, 3+i)
	}
	return strings.Join(branches, " union all ")
}()

const (
	pagesAtOnce  = 64
	pagesBetween = `select chunk, body from usage_ids where part = $1 and run = $2 and chunk between $3 and $4`
)

// FilterPages implements [usage.Store].
func (s Usage) FilterPages(ctx context.Context, part int, run int64, pages []int64, yield func(page int64, body []byte) error) error {
	read := func(query string, args ...any) error {
		st, err := s.db.reader(ctx, query)
		if err != nil {
			return classified(err)
		}
		rows, err := st.QueryContext(ctx, args...)
		if err != nil {
			return classified(err)
		}
		for rows.Next() {
			var chunk int64
			var body sql.RawBytes
			if err = rows.Scan(&chunk, &body); err == nil {
				err = yield(-1-chunk, body)
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		return errors.Join(classified(rows.Err()), rows.Close())
	}
	if n := len(pages); n > 0 && pages[n-1]-pages[0] == int64(n-1) {
		return read(pagesBetween, part, run, -1-pages[n-1], -1-pages[0])
	}
	for some := range slices.Chunk(pages, pagesAtOnce) {
		args := []any{part, run}
		for _, n := range some {
			args = append(args, -1-n)
		}
		for range pagesAtOnce - len(some) {
			args = append(args, int64(math.MinInt64)) // no page's
		}
		if err := read(somePages, args...); err != nil {
			return err
		}
	}
	return nil
}

// IDs implements [usage.Store].
func (s Usage) IDs(ctx context.Context, part int, run, chunk int64) (body []byte, err error) {
	st, err := s.db.reader(ctx, `select body from usage_ids where part = $1 and run = $2 and chunk = $3`)
	if err != nil {
		return nil, err
	}
	err = st.QueryRowContext(ctx, part, run, chunk).Scan(&body)
	return body, err
}

// DropRuns implements [usage.Store].
func (s Usage) DropRuns(ctx context.Context, part int, runs []int64) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return dropRuns(ctx, tx, part, runs) })
}

func dropRuns(ctx context.Context, tx *sql.Tx, part int, runs []int64) error {
	for _, no := range runs {
		if _, err := tx.ExecContext(ctx, `delete from usage_run where part = $1 and run = $2`, part, no); err != nil {
			return err
		}
	}
	return nil
}

// sweepAtOnce is how many chunks are deleted in one transaction.
const sweepAtOnce = 64

// SweepIDs implements [usage.Store]. A run that is being made has a greater number than all that exist.
func (s Usage) SweepIDs(ctx context.Context, part int) (more bool, err error) {
	var run, chunk int64
	err = s.db.Read().QueryRowContext(ctx, `select run, chunk from usage_ids where part = $1
		and run < (select max(run) from usage_run where part = $1) and run not in (select run from usage_run where part = $1)
		order by run, chunk limit 1`, part).Scan(&run, &chunk)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.exec(ctx, `delete from usage_ids where part = $1 and run = $2 and chunk < $3`, part, run, chunk+sweepAtOnce)
}
