package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Reads is what one reads the database with: at present, or as it was at one instant (see [DB.Snapshot]).
type Reads interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

var errSnapshot = errors.New("store: a snapshot only reads")

// Snapshot runs f with the database as it is at one instant, whatever is written meanwhile: an audit of many tables then
// sees no half of anything. What f is given only reads, and ends with f. Meanwhile SQLite's log cannot begin anew, and grows
// by what is written.
func (db *DB) Snapshot(ctx context.Context, f func(*DB) error) error {
	tx, err := db.beginRead(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return f(&DB{engine: db.engine, folders: db.folders, vault: db.vault, snapshot: tx})
}

// oneState is for reading several things that must fit each other. Call release in any case but an error's.
func (db *DB) oneState(ctx context.Context) (r Reads, release func(), err error) {
	if db.snapshot != nil {
		return db.snapshot, func() {}, nil
	}
	tx, err := db.beginRead(ctx)
	if err != nil {
		return nil, nil, err
	}
	return tx, func() { _ = tx.Rollback() }, nil // it only read
}

func (db *DB) beginRead(ctx context.Context) (*sql.Tx, error) {
	if db.snapshot != nil {
		return nil, errSnapshot
	}
	tx, err := db.read.BeginTx(ctx, db.engine.reading)
	if err != nil {
		return nil, classified(fmt.Errorf("begin to read: %w", err))
	}
	return tx, nil
}
