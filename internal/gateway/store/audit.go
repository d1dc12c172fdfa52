package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"souk.dev/souk/internal/gateway/audit"
)

// Audit fulfils audit.Store.
type Audit struct{ db *DB }

// Audit keeps the audit log in this database.
func (db *DB) Audit() Audit { return Audit{db} }

var _ audit.Store = Audit{}

const auditColumns = `seq, at_us, actor, actor_name, actor_from, action, subject, detail, prior_hash, hash`

func scanEntry(scan func(...any) error) (e audit.Entry, err error) {
	err = scan(&e.Seq, instant{&e.At}, &e.By.ID, &e.By.Name, &e.By.From, &e.Action, &e.Subject, &e.Detail, &e.Before, &e.Hash)
	return e, err
}

// AppendEntry implements audit.Store.
func (s Audit) AppendEntry(ctx context.Context, next func(newest audit.Entry) audit.Entry) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		newest, err := scanEntry(tx.QueryRowContext(ctx, `select `+auditColumns+` from audit_entry order by seq desc limit 1`).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the newest entry: %w", err)
		}
		e := next(newest)
		return exec(ctx, tx, "keep an entry", `insert into audit_entry (`+auditColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			e.Seq, us(e.At), e.By.ID, e.By.Name, e.By.From, e.Action, e.Subject, e.Detail, e.Before, e.Hash)
	})
}

// Entries implements audit.Store.
func (s Audit) Entries(ctx context.Context, before int64, limit int) (list []audit.Entry, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.each(ctx, func(e audit.Entry) error { list = append(list, e); return nil },
		`select `+auditColumns+` from audit_entry where seq < $1 order by seq desc limit $2`, before, limit)
	return list, err
}

// EachEntry implements audit.Store. It reads a part at a time, and keeps no writer waiting.
func (s Audit) EachEntry(ctx context.Context, yield func(audit.Entry) error) error {
	const part = 500
	var last int64
	for n := part; n == part; {
		n = 0
		err := s.each(ctx, func(e audit.Entry) error { n++; last = e.Seq; return yield(e) },
			`select `+auditColumns+` from audit_entry where seq > $1 order by seq limit $2`, last, part)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s Audit) each(ctx context.Context, yield func(audit.Entry) error, query string, args ...any) error {
	return each(ctx, s.db.Read(), query, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		return yield(e)
	}, args...)
}
