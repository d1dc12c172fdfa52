package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/outbox"
)

// Corrections keeps corrections. It fulfils correction.Store.
type Corrections struct{ db *DB }

// Corrections is the corrections' part of the database.
func (db *DB) Corrections() Corrections { return Corrections{db} }

var _ correction.Store = Corrections{}

const correctionColumns = `id, kind, license_id, dimension, quantity, amount, month_us, invoice, reason, description, tags, asked_key, asked_person, created_us,
	decided_key, decided_person, decided_us, request_body, maximum, sent_us, aws_id, state, why, since_us, due_us, tries, revision, record, besides, settled_us, hour`

func scanCorrection(scan func(...any) error) (c correction.Correction, err error) {
	var tags, request, besides string
	err = scan(&c.ID, &c.Kind, &c.License, &c.Dimension, &c.Quantity, &c.Amount, instant{&c.Month}, &c.InvoiceID, &c.Reason, &c.Description, &tags,
		&c.AskedBy.Key, &c.AskedBy.Person, instant{&c.CreatedAt}, &c.DecidedBy.Key, &c.DecidedBy.Person, instant{&c.DecidedAt}, &request, &c.Maximum,
		instant{&c.SentAt}, &c.AWSID, &c.State, &c.Why, instant{&c.Since}, instant{&c.DueAt}, &c.Tries, &c.Revision, &c.Record, &besides, instant{&c.SettledAt}, &c.Hour)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, fail.New(fail.NotFound, "no_such_correction", "There is no such correction.")
	case err != nil:
		return c, err
	}
	if tags != "" {
		if err := json.Unmarshal([]byte(tags), &c.Tags); err != nil {
			return c, fmt.Errorf("read the tags of correction %s: %w", c.ID, err)
		}
	}
	if request != "" {
		if err := json.Unmarshal([]byte(request), &c.Request); err != nil {
			return c, fmt.Errorf("read the request of correction %s: %w", c.ID, err)
		}
	}
	if besides != "" {
		if err := json.Unmarshal([]byte(besides), &c.Besides); err != nil {
			return c, fmt.Errorf("read what correction %s is beside: %w", c.ID, err)
		}
	}
	return c, nil
}

// idsBody are the ids of corrections as they are kept; empty for none.
func idsBody(ids []correction.ID) (string, error) {
	if len(ids) == 0 {
		return "", nil
	}
	body, err := json.Marshal(ids)
	return string(body), err
}

// requestBody is a request as it is kept; empty for none.
func requestBody(r *correction.Request) (string, error) {
	if r == nil {
		return "", nil
	}
	body, err := json.Marshal(r)
	return string(body), err
}

// AddCorrection implements [correction.Store].
func (s Corrections) AddCorrection(ctx context.Context, c correction.Correction, check func(others []correction.Correction) error, tell ...outbox.Event) error {
	request, err := requestBody(c.Request)
	if err != nil {
		return fmt.Errorf("write the request of correction %s: %w", c.ID, err)
	}
	besides, err := idsBody(c.Besides)
	if err != nil {
		return fmt.Errorf("write what correction %s is beside: %w", c.ID, err)
	}
	tags := []byte{}
	if len(c.Tags) > 0 {
		if tags, err = json.Marshal(c.Tags); err != nil {
			return fmt.Errorf("write the tags of correction %s: %w", c.ID, err)
		}
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		others, err := correctionsBeside(ctx, tx, c)
		if err != nil {
			return fmt.Errorf("read the corrections beside it: %w", err)
		}
		if err := check(others); err != nil {
			return err
		}
		if err := putEvents(ctx, tx, tell...); err != nil {
			return err
		}
		return exec(ctx, tx, "add correction", `insert into correction (`+correctionColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)`,
			c.ID, c.Kind, c.License, c.Dimension, c.Quantity, c.Amount, us(c.Month), c.InvoiceID, c.Reason, c.Description, string(tags), c.AskedBy.Key, c.AskedBy.Person,
			us(c.CreatedAt), c.DecidedBy.Key, c.DecidedBy.Person, us(c.DecidedAt), request, c.Maximum, us(c.SentAt), c.AWSID, c.State, c.Why, us(c.Since), us(c.DueAt),
			c.Tries, c.Revision, c.Record, besides, us(c.SettledAt), c.Hour)
	})
}

// DecideCorrection implements [correction.Store]. SQLite writes one transaction at a time, so that what it reads is still so
// when it writes.
func (s Corrections) DecideCorrection(ctx context.Context, id correction.ID, decision func(c correction.Correction, others []correction.Correction) (correction.Correction, []outbox.Event, error)) (c correction.Correction, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if c, err = correctionOf(ctx, tx, id); err != nil {
			return err
		}
		others, err := correctionsBeside(ctx, tx, c)
		if err != nil {
			return fmt.Errorf("read the corrections beside it: %w", err)
		}
		next, tell, err := decision(c, others)
		if err != nil || next.State == c.State {
			return err
		}
		if err := changeCorrection(ctx, tx, next, tell); err != nil {
			return err
		}
		c = next
		c.Revision++
		return nil
	})
	return c, err
}

// Beside implements [correction.Store].
func (s Corrections) Beside(ctx context.Context, c correction.Correction) ([]correction.Correction, error) {
	return correctionsBeside(ctx, s.db.Read(), c)
}

func correctionsBeside(ctx context.Context, q queryer, c correction.Correction) (list []correction.Correction, err error) {
	err = each(ctx, q, `select `+correctionColumns+` from correction where license_id = $1 and kind = $2 and month_us = $3 and id <> $4 order by created_us, id`,
		func(scan func(...any) error) error {
			o, err := scanCorrection(scan)
			list = append(list, o)
			return err
		}, c.License, c.Kind, us(c.Month), c.ID)
	return list, err
}

// ChangeCorrection implements [correction.Store].
func (s Corrections) ChangeCorrection(ctx context.Context, c correction.Correction, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return changeCorrection(ctx, tx, c, tell) })
}

func changeCorrection(ctx context.Context, tx *sql.Tx, c correction.Correction, tell []outbox.Event) error {
	request, err := requestBody(c.Request)
	if err != nil {
		return fmt.Errorf("write the request of correction %s: %w", c.ID, err)
	}
	besides, err := idsBody(c.Besides)
	if err != nil {
		return fmt.Errorf("write what correction %s is beside: %w", c.ID, err)
	}
	res, err := tx.ExecContext(ctx, `update correction set decided_key = $3, decided_person = $4, decided_us = $5, request_body = $6, maximum = $7, sent_us = $8,
			aws_id = $9, state = $10, why = $11, since_us = $12, due_us = $13, tries = $14, besides = $15, settled_us = $16, hour = $17, revision = revision + 1
		where id = $1 and revision = $2 and request_body in ('', $6)`,
		c.ID, c.Revision, c.DecidedBy.Key, c.DecidedBy.Person, us(c.DecidedAt), request, c.Maximum, us(c.SentAt), c.AWSID, c.State, c.Why, us(c.Since), us(c.DueAt), c.Tries,
		besides, us(c.SettledAt), c.Hour)
	if err != nil {
		return fmt.Errorf("change correction: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 1 {
		return putEvents(ctx, tx, tell...)
	}
	return fail.New(fail.Conflict, "changed_meanwhile", "The correction %s was changed meanwhile; look at it again.", c.ID)
}

// Correction implements [correction.Store].
func (s Corrections) Correction(ctx context.Context, id correction.ID) (correction.Correction, error) {
	return correctionOf(ctx, s.db.Read(), id)
}

func correctionOf(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, id correction.ID) (correction.Correction, error) {
	return scanCorrection(q.QueryRowContext(ctx, `select `+correctionColumns+` from correction where id = $1`, id).Scan)
}

// Corrections implements [correction.Store].
func (s Corrections) Corrections(ctx context.Context, q correction.Query) (list []correction.Correction, err error) {
	err = each(ctx, s.db.Read(), `select `+correctionColumns+` from correction
		where ($1 = '' or license_id = $1) and ($2 = '' or state = $2)
			and ($3 = '' or (created_us, id) > (select created_us, id from correction where id = $3))
		order by created_us, id limit $4`, func(scan func(...any) error) error {
		c, err := scanCorrection(scan)
		list = append(list, c)
		return err
	}, q.License, q.State, q.After, q.Limit)
	return list, err
}

// DueCorrection implements [correction.Store].
func (s Corrections) DueCorrection(ctx context.Context) (correction.Correction, bool, error) {
	c, err := scanCorrection(s.db.Read().QueryRowContext(ctx, `select `+correctionColumns+` from correction where due_us <> 0 order by due_us, id limit 1`).Scan)
	if fail.Is(err, fail.NotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// HastenCorrections implements [correction.Store].
func (s Corrections) HastenCorrections(ctx context.Context, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "hasten corrections", `update correction set due_us = $2 where state = $1 and due_us > $2`, correction.Pending, us(now))
	})
}
