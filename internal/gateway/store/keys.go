package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/keys"
)

// Keys keeps API keys. It fulfils keys.Store.
type Keys struct{ db *DB }

// Keys is the API keys' part of the database.
func (db *DB) Keys() Keys { return Keys{db} }

var _ keys.Store = Keys{}

const keyColumns = `id, name, created_us, used_us, revoked_us`

func scanKey(scan func(...any) error) (k keys.Key, err error) {
	err = scan(&k.ID, &k.Name, instant{&k.CreatedAt}, instant{&k.UsedAt}, instant{&k.RevokedAt})
	return k, err
}

// AddKey implements [keys.Store].
func (s Keys) AddKey(ctx context.Context, k keys.Key, h keys.Hash) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "add key", `insert into api_key (`+keyColumns+`, hash) values ($1, $2, $3, $4, $5, $6)`,
			k.ID, k.Name, us(k.CreatedAt), us(k.UsedAt), us(k.RevokedAt), hex.EncodeToString(h[:]))
	})
}

// KeyByHash implements [keys.Store].
func (s Keys) KeyByHash(ctx context.Context, h keys.Hash) (keys.Key, error) {
	k, err := scanKey(s.db.Read().QueryRowContext(ctx, `select `+keyColumns+` from api_key where hash = $1`, hex.EncodeToString(h[:])).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return k, fail.New(fail.NotFound, "unknown_key", "There is no such API key.")
	}
	return k, err
}

// Keys implements [keys.Store].
func (s Keys) Keys(ctx context.Context) (ks []keys.Key, err error) {
	err = each(ctx, s.db.Read(), `select `+keyColumns+` from api_key order by created_us, id`, func(scan func(...any) error) error {
		k, err := scanKey(scan)
		ks = append(ks, k)
		return err
	})
	return ks, err
}

// RevokeKey implements [keys.Store].
func (s Keys) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update api_key set revoked_us = case when revoked_us = 0 then $2 else revoked_us end where id = $1`, id, us(at))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fail.New(fail.NotFound, "unknown_key", "There is no API key %q; souk keys list shows them.", id)
	})
}

// KeyUsed implements [keys.Store].
func (s Keys) KeyUsed(ctx context.Context, id string, at time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "key used", `update api_key set used_us = $2 where id = $1 and used_us < $2`, id, us(at))
	})
}
