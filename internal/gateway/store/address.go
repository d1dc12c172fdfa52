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

const addressColumns = `id, person, email, was, changed_us, expires_us`

func scanAddress(scan func(...any) error) (c account.AddressChange, err error) {
	err = scan(&c.ID, &c.Person, &c.Email, &c.Was, instant{&c.ChangedAt}, instant{&c.Expires})
	if errors.Is(err, sql.ErrNoRows) {
		return c, noProof()
	}
	return c, err
}

// KeepAddressChange implements account.Store.
func (s Accounts) KeepAddressChange(ctx context.Context, c account.AddressChange, tell outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "forget the address asked for before", `delete from address_change where person = $1 and changed_us = 0`, c.Person); err != nil {
			return err
		}
		if err := exec(ctx, tx, "keep the address asked for", `insert into address_change (id, person, email, was, changed_us, expires_us) values ($1, $2, $3, $4, $5, $6)`,
			c.ID, c.Person, c.Email, c.Was, us(c.ChangedAt), us(c.Expires)); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
}

// SendAddressChange implements account.Store.
func (s Accounts) SendAddressChange(ctx context.Context, id account.AddressChangeID, hash string, expires time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if did, err := changed(tx.ExecContext(ctx, `update address_change set hash = $2, expires_us = $3 where id = $1 and changed_us = 0`, id, hash, us(expires))); did || err != nil {
			return err
		}
		return noProof()
	})
}

// AddressChange implements account.Store.
func (s Accounts) AddressChange(ctx context.Context, id account.AddressChangeID) (account.AddressChange, error) {
	return scanAddress(s.db.Read().QueryRowContext(ctx, `select `+addressColumns+` from address_change where id = $1`, id).Scan)
}

// AddressChangeByHash implements account.Store.
func (s Accounts) AddressChangeByHash(ctx context.Context, hash string) (account.AddressChange, error) {
	return scanAddress(s.db.Read().QueryRowContext(ctx, `select `+addressColumns+` from address_change where hash = $1 and hash <> ''`, hash).Scan)
}

// AddressChanges implements account.Store.
func (s Accounts) AddressChanges(ctx context.Context, id core.PersonID) (list []account.AddressChange, err error) {
	err = each(ctx, s.db.Read(), `select `+addressColumns+` from address_change where person = $1 order by expires_us, id`, func(scan func(...any) error) error {
		c, err := scanAddress(scan)
		list = append(list, c)
		return err
	}, id)
	return list, err
}

// DropAddressChange implements account.Store.
func (s Accounts) DropAddressChange(ctx context.Context, id core.PersonID) error {
	return s.db.exec(ctx, "forget the address asked for", `delete from address_change where person = $1 and changed_us = 0`, id)
}

// ChangeAddress implements account.Store.
func (s Accounts) ChangeAddress(ctx context.Context, hash, emailKey, keep string, at, expires time.Time, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var id core.PersonID
		var email string
		err := tx.QueryRowContext(ctx, `update address_change set hash = '', changed_us = $2, expires_us = $3, was = (select email from person p where p.id = address_change.person)
			where hash = $1 and hash <> '' returning person, email`, hash, us(at), us(expires)).Scan(&id, &email)
		if errors.Is(err, sql.ErrNoRows) {
			return noProof()
		}
		if err != nil {
			return fmt.Errorf("use a proof: %w", err)
		}
		did, err := changed(tx.ExecContext(ctx, `update person set email = $2, email_key = $3, verified_us = $4
			where id = $1 and not exists (select 1 from person o where o.email_key = $3 and o.id <> $1)`, id, email, emailKey, us(at)))
		if err != nil {
			return fmt.Errorf("change an address: %w", err)
		}
		if !did {
			return fail.New(fail.Conflict, "email_taken", "There is another sign-in with this e-mail address.")
		}
		if err := shut(ctx, tx, id, keep); err != nil {
			return err
		}
		if err := exec(ctx, tx, "forget what was mailed to the address before", `delete from person_proof where person = $1`, id); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}
