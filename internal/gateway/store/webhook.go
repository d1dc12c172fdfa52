package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/webhook"
)

// Webhooks keeps the endpoints that are told of events. It fulfils webhook.Store.
type Webhooks struct{ db *DB }

// Webhooks is that part of the database.
func (db *DB) Webhooks() Webhooks { return Webhooks{db} }

var _ webhook.Store = Webhooks{}

const webhookColumns = `id, url, description, events, disabled, why, secret, old_secret, old_until_us, created_us, changed_us, revision`

func (s Webhooks) scan(scan func(...any) error) (e webhook.Endpoint, err error) {
	var events string
	err = scan(&e.ID, &e.URL, &e.Description, &events, &e.Disabled, &e.Why, &e.Secret, &e.Old, instant{&e.OldUntil}, instant{&e.CreatedAt}, instant{&e.ChangedAt}, &e.Revision)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(events), &e.Events); err != nil {
		return e, fmt.Errorf("the events of webhook %s: %w", e.ID, err)
	}
	for _, at := range []struct {
		column secretColumn
		secret *webhook.Secret
	}{{webhookSecrets, &e.Secret}, {webhookOld, &e.Old}} {
		plain, err := s.db.reveal(at.column, string(e.ID), string(*at.secret))
		if err != nil {
			return e, err
		}
		*at.secret = webhook.Secret(plain)
	}
	return e, nil
}

func (s Webhooks) args(e webhook.Endpoint) ([]any, error) {
	events, err := json.Marshal(e.Events)
	disabled := 0
	if e.Disabled {
		disabled = 1
	}
	return []any{e.ID, e.URL, e.Description, string(events), disabled, e.Why, s.db.hide(webhookSecrets, string(e.ID), string(e.Secret)), s.db.hide(webhookOld, string(e.ID), string(e.Old)), us(e.OldUntil), us(e.CreatedAt), us(e.ChangedAt), e.Revision}, err
}

// AddEndpoint implements [webhook.Store].
func (s Webhooks) AddEndpoint(ctx context.Context, e webhook.Endpoint) error {
	args, err := s.args(e)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "add webhook", `insert into webhook (`+webhookColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, args...)
	})
}

// ChangeEndpoint implements [webhook.Store].
func (s Webhooks) ChangeEndpoint(ctx context.Context, e webhook.Endpoint) error {
	args, err := s.args(e)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update webhook set url = $2, description = $3, events = $4, disabled = $5, why = $6, secret = $7, old_secret = $8, old_until_us = $9,
			created_us = $10, changed_us = $11, revision = $12 + 1 where id = $1 and revision = $12`, args...)
		if err != nil {
			return fmt.Errorf("change webhook: %w", err)
		}
		if n, err := res.RowsAffected(); n == 1 || err != nil {
			return err
		}
		if _, err := s.scan(tx.QueryRowContext(ctx, `select `+webhookColumns+` from webhook where id = $1`, e.ID).Scan); errors.Is(err, sql.ErrNoRows) {
			return webhook.NoSuch(e.ID)
		} else if err != nil {
			return err
		}
		return fail.New(fail.Conflict, "webhook_changed", "Somebody else changed this webhook at the same time; look at it and try again.")
	})
}

// DeleteEndpoint implements [webhook.Store].
func (s Webhooks) DeleteEndpoint(ctx context.Context, id webhook.EndpointID) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `delete from webhook where id = $1`, id)
		if err != nil {
			return fmt.Errorf("delete webhook: %w", err)
		}
		if n, err := res.RowsAffected(); n == 1 || err != nil {
			return err
		}
		return webhook.NoSuch(id)
	})
}

// Endpoint implements [webhook.Store].
func (s Webhooks) Endpoint(ctx context.Context, id webhook.EndpointID) (webhook.Endpoint, error) {
	e, err := s.scan(s.db.read.QueryRowContext(ctx, `select `+webhookColumns+` from webhook where id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return e, webhook.NoSuch(id)
	}
	return e, err
}

// Endpoints implements [webhook.Store].
func (s Webhooks) Endpoints(ctx context.Context) (list []webhook.Endpoint, err error) {
	err = each(ctx, s.db.read, `select `+webhookColumns+` from webhook order by created_us, id`, func(scan func(...any) error) error {
		e, err := s.scan(scan)
		list = append(list, e)
		return err
	})
	return list, err
}
