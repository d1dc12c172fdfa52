package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// node is a process among those that share a PostgreSQL database. One at a time owns the books, because what it remembers is
// right only as long as nobody else writes them.
//
// Each node says once a second that it lives. When the owner has not for the time of a lease, or its session has ended,
// another one takes the books over, under the next epoch. The last owner may not know it yet: it may have been stopped, and go on later
// where it was. So every transaction of an owner holds on to the row of its epoch (see [DB.held]), and finds it no more.
type node struct {
	id        string // of this process; it never comes again
	config    *pgx.ConnConfig
	patience  time.Duration // of Claim, with an owner that may be ending
	leaseTime time.Duration
	stuck     time.Duration // after which a dead owner's transaction is ended that has made no step

	namePatience time.Duration

	self    Node
	knows   int64              // up to which step of the schema
	session string             // see namesSession; of the present connection
	stop    context.CancelFunc // nil: not joined
	ended   chan struct{}      // it looks no more
	stirred chan struct{}      // it should look at once
	lost    chan error

	owns  atomic.Int64 // the epoch under which it owns the books, or did; 0: it never has
	mu    sync.Mutex
	seen  Ownership
	news  chan struct{}        // closed and replaced when seen changes
	since func() time.Duration // real time since it last was surely the owner, or heard of one
	now   time.Time            // the database's, then

	oldest int64 // see oldestProgram; read and written by live alone
}

// Node is how a process shows itself to the others that share its database.
type Node struct {
	Name    string // for people, and in logs
	Address string // the URL at which other nodes reach it; empty: they do not
	Speaks  int64  // how much of what nodes say to each other it understands; 0: what the first did
}

// The times of leases.
const (
	leaseTime   = 6 * time.Second // after which an owner that is not heard of is no owner any more
	lookAgain   = time.Second     // between two signs of life
	lookLimit   = 4 * time.Second // for one of them, with a server that does not answer
	lockLimit   = 2 * time.Second // for the last owner's transactions; then it looks and tries again
	forgetNodes = time.Hour       // after which a node that is not heard of is forgotten

	claimPatience = 30 * time.Second // with an owner that is ending, or was stopped, and has its lease for moments more; and with a busy server

	// idleInTransaction ends a transaction of a process that was stopped in its middle: the books could not be taken over
	// before. No step of ours takes nearly so long between two statements. Where the server does not count it as idle, the next owner
	// ends it after the same time.
	idleInTransaction = 10 * time.Second
)

func newNode(c *pgx.ConnConfig) *node {
	return &node{id: uuid.NewString(), config: c, patience: claimPatience, leaseTime: leaseTime, stuck: idleInTransaction, namePatience: namePatience, stirred: make(chan struct{}, 1), lost: make(chan error, 1), news: make(chan struct{})}
}

// Join makes this process one of the nodes on the database. From then on it becomes the owner of the books as soon as there
// is no other one; [DB.Ownership] tells. On SQLite, which is one process's, it does nothing.
//
// Errors: fail.Later where the database does not answer; fail.Conflict with the code instance_taken where a node of the same name
// lives, newer_schema where this program does not work on the database's.
func (db *DB) Join(ctx context.Context, self Node, log *slog.Logger) error {
	n := db.node
	if n == nil || n.stop != nil {
		return nil
	}
	n.self = self
	var err error
	if n.knows, err = db.known(); err != nil {
		return err
	}
	conn, err := n.connect(ctx)
	if err != nil {
		return err
	}
	err = n.enter(ctx, conn, log)
	if err == nil { // nobody waits for this node yet, and so it may wait for a server that has much to do
		err = n.beat(ctx, claimPatience, conn, log)
	}
	if err != nil {
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	living, stop := context.WithCancel(context.Background())
	n.stop, n.ended = stop, make(chan struct{})
	go n.live(living, conn, log)
	return nil
}

// Claim joins and waits until this process owns the books.
//
// Errors: fail.Conflict while another process does, and goes on doing so.
func (db *DB) Claim(ctx context.Context, log *slog.Logger) error {
	if err := db.Join(ctx, Node{}, log); err != nil || db.node == nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, db.node.patience)
	defer cancel()
	for {
		o, changed := db.Ownership()
		if o.Mine {
			return nil
		}
		select {
		case <-changed:
		case <-patient.Done():
			if err := ctx.Err(); err != nil {
				return err
			}
			return fail.New(fail.Conflict, "another_node", "Another gateway (%s) keeps the books in this database; end it first, or start this one as souk gateway, which stands by.", orUnnamed(o.Name))
		}
	}
}

func orUnnamed(name string) string {
	if name == "" {
		return "it has told no name"
	}
	return name
}

// Ownership tells who owns the books, as far as this process has heard, and closes changed when it hears something else. On
// SQLite they are this process's.
func (db *DB) Ownership() (o Ownership, changed <-chan struct{}) {
	n := db.node
	if n == nil {
		return Ownership{Mine: true}, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen, n.news
}

// Instant is the time of the database's clock, as this process last heard it and has counted on since. Nodes go by it among
// themselves, because their own clocks may disagree. It is zero on SQLite, and before [DB.Join].
func (db *DB) Instant() time.Time {
	n := db.node
	if n == nil {
		return time.Time{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.since == nil {
		return time.Time{}
	}
	return n.now.Add(n.since())
}

// Confirm makes sure that this process, which has claimed the books, owns them at this moment or did within the time of a lease.
// It asks the database only if it has not heard for so long: because it was stopped, or the database is slow or away. Without
// this an owner can write nothing wrong, but what it remembers may be out of date.
//
// Errors: fail.Later, if another process owns the books, or the database does not answer.
func (db *DB) Confirm(ctx context.Context) error {
	n := db.node
	if n == nil {
		return nil
	}
	n.mu.Lock()
	sure := n.seen.Mine && n.since() < n.leaseTime
	n.mu.Unlock()
	if sure {
		return nil
	}
	var one int
	err := db.read.QueryRowContext(ctx, seeLease, db.epoch()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return n.superseded()
	}
	return classified(err)
}

// Lost tells, once, that another process has taken the books over, or that this program does not work on the schema any more. This
// process must then do nothing more with this database: close it.
func (db *DB) Lost() <-chan error {
	if db.node == nil {
		return nil
	}
	return db.node.lost
}

// epoch is the one under which this process owns the books, or did; 0 if it never has.
func (db *DB) epoch() int64 {
	if db.node == nil {
		return 0
	}
	return db.node.owns.Load()
}

// stir makes the node look at once.
func (n *node) stir() {
	select {
	case n.stirred <- struct{}{}:
	default:
	}
}

// connect opens the session that says that this node lives.
func (n *node) connect(ctx context.Context) (*pgx.Conn, error) {
	c := n.config.Copy()
	c.RuntimeParams["application_name"] = "souk node"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, classified(fmt.Errorf("connect: %w", err))
	}
	// Whoever waits for a lease must still be heard of.
	_, err = conn.Exec(ctx, fmt.Sprintf(`set lock_timeout = %d; set idle_in_transaction_session_timeout = %d; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; listen %s`,
		lockLimit.Milliseconds(), idleInTransaction.Milliseconds(), nodesChannel))
	if err == nil {
		err = conn.QueryRow(ctx, mySession).Scan(&n.session)
	}
	if err != nil {
		return nil, errors.Join(classified(fmt.Errorf("begin a session: %w", err)), conn.Close(ctx))
	}
	return conn, nil
}

// live looks once a second, or when there is reason to, until ctx ends or another node has taken the books over.
func (n *node) live(ctx context.Context, conn *pgx.Conn, log *slog.Logger) {
	defer close(n.ended)
	away := false
	for ctx.Err() == nil {
		var err error
		if conn == nil {
			conn, err = n.connectSoon(ctx)
		}
		if err == nil {
			// Whoever is told to stop meanwhile waits for its end: a statement that is broken off ends the session, in which this
			// node is to say that it leaves.
			err = n.beat(context.WithoutCancel(ctx), lookLimit, conn, log)
		}
		if ctx.Err() != nil { // and conn may be nil
			break
		}
		switch {
		case err != nil:
			if !away {
				log.WarnContext(ctx, "the database does not hear that this node lives", slog.Any("err", err))
			}
			away = true
			if conn != nil {
				_ = conn.Close(ctx)
				conn = nil
			}
			_ = clock.Sleep(ctx, lookAgain)
			continue
		case away:
			log.InfoContext(ctx, "the database hears again that this node lives")
			away = false
		}
		if n.over(log) {
			break
		}
		n.rest(ctx, conn)
	}
	if conn == nil {
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
	defer cancel()
	if _, err := conn.Exec(last, leaveNodes, n.id); err == nil { // else its lease runs out
		_, _ = conn.Exec(last, `select pg_notify($1, '')`, nodesChannel)
	}
	_ = conn.Close(last)
}

func (n *node) connectSoon(ctx context.Context) (*pgx.Conn, error) {
	soon, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return n.connect(soon)
}

// beat says that this node lives, hears who the owner is, and becomes it if there is none. The server has limit to answer all
// of it.
func (n *node) beat(ctx context.Context, limit time.Duration, conn *pgx.Conn, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	since := clock.Stopwatch()
	o, err := n.look(ctx, conn)
	if err == nil && !o.Mine && !o.alive && n.owns.Load() == 0 {
		if err = n.take(ctx, conn, log); err == nil {
			since = clock.Stopwatch()
			o, err = n.look(ctx, conn)
		}
	}
	if err != nil {
		return err
	}
	if o.Mine && n.owns.CompareAndSwap(0, o.Epoch) {
		log.InfoContext(ctx, "this node keeps the books", slog.String("node", n.self.Name), slog.Int64("epoch", o.Epoch))
	}
	n.oldest = o.oldest
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.since, n.now = since, o.now; o.Ownership != n.seen {
		n.seen = o.Ownership
		close(n.news)
		n.news = make(chan struct{})
	}
	return nil
}

// over reports whether this node was the owner and is no more, or does not work on the schema any more, and tells whom it concerns.
func (n *node) over(log *slog.Logger) bool {
	if n.oldest > n.knows { // it hung while the schema was changed
		log.Error("the database's schema is not for this souk any more", slog.String("node", n.self.Name), slog.Int64("knows", n.knows), slog.Int64("wanted", n.oldest))
		n.lost <- newerSchema(n.oldest, n.oldest, n.knows)
		return true
	}
	n.mu.Lock()
	o := n.seen
	n.mu.Unlock()
	if was := n.owns.Load(); was == 0 || was == o.Epoch {
		return false
	}
	log.Warn("another node has taken the books over", slog.String("node", n.self.Name), slog.String("owner", o.Name), slog.Int64("epoch", o.Epoch))
	n.lost <- fail.New(fail.Conflict, "another_node", "Another gateway (%s) keeps the books in this database now.", orUnnamed(o.Name))
	return true
}

// rest waits for the next look: a second, or less where something has changed.
func (n *node) rest(ctx context.Context, conn *pgx.Conn) {
	pause, cancel := context.WithTimeout(ctx, lookAgain)
	defer cancel()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-n.stirred:
			cancel()
		case <-stop:
		}
	}()
	_, _ = conn.WaitForNotification(pause) // a session that ended is found by the next look
	close(stop)
	<-done
}

// release leaves the other nodes, so that one of them may take the books over at once.
func (n *node) release() {
	if n == nil || n.stop == nil {
		return
	}
	n.stop()
	<-n.ended
}
