package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/metering"
)

// DropAttempts implements [metering.Store]. What goes into the books is what the very same transaction deletes.
func (s Metering) DropAttempts(ctx context.Context, before string, limit int, at time.Time) (n int64, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var newest string
		err := tx.QueryRowContext(ctx, `select count(*), coalesce(max(id), '') from (select id from metering_attempt where part = $1 and id < $2 order by id limit $3) as oldest`,
			s.part, before, limit).Scan(&n, &newest)
		if err != nil || n == 0 {
			return err
		}
		if err := exec(ctx, tx, "delete requests", `delete from metering_attempt where part = $1 and id <= $2`, s.part, newest); err != nil {
			return err
		}
		return exec(ctx, tx, "book what is dropped", `insert into metering_log (part, dropped_id, dropped_count, drop_us) values ($1, $2, $3, $4)
			on conflict (part) do update set dropped_id = case when excluded.dropped_id > metering_log.dropped_id then excluded.dropped_id else metering_log.dropped_id end,
				dropped_count = metering_log.dropped_count + excluded.dropped_count, drop_us = excluded.drop_us`, s.part, newest, n, us(at))
	})
	return n, err
}

// DroppedAttempts implements [metering.Store].
func (s Metering) DroppedAttempts(ctx context.Context) (d metering.DroppedAttempts, err error) {
	var at int64
	err = s.db.Read().QueryRowContext(ctx, `select dropped_id, dropped_count, drop_us from metering_log where part = $1`, s.part).Scan(&d.Newest, &d.Count, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return metering.DroppedAttempts{}, nil
	}
	if err != nil {
		return d, fmt.Errorf("read what was dropped: %w", err)
	}
	d.At = fromUS(at)
	return d, nil
}
