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

// Accounts fulfils account.Store.
type Accounts struct {
	db *DB
	sessions
	attempts
	factors
}

// Accounts keeps the accounts in this database.
func (db *DB) Accounts() Accounts {
	return Accounts{db, sessions{db, "session", "person"}, attempts{db}, factors{db, "person"}}
}

// CreateAccount implements account.Store.
func (s Accounts) CreateAccount(ctx context.Context, w account.Who, emailKey, passwordHash string, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.insertPerson(ctx, tx, w.Person, emailKey, passwordHash); err != nil {
			return err
		}
		if err := exec(ctx, tx, "keep an account", `insert into account (id, email, key, name, company, created_us) values ($1, '', $2, '', $3, $4)`,
			w.Account.ID, ":"+w.Account.ID, w.Account.Company, us(w.Account.CreatedAt)); err != nil {
			return err
		}
		if err := insertMember(ctx, tx, w.Account.ID, w.ID, w.Role, w.Account.CreatedAt); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// ReferAccount implements account.Store.
func (s Accounts) ReferAccount(ctx context.Context, n account.Account, tell ...outbox.Event) (a account.Account, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		a, err = scanAccount(tx.QueryRowContext(ctx, `insert into account as a (id, email, key, name, company, created_us, reference)
			values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (key) do update set
				email = case when excluded.email = '' then a.email else excluded.email end,
				name = case when excluded.name = '' then a.name else excluded.name end,
				company = case when excluded.company = '' then a.company else excluded.company end
			returning id, email, name, company, created_us, 0, reference, erased_us`,
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

// contact joins to an account a, as c, the person to ask: the owner who has been one for longest. One whose account the seller
// keeps has none.
const (
	accountColumns = `a.id, coalesce(c.email, a.email), coalesce(c.name, a.name), a.company, a.created_us, coalesce(c.verified_us, 0), a.reference, a.erased_us`
	contact        = ` left join person c on c.id = (select person from member where account = a.id and role = 'owner' order by since_us, person limit 1)`
)

func accountPlaces(a *account.Account) []any {
	return []any{&a.ID, &a.Email, &a.Name, &a.Company, instant{&a.CreatedAt}, instant{&a.VerifiedAt}, &a.Reference, instant{&a.ErasedAt}}
}

func scanAccount(row interface{ Scan(...any) error }) (a account.Account, err error) {
	err = row.Scan(accountPlaces(&a)...)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fail.New(fail.NotFound, "no_such_account", "There is no such account.")
	}
	return a, err
}

// EraseAccount implements account.Store.
func (s Accounts) EraseAccount(ctx context.Context, id core.AccountID, at time.Time) (a account.Account, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		people, err := texts(ctx, tx, `select person from member where account = $1 order by person`, id)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := s.leave(ctx, tx, id, core.PersonID(p)); err != nil {
				return err
			}
		}
		if err := exec(ctx, tx, "take back its invitations", `delete from invitation where account = $1`, id); err != nil {
			return err
		}
		if err := exec(ctx, tx, "empty its answers", `update registration set answers = '' where account = $1`, id); err != nil {
			return err
		}
		if err := exec(ctx, tx, "empty it", `update account set email = '', name = '', company = '', reference = '', key = $2, erased_us = $3
			where id = $1 and erased_us = 0`, id, ":"+id, us(at)); err != nil {
			return err
		}
		a, err = scanAccount(tx.QueryRowContext(ctx, `select `+accountColumns+` from account a`+contact+` where a.id = $1`, id))
		return err
	})
	if err != nil {
		return account.Account{}, fmt.Errorf("erase account %s: %w", id, err)
	}
	return a, nil
}

// Account implements account.Store.
func (s Accounts) Account(ctx context.Context, id core.AccountID) (account.Account, error) {
	a, err := scanAccount(s.db.Read().QueryRowContext(ctx, `select `+accountColumns+` from account a`+contact+` where a.id = $1`, id))
	if err != nil {
		return account.Account{}, fmt.Errorf("find account %s: %w", id, err)
	}
	return a, nil
}

// Accounts implements account.Store.
func (s Accounts) Accounts(ctx context.Context, after core.AccountID, limit int) (list []account.Account, err error) {
	rows, err := s.db.Read().QueryContext(ctx, `select `+accountColumns+` from account a`+contact+`
		where $1 = '' or (a.created_us, a.id) > (select created_us, id from account where id = $1)
		order by a.created_us, a.id limit $2`, after, limit)
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
	return s.db.exec(ctx, "keep a sign-in handle", `insert into signin_handle (hash, account, person, product, expires_us) values ($1, $2, $3, $4, $5)`,
		h.Hash, h.Account, h.Person, h.Product, us(h.Expires))
}

// TakeHandle implements account.Store.
func (s Accounts) TakeHandle(ctx context.Context, hash string) (h account.Handle, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var expires int64
		err := tx.QueryRowContext(ctx, `delete from signin_handle where hash = $1 returning hash, account, person, product, expires_us`, hash).
			Scan(&h.Hash, &h.Account, &h.Person, &h.Product, &expires)
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
		select min(expires_us) from person_proof union all
		select min(expires_us) from invitation union all
		select min(expires_us) from address_change union all
		select min(expires_us) from passkey_answer union all
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
			`delete from person_proof where hash in (select hash from person_proof where expires_us <= $1 order by expires_us limit $2)`,
			`delete from invitation where id in (select id from invitation where expires_us <= $1 order by expires_us limit $2)`,
			`delete from address_change where id in (select id from address_change where expires_us <= $1 order by expires_us limit $2)`,
			`delete from passkey_answer where hash in (select hash from passkey_answer where expires_us <= $1 order by expires_us limit $2)`,
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
