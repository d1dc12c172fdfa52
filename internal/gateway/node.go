package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/relay"
	"souk.dev/souk/internal/gateway/replica"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/httpx"
)

// Node is one of the processes that are a gateway together, on one PostgreSQL database. They are equal: one keeps the books,
// and any other takes them over when it ends, dies or hangs; all answer requests. On SQLite there is one.
//
// Serve [Node.Handler], call [Node.Run], and [Node.Close] when it returned.
type Node struct {
	c       Config
	joined  atomic.Pointer[store.DB] // with which this process stands by, or works
	keys    atomic.Pointer[seal.Box] // by which the nodes know each other; it outlives the database that it was read from
	term    atomic.Pointer[term]     // while this process keeps the books; nil: it stands by
	talk    *api.NodeMetrics
	handler http.Handler
	gather  *relay.Gatherer  // while this process stands by
	known   *replica.Replica // while this process stands by
	ending  sync.WaitGroup   // of terms
}

// OpenNode opens the database and, if no other process keeps the books, reads them as [New] does. Else the node stands by, and
// what of its settings cannot be is found when it takes the books over.
//
// Errors: as of New, but that another gateway keeps the books is none.
func OpenNode(ctx context.Context, c Config) (*Node, error) {
	n := &Node{c: c.withDefaults(), talk: api.NewNodeMetrics()}
	n.handler = n.serving()
	db, err := n.join(ctx)
	if err != nil {
		return nil, err
	}
	if o, _ := db.Ownership(); o.Mine {
		if err := n.begin(ctx, db); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Handler serves everything the gateway has, whichever node keeps the books.
func (n *Node) Handler() http.Handler { return n.handler }

// Run works until ctx ends: while this process keeps the books as [Gateway.Run] does, else it waits for its turn.
//
// Errors: of the settings, when it is its turn; those of an outage it waits out.
func (n *Node) Run(ctx context.Context) error {
	for {
		if t := n.term.Load(); t != nil {
			err := t.g.Run(ctx)
			if ctx.Err() != nil {
				return nil // requests that are under way go on until Close
			}
			n.joined.Store(nil)
			n.term.Store(nil)
			n.ending.Go(func() { t.end(n.c.Log) })
			if !fail.Is(err, fail.Conflict) {
				return err
			}
		}
		err := n.stand(ctx)
		switch {
		case err == nil: // its turn has come; if it is to end already, whoever waits for it hears so
		case ctx.Err() != nil:
			return nil
		case fail.Is(err, fail.Later):
			n.c.Log.WarnContext(ctx, "this node cannot keep the books yet, and tries again", slog.Any("err", err))
			_ = clock.Sleep(ctx, standAgain)
		default:
			return fmt.Errorf("take the books over: %w", err)
		}
	}
}

// standAgain is the pause, in real time, after a failure that may pass by itself.
const standAgain = time.Second

// stand waits until this process owns the books, and begins to keep them.
func (n *Node) stand(ctx context.Context) error {
	db := n.joined.Load()
	if db == nil {
		var err error
		if db, err = n.join(ctx); err != nil {
			return err
		}
	}
	forget := n.remember(ctx, db)
	defer forget()
	for {
		o, changed := db.Ownership()
		if o.Mine {
			forget() // the books have it all
			return n.begin(ctx, db)
		}
		select {
		case <-changed:
		case err := <-db.Lost(): // it stands by no more
			n.joined.Store(nil)
			return errors.Join(err, db.Close())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// join opens the database and shows this process to the others that use it.
func (n *Node) join(ctx context.Context) (*store.DB, error) {
	db, err := openDatabase(ctx, n.c)
	if err != nil {
		return nil, err
	}
	if err := db.Join(ctx, store.Node{Name: n.c.InstanceName, Address: n.c.NodeURL, Speaks: relay.Speaks}, n.c.Log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	shared, err := seal.New(ctx, db.Settings(), clock.System{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the keys that the nodes share: %w", err), db.Close())
	}
	n.keys.Store(shared)
	n.joined.Store(db)
	return db, nil
}

// begin reads the books and keeps them from now on.
func (n *Node) begin(ctx context.Context, db *store.DB) error {
	g, err := assemble(ctx, n.c, db, n.talk)
	if err != nil {
		n.joined.Store(nil) // it is closed
		return err
	}
	n.term.Store(&term{g: g})
	return nil
}

// Close gives the books to another node. Nothing may be in use any more.
func (n *Node) Close() error {
	n.ending.Wait()
	if t := n.term.Load(); t != nil {
		return t.g.Close()
	}
	if db := n.joined.Load(); db != nil {
		return db.Close()
	}
	return nil
}

// serving answers requests: here while this process keeps the books, else by bringing them to the node that does. What is
// asked of this process alone, a node that stands by answers itself.
func (n *Node) serving() http.Handler {
	metrics := api.NewMetrics(n.c.Log, n.talk)
	metrics.Gauge(ownerGauge, ownerHelp, func() (float64, bool) { return 0, true })
	standby := http.NewServeMux()
	between := relay.New(relay.Config{Node: n.c.InstanceName, Own: n.own, View: n.view, Observe: n.talk.Brought, Refused: n.talk.Refused, Log: n.c.Log})
	n.known = replica.New(n.c.Products, clock.System{}, n.c.Log)
	metrics.Gauge("souk_node_memory_seconds", "Real time since what this node remembers of licences was surely so; it answers from it for two seconds.", func() (float64, bool) {
		age, ok := n.known.Age()
		return age.Seconds(), ok
	})
	n.gather = relay.NewGatherer(between, func(ctx context.Context) string { return api.KeyOf(ctx).ID })
	standby.Handle("/", between)
	n.standIn(standby, between)
	standby.Handle("GET /metrics", metrics.Handler())
	api.Health{Log: n.c.Log, Checks: []api.Check{{Name: "node", Run: n.standsBy}}}.Mount(standby)
	return survive(n.c.Log, between.Door(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, release, ok := n.own()
		if !ok {
			standby.ServeHTTP(w, r)
			return
		}
		defer release()
		h.ServeHTTP(w, r)
	})))
}

const (
	ownerGauge = "souk_node_owner"
	ownerHelp  = "1 if this process keeps the books, 0 if it stands by."
)

// own implements [relay.Config].
func (n *Node) own() (h http.Handler, release func(), ok bool) {
	t := n.term.Load()
	if t == nil || !t.enter() {
		return nil, nil, false
	}
	return t, t.leave, true
}

// view implements [relay.Config].
func (n *Node) view() relay.View {
	var v relay.View
	if keys := n.keys.Load(); keys != nil {
		v.Keys = keys
	}
	db := n.joined.Load()
	if db == nil { // it tells other nodes so, and proves it
		return v
	}
	v.Now = db.Instant()
	o, changed := db.Ownership()
	if o.Mine { // perhaps it is still reading the books, or has lost them
		v.Epoch = o.Epoch
	} else {
		v.Owner = relay.Owner{Address: o.Address, Epoch: o.Epoch, Speaks: o.Speaks, Gone: changed}
	}
	return v
}

// standsBy is what /readyz tells of a node that does not keep the books. It is ready when it can answer requests: when it
// knows a living node to bring them to.
func (n *Node) standsBy(context.Context) (string, error) {
	db := n.joined.Load()
	if db == nil {
		return "", errors.New("it is not joined to the other nodes; see the log")
	}
	switch o, _ := db.Ownership(); {
	case o.Mine:
		return "", errors.New("it takes the books over, and is reading them")
	case o.Name == "":
		return "", errors.New("no node keeps the books; one of those that stand by takes them over within seconds")
	case o.Address == "":
		return "", fmt.Errorf("it stands by; the node %s keeps the books and has told no --node-url to bring requests to", o.Name)
	default:
		return fmt.Sprintf("it stands by; the node %s keeps the books, as owner number %d, and is brought what is asked here", o.Name, o.Epoch), nil
	}
}

// term is the time in which this process keeps the books.
type term struct {
	g     *Gateway
	inUse sync.RWMutex // held for reading by each request
	over  bool
}

// enter reports whether a request may be answered in this term; then it must leave.
func (t *term) enter() bool {
	t.inUse.RLock()
	if t.over {
		t.inUse.RUnlock()
	}
	return !t.over
}

func (t *term) leave() { t.inUse.RUnlock() }

// end waits for the requests that are under way, which can write nothing more, and closes the books.
func (t *term) end(log *slog.Logger) {
	t.inUse.Lock()
	t.over = true
	t.inUse.Unlock()
	if err := t.g.Close(); err != nil {
		log.Warn("the books were not closed well", slog.Any("err", err))
	}
}

// ServeHTTP implements [http.Handler]. A process that was stopped for a while must not answer from what it remembers before
// it has heard whether the books are still its own.
func (t *term) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics": // these are about the process
	default:
		if err := t.g.db.Confirm(r.Context()); err != nil {
			httpx.Fail(w, r, t.g.log, err)
			return
		}
	}
	t.g.handler.ServeHTTP(w, r)
}
