package store

import (
	"database/sql"
	"time"
)

// HurryClaim makes a claim that another process has be refused soon.
func (db *DB) HurryClaim() { db.node.patience = 100 * time.Millisecond }

// Raw is the database's writer, for tests that do what this package never does.
func Raw(db *DB) *sql.DB { return db.write }
