package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// each calls row for every row of the query's result; row must call scan once.
func each(ctx context.Context, q queryer, query string, row func(scan func(...any) error) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return classified(err)
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(classified(rows.Err()), rows.Close())
}

func exec(ctx context.Context, tx execer, doing, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return classified(fmt.Errorf("%s: %w", doing, err))
	}
	return nil
}
