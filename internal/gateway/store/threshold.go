package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/threshold"
)

// Thresholds keeps which thresholds of usage were told. It fulfils threshold.Store.
type Thresholds struct{ db *DB }

// Thresholds is that part of the database.
func (db *DB) Thresholds() Thresholds { return Thresholds{db} }

var _ threshold.Store = Thresholds{}

// ReachThreshold implements [threshold.Store].
func (s Thresholds) ReachThreshold(ctx context.Context, l threshold.Limit, percent int, at time.Time, tell outbox.Event) (told bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `insert into usage_threshold (license_id, dimension, kind, period, most, percent, at_us) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (license_id, dimension, kind, period, most) do update set percent = excluded.percent, at_us = excluded.at_us where usage_threshold.percent < excluded.percent`,
			l.License, l.Dimension, l.Of, l.Period, l.Most.String(), percent, us(at))
		if err != nil {
			return fmt.Errorf("put threshold: %w", err)
		}
		n, err := res.RowsAffected()
		if told = n > 0; err != nil || !told {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
	return told, err
}
