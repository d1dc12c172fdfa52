package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// CreateProof implements account.Store.
func (s Accounts) CreateProof(ctx context.Context, p account.Proof) error {
	return s.db.exec(ctx, "keep a proof", `insert into person_proof (hash, person, purpose, expires_us) values ($1, $2, $3, $4)`, p.Hash, p.Person, p.Purpose, us(p.Expires))
}

// Proof implements account.Store.
func (s Accounts) Proof(ctx context.Context, hash string) (p account.Proof, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select hash, person, purpose, expires_us from person_proof where hash = $1`, hash).
		Scan(&p.Hash, &p.Person, &p.Purpose, instant{&p.Expires})
	if errors.Is(err, sql.ErrNoRows) {
		return p, noProof()
	}
	return p, err
}

func noProof() error {
	return fail.New(fail.NotFound, "no_such_proof", "This link was used before, or is too old.")
}

// useProof takes a proof away, of which one caller of many succeeds, and then does the rest.
func (s Accounts) useProof(ctx context.Context, hash string, tell []outbox.Event, rest func(tx *sql.Tx) error) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from person_proof where hash = $1`, hash)
		if err != nil {
			return fmt.Errorf("use a proof: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return noProof()
		}
		if err := rest(tx); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// Verify implements account.Store.
func (s Accounts) Verify(ctx context.Context, proof string, id core.PersonID, at time.Time, tell ...outbox.Event) error {
	return s.useProof(ctx, proof, tell, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "verify", `update person set verified_us = $2 where id = $1 and verified_us = 0`, id, us(at)); err != nil {
			return err
		}
		return exec(ctx, tx, "use up other proofs", `delete from person_proof where person = $1 and purpose = $2`, id, account.ToVerify)
	})
}

// ResetPassword implements account.Store.
func (s Accounts) ResetPassword(ctx context.Context, proof string, id core.PersonID, passwordHash string, at time.Time, tell ...outbox.Event) error {
	return s.useProof(ctx, proof, tell, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "replace the password's hash", `update person set password_hash = $2 where id = $1`, id, s.db.hide(personPasswords, string(id), passwordHash)); err != nil {
			return err
		}
		if err := exec(ctx, tx, "verify", `update person set verified_us = $2 where id = $1 and verified_us = 0`, id, us(at)); err != nil {
			return err
		}
		if err := shut(ctx, tx, id, ""); err != nil {
			return err
		}
		return exec(ctx, tx, "forget proofs", `delete from person_proof where person = $1`, id)
	})
}

// Quiet implements account.Store.
func (s Accounts) Quiet(ctx context.Context, id core.PersonID, at time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update person set quiet_us = $2 where id = $1`, id, us(at))
		if err != nil {
			return fmt.Errorf("keep who wants no reminders: %w", err)
		}
		if n, err := res.RowsAffected(); n == 1 || err != nil {
			return err
		}
		return noPerson()
	})
}

// Tell implements account.Store.
func (s Accounts) Tell(ctx context.Context, e outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return putEvents(ctx, tx, e) })
}
