package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"souk.dev/souk/internal/fail"
)

// Two versions of this program may work on one schema, so that nodes are replaced one after the other. Which ones may is in
// the database: a program that knows less of the schema than oldestSetting says neither starts nor goes on. It is raised before
// a step is made that asks for it, in a transaction that sees every node which lives; and a node reads it in the transaction in
// which it enters. So of a step and of a node that does not work with it, one comes first, and the other is refused.
const (
	oldestSetting = "schema.oldest"

	// behind are the living nodes that do not know the schema up to $2.
	behind = `select n.name || ' (' || n.address || ')' from node n where n.schema < $2 and ` + aliveNode + ` order by n.name`
)

// oldestProgram is up to which step of the schema a program must know it that works on this database; 0: it is not said.
func oldestProgram(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (oldest int64, err error) {
	var text string
	err = q.QueryRowContext(ctx, `select value from setting where name = $1`, oldestSetting).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err == nil {
		oldest, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil {
		return 0, classified(fmt.Errorf("read which programs work on the schema: %w", err))
	}
	return oldest, nil
}

// oldestAfter is what oldestProgram will be when the pending steps are made.
func (db *DB) oldestAfter(pending map[int64]bool) (oldest int64, err error) {
	steps, err := stepsIn(db.folders)
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	for _, s := range steps {
		if pending[s.version] {
			oldest = max(oldest, s.from)
		}
	}
	return oldest, nil
}

// known is up to which step this program knows the schema.
func (db *DB) known() (newest int64, err error) {
	steps, err := stepsIn(db.folders)
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	for _, s := range steps {
		newest = max(newest, s.version)
	}
	return newest, nil
}

// wantPrograms raises what a program must know of the schema to work here.
func (db *DB) wantPrograms(ctx context.Context, oldest int64) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		now, err := oldestProgram(ctx, tx)
		if err != nil || now >= oldest {
			return err
		}
		if err := db.noneBehind(ctx, tx, oldest); err != nil {
			return err
		}
		return exec(ctx, tx, "write which programs work on the schema", `insert into setting (name, value) values ($1, $2)
			on conflict (name) do update set value = excluded.value`, oldestSetting, strconv.FormatInt(oldest, 10))
	})
}

// noneBehind refuses while a node lives that does not know the schema up to oldest. On SQLite there are none, and in a database
// that is older than this rule nobody says what they know.
func (db *DB) noneBehind(ctx context.Context, tx *sql.Tx, oldest int64) error {
	if db.node == nil {
		return nil
	}
	var says bool
	if err := tx.QueryRowContext(ctx, `select exists (select 1 from information_schema.columns where table_schema = current_schema() and table_name = 'node' and column_name = 'schema')`).Scan(&says); err != nil || !says {
		return err
	}
	nodes, err := texts(ctx, tx, behind, db.node.leaseTime.Microseconds(), oldest)
	if err != nil || len(nodes) == 0 {
		return err
	}
	return fail.New(fail.Conflict, "nodes_behind", "The new schema is not for the souk that runs as %s; end that first, or bring it to a version that knows schema %d.", strings.Join(nodes, ", "), oldest)
}
