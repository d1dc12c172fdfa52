package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// KeepPasskey implements credential.PasskeyStore.
func (s Accounts) KeepPasskey(ctx context.Context, k credential.Passkey, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		did, err := changed(tx.ExecContext(ctx, `insert into person_passkey (id, person, credential, public_key, sign_count, synced, name, added_us, used_us)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (credential) do nothing`,
			k.ID, k.Owner, k.Credential, k.PublicKey, k.SignCount, k.Synced, k.Name, us(k.AddedAt), us(k.UsedAt)))
		if err != nil {
			return fmt.Errorf("keep a passkey of %s: %w", k.Owner, err)
		}
		if !did {
			return fail.New(fail.Conflict, "passkey_there", "This passkey was added before.")
		}
		return putEvents(ctx, tx, tell...)
	})
}

// PasskeysOf implements credential.PasskeyStore.
func (s Accounts) PasskeysOf(ctx context.Context, owner string) (list []credential.Passkey, err error) {
	err = each(ctx, s.db.Read(), `select id, person, credential, public_key, sign_count, synced, name, added_us, used_us from person_passkey where person = $1 order by added_us, id`, func(scan func(...any) error) error {
		var k credential.Passkey
		err := scan(&k.ID, &k.Owner, &k.Credential, &k.PublicKey, &k.SignCount, &k.Synced, &k.Name, instant{&k.AddedAt}, instant{&k.UsedAt})
		list = append(list, k)
		return err
	}, owner)
	return list, err
}

// UsePasskey implements credential.PasskeyStore.
func (s Accounts) UsePasskey(ctx context.Context, a credential.Answer, at time.Time) (used bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		used, err = changed(tx.ExecContext(ctx, `insert into passkey_answer (hash, expires_us) values ($1, $2) on conflict (hash) do nothing`, a.Challenge, us(a.Expires)))
		if err != nil || !used {
			return err
		}
		used, err = changed(tx.ExecContext(ctx, `update person_passkey set sign_count = $1, used_us = $2 where id = $3 and sign_count = $4`, a.Count, us(at), a.Passkey.ID, a.Passkey.SignCount))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("note the use of a passkey: %w", err)
	}
	return used, nil
}

// ForgetPasskey implements credential.PasskeyStore.
func (s Accounts) ForgetPasskey(ctx context.Context, owner, id string, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		did, err := changed(tx.ExecContext(ctx, `delete from person_passkey where id = $1 and person = $2`, id, owner))
		if err != nil {
			return fmt.Errorf("forget a passkey: %w", err)
		}
		if !did {
			return fail.New(fail.NotFound, "no_such_passkey", "There is no such passkey.")
		}
		return putEvents(ctx, tx, tell...)
	})
}
