package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
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

// PutBudget implements [threshold.Store].
func (s Thresholds) PutBudget(ctx context.Context, b threshold.CustomerBudget) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "put budget", `insert into customer_budget (license_id, dimension, most, currency, set_by, at_us) values ($1, $2, $3, $4, $5, $6)
			on conflict (license_id, dimension) do update set most = excluded.most, currency = excluded.currency, set_by = excluded.set_by, at_us = excluded.at_us`,
			b.License, b.Dimension, b.Most.String(), b.Currency, b.By, us(b.At))
	})
}

// DropBudget implements [threshold.Store].
func (s Thresholds) DropBudget(ctx context.Context, id core.LicenseID, d core.Dimension) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "drop budget", `delete from customer_budget where license_id = $1 and dimension = $2`, id, d)
	})
}

// Budgets implements [threshold.Store].
func (s Thresholds) Budgets(ctx context.Context, id core.LicenseID) (list []threshold.CustomerBudget, err error) {
	err = each(ctx, s.db.Read(), `select license_id, dimension, most, currency, set_by, at_us from customer_budget where license_id = $1 or $1 = '' order by license_id, dimension`,
		func(scan func(...any) error) error {
			var b threshold.CustomerBudget
			err := scan(&b.License, &b.Dimension, amount{&b.Most}, &b.Currency, &b.By, instant{&b.At})
			list = append(list, b)
			return err
		}, id)
	if err != nil {
		return nil, fmt.Errorf("list budgets: %w", err)
	}
	return list, nil
}
