package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
)

// KeepFactor implements credential.FactorStore.
func (s Operators) KeepFactor(ctx context.Context, f credential.Factor, recovery []string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `insert into operator_factor (operator, secret, step, added_us) values ($1, $2, $3, $4) on conflict (operator) do nothing`,
			f.Owner, f.Secret, f.Step, us(f.AddedAt))
		if err != nil {
			return fmt.Errorf("keep the second factor of %s: %w", f.Owner, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return fail.New(fail.Conflict, "factor_there", "There is a second factor already; remove that first.")
		}
		for _, hash := range recovery {
			if err := exec(ctx, tx, "keep a recovery code", `insert into operator_recovery (hash, operator) values ($1, $2)`, hash, f.Owner); err != nil {
				return err
			}
		}
		return nil
	})
}

// Factor implements credential.FactorStore.
func (s Operators) Factor(ctx context.Context, owner string) (f credential.Factor, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select operator, secret, step, added_us from operator_factor where operator = $1`, owner).
		Scan(&f.Owner, &f.Secret, &f.Step, instant{&f.AddedAt})
	if errors.Is(err, sql.ErrNoRows) {
		return f, fail.New(fail.NotFound, "no_factor", "There is no second factor.")
	}
	return f, err
}

// UseStep implements credential.FactorStore.
func (s Operators) UseStep(ctx context.Context, owner string, step int64) (used bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		used, err = changed(tx.ExecContext(ctx, `update operator_factor set step = $2 where operator = $1 and step < $2`, owner, step))
		return err
	})
	return used, err
}

// UseRecovery implements credential.FactorStore.
func (s Operators) UseRecovery(ctx context.Context, owner, hash string) (used bool, left int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if used, err = changed(tx.ExecContext(ctx, `delete from operator_recovery where hash = $1 and operator = $2`, hash, owner)); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `select count(*) from operator_recovery where operator = $1`, owner).Scan(&left)
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
func (s Operators) ForgetFactor(ctx context.Context, owner string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return forgetFactor(ctx, tx, owner) })
}

func forgetFactor(ctx context.Context, tx *sql.Tx, owner string) error {
	if err := exec(ctx, tx, "forget recovery codes", `delete from operator_recovery where operator = $1`, owner); err != nil {
		return err
	}
	return exec(ctx, tx, "forget a second factor", `delete from operator_factor where operator = $1`, owner)
}
