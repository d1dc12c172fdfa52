package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// factors keeps the second factors of one kind of owner, in the tables owner_factor and owner_recovery, whose column called owner
// names them. The name is this program's own. It fulfils credential.FactorStore.
type factors struct {
	db    *DB
	owner string
}

// KeepFactor implements credential.FactorStore.
func (s factors) KeepFactor(ctx context.Context, f credential.Factor, recovery []string, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `insert into `+s.owner+`_factor (`+s.owner+`, secret, step, added_us) values ($1, $2, $3, $4) on conflict (`+s.owner+`) do nothing`,
			f.Owner, s.db.hide(s.secrets(), f.Owner, f.Secret), f.Step, us(f.AddedAt))
		if err != nil {
			return fmt.Errorf("keep the second factor of %s: %w", f.Owner, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return fail.New(fail.Conflict, "factor_there", "There is a second factor already; remove that first.")
		}
		for _, hash := range recovery {
			if err := exec(ctx, tx, "keep a recovery code", `insert into `+s.owner+`_recovery (hash, `+s.owner+`) values ($1, $2)`, hash, f.Owner); err != nil {
				return err
			}
		}
		return putEvents(ctx, tx, tell...)
	})
}

// Factor implements credential.FactorStore.
func (s factors) Factor(ctx context.Context, owner string) (f credential.Factor, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select `+s.owner+`, secret, step, added_us from `+s.owner+`_factor where `+s.owner+` = $1`, owner).
		Scan(&f.Owner, &f.Secret, &f.Step, instant{&f.AddedAt})
	if errors.Is(err, sql.ErrNoRows) {
		return f, fail.New(fail.NotFound, "no_factor", "There is no second factor.")
	}
	if err == nil {
		f.Secret, err = s.db.reveal(s.secrets(), f.Owner, f.Secret)
	}
	return f, err
}

func (s factors) secrets() secretColumn {
	if s.owner == "operator" {
		return staffFactors
	}
	return personFactors
}

// UseStep implements credential.FactorStore.
func (s factors) UseStep(ctx context.Context, owner string, step int64) (used bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		used, err = changed(tx.ExecContext(ctx, `update `+s.owner+`_factor set step = $2 where `+s.owner+` = $1 and step < $2`, owner, step))
		return err
	})
	return used, err
}

// UseRecovery implements credential.FactorStore.
func (s factors) UseRecovery(ctx context.Context, owner, hash string) (used bool, left int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if used, err = changed(tx.ExecContext(ctx, `delete from `+s.owner+`_recovery where hash = $1 and `+s.owner+` = $2`, hash, owner)); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `select count(*) from `+s.owner+`_recovery where `+s.owner+` = $1`, owner).Scan(&left)
	})
	return used, left, err
}

// changed reports whether a statement changed anything.
func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// ForgetFactor implements credential.FactorStore.
func (s factors) ForgetFactor(ctx context.Context, owner string, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		was, err := s.forget(ctx, tx, owner)
		if err != nil || !was {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// forget reports whether there was a factor.
func (s factors) forget(ctx context.Context, tx *sql.Tx, owner string) (was bool, err error) {
	if err := exec(ctx, tx, "forget recovery codes", `delete from `+s.owner+`_recovery where `+s.owner+` = $1`, owner); err != nil {
		return false, err
	}
	if was, err = changed(tx.ExecContext(ctx, `delete from `+s.owner+`_factor where `+s.owner+` = $1`, owner)); err != nil {
		return false, fmt.Errorf("forget a second factor: %w", err)
	}
	return was, nil
}
