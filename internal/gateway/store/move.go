package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk.dev/souk/internal/fail"
)

// Moving takes the books from an SQLite database to an empty PostgreSQL one.
//
// Everything is copied in one transaction of PostgreSQL's, behind a fence on SQLite's side ([Departure]) that stays when it is
// committed. So at a kill at any moment the books are either in the one or in the other: the transaction was not committed,
// and the same move begins anew behind its own fence; or it was, and the same move finds its id there and only says so.
type Moving struct {
	From, To *DB
	Name     string           // of To, for people, see [NameOf]; a move that was broken off goes on to the same name only
	Now      time.Time        // for the fence
	Table    func(MovedTable) // is told of each table when it is there and has been compared; may be nil
	// Check looks at both, which are at rest, when all is copied and nothing is committed; may be nil.
	Check func(ctx context.Context, from, to *DB) error
}

// MovedTable is what came of one table: the rows of both are the same, byte for byte.
type MovedTable struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // over all rows, in the order of their key
}

// NameOf says for people which database a URL means, without what is secret in it.
func NameOf(dbURL string) string {
	if path, ok := strings.CutPrefix(dbURL, "sqlite:"); ok {
		return path
	}
	c, err := pgx.ParseConfig(dbURL)
	if err != nil {
		return "a database whose URL cannot be read"
	}
	u := url.URL{Scheme: "postgres", Path: "/" + c.Database, Host: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))}
	if strings.HasPrefix(c.Host, "/") { // a socket's folder
		u.Host, u.RawQuery = "", url.Values{"host": {c.Host}}.Encode()
	}
	return u.String()
}

// lockMove is "move" in ASCII, the first half of the key of the lock under which one move at a time is made to a database.
const lockMove = 0x6d6f7665

// Run moves the books and returns what was moved. When it fails nothing was moved, and the database that was to be left is as
// it was, unless the answer to the last commit was lost, or the process dies: then it stays fenced, and the same move is to be
// run again.
//
// Errors: fail.Invalid for engines between which nothing is moved, and for a row that PostgreSQL cannot keep; fail.Conflict for a
// target that is not empty or is in use, and for books that have moved already; fail.Later where PostgreSQL is away.
func (m Moving) Run(ctx context.Context) (tables []MovedTable, err error) {
	t, err := m.arrive(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	d, gone, err := m.From.Departure(ctx)
	switch {
	case err != nil:
		return nil, err
	case gone && (d.Done || d.To != m.Name):
		return nil, m.From.Stays(ctx)
	case gone && t.arrived == d.ID:
		return nil, m.finish(ctx, d)
	case t.arrived != "":
		return nil, notEmpty(m.Name)
	}
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	if !gone {
		d = Departure{ID: uuid.NewString(), To: m.Name, At: m.Now.UTC().Truncate(time.Second)}
	}
	if err := m.From.depart(ctx, d); err != nil {
		return nil, fmt.Errorf("fence the database: %w", err)
	}
	if tables, err = m.carry(ctx, t, d); err != nil {
		if fail.CodeOf(err) == "answer_lost" {
			return nil, err
		}
		return nil, errors.Join(err, m.From.stay(context.WithoutCancel(ctx), d.ID))
	}
	return tables, m.finish(ctx, d)
}

// finish writes on the fence that the books are not here any more.
func (m Moving) finish(ctx context.Context, d Departure) error {
	d.Done = true
	if err := m.From.depart(context.WithoutCancel(ctx), d); err != nil {
		return fmt.Errorf("the books are in %s; run the same move again, to close the database that they have left: %w", m.Name, err)
	}
	return nil
}

// Undo takes down the fence of a move that was broken off, so that the gateway goes on where it was.
//
// Errors: fail.Conflict where there is nothing to take back, or the books are in the other database already.
func (m Moving) Undo(ctx context.Context) (err error) {
	t, err := m.arrive(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	d, gone, err := m.From.Departure(ctx)
	switch {
	case err != nil:
		return err
	case !gone:
		return fail.New(fail.Conflict, "not_moved", "No move of these books has begun.")
	case d.Done || d.To != m.Name:
		return m.From.Stays(ctx)
	case t.arrived == d.ID:
		return fail.New(fail.Conflict, "database_moved", "The books are in %s already; finish the move with souk move.", m.Name)
	}
	return m.From.stay(ctx, d.ID)
}

// arrival is the database that is moved to: one transaction of one session.
type arrival struct {
	conn    *sql.Conn
	tx      *sql.Tx
	name    string
	tables  []table
	arrived string // the id of the move by which its books came; empty: by none
}

// arrive begins the transaction, in which no other move to the same database can be.
func (m Moving) arrive(ctx context.Context) (_ *arrival, err error) {
	if m.From.engine != sqlite || m.To.engine != postgres {
		return nil, fail.New(fail.Invalid, "move_engines", "Books are moved from sqlite:PATH to postgres://HOST/DATABASE.")
	}
	if _, err := m.To.Migrate(ctx); err != nil {
		return nil, err
	}
	t := &arrival{name: m.Name}
	if t.tables, err = m.From.tables(ctx); err != nil {
		return nil, err
	}
	if t.conn, err = m.To.write.Conn(ctx); err != nil {
		return nil, classified(fmt.Errorf("connect: %w", err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.tx, err = t.conn.BeginTx(ctx, nil); err != nil {
		return nil, classified(fmt.Errorf("begin: %w", err))
	}
	// The server finds out by itself when this machine is gone: the locks are in everybody's way.
	if err := exec(ctx, t.tx, "set up the session", `set local tcp_keepalives_idle = 10; set local tcp_keepalives_interval = 5; set local tcp_keepalives_count = 3; set local lock_timeout = '10s'; set local idle_in_transaction_session_timeout = 0`); err != nil {
		return nil, err
	}
	var alone bool
	if err := t.tx.QueryRowContext(ctx, `select pg_try_advisory_xact_lock($1, hashtext(current_schema()))`, lockMove).Scan(&alone); err != nil {
		return nil, classified(fmt.Errorf("lock the database: %w", err))
	}
	if !alone {
		return nil, fail.New(fail.Conflict, "moving", "Another souk move to %s is under way.", m.Name)
	}
	err = t.tx.QueryRowContext(ctx, `select value from setting where name = $1`, arrivalSetting).Scan(&t.arrived)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, classified(fmt.Errorf("read where the books came from: %w", err))
	}
	return t, nil
}

func (t *arrival) close() error {
	var err error
	if t.tx != nil {
		if err = t.tx.Rollback(); errors.Is(err, sql.ErrTxDone) {
			err = nil
		}
	}
	return errors.Join(err, t.conn.Close())
}

// lock keeps everybody else away until the transaction ends, readers too: what they read would be a database without books.
// A database is empty when its tables have what the migrations themselves put there, and no more.
func (t *arrival) lock(ctx context.Context) error {
	fresh, err := Driver{Name: "sqlite"}.Open(ctx, "sqlite::memory:")
	if err != nil {
		return err
	}
	defer fresh.Close()
	if _, err := fresh.Migrate(ctx); err != nil {
		return err
	}
	var seeded []string
	for _, tab := range t.tables {
		_, err := t.tx.ExecContext(ctx, "lock table "+tab.name+" in access exclusive mode")
		if p, ok := errors.AsType[*pgconn.PgError](err); ok && p.Code == codeLockTimeout {
			return fail.New(fail.Conflict, "database_in_use", "%s is in use; end what works with it first.", t.name)
		}
		if err != nil {
			return classified(fmt.Errorf("lock the table %s: %w", tab.name, err))
		}
		has, err := tab.count(ctx, t.tx)
		if err != nil {
			return err
		}
		usual, err := tab.count(ctx, fresh.Read())
		if err != nil {
			return err
		}
		if has != usual {
			return notEmpty(t.name)
		}
		if has.Rows > 0 {
			seeded = append(seeded, tab.name)
		}
	}
	for _, name := range slices.Backward(seeded) {
		if err := exec(ctx, t.tx, "empty the table "+name, "delete from "+name); err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(name string) error {
	return fail.New(fail.Conflict, "database_not_empty", "%s is not empty; give an empty database.", name)
}

// carry copies all tables, compares them, and commits.
func (m Moving) carry(ctx context.Context, t *arrival, d Departure) (all []MovedTable, err error) {
	from, release, err := m.From.oneState(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	for _, tab := range t.tables {
		left, err := t.copy(ctx, from, tab)
		if err != nil {
			return nil, fmt.Errorf("copy the table %s: %w", tab.name, err)
		}
		came, err := tab.count(ctx, t.tx)
		if err != nil {
			return nil, err
		}
		if left != came {
			return nil, fmt.Errorf("the table %s has %d rows here and %d there, or they differ", tab.name, left.Rows, came.Rows)
		}
		if m.Table != nil {
			m.Table(came)
		}
		all = append(all, came)
	}
	if err := exec(ctx, t.tx, "analyze", "analyze"); err != nil { // else the first queries are planned for empty tables
		return nil, err
	}
	if m.Check != nil {
		if err := m.Check(ctx, m.From, &DB{engine: m.To.engine, snapshot: t.tx}); err != nil {
			return nil, err
		}
	}
	if err := exec(ctx, t.tx, "write where the books came from", `insert into setting (name, value) values ($1, $2)`, arrivalSetting, d.ID); err != nil {
		return nil, err
	}
	if err := t.tx.Commit(); err != nil {
		return nil, lost(fmt.Errorf("commit: %w", err))
	}
	return all, nil
}

var errEnough = errors.New("no more rows are wanted")

// copy copies a table, and sums it up as it was read.
func (t *arrival) copy(ctx context.Context, from queryer, tab table) (MovedTable, error) {
	s := newSum()
	next, stop := iter.Pull2(func(yield func([]any, error) bool) {
		err := tab.each(ctx, from, func(values []any) error {
			s.add(values)
			if !yield(values, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	})
	defer stop()
	var read error // why there are no more rows; PostgreSQL's word for it says less
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		var values []any
		values, read, _ = next()
		return values, read // no values: this was all
	})
	err := t.conn.Raw(func(c any) error {
		_, err := c.(*postgresConn).Conn.Conn().CopyFrom(ctx, pgx.Identifier{tab.name}, tab.names(), rows)
		return err
	})
	if read != nil {
		return MovedTable{}, read
	}
	if err != nil {
		return MovedTable{}, classified(err)
	}
	return s.of(tab), nil
}
