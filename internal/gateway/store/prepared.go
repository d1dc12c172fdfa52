package store

import (
	"context"
	"database/sql"
	"fmt"
)

// kept is the statement that was prepared for the write connection, or nil.
func (db *DB) kept(query string) *sql.Stmt {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.stmts[query]
}

// writer prepares a statement for the write connection, once. It waits for the connection: never call it in a
// transaction.
func (db *DB) writer(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := db.kept(query); st != nil {
		return st, nil
	}
	st, err := db.write.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if first := db.stmts[query]; first != nil { // another was faster
		return first, st.Close()
	}
	if db.stmts == nil {
		db.stmts = map[string]*sql.Stmt{}
	}
	db.stmts[query] = st // closed with the database
	return st, nil
}

// prepared runs few statements many times in a transaction, and many transactions.
type prepared struct {
	ctx  context.Context
	db   *DB
	tx   *sql.Tx
	stmt map[string]*sql.Stmt // closed with the transaction
	anew []string             // those that had to be prepared
}

func (p *prepared) exec(query string, args ...any) (int64, error) {
	st := p.stmt[query]
	if st == nil {
		if kept := p.db.kept(query); kept != nil {
			st = p.tx.StmtContext(p.ctx, kept)
		} else {
			var err error
			if st, err = p.tx.PrepareContext(p.ctx, query); err != nil {
				return 0, err
			}
			p.anew = append(p.anew, query)
		}
		p.stmt[query] = st
	}
	res, err := st.ExecContext(p.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (s Metering) tx(ctx context.Context, f func(p *prepared) error) error {
	var anew []string
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		p := &prepared{ctx: ctx, db: s.db, tx: tx, stmt: map[string]*sql.Stmt{}}
		err := f(p)
		anew = p.anew
		return err
	})
	if err != nil {
		return err
	}
	for _, query := range anew { // for the next transaction
		if _, err := s.db.writer(ctx, query); err != nil {
			break // it is committed; the next one prepares for itself
		}
	}
	return nil
}
