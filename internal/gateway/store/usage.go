package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// Usage keeps the log of usage events.
type Usage struct{ db *DB }

// NewUsage is the log in db.
func NewUsage(db *DB) Usage { return Usage{db} }

var _ usage.Store = Usage{}

const appendSegment = `insert into usage_segment (part, seq, first_hour, last_hour, events, at_us, licenses, body, first_seq)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (part, seq) do nothing`

// appendOwnSegment inserts only under the epoch $10, and keeps the books from changing hands meanwhile, as holdLease does.
const appendOwnSegment = `insert into usage_segment (part, seq, first_hour, last_hour, events, at_us, licenses, body, first_seq)
	select $1, $2, $3, $4, $5, $6, $7, $8, $9 from lease where name = 'books' and epoch = $10 for share on conflict (part, seq) do nothing`

// Append implements [usage.Store]. The one statement is a transaction of its own.
func (s Usage) Append(ctx context.Context, g usage.Segment) error {
	query, args := appendSegment, []any{g.Part, g.Seq, g.FirstHour, g.LastHour, g.Events, g.At, noneIsEmpty(g.Licenses), g.Body, g.First}
	epoch := s.db.epoch()
	if epoch != 0 {
		query, args = appendOwnSegment, append(args, epoch)
	}
	st, err := s.db.writer(ctx, query)
	if err != nil {
		return classified(err)
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return classified(err)
	}
	s.db.checkpoints.committed()
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	if epoch != 0 {
		s.db.node.stir() // it may be that another node has taken the books over
	}
	return fail.New(fail.Conflict, "segment_taken", "Another process has written segment %d of partition %d; only one may own a partition.", g.Seq, g.Part)
}

// noneIsEmpty is b, which must not be null in the database.
func noneIsEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

const segmentColumns = `select part, seq, first_hour, last_hour, events, at_us, licenses, body, first_seq from usage_segment `

func scanSegment(row interface{ Scan(...any) error }) (g usage.Segment, err error) {
	err = row.Scan(&g.Part, &g.Seq, &g.FirstHour, &g.LastHour, &g.Events, &g.At, &g.Licenses, &g.Body, &g.First)
	if g.First == 0 { // it was written before segments were packed
		g.First = g.Seq
	}
	return g, err
}

// The queries that find segments look at no others, however long the log is: each asks for what one index has in order.
const (
	segmentsSince   = `select seq from usage_segment where part = $1 and last_hour > $2`
	segmentsBetween = segmentColumns + `where part = $1 and seq between $2 and $3 order by seq`
	segmentFilters  = `select seq, licenses from usage_segment where part = $1 and last_hour between $2 and $2 + 2 and first_hour <= $2
		union all
		select seq, licenses from usage_segment where part = $1 and last_hour > first_hour + 2 and last_hour > $2 + 2 and first_hour <= $2`
)

// Segments implements [usage.Store].
func (s Usage) Segments(ctx context.Context, part int, after int64, hour core.Hour, yield func(usage.Segment) error) error {
	r, release, err := s.db.oneState(ctx) // segments are put together
	if err != nil {
		return err
	}
	defer release()
	var seqs []int64
	err = scan(ctx, r, func(rows *sql.Rows) error {
		var seq int64
		err := rows.Scan(&seq)
		if seq <= after {
			seqs = append(seqs, seq)
		}
		return err
	}, segmentsSince, part, int64(hour))
	if err != nil {
		return err
	}
	if err := segments(ctx, r, part, seqs, yield); err != nil {
		return err
	}
	if after == math.MaxInt64 {
		return nil
	}
	return between(ctx, r, part, after+1, math.MaxInt64, yield)
}

// Between implements [usage.Store].
func (s Usage) Between(ctx context.Context, part int, first, last int64, yield func(usage.Segment) error) error {
	return between(ctx, s.db.Read(), part, first, last, yield)
}

func between(ctx context.Context, q queryer, part int, first, last int64, yield func(usage.Segment) error) error {
	return scan(ctx, q, func(rows *sql.Rows) error {
		g, err := scanSegment(rows)
		if err != nil {
			return err
		}
		return yield(g)
	}, segmentsBetween, part, first, last)
}

// segments reads the segments with the numbers seqs, in order: neighbours, as they nearly always are, with one query.
func segments(ctx context.Context, q queryer, part int, seqs []int64, yield func(usage.Segment) error) error {
	slices.Sort(seqs)
	for len(seqs) > 0 {
		n := 1
		for n < len(seqs) && seqs[n] == seqs[n-1]+1 {
			n++
		}
		if err := between(ctx, q, part, seqs[0], seqs[n-1], yield); err != nil {
			return err
		}
		seqs = seqs[n:]
	}
	return nil
}

// SegmentsOf implements [usage.Store]. It looks at the hour's filters first, which lie before the bodies.
func (s Usage) SegmentsOf(ctx context.Context, part int, l core.LicenseID, hour core.Hour, yield func(usage.Segment) error) error {
	r, release, err := s.db.oneState(ctx)
	if err != nil {
		return err
	}
	defer release()
	var seqs []int64
	err = scan(ctx, r, func(rows *sql.Rows) error {
		var g usage.Segment
		var filter sql.RawBytes
		if err := rows.Scan(&g.Seq, &filter); err != nil {
			return err
		}
		if g.Licenses = filter; g.MayHave(l) {
			seqs = append(seqs, g.Seq)
		}
		return nil
	}, segmentFilters, part, int64(hour))
	if err != nil {
		return err
	}
	return segments(ctx, r, part, seqs, yield)
}

// Cut implements [usage.Store].
func (s Usage) Cut(ctx context.Context, c usage.Cut) error {
	var done int64
	if c.Done {
		done = c.At
	}
	return s.exec(ctx, `insert into usage_cut (part, scope, hour, seq, at_us, done_us) values ($1, $2, $3, $4, $5, $6)
		on conflict (part, scope, hour) do nothing`, c.Part, c.Scope, c.Hour, c.Seq, c.At, done)
}

// Done implements [usage.Store].
func (s Usage) Done(ctx context.Context, part int, scope core.LicenseID, hour core.Hour, at int64) error {
	return s.exec(ctx, `update usage_cut set done_us = $1 where part = $2 and scope = $3 and hour = $4 and done_us = 0`, at, part, scope, hour)
}

// Cuts implements [usage.Store].
func (s Usage) Cuts(ctx context.Context, part int) (cuts []usage.Cut, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var c usage.Cut
		var done int64
		if err := rows.Scan(&c.Part, &c.Scope, &c.Hour, &c.Seq, &c.At, &done); err != nil {
			return err
		}
		c.Done = done != 0
		cuts = append(cuts, c)
		return nil
	}, `select c.part, c.scope, c.hour, c.seq, c.at_us, c.done_us from usage_cut c
		join (select scope, max(hour) as hour from usage_cut where part = $1 group by scope) m on m.scope = c.scope and m.hour = c.hour
		where c.part = $1
		union
		select part, scope, hour, seq, at_us, done_us from usage_cut where part = $1 and done_us = 0
		order by 3, 2`, part)
	return cuts, err
}

// Sealed implements [usage.Store].
func (s Usage) Sealed(ctx context.Context, part int, hour core.Hour, yield func(usage.Key, core.Hour) error) error {
	return scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var k usage.Key
		var h core.Hour
		if err := rows.Scan(&k.License, &k.Dimension, &k.Reason, &h); err != nil {
			return err
		}
		return yield(k, h)
	}, `select license, dimension, reason, hour from metering_total where part = $1 and hour > $2`, part, int64(hour))
}

// exec runs one statement in a transaction of its own.
func (s Usage) exec(ctx context.Context, query string, args ...any) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// scan calls row for each row of a query.
func scan(ctx context.Context, q queryer, row func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return classified(fmt.Errorf("query: %w", err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return classified(rows.Err())
}
