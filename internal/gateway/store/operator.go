package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/operator"
)

// Operators fulfils operator.Store.
type Operators struct {
	db *DB
	sessions
	attempts
	factors
}

// Operators keeps the seller's people in this database.
func (db *DB) Operators() Operators {
	return Operators{db, sessions{db, "operator_session", "operator"}, attempts{db}, factors{db, "operator"}}
}

var _ operator.Store = Operators{}

const operatorColumns = `id, email, name, role, created_us, issuer, subject, exists (select 1 from operator_factor f where f.operator = operator.id)`

func scanOperator(scan func(...any) error, more ...any) (p operator.Person, err error) {
	err = scan(append([]any{&p.ID, &p.Email, &p.Name, &p.Role, instant{&p.CreatedAt}, &p.Issuer, &p.Subject, &p.SecondFactor}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return p, noOperator()
	}
	return p, err
}

func noOperator() error {
	return fail.New(fail.NotFound, "no_such_operator", "There is no such operator; souk operators list shows them.")
}

// CreateOperator implements operator.Store.
func (s Operators) CreateOperator(ctx context.Context, p operator.Person, emailKey, passwordHash string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `insert into operator (id, email, email_key, name, role, password_hash, created_us)
			values ($1, $2, $3, $4, $5, $6, $7) on conflict (email_key) do nothing`,
			p.ID, p.Email, emailKey, p.Name, p.Role, s.db.hide(staffPasswords, string(p.ID), passwordHash), us(p.CreatedAt))
		if err != nil {
			return fmt.Errorf("keep operator %s: %w", p.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return operatorTaken()
	})
}

func operatorTaken() error {
	return fail.New(fail.Conflict, "email_taken", "There is an operator with this e-mail address.")
}

// KeepVouched implements operator.Store.
func (s Operators) KeepVouched(ctx context.Context, p operator.Person, emailKey string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var others int
		err := tx.QueryRowContext(ctx, `select count(*) from operator where id <> $1 and (email_key = $2 or (issuer = $3 and subject = $4))`, p.ID, emailKey, p.Issuer, p.Subject).Scan(&others)
		if err != nil {
			return fmt.Errorf("look for other operators: %w", err)
		}
		if others > 0 {
			return operatorTaken()
		}
		// Who was let in by a password is let in anew.
		if err := exec(ctx, tx, "sign an operator out", `delete from operator_session where operator in (select id from operator where id = $1 and password_hash <> '')`, p.ID); err != nil {
			return err
		}
		if _, err := s.forget(ctx, tx, string(p.ID)); err != nil {
			return err
		}
		return exec(ctx, tx, "keep an operator that is vouched for", `insert into operator (id, email, email_key, name, role, password_hash, created_us, issuer, subject)
			values ($1, $2, $3, $4, $5, '', $6, $7, $8)
			on conflict (id) do update set email = excluded.email, email_key = excluded.email_key, name = excluded.name, role = excluded.role,
				password_hash = '', issuer = excluded.issuer, subject = excluded.subject`,
			p.ID, p.Email, emailKey, p.Name, p.Role, us(p.CreatedAt), p.Issuer, p.Subject)
	})
}

// VouchedOperator implements operator.Store.
func (s Operators) VouchedOperator(ctx context.Context, issuer, subject string) (operator.Person, error) {
	p, err := scanOperator(s.db.Read().QueryRowContext(ctx, `select `+operatorColumns+` from operator where issuer = $1 and subject = $2 and subject <> ''`, issuer, subject).Scan)
	if err != nil {
		return p, fmt.Errorf("find an operator that is vouched for: %w", err)
	}
	return p, nil
}

// Operator implements operator.Store.
func (s Operators) Operator(ctx context.Context, id operator.ID) (operator.Person, error) {
	p, err := scanOperator(s.db.Read().QueryRowContext(ctx, `select `+operatorColumns+` from operator where id = $1`, id).Scan)
	if err != nil {
		return p, fmt.Errorf("find operator: %w", err)
	}
	return p, nil
}

// OperatorCredentials implements operator.Store.
func (s Operators) OperatorCredentials(ctx context.Context, emailKey string) (p operator.Person, hash string, err error) {
	p, err = scanOperator(s.db.Read().QueryRowContext(ctx, `select `+operatorColumns+`, password_hash from operator where email_key = $1`, emailKey).Scan, &hash)
	if err != nil {
		return p, "", fmt.Errorf("find an operator by e-mail address: %w", err)
	}
	hash, err = s.db.reveal(staffPasswords, string(p.ID), hash)
	return p, hash, err
}

// Operators implements operator.Store.
func (s Operators) Operators(ctx context.Context) (list []operator.Person, err error) {
	if list, err = operatorsIn(ctx, s.db.Read()); err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return list, nil
}

func operatorsIn(ctx context.Context, q queryer) (list []operator.Person, err error) {
	err = each(ctx, q, `select `+operatorColumns+` from operator order by created_us, id`, func(scan func(...any) error) error {
		p, err := scanOperator(scan)
		list = append(list, p)
		return err
	})
	return list, err
}

// ReplaceOperatorPassword implements operator.Store.
func (s Operators) ReplaceOperatorPassword(ctx context.Context, id operator.ID, hash string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update operator set password_hash = $2 where id = $1 and password_hash <> ''`, id, s.db.hide(staffPasswords, string(id), hash))
		if err != nil {
			return fmt.Errorf("replace an operator's password: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return noOperator()
		}
		return exec(ctx, tx, "sign an operator out", `delete from operator_session where operator = $1`, id)
	})
}

// RehashOperator implements operator.Store.
func (s Operators) RehashOperator(ctx context.Context, id operator.ID, was, now string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := s.db.replaceSecret(ctx, tx, staffPasswords, string(id), was, now)
		return err
	})
}

// ChangeRole implements operator.Store.
func (s Operators) ChangeRole(ctx context.Context, id operator.ID, role operator.Role, check func([]operator.Person) error) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		all, err := operatorsIn(ctx, tx)
		if err != nil {
			return fmt.Errorf("list operators: %w", err)
		}
		var others []operator.Person
		for _, p := range all {
			if p.ID != id {
				others = append(others, p)
			}
		}
		if len(others) == len(all) {
			return noOperator()
		}
		if err := check(others); err != nil {
			return err
		}
		if role != "" {
			return exec(ctx, tx, "change an operator's role", `update operator set role = $2 where id = $1`, id, role)
		}
		if err := exec(ctx, tx, "sign an operator out", `delete from operator_session where operator = $1`, id); err != nil {
			return err
		}
		if _, err := s.forget(ctx, tx, string(id)); err != nil {
			return err
		}
		return exec(ctx, tx, "forget an operator", `delete from operator where id = $1`, id)
	})
}

// ForgetSessions implements operator.Store.
func (s Operators) ForgetSessions(ctx context.Context, now time.Time) error {
	return s.db.exec(ctx, "forget sessions that are over", `delete from operator_session where expires_us <= $1`, us(now))
}
