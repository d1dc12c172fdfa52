package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Settings keeps small named texts, which are secrets. It fulfils seal.Settings.
type Settings struct{ db *DB }

// Settings are the database's own.
func (db *DB) Settings() Settings { return Settings{db} }

// ChangeSetting replaces the text called name by what change makes of it, in one transaction, and returns the text
// that then stands. A text that change leaves alone is not written.
func (s Settings) ChangeSetting(ctx context.Context, name string, change func(old string) (string, error)) (now string, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var old string
		err := tx.QueryRowContext(ctx, `select value from setting where name = $1`, name).Scan(&old)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		missing := err != nil
		if old, err = s.db.reveal(keyRings, name, old); err != nil {
			return err
		}
		if now, err = change(old); err != nil || (now == old && !missing) {
			return err
		}
		_, err = tx.ExecContext(ctx, `insert into setting (name, value) values ($1, $2)
			on conflict (name) do update set value = excluded.value`, name, s.db.hide(keyRings, name, now))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("change the setting %s: %w", name, err)
	}
	return now, nil
}
