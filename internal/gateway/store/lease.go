package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk.dev/souk/internal/fail"
)

// The statements of leases. They are PostgreSQL's alone, and only its clock counts: nodes' clocks may disagree by any span.
//
// A node is alive while it was seen within the last $lease microseconds and its session lives, which ends at once when its
// process is killed. Sessions that ended with the server say nothing of their processes.
const (
	databaseNow = `(extract(epoch from clock_timestamp()) * 1000000)::bigint`

	// namesSession is the name of the session a. A process id is used again, the instant is not.
	namesSession = `a.pid::text || '@' || extract(epoch from a.backend_start)::text`

	aliveNode = `(n.seen_us > ` + databaseNow + ` - $1::bigint and (
			exists (select 1 from pg_stat_activity a where ` + namesSession + ` = n.session)
			or n.seen_us < (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint))`

	mySession = `select ` + namesSession + ` from pg_stat_activity a where a.pid = pg_backend_pid()`

	sayAlive = `insert into node (id, name, address, session, schema, speaks, seen_us) values ($1, $2, $3, $4, $5, $6, ` + databaseNow + `)
		on conflict (id) do update set address = excluded.address, session = excluded.session, seen_us = excluded.seen_us returning seen_us`

	readOwner = `select l.owner, l.epoch, coalesce(n.name, ''), coalesce(n.address, ''), coalesce(n.speaks, 0), coalesce(` + aliveNode + `, false)
		from lease l left join node n on n.id = l.owner where l.name = 'books'`

	// readOldest is what oldestProgram reads.
	readOldest = `select coalesce((select value from setting where name = '` + oldestSetting + `'), '0')::bigint`

	beginLease = `insert into lease (name, owner, epoch) values ('books', '', 0) on conflict (name) do nothing`

	// lockLease waits for every transaction that rests on the lease, see holdLease.
	lockLease = `select owner from lease where name = 'books' for update`
	isAlive   = `select exists (select 1 from node n where n.id = $2 and ` + aliveNode + `)`
	takeLease = `update lease set owner = $1, epoch = epoch + 1 where name = 'books'`

	// endStuck ends the sessions that have held the lease for so long without a step: those of a process that hangs, which nobody else
	// would end where the server waits in the middle of a message, or for its answer to be read. Those that wait for the lease go on.
	endStuck = `select count(pg_terminate_backend(a.pid)) from pg_stat_activity a
		where a.pid <> pg_backend_pid() and a.datname = current_database() and a.wait_event_type is distinct from 'Lock'
			and a.state_change < clock_timestamp() - $1::bigint * interval '1 microsecond'
			and exists (select 1 from pg_locks l where l.pid = a.pid and l.relation = 'lease'::regclass and l.mode = 'RowShareLock' and l.granted)`

	// holdLease keeps the books from changing hands until the transaction ends; it finds nothing if they have.
	holdLease = `select 1 from lease where name = 'books' and epoch = $1 for share`

	seeLease = `select 1 from lease where name = 'books' and epoch = $1`

	forgetDead = `delete from node where seen_us < ` + databaseNow + ` - $1::bigint`
	leaveNodes = `delete from node where id = $1`

	// nodesChannel is notified when an owner leaves, or there is a new one.
	nodesChannel = "souk_nodes"
)

// Ownership is who keeps the books.
type Ownership struct {
	Mine    bool
	Epoch   int64  // counts the owners
	Name    string // of the owner; empty if there is none that lives
	Address string // where it is reached; empty if it cannot be
	Speaks  int64  // see [Node]

	owner string
	alive bool
}

// heard is what one look at the database tells.
type heard struct {
	Ownership
	now    time.Time // the database's
	oldest int64     // see oldestProgram
}

// look says that this node lives, and asks who owns the books.
func (n *node) look(ctx context.Context, conn *pgx.Conn) (o heard, err error) {
	var now int64
	if err := conn.QueryRow(ctx, sayAlive, n.id, n.self.Name, n.self.Address, n.session, n.knows, n.self.Speaks).Scan(&now); err != nil {
		return o, fmt.Errorf("say that this node lives: %w", classified(err))
	}
	o.now = fromUS(now)
	if err := conn.QueryRow(ctx, readOldest).Scan(&o.oldest); err != nil {
		return o, fmt.Errorf("ask which programs work on the schema: %w", classified(err))
	}
	err = conn.QueryRow(ctx, readOwner, n.leaseTime.Microseconds()).Scan(&o.owner, &o.Epoch, &o.Name, &o.Address, &o.Speaks, &o.alive)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return o, fmt.Errorf("ask who owns the books: %w", classified(err))
	}
	if o.Mine = o.owner == n.id; !o.Mine && !o.alive {
		o.Name, o.Address = "", ""
	}
	return o, nil
}

// take makes this node the owner, unless another one that lives is. It returns when all that the last owner had begun to
// write is written or undone; from then on, that one can write nothing more. It may have to be tried again.
func (n *node) take(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, beginLease); err != nil {
			return err
		}
		var owner string
		var alive bool
		if err := tx.QueryRow(ctx, lockLease).Scan(&owner); err != nil {
			return err
		}
		// A statement of its own sees what was committed while the one before waited.
		if err := tx.QueryRow(ctx, isAlive, n.leaseTime.Microseconds(), owner).Scan(&alive); err != nil || alive {
			return err
		}
		if _, err := tx.Exec(ctx, takeLease, n.id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, forgetDead, forgetNodes.Microseconds()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `select pg_notify($1, '')`, nodesChannel)
		return err
	})
	if p, ok := errors.AsType[*pgconn.PgError](err); ok && p.Code == codeLockTimeout {
		n.endStuck(ctx, conn, log) // a transaction of the last owner is still under way
		return nil
	}
	if err != nil {
		return fmt.Errorf("take the books over: %w", classified(err))
	}
	return nil
}

// endStuck ends what is under way of a process that hangs. A failure is no reason to live no more: the server ends by itself what is idle.
func (n *node) endStuck(ctx context.Context, conn *pgx.Conn, log *slog.Logger) {
	var ended int
	err := conn.QueryRow(ctx, endStuck, n.stuck.Microseconds()).Scan(&ended)
	if ended > 0 || err != nil {
		log.WarnContext(ctx, "transactions of the node that kept the books stand still, and are ended", slog.Int("sessions", ended), slog.Any("err", err))
	}
}

// held makes tx fail if another node has taken the books over since this process claimed them, and keeps them from being
// taken over until tx ends. A process that has claimed nothing, such as souk keys, may write beside the owner.
func (db *DB) held(ctx context.Context, tx *sql.Tx) error {
	epoch := db.epoch()
	if epoch == 0 {
		return nil
	}
	var one int
	err := tx.QueryRowContext(ctx, holdLease, epoch).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return db.node.superseded()
	}
	return err
}

// superseded is the failure of a write under a lease that is gone.
func (n *node) superseded() error {
	n.stir()
	return fail.New(fail.Later, "owner_changed", "Another node keeps the books now; repeat in a moment.")
}
