package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"souk.dev/souk/internal/fail"
)

// postgres lets transactions run beside each other and breaks one of two that could not have run one after the other. So
// a step that is atomic on SQLite, which has one writer, is as atomic here.
var postgres = &engine{
	schema:  schema{name: "postgres", dialect: goose.DialectPostgres, options: oneMigratesAtATime(), words: inBytewiseOrder},
	writing: &sql.TxOptions{Isolation: sql.LevelSerializable},
	reading: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	again:   brokenByAnother,
}

// oneMigratesAtATime makes others wait who migrate the same database.
func oneMigratesAtATime() []goose.ProviderOption {
	l, err := lock.NewPostgresSessionLocker()
	if err != nil {
		panic(err) // it says that an option is wrong, and there is none
	}
	return []goose.ProviderOption{goose.WithSessionLocker(l)}
}

// How many connections a process has at most. Those who read in the middle of a transaction must not wait for those who
// wait for a transaction.
const (
	postgresWriters = 6
	postgresReaders = 8
)

const (
	oldestPostgres = 130000          // PostgreSQL 13, as server_version_num says it; the tests run on Debian's
	idlePostgres   = 5 * time.Minute // after which a connection that nobody used is closed
)

func openPostgres(ctx context.Context, url string) (*DB, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil { // what it says may have the password in it
		return nil, fail.New(fail.Invalid, "database_url", "The database URL cannot be read; give postgres://USER:PASSWORD@HOST:PORT/DATABASE, with what is not a letter or digit in the password as %%XX.")
	}
	return openConfig(ctx, c)
}

func openConfig(ctx context.Context, c *pgx.ConnConfig) (*DB, error) {
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "souk"
	}
	read, write := c.Copy(), c.Copy()
	read.RuntimeParams["default_transaction_read_only"] = "on"
	if write.RuntimeParams["idle_in_transaction_session_timeout"] == "" {
		write.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(idleInTransaction.Milliseconds(), 10)
	}
	db := &DB{engine: postgres, folders: folders, write: postgresPool(write, postgresWriters), read: postgresPool(read, postgresReaders), node: newNode(c)}
	if err := checkPostgres(ctx, db.write); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func postgresPool(c *pgx.ConnConfig, conns int) *sql.DB {
	db := sql.OpenDB(plainArguments{stdlib.GetConnector(*c, stdlib.OptionAfterConnect(waitForTheDisk))})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(idlePostgres)
	return db
}

// waitForTheDisk makes a commit wait until it is on the disk where the database, or its user, is set not to: what was
// acknowledged survives a power cut. Stricter settings stay.
func waitForTheDisk(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`)
	return err
}

// checkPostgres refuses a server that cannot keep what souk writes.
func checkPostgres(ctx context.Context, db *sql.DB) error {
	var version int
	var encoding string
	err := db.QueryRowContext(ctx, `select current_setting('server_version_num')::int, current_setting('server_encoding')`).Scan(&version, &encoding)
	switch {
	case err != nil:
		return classified(fmt.Errorf("open the database: %w", err))
	case version < oldestPostgres:
		return fail.New(fail.Invalid, "old_postgres", "The database is PostgreSQL %d; give version %d or a newer one.", version/10000, oldestPostgres/10000)
	case encoding != "UTF8":
		return fail.New(fail.Invalid, "database_encoding", "The database has the encoding %s; make it anew with the encoding UTF8.", encoding)
	}
	return nil
}

// plainArguments makes connections that take arguments as SQLite's do: a value of a named type is what it is, a text or a
// number, and not what its String method makes of it.
type plainArguments struct{ driver.Connector }

// Connect implements [driver.Connector].
func (p plainArguments) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, classified(err)
	}
	return &postgresConn{c.(*stdlib.Conn)}, nil
}

type postgresConn struct{ *stdlib.Conn }

// CheckNamedValue implements [driver.NamedValueChecker].
func (c *postgresConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

// PrepareContext implements [driver.ConnPrepareContext]. Here, where every query passes, its failures are sorted: who only
// reads is told to come again while the database is away, and need not sort by himself.
func (c *postgresConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, classified(err)
	}
	return &postgresStmt{st.(*stdlib.Stmt)}, nil
}

// QueryContext implements [driver.QueryerContext].
func (c *postgresConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	return rows, classified(err)
}

// ExecContext implements [driver.ExecerContext].
func (c *postgresConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.Conn.ExecContext(ctx, query, args)
	return res, classified(err)
}

type postgresStmt struct{ *stdlib.Stmt }

// QueryContext implements [driver.StmtQueryContext].
func (s *postgresStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.Stmt.QueryContext(ctx, args)
	return rows, classified(err)
}

// ExecContext implements [driver.StmtExecContext].
func (s *postgresStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	res, err := s.Stmt.ExecContext(ctx, args)
	return res, classified(err)
}

// BeginTx implements [driver.ConnBeginTx]. A caller who gives up ends a transaction before its commit or after it, but not
// in the middle of it: then nobody would know whether it is committed.
func (c *postgresConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.BeginTx(context.WithoutCancel(ctx), o)
}
