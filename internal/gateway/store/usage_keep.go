package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/usage"
)

const spansAfter = `select seq, first_hour, last_hour, events, at_us, length(body) from usage_segment where part = $1 and seq > $2 order by seq limit $3`

// Spans implements [usage.Store]. The length of a body is known without reading it.
func (s Usage) Spans(ctx context.Context, part int, after int64, limit int) (spans []usage.Span, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var p usage.Span
		err := rows.Scan(&p.Seq, &p.FirstHour, &p.LastHour, &p.Events, &p.At, &p.Bytes)
		spans = append(spans, p)
		return err
	}, spansAfter, part, after, limit)
	return spans, err
}

// Packed implements [usage.Store].
func (s Usage) Packed(ctx context.Context, part int) (seq int64, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select coalesce(max(packed_seq), 0) from usage_log where part = $1`, part).Scan(&seq)
	return seq, err
}

// Pack implements [usage.Store].
func (s Usage) Pack(ctx context.Context, g usage.Segment) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var events int
		var newest int64
		err := tx.QueryRowContext(ctx, `select coalesce(sum(events), 0), coalesce(max(seq), 0) from usage_segment where part = $1 and seq between $2 and $3`,
			g.Part, g.First, g.Seq).Scan(&events, &newest)
		if err != nil {
			return err
		}
		if events != g.Events || newest != g.Seq {
			return fail.New(fail.Conflict, "segments_changed", "The segments %d to %d of partition %d are not those that were read; only one process may own a partition.", g.First, g.Seq, g.Part)
		}
		if err := exec(ctx, tx, "delete segments", `delete from usage_segment where part = $1 and seq between $2 and $3`, g.Part, g.First, g.Seq); err != nil {
			return err
		}
		if err := exec(ctx, tx, "insert the packed segment", appendSegment, g.Part, g.Seq, g.FirstHour, g.LastHour, g.Events, g.At, noneIsEmpty(g.Licenses), g.Body, g.First); err != nil {
			return err
		}
		return exec(ctx, tx, "book what is packed", `insert into usage_log (part, packed_seq, dropped_seq, dropped_hour, dropped_events, dropped_bytes, dropped_us, drop_us)
			values ($1, $2, 0, 0, 0, 0, 0, 0) on conflict (part) do update set packed_seq = excluded.packed_seq`, g.Part, g.Seq)
	})
}

// The file shrinks when more than an eighth of it, and 16 MiB, is not used; less is soon used again. A step moves half
// a megabyte.
const (
	slackPages  = 4096
	slackPart   = 8
	shrinkPages = 128
)

// Shrink implements [usage.Store]. A database that was made before souk asked for this keeps its size: what is free in it is
// used again. So it is on PostgreSQL, whose autovacuum sees to it.
func (s Usage) Shrink(ctx context.Context) (more bool, err error) {
	if !s.db.engine.shrinks {
		return false, nil
	}
	var free, pages int64
	for pragma, n := range map[string]*int64{"freelist_count": &free, "page_count": &pages} {
		if err := s.db.Read().QueryRowContext(ctx, "pragma "+pragma).Scan(n); err != nil {
			return false, fmt.Errorf("read %s: %w", pragma, err)
		}
	}
	var mode int
	if err := s.db.Read().QueryRowContext(ctx, "pragma auto_vacuum").Scan(&mode); err != nil {
		return false, fmt.Errorf("read auto_vacuum: %w", err)
	}
	const incremental = 2
	if mode != incremental || free <= max(slackPages, pages/slackPart) {
		return false, nil
	}
	return true, s.exec(ctx, fmt.Sprintf("pragma incremental_vacuum(%d)", shrinkPages))
}

// Drop implements [usage.Store]. What goes into the books is what the very same transaction deletes.
func (s Usage) Drop(ctx context.Context, part int, seq, at int64) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		d, err := dropped(ctx, tx, part)
		if err != nil {
			return err
		}
		var rows, events, bytes int64
		var hour core.Hour
		var newest int64
		err = tx.QueryRowContext(ctx, `select count(*), coalesce(sum(events), 0), coalesce(sum(length(body)), 0), coalesce(max(last_hour), 0), coalesce(max(at_us), 0)
			from usage_segment where part = $1 and seq <= $2`, part, seq).Scan(&rows, &events, &bytes, &hour, &newest)
		if err != nil || rows == 0 {
			return err
		}
		if err := exec(ctx, tx, "delete segments", `delete from usage_segment where part = $1 and seq <= $2`, part, seq); err != nil {
			return err
		}
		return exec(ctx, tx, "book what is dropped", `insert into usage_log (part, packed_seq, dropped_seq, dropped_hour, dropped_events, dropped_bytes, dropped_us, drop_us)
			values ($1, 0, $2, $3, $4, $5, $6, $7) on conflict (part) do update set dropped_seq = excluded.dropped_seq, dropped_hour = excluded.dropped_hour,
				dropped_events = excluded.dropped_events, dropped_bytes = excluded.dropped_bytes, dropped_us = excluded.dropped_us, drop_us = excluded.drop_us`,
			part, max(seq, d.Seq), max(hour, d.Hour), d.Events+events, d.Bytes+bytes, max(newest, d.Newest), at)
	})
}

// Dropped implements [usage.Store].
func (s Usage) Dropped(ctx context.Context, part int) (usage.Dropped, error) {
	return dropped(ctx, s.db.Read(), part)
}

func dropped(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, part int) (d usage.Dropped, err error) {
	err = q.QueryRowContext(ctx, `select dropped_seq, dropped_hour, dropped_events, dropped_bytes, dropped_us, drop_us from usage_log where part = $1`, part).
		Scan(&d.Seq, &d.Hour, &d.Events, &d.Bytes, &d.Newest, &d.At)
	if errors.Is(err, sql.ErrNoRows) {
		return usage.Dropped{}, nil
	}
	return d, err
}

// Unsettled implements [usage.Store].
func (s Usage) Unsettled(ctx context.Context) (core.Hour, bool, error) {
	var record, month sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `select
		(select min(hour) from (select hour from metering_record where state in ('waiting', 'parked')
			union all select hour from metering_record where state = 'sending') r),
		(select min(month_us) from correction where month_us <> 0 and state not in ($1, $2, $3))`,
		correction.Completed, correction.Failed, correction.Rejected).Scan(&record, &month)
	if err != nil {
		return 0, false, fmt.Errorf("find what is not settled: %w", err)
	}
	hour, ok := core.Hour(record.Int64), record.Valid
	if month.Valid {
		if first := core.HourOf(fromUS(month.Int64)); !ok || first < hour {
			hour, ok = first, true
		}
	}
	return hour, ok, nil
}
