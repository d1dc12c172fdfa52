package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/outbox"
)

// Outbox keeps what is to be told. It fulfils outbox.Store.
type Outbox struct{ db *DB }

// Outbox is that part of the database.
func (db *DB) Outbox() Outbox { return Outbox{db} }

var _ outbox.Store = Outbox{}

// putEvents writes down, in the transaction of their fact, what is to be told. An event that is known stays as it is.
func putEvents(ctx context.Context, tx *sql.Tx, events ...outbox.Event) error {
	for _, e := range events {
		if err := exec(ctx, tx, "put event", `insert into outbox_event (id, kind, at_us, license_id, account_id, data, spread_us)
			values ($1, $2, $3, $4, $5, $6, 0) on conflict do nothing`, e.ID, e.Kind, us(e.At), e.License, e.Account, string(e.Data)); err != nil {
			return err
		}
	}
	return nil
}

const eventColumns = `e.id, e.kind, e.at_us, e.license_id, e.account_id, e.data`

func eventInto(e *outbox.Event) []any {
	return []any{&e.ID, &e.Kind, instant{&e.At}, &e.License, &e.Account, (*[]byte)(&e.Data)}
}

const deliveryColumns = `d.id, d.event_id, d.channel, d.target, d.form, d.lane, d.state, d.why, d.created_us, d.since_us, d.due_us, d.tries, e.kind, d.license_id`

// ofDelivery joins a delivery d with its event e, which is on the same shard.
const ofDelivery = `e.license_id = d.license_id and e.id = d.event_id`

func deliveryInto(d *outbox.Delivery) []any {
	return []any{&d.ID, &d.Event, &d.Channel, &d.To, &d.Form, &d.Lane, &d.State, &d.Why, instant{&d.CreatedAt}, instant{&d.Since}, instant{&d.DueAt}, &d.Tries, &d.Kind, &d.License}
}

// Unspread implements [outbox.Store].
func (s Outbox) Unspread(ctx context.Context, limit int) (list []outbox.Event, err error) {
	err = each(ctx, s.db.read, `select `+eventColumns+` from outbox_event e where e.spread_us = 0 order by e.at_us, e.id limit $1`, func(scan func(...any) error) error {
		var e outbox.Event
		err := scan(eventInto(&e)...)
		list = append(list, e)
		return err
	}, limit)
	return list, err
}

// Spread implements [outbox.Store].
func (s Outbox) Spread(ctx context.Context, e outbox.Event, deliveries []outbox.Delivery, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := putEvents(ctx, tx, e); err != nil {
			return err
		}
		for _, d := range deliveries {
			if err := exec(ctx, tx, "put delivery", `insert into delivery (id, license_id, event_id, channel, target, form, lane, state, why, created_us, since_us, due_us, tries, lease)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '') on conflict do nothing`,
				d.ID, e.License, e.ID, d.Channel, d.To, d.Form, d.Lane, d.State, d.Why, us(d.CreatedAt), us(d.Since), us(d.DueAt), d.Tries); err != nil {
				return err
			}
		}
		return exec(ctx, tx, "mark event", `update outbox_event set spread_us = $1 where license_id = $2 and id = $3`, us(now), e.License, e.ID)
	})
}

// lanes goes from lane to lane in the index, whatever the number of deliveries in each.
const lanes = `with recursive l(lane) as (
		select min(lane) from delivery where channel = $1 and due_us <> 0
		union all select (select min(lane) from delivery where channel = $1 and due_us <> 0 and lane > l.lane) from l where l.lane is not null)
	select l.lane, (select min(due_us) from delivery d where d.channel = $1 and d.lane = l.lane and d.due_us <> 0) as due
	from l where l.lane is not null order by due, l.lane`

// Lanes implements [outbox.Store].
func (s Outbox) Lanes(ctx context.Context, channel string) (list []outbox.Lane, err error) {
	err = each(ctx, s.db.read, lanes, func(scan func(...any) error) error {
		var l outbox.Lane
		err := scan(&l.Name, instant{&l.Due})
		list = append(list, l)
		return err
	}, channel)
	return list, err
}

// Lease implements [outbox.Store].
func (s Outbox) Lease(ctx context.Context, channel, lane, lease string, now, until time.Time, limit int) (list []outbox.Leased, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		list = nil
		var due []outbox.Leased
		err := each(ctx, tx, `select `+deliveryColumns+`, `+eventColumns+` from delivery d join outbox_event e on `+ofDelivery+`
			where d.channel = $1 and d.lane = $2 and d.due_us <> 0 and d.due_us <= $3 order by d.due_us, d.id limit $4`, func(scan func(...any) error) error {
			var l outbox.Leased
			err := scan(append(deliveryInto(&l.Delivery), eventInto(&l.Event)...)...)
			due = append(due, l)
			return err
		}, channel, lane, us(now), limit)
		if err != nil {
			return err
		}
		for _, l := range due {
			// Another process may have taken it since it was read.
			res, err := tx.ExecContext(ctx, `update delivery set lease = $1, due_us = $2 where license_id = $3 and id = $4 and due_us = $5`,
				lease, us(until), l.Delivery.License, l.Delivery.ID, us(l.Delivery.DueAt))
			if err != nil {
				return fmt.Errorf("lease: %w", err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 1 {
				list = append(list, l)
			}
		}
		return nil
	})
	return list, err
}

// Settle implements [outbox.Store].
func (s Outbox) Settle(ctx context.Context, d outbox.Delivery, lease string, a outbox.Attempt) (settled bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update delivery set state = $1, why = $2, since_us = $3, due_us = $4, tries = $5, lease = '' where license_id = $6 and id = $7 and lease = $8`,
			d.State, d.Why, us(d.Since), us(d.DueAt), d.Tries, d.License, d.ID, lease)
		if err != nil {
			return fmt.Errorf("settle: %w", err)
		}
		n, err := res.RowsAffected()
		if settled = n == 1; err != nil || !settled {
			return err
		}
		if err := exec(ctx, tx, "add attempt", `insert into delivery_attempt (license_id, delivery_id, number, at_us, took_us, status, say)
			values ($1, $2, (select count(*) + 1 from delivery_attempt where license_id = $1 and delivery_id = $2), $3, $4, $5, $6)`, d.License, d.ID, us(a.At), a.Took.Microseconds(), a.Status, a.Say); err != nil {
			return err
		}
		if d.State == outbox.Dead {
			return raise(ctx, tx, alert.GivenUp(d))
		}
		return nil
	})
	return settled, err
}

// Delivery implements [outbox.Store].
func (s Outbox) Delivery(ctx context.Context, id outbox.DeliveryID) (d outbox.Delivery, err error) {
	err = s.db.read.QueryRowContext(ctx, `select `+deliveryColumns+` from delivery d join outbox_event e on `+ofDelivery+` where d.id = $1`, id).Scan(deliveryInto(&d)...)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fail.New(fail.NotFound, "no_such_delivery", "There is no delivery %.80q, or it is so old that it was forgotten.", id)
	}
	return d, err
}

// choose is the condition that q makes, with its parameters.
func choose(q outbox.Query) (where string, args []any) {
	var all []string
	and := func(condition string, arg any) {
		args = append(args, arg)
		all = append(all, fmt.Sprintf(condition, len(args)))
	}
	for _, c := range []struct{ condition, value string }{
		{"d.id = $%d", string(q.ID)}, {"d.channel = $%d", q.Channel}, {"d.target = $%d", q.Target}, {"d.event_id = $%d", string(q.Event)},
		{"d.license_id = $%d", string(q.License)},
	} {
		if c.value != "" {
			and(c.condition, c.value)
		}
	}
	if len(q.States) > 0 {
		var marks []string
		for _, s := range q.States {
			args = append(args, s)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		all = append(all, "d.state in ("+strings.Join(marks, ", ")+")")
	}
	if !q.From.IsZero() {
		and("d.created_us >= $%d", us(q.From))
	}
	if !q.To.IsZero() {
		and("d.created_us < $%d", us(q.To))
	}
	if q.After.ID != "" {
		args = append(args, us(q.After.At), q.After.ID)
		all = append(all, fmt.Sprintf("(d.created_us, d.id) < ($%d, $%d)", len(args)-1, len(args)))
	}
	if len(all) == 0 {
		return "", nil
	}
	return " where " + strings.Join(all, " and "), args
}

// Deliveries implements [outbox.Store].
func (s Outbox) Deliveries(ctx context.Context, q outbox.Query) (list []outbox.Delivery, err error) {
	where, args := choose(q)
	query := fmt.Sprintf(`select %s from delivery d join outbox_event e on %s%s order by d.created_us desc, d.id desc limit $%d`, deliveryColumns, ofDelivery, where, len(args)+1)
	err = each(ctx, s.db.read, query, func(scan func(...any) error) error {
		var d outbox.Delivery
		err := scan(deliveryInto(&d)...)
		list = append(list, d)
		return err
	}, append(args, q.Limit)...)
	return list, err
}

// Attempts implements [outbox.Store].
func (s Outbox) Attempts(ctx context.Context, id outbox.DeliveryID) (list []outbox.Attempt, err error) {
	err = each(ctx, s.db.read, `select at_us, took_us, status, say from delivery_attempt where delivery_id = $1 order by number`, func(scan func(...any) error) error {
		var a outbox.Attempt
		var took int64
		err := scan(instant{&a.At}, &took, &a.Status, &a.Say)
		a.Took = time.Duration(took) * time.Microsecond
		list = append(list, a)
		return err
	}, id)
	return list, err
}

// Event implements [outbox.Store].
func (s Outbox) Event(ctx context.Context, id outbox.EventID) (e outbox.Event, err error) {
	err = s.db.read.QueryRowContext(ctx, `select `+eventColumns+` from outbox_event e where e.id = $1`, id).Scan(eventInto(&e)...)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fail.New(fail.NotFound, "no_such_event", "There is no event %.80q, or it is so old that it was forgotten.", id)
	}
	return e, err
}

// Resend implements [outbox.Store]. One that is leased is given up: whoever carries it cannot settle it any more.
func (s Outbox) Resend(ctx context.Context, q outbox.Query, why string, now time.Time) (n int, err error) {
	q.After = outbox.Cursor{}
	where, args := choose(q)
	k := len(args)
	args = append(args, outbox.Pending, why, us(now))
	query := fmt.Sprintf(`update delivery set state = $%d, why = $%d, since_us = $%d, due_us = $%d, tries = 0, lease = '' where id in (select d.id from delivery d%s)`,
		k+1, k+2, k+3, k+3, where)
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("resend: %w", err)
		}
		changed, err := res.RowsAffected()
		n = int(changed)
		return err
	})
	return n, err
}

// OldestEvent implements [outbox.Store].
func (s Outbox) OldestEvent(ctx context.Context) (time.Time, bool, error) {
	var at sql.NullInt64
	err := s.db.read.QueryRowContext(ctx, `select min(at_us) from outbox_event`).Scan(&at)
	return fromUS(at.Int64), at.Valid, err
}

// ForgetEvents implements [outbox.Store].
func (s Outbox) ForgetEvents(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from outbox_event where id in (select id from outbox_event where at_us < $1 order by at_us, id limit $2)`, us(before), limit)
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		gone, err := res.RowsAffected()
		n = int(gone)
		return err
	})
	return n, err
}
