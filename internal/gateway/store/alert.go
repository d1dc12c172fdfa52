package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
)

// Alerts keeps what the seller's people should look at. It fulfils alert.Store.
type Alerts struct{ db *DB }

// Alerts is that part of the database.
func (db *DB) Alerts() Alerts { return Alerts{db} }

var _ alert.Store = Alerts{}

const alertColumns = `id, kind, cause, license_id, product, about, say, times, state, since_us, found_us, told_us, told, is_open, telling, due_us`

func scanAlert(scan func(...any) error) (a alert.Alert, err error) {
	err = scan(&a.ID, &a.Kind, &a.Cause, &a.License, &a.Product, &a.About, &a.Say, &a.Times, &a.State, instant{&a.Since}, instant{&a.At}, instant{&a.ToldAt},
		&a.Told, &a.Open, &a.Telling, instant{&a.DueAt})
	return a, err
}

// raise writes down, in the transaction of what they tell, what the seller's people should look at.
func raise(ctx context.Context, tx *sql.Tx, found ...alert.Finding) error {
	for _, f := range alert.Gather(found) {
		f.Say, f.Cause, f.About = text(f.Say), text(f.Cause), text(f.About)
		kept, err := scanAlert(tx.QueryRowContext(ctx, `select `+alertColumns+` from alert where id = $1`, f.Names()).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return classified(fmt.Errorf("find alert: %w", err))
		}
		a, tell := kept.Found(f)
		if err := exec(ctx, tx, "raise alert", `insert into alert (`+alertColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
			on conflict (id) do update set license_id = excluded.license_id, product = excluded.product, about = excluded.about, say = excluded.say, times = excluded.times,
				state = excluded.state, since_us = excluded.since_us, found_us = excluded.found_us, told_us = excluded.told_us, told = excluded.told,
				is_open = excluded.is_open, telling = excluded.telling, due_us = excluded.due_us`,
			a.ID, a.Kind, a.Cause, a.License, a.Product, a.About, a.Say, a.Times, a.State, us(a.Since), us(a.At), us(a.ToldAt), a.Told, a.Open, a.Telling, us(a.DueAt)); err != nil {
			return err
		}
		if err := putEvents(ctx, tx, tell...); err != nil {
			return err
		}
	}
	return nil
}

// LookedAt implements [alert.Store].
func (s Alerts) LookedAt(ctx context.Context, a alert.Alert, stands bool, now time.Time) error {
	next, tell := a.Looked(stands, now)
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update alert set state = $2, since_us = $3, told_us = $4, told = $5, is_open = $6, telling = $7, due_us = $8
			where id = $1 and state = $9 and times = $10 and telling = $11`,
			a.ID, next.State, us(next.Since), us(next.ToldAt), next.Told, next.Open, next.Telling, us(next.DueAt), a.State, a.Times, a.Telling)
		if err != nil {
			return fmt.Errorf("look at alert: %w", err)
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// NextAlert implements [alert.Store].
func (s Alerts) NextAlert(ctx context.Context) (time.Time, bool, error) {
	var at sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `select min(due_us) from alert where due_us <> 0`).Scan(&at)
	return fromUS(at.Int64), at.Valid, err
}

// DueAlerts implements [alert.Store].
func (s Alerts) DueAlerts(ctx context.Context, now time.Time, limit int) ([]alert.Alert, error) {
	return s.list(ctx, `where due_us <> 0 and due_us <= $1 order by due_us, id limit $2`, us(now), limit)
}

// Alert implements [alert.Store].
func (s Alerts) Alert(ctx context.Context, id alert.ID) (alert.Alert, error) {
	all, err := s.list(ctx, `where id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fail.New(fail.NotFound, "no_such_alert", "There is no alert %.80q.", id)
	}
	if err != nil {
		return alert.Alert{}, err
	}
	return all[0], nil
}

// Alerts implements [alert.Store].
func (s Alerts) Alerts(ctx context.Context, q alert.Query) ([]alert.Alert, error) {
	return s.list(ctx, `where ($1 = '' or state = $1) and ((found_us, id) < ($2, $3) or $2 = 0) order by found_us desc, id desc limit $4`, q.State, us(q.After.At), q.After.ID, q.Limit)
}

func (s Alerts) list(ctx context.Context, rest string, args ...any) (all []alert.Alert, err error) {
	err = each(ctx, s.db.Read(), `select `+alertColumns+` from alert `+rest, func(scan func(...any) error) error {
		a, err := scanAlert(scan)
		all = append(all, a)
		return err
	}, args...)
	return all, err
}
