package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/signon"
)

// SignOns keeps people's sign-ons to the seller's applications. It fulfils signon.Store.
type SignOns struct{ db *DB }

// SignOns is that part of the database.
func (db *DB) SignOns() SignOns { return SignOns{db} }

var _ signon.Store = SignOns{}

// CreateSignOn implements [signon.Store].
func (s SignOns) CreateSignOn(ctx context.Context, n signon.SignOn) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var hash string
		err := tx.QueryRowContext(ctx, `select hash from session where hash = $1`, n.Session).Scan(&hash)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "no_such_session", "There is no such session.")
		}
		if err != nil {
			return fmt.Errorf("find the session of sign-on %s: %w", n.ID, err)
		}
		return exec(ctx, tx, "keep a sign-on", `insert into signon (id, application, session, scopes, nonce, redirect, challenge, made_us, secret_hash, redeemed, expires_us)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			n.ID, n.Application, n.Session, strings.Join(n.Scopes, " "), n.Nonce, n.Redirect, n.Challenge, us(n.MadeAt), n.Secret, n.Redeemed, us(n.Expires))
	})
}

const signOnColumns = `id, application, session, scopes, nonce, redirect, challenge, made_us, secret_hash, redeemed, expires_us`

func scanSignOn(scan func(...any) error) (n signon.SignOn, err error) {
	var scopes string
	err = scan(&n.ID, &n.Application, &n.Session, &scopes, &n.Nonce, &n.Redirect, &n.Challenge, instant{&n.MadeAt}, &n.Secret, &n.Redeemed, instant{&n.Expires})
	n.Scopes = strings.Fields(scopes)
	return n, err
}

// SignOn implements [signon.Store].
func (s SignOns) SignOn(ctx context.Context, id string) (signon.SignOn, error) {
	n, err := scanSignOn(s.db.Read().QueryRowContext(ctx, `select `+signOnColumns+` from signon where id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fail.New(fail.NotFound, "no_such_signon", "There is no such sign-on.")
	}
	if err != nil {
		return n, fmt.Errorf("find sign-on %s: %w", id, err)
	}
	return n, nil
}

// Advance implements [signon.Store].
func (s SignOns) Advance(ctx context.Context, n signon.SignOn, was string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update signon set secret_hash = $2, redeemed = $3, expires_us = $4 where id = $1 and secret_hash = $5`,
			n.ID, n.Secret, n.Redeemed, us(n.Expires), was)
		if err != nil {
			return fmt.Errorf("advance sign-on %s: %w", n.ID, err)
		}
		if moved, err := res.RowsAffected(); moved == 1 || err != nil {
			return err
		}
		return fail.New(fail.Conflict, "signon_advanced", "The sign-on has gone on, or is over.")
	})
}

// EndSignOn implements [signon.Store].
func (s SignOns) EndSignOn(ctx context.Context, id string) error {
	return s.db.exec(ctx, "end a sign-on", `delete from signon where id = $1`, id)
}

// SignOnsOf implements [signon.Store].
func (s SignOns) SignOnsOf(ctx context.Context, session string) (list []signon.SignOn, err error) {
	err = each(ctx, s.db.Read(), `select `+signOnColumns+` from signon where session = $1 order by made_us, id`, func(scan func(...any) error) error {
		n, err := scanSignOn(scan)
		list = append(list, n)
		return err
	}, session)
	return list, err
}

// NextSignOnEnd implements [signon.Store].
func (s SignOns) NextSignOnEnd(ctx context.Context) (time.Time, bool, error) {
	var first sql.NullInt64
	if err := s.db.Read().QueryRowContext(ctx, `select min(expires_us) from signon`).Scan(&first); err != nil {
		return time.Time{}, false, fmt.Errorf("find the next sign-on to end: %w", err)
	}
	return fromUS(first.Int64), first.Valid, nil
}

// DeleteEndedSignOns implements [signon.Store].
func (s SignOns) DeleteEndedSignOns(ctx context.Context, now time.Time, limit int) (deleted int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from signon where id in (select id from signon where expires_us <= $1 order by expires_us limit $2)`, us(now), limit)
		if err != nil {
			return fmt.Errorf("forget ended sign-ons: %w", err)
		}
		n, err := res.RowsAffected()
		deleted = int(n)
		return err
	})
	return deleted, err
}
