package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// node is a process's claim to be the one that works on a PostgreSQL database. Its memory is right only as long as nobody
// else writes the log, so a second gateway is refused.
//
// The claim is a lock of a session, which PostgreSQL gives back when the process dies, and an id in the database, which
// every segment's insert looks at. A process that lost its session (the network was cut, the server restarted) may still
// be running when another one has the lock; the id then keeps it from writing.
type node struct {
	id       string // empty: nothing is claimed
	config   *pgx.ConnConfig
	patience time.Duration // with another process that may be ending
	conn     *pgx.Conn
	stop     context.CancelFunc
	ended    chan struct{} // the session is watched no more
	lost     chan error
}

// lockNode is "souk" in ASCII, the first half of the lock's key; the other half is the schema that the tables are in.
const lockNode = 0x736f756b

const (
	claimPatience = 30 * time.Second // a process that was killed has its session for moments more; a machine that vanished, for 25 s
	claimAgain    = time.Second      // between two tries to come back to a server that is away
)

// Claim makes this process the one that works on the database. On SQLite it does nothing.
//
// Errors: fail.Conflict while another process has it.
func (db *DB) Claim(ctx context.Context, log *slog.Logger) error {
	n := db.node
	if n == nil {
		return nil
	}
	conn, err := n.lock(ctx)
	if err != nil {
		return err
	}
	id := uuid.NewString()
	// It waits for the inserts that looked at the id before this one.
	if _, err := conn.Exec(ctx, `insert into setting (name, value) values ('node', $1) on conflict (name) do update set value = excluded.value`, id); err != nil {
		return errors.Join(fmt.Errorf("claim the database: %w", classified(err)), conn.Close(ctx))
	}
	watching, stop := context.WithCancel(context.Background())
	n.id, n.conn, n.stop, n.ended = id, conn, stop, make(chan struct{})
	go n.watch(watching, log)
	return nil
}

// claimed is the id under which this process has claimed the database; empty if it has not.
func (db *DB) claimed() string {
	if db.node == nil {
		return ""
	}
	return db.node.id
}

// Lost tells, at most once, that the claim is gone for good: another process has it. The process must end.
func (db *DB) Lost() <-chan error {
	if db.node == nil {
		return nil
	}
	return db.node.lost
}

// lock opens a session that has the lock.
func (n *node) lock(ctx context.Context) (*pgx.Conn, error) {
	c := n.config.Copy()
	c.RuntimeParams["application_name"] = "souk node"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, classified(fmt.Errorf("connect: %w", err))
	}
	// The server itself finds out when this machine is gone; a server on the same machine need not.
	_, err = conn.Exec(ctx, fmt.Sprintf(`set lock_timeout = %d; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
		select pg_advisory_lock(%d, hashtext(current_schema()))`, n.patience.Milliseconds(), lockNode))
	if p, ok := errors.AsType[*pgconn.PgError](err); ok && p.Code == codeLockTimeout {
		err = fail.New(fail.Conflict, "another_node", "Another gateway works on this database%s; end it first. Several gateways on one database cannot run yet.", holder(ctx, conn))
	}
	if err != nil {
		return nil, errors.Join(classified(fmt.Errorf("lock the database: %w", err)), conn.Close(ctx))
	}
	return conn, nil
}

// holder says where the other gateway is, as far as PostgreSQL tells.
func holder(ctx context.Context, conn *pgx.Conn) (where string) {
	err := conn.QueryRow(ctx, `select coalesce(' from ' || host(a.client_addr), '') || ', since ' || to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
		from pg_locks l join pg_stat_activity a on a.pid = l.pid
		where l.locktype = 'advisory' and l.granted and l.classid = $1::bigint::oid and l.objid = (hashtext(current_schema())::bigint & 4294967295)::oid
			and l.database = (select oid from pg_database where datname = current_database())`, lockNode).Scan(&where)
	if err != nil {
		return ""
	}
	return where
}

// watch sees to it that the session lives. If it ends, because the server or the way to it was away, the claim is taken up
// again, unless another process had it meanwhile: then what is in memory may be wrong.
func (n *node) watch(ctx context.Context, log *slog.Logger) {
	defer close(n.ended)
	for {
		_, err := n.conn.WaitForNotification(ctx) // nobody notifies: it returns when the session ends
		_ = n.conn.Close(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return
		}
		log.WarnContext(ctx, "the session with the database has ended; the claim is taken up again", slog.Any("err", err))
		for {
			if err = n.resume(ctx); err == nil || ctx.Err() != nil {
				break
			}
			if fail.Is(err, fail.Conflict) {
				n.lost <- err
				return
			}
			log.WarnContext(ctx, "the database is away", slog.Any("err", err))
			if clock.Sleep(ctx, claimAgain) != nil {
				return
			}
		}
	}
}

func (n *node) resume(ctx context.Context) error {
	conn, err := n.lock(ctx)
	if err != nil {
		return err
	}
	var id string
	if err := conn.QueryRow(ctx, `select value from setting where name = 'node'`).Scan(&id); err != nil {
		return errors.Join(classified(fmt.Errorf("read who has the database: %w", err)), conn.Close(ctx))
	}
	if id != n.id {
		return errors.Join(fail.New(fail.Conflict, "another_node", "Another gateway has worked on this database meanwhile; start this one again."), conn.Close(ctx))
	}
	n.conn = conn
	return nil
}

// release gives the claim back.
func (n *node) release() {
	if n == nil || n.stop == nil {
		return
	}
	n.stop()
	<-n.ended
}
