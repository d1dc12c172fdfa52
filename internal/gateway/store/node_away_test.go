package store_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// hush stands between a node and its database, and can stop answering.
type hush struct {
	net.Listener
	to     string
	silent atomic.Bool
	called chan struct{} // one for each connection that gets no answer
	open   chan net.Conn

	slow  sync.RWMutex  // held: what the database says arrives later
	asked chan struct{} // one for what it is asked then
}

// hushed puts one before the database at to, a URL with a socket's folder, and returns the URL that leads through it.
func hushed(t *testing.T, to string) (*hush, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q, dir := u.Query(), storetest.Dir(t)
	const port = "5432" // as the tests' server has it
	ln, err := net.Listen("unix", socket(dir, port))
	if err != nil {
		t.Fatal(err)
	}
	h := &hush{Listener: ln, to: socket(q.Get("host"), port), called: make(chan struct{}, 100), open: make(chan net.Conn, 100), asked: make(chan struct{}, 100)}
	t.Cleanup(func() {
		_ = ln.Close()
		h.cut()
	})
	go h.serve()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return h, u.String()
}

// socket is where PostgreSQL listens in dir.
func socket(dir, port string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

func (h *hush) serve() {
	for {
		from, err := h.Accept()
		if err != nil {
			return
		}
		h.open <- from
		if h.silent.Load() {
			go h.hear(from)
			continue
		}
		to, err := net.Dial("unix", h.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		h.open <- to
		go h.pass(to, from, func() {
			if h.slow.TryRLock() {
				h.slow.RUnlock()
			} else {
				h.asked <- struct{}{}
			}
		})
		go h.pass(from, to, func() {
			h.slow.RLock()
			defer h.slow.RUnlock()
		})
	}
}

// pass brings what comes from one side to the other; each piece after before.
func (h *hush) pass(to, from net.Conn, before func()) {
	defer to.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		before()
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// hear tells of who wants to begin a session, and not of who wants to cancel what another does.
func (h *hush) hear(c net.Conn) {
	var head [8]byte // length and protocol's version
	if _, err := io.ReadFull(c, head[:]); err == nil && binary.BigEndian.Uint16(head[4:]) == 3 {
		h.called <- struct{}{}
	}
}

// cut ends all connections that there are.
func (h *hush) cut() {
	for {
		select {
		case c := <-h.open:
			_ = c.Close()
		default:
			return
		}
	}
}

// A node that is told to stop while its database is away stops, and does not look for news on a connection that it has not.
func TestANodeStopsWhileTheDatabaseIsAway(t *testing.T) {
	h, through := hushed(t, storetest.Postgres(t))
	db := storetest.OpenURL(t, through)
	join(t, db, "a")
	owned(t, db)
	h.silent.Store(true)
	h.cut()
	<-h.called // it tries to connect anew
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// A node that is told to stop while it says that it lives says afterwards that it leaves, so that nobody waits for it.
func TestANodeThatStopsLeaves(t *testing.T) {
	direct := storetest.Postgres(t)
	h, through := hushed(t, direct)
	db, other := storetest.OpenURL(t, through), storetest.OpenURL(t, direct)
	join(t, db, "a")
	owned(t, db)
	h.slow.Lock()
	<-h.asked
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	_ = clock.Sleep(t.Context(), 50*time.Millisecond) // until it is told; if that takes longer, nothing is tested this time
	h.slow.Unlock()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	var left int
	if err := other.Read().QueryRowContext(t.Context(), `select count(*) from node`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d nodes are left, %v", left, err)
	}
}
