package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
)

// Answers keeps answers for Idempotency-Key. It fulfils api.AnswerStore.
type Answers struct{ db *DB }

// Answers is that part of the database.
func (db *DB) Answers() Answers { return Answers{db} }

var _ api.AnswerStore = Answers{}

// Claim implements [api.AnswerStore].
func (s Answers) Claim(ctx context.Context, name, request string, now, until time.Time) (answered *api.Answer, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		answered = nil
		var a api.Answer
		var was string
		var ends time.Time
		err := tx.QueryRowContext(ctx, `select request, status, content_type, location, body, until_us from answer where name = $1`, name).
			Scan(&was, &a.Status, &a.ContentType, &a.Location, &a.Body, instant{&ends})
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		case err == nil && now.Before(ends):
			if was != request {
				return fail.New(fail.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request; make a new one.")
			}
			if a.Status == 0 {
				return fail.New(fail.Conflict, "in_progress", "The first request with this Idempotency-Key is still being worked on; repeat in a moment.")
			}
			answered = &a
			return nil
		}
		return exec(ctx, tx, "claim", `insert into answer (name, request, status, content_type, location, body, until_us) values ($1, $2, 0, '', '', '', $3)
			on conflict (name) do update set request = excluded.request, status = 0, content_type = '', location = '', body = '', until_us = excluded.until_us`,
			name, request, us(until))
	})
	if err != nil {
		return nil, fmt.Errorf("look up an Idempotency-Key: %w", err)
	}
	return answered, nil
}

// Answer implements [api.AnswerStore].
func (s Answers) Answer(ctx context.Context, name string, a api.Answer, until time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "keep answer", `update answer set status = $2, content_type = $3, location = $4, body = $5, until_us = $6 where name = $1`,
			name, a.Status, a.ContentType, a.Location, string(a.Body), us(until))
	})
}

// Unclaim implements [api.AnswerStore].
func (s Answers) Unclaim(ctx context.Context, name string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "unclaim", `delete from answer where name = $1 and status = 0`, name)
	})
}

// Forget implements [api.AnswerStore].
func (s Answers) Forget(ctx context.Context, now time.Time) (gone int64, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from answer where until_us <= $1`, us(now))
		if err != nil {
			return err
		}
		gone, err = res.RowsAffected()
		return err
	})
	return gone, err
}
