package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/vault"
	"souk.dev/souk/internal/gateway/webhook"
)

// secretColumn is where secrets stand that somebody could use who has nothing but a copy of the database. What is only compared
// (sessions, API keys, links of mails) is kept as a hash of 256 random bits, and needs no vault.
type secretColumn struct {
	what       string // for people
	table, key string // key is the column that tells rows apart
	column     string
	except     string // rows that hold none, as a condition

	// What becomes of a row, whose key is $1, when nobody can open its secret any more. $2 is the secret that is put in its place,
	// where there is one.
	forget string
	anew   func() string
}

// The columns, in the order in which they are gone through.
var (
	keyRings = secretColumn{what: "keys of the gateway", table: "setting", key: "name", column: "value", forget: `delete from setting where name = $1`,
		except: "name in ('" + backupSetting + "', '" + departureSetting + "', '" + arrivalSetting + "', '" + oldestSetting + "')"}
	personPasswords = secretColumn{what: "customers' passwords", table: "person", key: "id", column: "password_hash",
		forget: `update person set password_hash = $2 where id = $1`, anew: credential.Unknowable}
	personFactors  = secretColumn{what: "customers' second factors", table: "person_factor", key: "person", column: "secret", forget: `delete from person_factor where person = $1`}
	staffPasswords = secretColumn{what: "operators' passwords", table: "operator", key: "id", column: "password_hash",
		forget: `update operator set password_hash = $2 where id = $1`, anew: credential.Unknowable}
	staffFactors   = secretColumn{what: "operators' second factors", table: "operator_factor", key: "operator", column: "secret", forget: `delete from operator_factor where operator = $1`}
	webhookSecrets = secretColumn{what: "secrets of webhooks", table: "webhook", key: "id", column: "secret",
		forget: `update webhook set secret = $2, disabled = 1, why = 'The key to its secret was lost. It has another: give that to the receiver, and enable this.' where id = $1`,
		anew:   func() string { return string(webhook.NewSecret()) }}
	webhookOld = secretColumn{what: "former secrets of webhooks", table: "webhook", key: "id", column: "old_secret", forget: `update webhook set old_secret = '', old_until_us = 0 where id = $1`}

	secretColumns = []secretColumn{keyRings, personPasswords, personFactors, staffPasswords, staffFactors, webhookSecrets, webhookOld}
)

// place is what a row's secret is bound to, so that nobody who can write to the database puts one in another's stead.
func (c secretColumn) place(key string) string { return c.table + "." + c.column + "\x00" + key }

// UseVault has secrets sealed and opened by v from now on. It must come before anything else that is done with the database.
func (db *DB) UseVault(v *vault.Vault) { db.vault = v }

// hide is what is written of the secret in the row that key names.
func (db *DB) hide(c secretColumn, key, secret string) string {
	return db.vault.Seal(c.place(key), secret)
}

// reveal is the secret of what was written in the row that key names.
func (db *DB) reveal(c secretColumn, key, written string) (string, error) {
	secret, err := db.vault.Open(c.place(key), written)
	if err != nil {
		return "", fmt.Errorf("open a secret of the table %s: %w", c.table, err)
	}
	return secret, nil
}

// replaceSecret writes another secret where one stands that is was, and reports whether there was; anything else stays. Sealed
// twice, a secret looks different each time, so the database alone cannot compare.
func (db *DB) replaceSecret(ctx context.Context, tx *sql.Tx, c secretColumn, key, was, now string) (did bool, err error) {
	var written string
	if err := tx.QueryRowContext(ctx, `select `+c.column+` from `+c.table+` where `+c.key+` = $1`, key).Scan(&written); errors.Is(err, sql.ErrNoRows) {
		return false, nil
	} else if err != nil {
		return false, classified(err)
	}
	if present, err := db.reveal(c, key, written); err != nil || present != was {
		return false, err
	}
	return true, exec(ctx, tx, "replace a secret", `update `+c.table+` set `+c.column+` = $2 where `+c.key+` = $1`, key, db.hide(c, key, now))
}

// secret is one that stands in the database, as it is written.
type secret struct{ key, written string }

// written are the secrets of a column for which want holds, a page at a time, in the order of their keys.
func (db *DB) written(ctx context.Context, c secretColumn, after string, want func(written string) bool) (some []secret, last string, err error) {
	const page = 500
	rows := 0
	query := `select ` + c.key + `, ` + c.column + ` from ` + c.table + ` where ` + c.key + ` > $1 and ` + c.column + ` <> ''`
	if c.except != "" {
		query += ` and not (` + c.except + `)`
	}
	err = each(ctx, db.Read(), query+` order by `+c.key+` limit $2`, func(scan func(...any) error) error {
		var s secret
		if err := scan(&s.key, &s.written); err != nil {
			return err
		}
		rows, last = rows+1, s.key
		if want(s.written) {
			some = append(some, s)
		}
		return nil
	}, after, page)
	if err != nil {
		return nil, "", fmt.Errorf("look for %s: %w", c.what, err)
	}
	if rows < page {
		last = ""
	}
	return some, last, nil
}

// SealSecrets writes all secrets as they would be written today: those from before there was a vault, or that another key sealed.
// It returns how many it wrote. One that changes meanwhile is left as it then is.
func (db *DB) SealSecrets(ctx context.Context) (n int, err error) {
	if db.vault == nil { // nothing would be written otherwise than it is, so that a start need not read it all
		return 0, nil
	}
	return db.eachSecret(ctx, func(written string) bool { return !db.vault.Now(written) }, func(c secretColumn, some []secret) error {
		return db.Tx(ctx, func(tx *sql.Tx) error {
			for _, s := range some {
				plain, err := db.reveal(c, s.key, s.written)
				if err != nil {
					return err
				}
				if err := exec(ctx, tx, "seal "+c.what, `update `+c.table+` set `+c.column+` = $2 where `+c.key+` = $1 and `+c.column+` = $3`, s.key, db.hide(c, s.key, plain), s.written); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// SecretsUnder is how many secrets of a kind are sealed with one key.
type SecretsUnder struct {
	What   string `json:"what"`
	Key    string `json:"key"` // its id; empty: they are written as they are
	Opens  bool   `json:"opens"`
	Number int    `json:"number"`
}

// Secrets tells what secrets there are, by kind and key.
func (db *DB) Secrets(ctx context.Context) (list []SecretsUnder, err error) {
	under := map[string]map[string]int{} // what, key
	_, err = db.eachSecret(ctx, func(string) bool { return true }, func(c secretColumn, some []secret) error {
		if under[c.what] == nil {
			under[c.what] = map[string]int{}
		}
		for _, s := range some {
			under[c.what][vault.KeyOf(s.written)]++
		}
		return nil
	})
	for _, c := range secretColumns {
		for _, id := range slices.Sorted(maps.Keys(under[c.what])) {
			list = append(list, SecretsUnder{What: c.what, Key: id, Opens: db.vault.Has(id), Number: under[c.what][id]})
		}
	}
	return list, err
}

// ForgetSecrets does without the secrets that no key opens which was given: their keys are lost. It returns how many there were.
// The gateway makes new keys of its own; customers choose another password by mail, and operators by the shell; second factors
// have to be added anew, and webhooks are disabled, with new secrets. No usage, record or statement is touched.
func (db *DB) ForgetSecrets(ctx context.Context) (n int, err error) {
	return db.eachSecret(ctx, func(written string) bool { return !db.vault.Has(vault.KeyOf(written)) }, func(c secretColumn, some []secret) error {
		return db.Tx(ctx, func(tx *sql.Tx) error {
			for _, s := range some {
				args := []any{s.key}
				if c.anew != nil {
					args = append(args, db.hide(c, s.key, c.anew()))
				}
				if err := exec(ctx, tx, "forget "+c.what, c.forget, args...); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// eachSecret calls do with the secrets for which want holds, some at a time, and returns how many they were.
func (db *DB) eachSecret(ctx context.Context, want func(written string) bool, do func(secretColumn, []secret) error) (n int, err error) {
	for _, c := range secretColumns {
		for after := ""; ; {
			some, last, err := db.written(ctx, c, after, want)
			if err != nil {
				return n, err
			}
			if len(some) > 0 {
				if err := do(c, some); err != nil {
					return n, err
				}
				n += len(some)
			}
			if after = last; last == "" {
				break
			}
		}
	}
	return n, nil
}
