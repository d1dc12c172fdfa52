package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// soon is [DB.Tx] for what this process does for itself and nobody has an answer of yet. On SQLite it does not wait for the
// disk, so that events do not wait behind it: the next Tx is durable together with all that was committed before it. A process
// that is killed loses nothing; a power cut before that Tx undoes the newest commits, none without those behind it, and takes
// the process's memory along, so that a start does what is undone again. On PostgreSQL it is Tx: there the server may lose its
// power, or give way to a standby, while this process goes on with what it believes to be done.
//
// Source: https://www.sqlite.org/pragma.html#pragma_synchronous (NORMAL with a write-ahead log).
func (db *DB) soon(ctx context.Context, f func(tx *sql.Tx) error) (err error) {
	if db.snapshot != nil || !db.engine.own {
		return db.Tx(ctx, f)
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `pragma synchronous = normal`); err != nil {
		return fmt.Errorf("begin without a sync: %w", err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `pragma synchronous = full`); err != nil {
			// Whoever has it next must not be told that something is durable which is not.
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	return db.txOn(ctx, conn, f)
}
