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
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// Accounts fulfils account.Store.
type Accounts struct {
	db *DB
	sessions
	attempts
	factors
}

// Accounts keeps the accounts in this database.
func (db *DB) Accounts() Accounts {
	return Accounts{db, sessions{db, "session", "account"}, attempts{db}, factors{db, "account"}}
}

// CreateAccount implements account.Store.
func (s Accounts) CreateAccount(ctx context.Context, a account.Account, emailKey, passwordHash string, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `insert into account (id, email, email_key, name, company, password_hash, created_us)
			values ($1, $2, $3, $4, $5, $6, $7) on conflict (email_key) do nothing`,
			a.ID, a.Email, emailKey, a.Name, a.Company, passwordHash, us(a.CreatedAt))
		if err != nil {
			return fmt.Errorf("keep account %s: %w", a.ID, err)
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return fail.New(fail.Conflict, "email_taken", "There is an account with this e-mail address; sign in with it.")
		}
		return putEvents(ctx, tx, tell...)
	})
}

// ReferAccount implements account.Store.
func (s Accounts) ReferAccount(ctx context.Context, n account.Account, tell ...outbox.Event) (a account.Account, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		a, err = scanAccount(tx.QueryRowContext(ctx, `insert into account as a (id, email, email_key, name, company, password_hash, created_us, reference)
			values ($1, $2, $3, $4, $5, '', $6, $7)
			on conflict (email_key) do update set
				email = case when excluded.email = '' then a.email else excluded.email end,
				name = case when excluded.name = '' then a.name else excluded.name end,
				company = case when excluded.company = '' then a.company else excluded.company end
			returning `+accountColumns,
			n.ID, n.Email, ":"+n.Reference, n.Name, n.Company, us(n.CreatedAt), n.Reference))
		if err != nil || a.ID != n.ID { // it was there
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
	if err != nil {
		return account.Account{}, fmt.Errorf("keep the account %s under its reference: %w", n.ID, err)
	}
	return a, nil
}

const accountColumns = `id, email, name, company, created_us, verified_us, quiet_us, reference, erased_us`

func scanAccount(row interface{ Scan(...any) error }, more ...any) (a account.Account, err error) {
	err = row.Scan(append([]any{&a.ID, &a.Email, &a.Name, &a.Company, instant{&a.CreatedAt}, instant{&a.VerifiedAt}, instant{&a.QuietAt}, &a.Reference, instant{&a.ErasedAt}}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fail.New(fail.NotFound, "no_such_account", "There is no such account.")
	}
	return a, err
}

// EraseAccount implements account.Store.
func (s Accounts) EraseAccount(ctx context.Context, id core.AccountID, at time.Time) (a account.Account, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{`delete from session where account = $1`, `delete from signin_handle where account = $1`, `delete from account_proof where account = $1`} {
			if err := exec(ctx, tx, "end its sessions", q, id); err != nil {
				return err
			}
		}
		if err := exec(ctx, tx, "empty its answers", `update registration set answers = '' where account = $1`, id); err != nil {
			return err
		}
		if err := s.forget(ctx, tx, string(id)); err != nil {
			return err
		}
		if err := exec(ctx, tx, "empty it", `update account set email = '', name = '', company = '', reference = '', password_hash = '', verified_us = 0, quiet_us = 0,
			email_key = $2, erased_us = $3
			where id = $1 and erased_us = 0`, id, ":"+id, us(at)); err != nil {
			return err
		}
		a, err = scanAccount(tx.QueryRowContext(ctx, `select `+accountColumns+` from account where id = $1`, id))
		return err
	})
	if err != nil {
		return account.Account{}, fmt.Errorf("erase account %s: %w", id, err)
	}
	return a, nil
}

// SessionsOf implements account.Store.
func (s Accounts) SessionsOf(ctx context.Context, id core.AccountID) (list []credential.Session, err error) {
	err = each(ctx, s.db.read, `select hash, account, created_us, seen_us, expires_us from session where account = $1 order by created_us, hash`, func(scan func(...any) error) error {
		var n credential.Session
		err := scan(&n.Hash, &n.Owner, instant{&n.CreatedAt}, instant{&n.SeenAt}, instant{&n.Expires})
		list = append(list, n)
		return err
	}, id)
	return list, err
}

// Account implements account.Store.
func (s Accounts) Account(ctx context.Context, id core.AccountID) (account.Account, error) {
	a, err := scanAccount(s.db.Read().QueryRowContext(ctx, `select `+accountColumns+` from account where id = $1`, id))
	if err != nil {
		return account.Account{}, fmt.Errorf("find account %s: %w", id, err)
	}
	return a, nil
}

// Credentials implements account.Store.
func (s Accounts) Credentials(ctx context.Context, emailKey string) (a account.Account, hash string, err error) {
	a, err = scanAccount(s.db.Read().QueryRowContext(ctx, `select `+accountColumns+`, password_hash from account where email_key = $1 and password_hash <> ''`, emailKey), &hash)
	if err != nil {
		return account.Account{}, "", fmt.Errorf("find an account by its e-mail address: %w", err)
	}
	return a, hash, nil
}

// ReplacePassword implements account.Store.
func (s Accounts) ReplacePassword(ctx context.Context, id core.AccountID, was, now string) error {
	return s.db.exec(ctx, "replace a password's hash", `update account set password_hash = $3 where id = $1 and password_hash = $2`, id, was, now)
}

// Accounts implements account.Store.
func (s Accounts) Accounts(ctx context.Context, after core.AccountID, limit int) (list []account.Account, err error) {
	rows, err := s.db.Read().QueryContext(ctx, `select `+accountColumns+` from account
		where $1 = '' or (created_us, id) > (select created_us, id from account where id = $1)
		order by created_us, id limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// CreateHandle implements account.Store.
func (s Accounts) CreateHandle(ctx context.Context, h account.Handle) error {
	return s.db.exec(ctx, "keep a sign-in handle", `insert into signin_handle (hash, account, product, expires_us) values ($1, $2, $3, $4)`,
		h.Hash, h.Account, h.Product, us(h.Expires))
}

// TakeHandle implements account.Store.
func (s Accounts) TakeHandle(ctx context.Context, hash string) (h account.Handle, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var expires int64
		err := tx.QueryRowContext(ctx, `delete from signin_handle where hash = $1 returning hash, account, product, expires_us`, hash).
			Scan(&h.Hash, &h.Account, &h.Product, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "no_such_handle", "There is no such sign-in handle.")
		}
		h.Expires = fromUS(expires)
		return err
	})
	return h, err
}

// NextExpiry implements account.Store.
func (s Accounts) NextExpiry(ctx context.Context) (time.Time, bool, error) {
	var first sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `select min(t) from (
		select min(expires_us) as t from session union all
		select min(expires_us) from signin_handle union all
		select min(expires_us) from account_proof union all
		select min(expires_us) from signin_attempt) as e`).Scan(&first)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find the next expiry: %w", err)
	}
	return fromUS(first.Int64), first.Valid, nil
}

// DeleteExpired implements account.Store.
func (s Accounts) DeleteExpired(ctx context.Context, now time.Time, limit int) (deleted int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		deleted = 0
		for _, q := range []string{
			`delete from session where hash in (select hash from session where expires_us <= $1 order by expires_us limit $2)`,
			`delete from signin_handle where hash in (select hash from signin_handle where expires_us <= $1 order by expires_us limit $2)`,
			`delete from account_proof where hash in (select hash from account_proof where expires_us <= $1 order by expires_us limit $2)`,
			`delete from signin_attempt where subject in (select subject from signin_attempt where expires_us <= $1 order by expires_us limit $2)`,
		} {
			res, err := tx.ExecContext(ctx, q, us(now), limit)
			if err != nil {
				return fmt.Errorf("forget expired sign-ins: %w", err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		return nil
	})
	return deleted, err
}
