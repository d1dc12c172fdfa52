package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
)

// Registrations fulfils register.Store.
type Registrations struct{ db *DB }

// Registrations keeps the registrations in this database.
func (db *DB) Registrations() Registrations { return Registrations{db} }

const registrationColumns = `id, license, product, license_arn, customer, customer_identifier, offer_type,
	arrived_us, last_arrived_us, arrivals, coalesce(account, ''), claimed_us, attached_us, answers, due_us, ready_us`

func scanRegistration(row interface{ Scan(...any) error }) (r register.Registration, err error) {
	var arrived, last, claimed, attached int64
	var answers string
	err = row.Scan(&r.ID, &r.License, &r.Buyer.ProductCode, &r.Buyer.ARN, &r.Buyer.Customer, &r.Buyer.CustomerIdentifier, &r.Offer,
		&arrived, &last, &r.Arrivals, &r.Account, &claimed, &attached, &answers, instant{&r.DueAt}, instant{&r.ReadyAt})
	r.ArrivedAt, r.LastArrivedAt, r.ClaimedAt, r.AttachedAt = fromUS(arrived), fromUS(last), fromUS(claimed), fromUS(attached)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fail.New(fail.NotFound, "no_such_registration", "There is no such registration.")
	}
	if err == nil && answers != "" {
		if err = json.Unmarshal([]byte(answers), &r.Answers); err != nil {
			return r, fmt.Errorf("read the answers of registration %s: %w", r.ID, err)
		}
	}
	return r, err
}

// Arrived implements register.Store.
func (s Registrations) Arrived(ctx context.Context, n register.Registration, tell outbox.Event) (r register.Registration, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		r, err = scanRegistration(tx.QueryRowContext(ctx, `insert into registration as r
			(id, license, product, license_arn, customer, customer_identifier, offer_type, arrived_us, last_arrived_us, arrivals)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			on conflict (license) do update set
				last_arrived_us = excluded.last_arrived_us,
				arrivals = r.arrivals + 1,
				license_arn = case when r.license_arn = '' then excluded.license_arn else r.license_arn end,
				customer = case when r.customer = '' then excluded.customer else r.customer end,
				customer_identifier = case when r.customer_identifier = '' then excluded.customer_identifier else r.customer_identifier end
			returning `+registrationColumns,
			n.ID, n.License, n.Buyer.ProductCode, n.Buyer.ARN, n.Buyer.Customer, n.Buyer.CustomerIdentifier, n.Offer,
			us(n.ArrivedAt), us(n.LastArrivedAt), n.Arrivals))
		if err != nil || r.ID != n.ID {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
	return r, err
}

// Registration implements register.Store.
func (s Registrations) Registration(ctx context.Context, id register.ID) (register.Registration, error) {
	return scanRegistration(s.db.Read().QueryRowContext(ctx, `select `+registrationColumns+` from registration where id = $1`, id))
}

// Claim implements register.Store.
func (s Registrations) Claim(ctx context.Context, n register.Registration, tell outbox.Event) (r register.Registration, err error) {
	var answers []byte
	if len(n.Answers) > 0 {
		if answers, err = json.Marshal(n.Answers); err != nil {
			return r, fmt.Errorf("write the answers of registration %s: %w", n.ID, err)
		}
	}
	return s.change(ctx, n.ID, tell, `update registration set account = $2, claimed_us = $3, answers = $4, due_us = $5 where id = $1 and account is null`,
		n.ID, n.Account, us(n.ClaimedAt), string(answers), us(n.DueAt))
}

// Ready implements register.Store.
func (s Registrations) Ready(ctx context.Context, id register.ID, at time.Time, tell outbox.Event) (register.Registration, error) {
	return s.change(ctx, id, tell, `update registration set ready_us = $2, attached_us = 0 where id = $1 and account is not null and due_us <> 0 and ready_us = 0`, id, us(at))
}

// change runs an update of registration id, keeps tell where it changed something, and returns what then stands.
func (s Registrations) change(ctx context.Context, id register.ID, tell outbox.Event, update string, args ...any) (r register.Registration, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, update, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 1 {
			if err := putEvents(ctx, tx, tell); err != nil {
				return err
			}
		}
		r, err = scanRegistration(tx.QueryRowContext(ctx, `select `+registrationColumns+` from registration where id = $1`, id))
		return err
	})
	return r, err
}

// Attached implements register.Store.
func (s Registrations) Attached(ctx context.Context, r register.Registration, at time.Time) (first bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update registration set attached_us = $2 where id = $1 and attached_us = 0 and ready_us = $3`, r.ID, us(at), us(r.ReadyAt))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		first = n == 1
		return err
	})
	return first, err
}

// Unattached implements register.Store.
func (s Registrations) Unattached(ctx context.Context, limit int) ([]register.Registration, error) {
	return s.list(ctx, `where claimed_us <> 0 and attached_us = 0 order by claimed_us limit $1`, limit)
}

// OfAccount implements register.Store.
func (s Registrations) OfAccount(ctx context.Context, account core.AccountID) ([]register.Registration, error) {
	return s.list(ctx, `where account = $1 order by claimed_us, id`, account)
}

// Registrations implements register.Store.
func (s Registrations) Registrations(ctx context.Context, q register.Query) ([]register.Registration, error) {
	return s.list(ctx, `where ($1 = '' or (arrived_us, id) > (select arrived_us, id from registration where id = $1))
		and ($2 = '' or $2 = case when account is null then 'open' when due_us <> 0 and ready_us = 0 then 'setting_up' else 'complete' end)
		order by arrived_us, id limit $3`, q.After, q.State, q.Limit)
}

// SpendHandle implements register.HandleStore.
func (s Registrations) SpendHandle(ctx context.Context, hash string, now, until time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "forget expired registration handles", `delete from registration_handle where expires_us <= $1`, us(now)); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `insert into registration_handle (hash, expires_us) values ($1, $2) on conflict (hash) do nothing`, hash, us(until))
		if err != nil {
			return fmt.Errorf("note that a registration handle was redeemed: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return fail.New(fail.Conflict, register.HandleRedeemed, "This registration handle was redeemed before.")
	})
}

func (s Registrations) list(ctx context.Context, where string, args ...any) (list []register.Registration, err error) {
	rows, err := s.db.Read().QueryContext(ctx, `select `+registrationColumns+` from registration `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list registrations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRegistration(rows)
		if err != nil {
			return nil, fmt.Errorf("list registrations: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
