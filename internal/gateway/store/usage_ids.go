package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"souk.dev/souk/internal/gateway/usage"
)

const putIDs = `insert into usage_ids (part, run, chunk, body) values ($1, $2, $3, $4)
	on conflict (part, run, chunk) do update set body = excluded.body`

// PutIDs implements [usage.Store].
func (s Usage) PutIDs(ctx context.Context, part int, run int64, first int, bodies [][]byte) error {
	return s.db.repeated(ctx, func(p *prepared) error {
		for i, body := range bodies {
			if _, err := p.exec(putIDs, part, run, first+i, body); err != nil {
				return err
			}
		}
		return nil
	})
}

// A run's filter is written in pieces, before the run exists: one row would be too large for one transaction that
// events do not notice.
const (
	filterPiece  = 64 << 10 // bytes
	piecesAtOnce = 2
)

// PutRun implements [usage.Store].
func (s Usage) PutRun(ctx context.Context, r usage.Run, instead []int64) error {
	n := 0
	for pieces := range slices.Chunk(slices.Collect(slices.Chunk(r.Filter, filterPiece)), piecesAtOnce) {
		err := s.db.repeated(ctx, func(p *prepared) error {
			for i, piece := range pieces {
				if _, err := p.exec(putIDs, r.Part, r.No, -1-n-i, piece); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("filter: %w", err)
		}
		n += len(pieces)
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		// Pieces of a longer filter that a crash left under this number would be read with it.
		if _, err := tx.ExecContext(ctx, `delete from usage_ids where part = $1 and run = $2 and chunk < $3`, r.Part, r.No, -n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `insert into usage_run (part, run, last_seq, first_us, last_us, ids, filter, first_keys, places)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, r.Part, r.No, r.LastSeq, r.FirstAt, r.LastAt, r.IDs, []byte{}, r.FirstKeys, r.Places)
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
		if err := rows.Scan(&r.Part, &r.No, &r.LastSeq, &r.FirstAt, &r.LastAt, &r.IDs, &r.Filter, &r.FirstKeys, &r.Places); err != nil {
			return err
		}
		runs = append(runs, r)
		return nil
	}, `select part, run, last_seq, first_us, last_us, ids, filter, first_keys, places from usage_run where part = $1 order by last_seq`, part)
	for i := range runs {
		if err == nil && len(runs[i].Filter) == 0 {
			runs[i].Filter, err = s.filter(ctx, part, runs[i].No)
		}
	}
	return runs, err
}

func (s Usage) filter(ctx context.Context, part int, run int64) ([]byte, error) {
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

// IDs implements [usage.Store].
func (s Usage) IDs(ctx context.Context, part int, run int64, chunk int) (body []byte, err error) {
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
