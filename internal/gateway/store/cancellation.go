package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/outbox"
)

// Cancellations keeps the seller's cancellation requests. It fulfils cancellation.Store.
type Cancellations struct{ db *DB }

// Cancellations is the cancellation requests' part of the database.
func (db *DB) Cancellations() Cancellations { return Cancellations{db} }

var _ cancellation.Store = Cancellations{}

const cancellationColumns = `id, license_id, agreement_id, reason, description, asked_key, asked_person, created_us, decided_key, decided_person, decided_us, aws_id,
	respond_us, withdrawn_key, withdrawn_person, withdrawn_why, settled_us, state, why, since_us, due_us, tries, revision`

func scanCancellation(scan func(...any) error) (c cancellation.Cancellation, err error) {
	err = scan(&c.ID, &c.License, &c.Agreement, &c.Reason, &c.Description, &c.AskedBy.Key, &c.AskedBy.Person, instant{&c.CreatedAt}, &c.DecidedBy.Key, &c.DecidedBy.Person,
		instant{&c.DecidedAt}, &c.AWSID, instant{&c.RespondBy}, &c.WithdrawnBy.Key, &c.WithdrawnBy.Person, &c.WithdrawWhy, instant{&c.SettledAt}, &c.State, &c.Why,
		instant{&c.Since}, instant{&c.DueAt}, &c.Tries, &c.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		err = fail.New(fail.NotFound, "no_such_cancellation", "There is no such cancellation request.")
	}
	return c, err
}

// AddCancellation implements [cancellation.Store].
func (s Cancellations) AddCancellation(ctx context.Context, c cancellation.Cancellation, check func(others []cancellation.Cancellation) error, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var others []cancellation.Cancellation
		err := each(ctx, tx, `select `+cancellationColumns+` from cancellation where agreement_id = $1 order by created_us, id`, func(scan func(...any) error) error {
			o, err := scanCancellation(scan)
			others = append(others, o)
			return err
		}, c.Agreement)
		if err != nil {
			return fmt.Errorf("read the cancellation requests of agreement %s: %w", c.Agreement, err)
		}
		if err := check(others); err != nil {
			return err
		}
		if err := putEvents(ctx, tx, tell...); err != nil {
			return err
		}
		return exec(ctx, tx, "add cancellation request", `insert into cancellation (`+cancellationColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
			c.ID, c.License, c.Agreement, c.Reason, c.Description, c.AskedBy.Key, c.AskedBy.Person, us(c.CreatedAt), c.DecidedBy.Key, c.DecidedBy.Person, us(c.DecidedAt),
			c.AWSID, us(c.RespondBy), c.WithdrawnBy.Key, c.WithdrawnBy.Person, c.WithdrawWhy, us(c.SettledAt), c.State, c.Why, us(c.Since), us(c.DueAt), c.Tries, c.Revision)
	})
}

// ChangeCancellation implements [cancellation.Store].
func (s Cancellations) ChangeCancellation(ctx context.Context, c cancellation.Cancellation, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update cancellation set decided_key = $3, decided_person = $4, decided_us = $5, aws_id = $6, respond_us = $7, withdrawn_key = $8,
				withdrawn_person = $9, withdrawn_why = $10, settled_us = $11, state = $12, why = $13, since_us = $14, due_us = $15, tries = $16, revision = revision + 1
			where id = $1 and revision = $2`,
			c.ID, c.Revision, c.DecidedBy.Key, c.DecidedBy.Person, us(c.DecidedAt), c.AWSID, us(c.RespondBy), c.WithdrawnBy.Key, c.WithdrawnBy.Person, c.WithdrawWhy,
			us(c.SettledAt), c.State, c.Why, us(c.Since), us(c.DueAt), c.Tries)
		if err != nil {
			return fmt.Errorf("change cancellation request: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 1 {
			return putEvents(ctx, tx, tell...)
		}
		return fail.New(fail.Conflict, "changed_meanwhile", "The request %s was changed meanwhile; look at it again.", c.ID)
	})
}

// Cancellation implements [cancellation.Store].
func (s Cancellations) Cancellation(ctx context.Context, id cancellation.ID) (cancellation.Cancellation, error) {
	return scanCancellation(s.db.Read().QueryRowContext(ctx, `select `+cancellationColumns+` from cancellation where id = $1`, id).Scan)
}

// Cancellations implements [cancellation.Store].
func (s Cancellations) Cancellations(ctx context.Context, q cancellation.Query) (list []cancellation.Cancellation, err error) {
	err = each(ctx, s.db.Read(), `select `+cancellationColumns+` from cancellation
		where ($1 = '' or license_id = $1) and ($2 = '' or state = $2)
			and ($3 = '' or (created_us, id) > (select created_us, id from cancellation where id = $3))
		order by created_us, id limit $4`, func(scan func(...any) error) error {
		c, err := scanCancellation(scan)
		list = append(list, c)
		return err
	}, q.License, q.State, q.After, q.Limit)
	return list, err
}

// DueCancellation implements [cancellation.Store].
func (s Cancellations) DueCancellation(ctx context.Context) (cancellation.Cancellation, bool, error) {
	c, err := scanCancellation(s.db.Read().QueryRowContext(ctx, `select `+cancellationColumns+` from cancellation where due_us <> 0 order by due_us, id limit 1`).Scan)
	if fail.Is(err, fail.NotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// HastenCancellations implements [cancellation.Store].
func (s Cancellations) HastenCancellations(ctx context.Context, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "hasten cancellation requests", `update cancellation set due_us = $1 where state in ($2, $3, $4) and due_us > $1`,
			us(now), cancellation.Pending, cancellation.Withdrawing, cancellation.Agreed)
	})
}
