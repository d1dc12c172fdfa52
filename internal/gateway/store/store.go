package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/vault"
)

// DB is an open database.
type DB struct {
	engine  *engine
	folders []folder // of the schema's steps
	write   *sql.DB  // one connection on SQLite, which has one writer
	read    *sql.DB

	snapshot *sql.Tx // of one that only reads, see Snapshot, which has nothing else

	checkpoints *checkpointer // of an SQLite file only
	node        *node         // on PostgreSQL: this process among those that share it

	readStmts, writeStmts statements

	vault *vault.Vault // what secrets are sealed with
}

// engine is what differs between SQLite and PostgreSQL. All else is one text for both.
type engine struct {
	schema  schema
	writing *sql.TxOptions // as if there were no other transaction
	reading *sql.TxOptions // one state of the database, whatever is written meanwhile

	again func(error) bool // it failed because of another transaction: what it did can be done again

	shrinks bool // the file gives space back piece by piece, when it is asked for

	own bool // it runs in this process: what it has not put on the disk yet is lost only together with the process's memory
}

// Open opens the database that url names, without looking at its schema: "sqlite:PATH", "sqlite::memory:" for tests, or
// "postgres://USER:PASSWORD@HOST:PORT/DATABASE" with the parameters that PostgreSQL's own clients take.
//
// Errors: fail.Invalid for a url that names no database that can be used, fail.Later where PostgreSQL does not answer.
func Open(ctx context.Context, url string) (*DB, error) {
	switch scheme, _, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		return Driver{Name: "sqlite"}.Open(ctx, url)
	case "postgres", "postgresql":
		return openPostgres(ctx, url)
	default:
		return nil, fail.New(fail.Invalid, "database_url", "The database URL starts with %q; give sqlite:PATH or postgres://HOST/DATABASE.", scheme)
	}
}

// Close releases the database.
func (db *DB) Close() error {
	db.checkpoints.close()
	db.node.release()
	if db.read != db.write {
		return errors.Join(db.read.Close(), db.write.Close())
	}
	return db.write.Close()
}

// Read is for queries outside a transaction.
func (db *DB) Read() Reads {
	if db.snapshot != nil {
		return db.snapshot
	}
	return db.read
}

// A transaction that failed because of another one is tried again soon, and at most so often.
const (
	maxTries   = 20
	firstPause = 2 * time.Millisecond
	lastPause  = 200 * time.Millisecond
)

// Tx runs f in one write transaction, which is durable when Tx returns nil. It is as if there were no other at the same
// time: what f has read is still so when it commits. f may run more than once and must touch nothing outside the transaction.
//
// Errors: f's own; fail.Later with the code answer_lost where nobody knows whether it was committed, with database_away
// where it was not because the database is away, with database_busy where others were always faster.
func (db *DB) Tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	if db.snapshot != nil {
		return errSnapshot
	}
	return db.txOn(ctx, db.write, f)
}

// beginner begins transactions: the database, or one connection to it.
type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

func (db *DB) txOn(ctx context.Context, on beginner, f func(tx *sql.Tx) error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := db.tryTx(ctx, on, f)
		switch {
		case err == nil:
			db.checkpoints.committed()
			return nil
		case !db.engine.again(err):
			return classified(err)
		case try == maxTries:
			return fail.Wrap(fail.Later, err, "database_busy", "The database is too busy with the same thing; repeat in a moment.")
		}
		if err := clock.Sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return err
		}
		pause = min(2*pause, lastPause)
	}
}

func (db *DB) tryTx(ctx context.Context, on beginner, f func(tx *sql.Tx) error) error {
	tx, err := on.BeginTx(ctx, db.engine.writing)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := db.held(ctx, tx); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return lost(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// us and fromUS convert instants; the zero time is stored as 0.
func us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromUS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}
