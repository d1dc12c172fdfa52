package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// statements are prepared once and closed with their database.
type statements struct {
	mu      sync.Mutex
	byQuery map[string]*sql.Stmt
}

// kept is the statement that was prepared, or nil.
func (s *statements) kept(query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byQuery[query]
}

func (s *statements) prepare(ctx context.Context, on *sql.DB, query string) (*sql.Stmt, error) {
	if st := s.kept(query); st != nil {
		return st, nil
	}
	st, err := on.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.byQuery[query]; first != nil { // another was faster
		return first, st.Close()
	}
	if s.byQuery == nil {
		s.byQuery = map[string]*sql.Stmt{}
	}
	s.byQuery[query] = st
	return st, nil
}

// reader prepares a statement for reading, once.
func (db *DB) reader(ctx context.Context, query string) (*sql.Stmt, error) {
	if db.snapshot != nil {
		return db.snapshot.PrepareContext(ctx, query)
	}
	return db.readStmts.prepare(ctx, db.read, query)
}

// writer prepares a statement for the write connection, once. It waits for the connection: never call it in a
// transaction.
func (db *DB) writer(ctx context.Context, query string) (*sql.Stmt, error) {
	if db.snapshot != nil {
		return nil, errSnapshot
	}
	return db.writeStmts.prepare(ctx, db.write, query)
}

// prepared runs few statements many times in a transaction, and many transactions.
type prepared struct {
	ctx  context.Context
	db   *DB
	part int // whose rows they are, see [Metering.repeated]
	tx   *sql.Tx
	stmt map[string]*sql.Stmt // closed with the transaction
	anew []string             // those that had to be prepared
}

func (p *prepared) exec(query string, args ...any) (int64, error) {
	st := p.stmt[query]
	if st == nil {
		if kept := p.db.writeStmts.kept(query); kept != nil {
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

// transaction is [DB.Tx] or [DB.soon].
type transaction func(ctx context.Context, f func(tx *sql.Tx) error) error

// repeated is a transaction of statements that come many times.
func (db *DB) repeated(ctx context.Context, transact transaction, f func(p *prepared) error) error {
	var anew []string
	err := transact(ctx, func(tx *sql.Tx) error {
		// When ctx ends the transaction does, which is what ends its statements: were each to watch ctx by itself, which SQLite's
		// driver does with a goroutine, a short one would spend a tenth of its time on that.
		p := &prepared{ctx: context.WithoutCancel(ctx), db: db, tx: tx, stmt: map[string]*sql.Stmt{}}
		err := f(p)
		anew = p.anew
		return err
	})
	if err != nil {
		return err
	}
	for _, query := range anew { // for the next transaction
		if _, err := db.writer(ctx, query); err != nil {
			break // it is committed; the next one prepares for itself
		}
	}
	return nil
}

func (s Metering) tx(ctx context.Context, f func(p *prepared) error) error {
	return s.repeated(ctx, s.db.Tx, f)
}

func (s Metering) repeated(ctx context.Context, transact transaction, f func(p *prepared) error) error {
	return s.db.repeated(ctx, transact, func(p *prepared) error {
		p.part = s.part
		return f(p)
	})
}
