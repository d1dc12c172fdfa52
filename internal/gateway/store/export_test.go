package store

import "time"

// HurryClaim makes a claim that another process has be refused soon.
func (db *DB) HurryClaim() { db.node.patience = 100 * time.Millisecond }
