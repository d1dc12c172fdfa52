package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
)

// sessions keeps the sessions of one kind of owner, in the table of that name, whose column called owner names them. Both
// names are this program's own. It fulfils credential.SessionStore.
type sessions struct {
	db           *DB
	table, owner string
}

// CreateSession implements credential.SessionStore.
func (s sessions) CreateSession(ctx context.Context, n credential.Session, instead string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "forget the session before", `delete from `+s.table+` where hash = $1`, instead); err != nil {
			return err
		}
		return exec(ctx, tx, "keep a session", `insert into `+s.table+` (hash, `+s.owner+`, browser, created_us, seen_us, expires_us) values ($1, $2, $3, $4, $5, $6)`,
			n.Hash, n.Owner, n.Browser, us(n.CreatedAt), us(n.SeenAt), us(n.Expires))
	})
}

// Session implements credential.SessionStore.
func (s sessions) Session(ctx context.Context, hash string) (n credential.Session, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select `+s.columns()+` from `+s.table+` where hash = $1`, hash).Scan(sessionPlaces(&n)...)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fail.New(fail.NotFound, "no_such_session", "There is no such session.")
	}
	return n, err
}

// SessionsOf implements credential.SessionStore.
func (s sessions) SessionsOf(ctx context.Context, owner string) (list []credential.Session, err error) {
	err = each(ctx, s.db.Read(), `select `+s.columns()+` from `+s.table+` where `+s.owner+` = $1 order by created_us, hash`, func(scan func(...any) error) error {
		var n credential.Session
		err := scan(sessionPlaces(&n)...)
		list = append(list, n)
		return err
	}, owner)
	return list, err
}

func (s sessions) columns() string {
	return `hash, ` + s.owner + `, browser, created_us, seen_us, expires_us`
}

func sessionPlaces(n *credential.Session) []any {
	return []any{&n.Hash, &n.Owner, &n.Browser, instant{&n.CreatedAt}, instant{&n.SeenAt}, instant{&n.Expires}}
}

// TouchSession implements credential.SessionStore.
func (s sessions) TouchSession(ctx context.Context, hash string, seen, expires time.Time) error {
	return s.db.exec(ctx, "note a session's use", `update `+s.table+` set seen_us = $2, expires_us = $3 where hash = $1`, hash, us(seen), us(expires))
}

// DeleteSession implements credential.SessionStore.
func (s sessions) DeleteSession(ctx context.Context, hash string) error {
	return s.db.exec(ctx, "forget a session", `delete from `+s.table+` where hash = $1`, hash)
}

// DeleteOtherSessions implements credential.SessionStore.
func (s sessions) DeleteOtherSessions(ctx context.Context, owner, keep string) error {
	return s.db.exec(ctx, "forget other sessions", `delete from `+s.table+` where `+s.owner+` = $1 and hash <> $2`, owner, keep)
}

// attempts keeps how often sign-in was tried. Its subjects are hashes, which tell the kinds of account apart: one table is
// enough for all. It fulfils credential.AttemptStore.
type attempts struct{ db *DB }

// CountAttempts implements credential.AttemptStore.
func (s attempts) CountAttempts(ctx context.Context, subjects []string, count func([]credential.Attempts) ([]credential.Attempts, error)) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		old := make([]credential.Attempts, len(subjects))
		for i, subject := range subjects {
			err := tx.QueryRowContext(ctx, `select count, blocked_us, expires_us from signin_attempt where subject = $1`, subject).
				Scan(&old[i].Count, instant{&old[i].BlockedUntil}, instant{&old[i].Expires})
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read sign-in attempts: %w", err)
			}
		}
		next, err := count(old)
		if err != nil {
			return err
		}
		for i, subject := range subjects {
			if next[i].Count <= 0 {
				err = exec(ctx, tx, "forget sign-in attempts", `delete from signin_attempt where subject = $1`, subject)
			} else {
				err = exec(ctx, tx, "count a sign-in attempt", `insert into signin_attempt (subject, count, blocked_us, expires_us) values ($1, $2, $3, $4)
					on conflict (subject) do update set count = excluded.count, blocked_us = excluded.blocked_us, expires_us = excluded.expires_us`,
					subject, next[i].Count, us(next[i].BlockedUntil), us(next[i].Expires))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// exec is a transaction of one statement; doing says what for, should it fail.
func (db *DB) exec(ctx context.Context, doing, query string, args ...any) error {
	return db.Tx(ctx, func(tx *sql.Tx) error { return exec(ctx, tx, doing, query, args...) })
}
