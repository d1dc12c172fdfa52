package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"souk.dev/souk/internal/httpx"
)

// listen opens addr before anything is announced, so that what is printed is true. flag names the way to choose
// another address, for the message.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use, perhaps by another souk: stop it, or choose another address with --%s 127.0.0.1:0", addr, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: choose a port above 1023 with --%s", addr, flag)
	default:
		return nil, asUsage(fmt.Errorf("cannot listen on %s: %w; --%s takes host:port", addr, err, flag))
	}
}

// mailAddress is where mails are caught when nothing else is said.
const mailAddress = "127.0.0.1:4725"

// listenMail opens the address at which mails are caught; "0" is none. Without an address it is [mailAddress], or a free
// port where another sandbox has that: two sandboxes on one machine are no mistake, and the environment that each gives
// to programs names its own.
func listenMail(ctx context.Context, addr string) (net.Listener, error) {
	switch addr {
	case "0":
		return nil, nil
	case "":
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", mailAddress)
		if errors.Is(err, syscall.EADDRINUSE) {
			return listen(ctx, "127.0.0.1:0", "smtp-listen")
		}
		return ln, err
	}
	return listen(ctx, addr, "smtp-listen")
}

// addressOf is the URL at which ln can be reached from this machine.
func addressOf(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return "http://" + ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// httpServer says how long a server's requests may take.
type httpServer struct {
	name string
	// patience bounds one whole request and its answer; 0 sets no bound, for the sandbox, which holds long polls and
	// answers a movement of its clock when everything due on the way has happened.
	patience time.Duration
	// drain is how long requests under way are left alone when the server stops; then their contexts end.
	drain time.Duration
}

// The servers.
var (
	sandboxServer = httpServer{name: "sandbox", drain: 300 * time.Millisecond}
	gatewayServer = httpServer{name: "gateway", patience: time.Minute, drain: 10 * time.Second}
	appServer     = httpServer{name: "app", patience: time.Minute, drain: 5 * time.Second}
)

// serve answers requests on ln with h until ctx ends, then lets those under way finish, and returns. The error is nil
// after such an end.
func (s httpServer) serve(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var unused unusedConns
	srv := &http.Server{
		ConnState:         unused.note,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.patience,
		WriteTimeout:      s.patience,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	end := context.AfterFunc(ctx, func() { stopped <- s.stop(srv, &unused, cancel) })
	err := srv.Serve(httpx.WholeAnswers(srv, ln))
	if end() { // ctx lives: Serve failed by itself
		return fmt.Errorf("serve the %s: %w", s.name, err)
	}
	return <-stopped
}

// takeUp is how long, in real time, a server that stops waits for a first request on a connection that was opened a moment ago.
const takeUp = 100 * time.Millisecond

// stop closes srv to new requests, waits for those under way, and at last ends them.
func (s httpServer) stop(srv *http.Server, unused *unusedConns, cancel context.CancelFunc) error {
	if shutdown(srv, takeUp) == nil {
		return nil
	}
	unused.close()
	if shutdown(srv, s.drain) == nil {
		return nil
	}
	cancel() // long polls end here
	if err := shutdown(srv, 2*time.Second); err != nil {
		return errors.Join(fmt.Errorf("the %s has requests that do not end: %w", s.name, err), srv.Close())
	}
	return nil
}

// shutdown closes srv to new requests and waits for those under way, no longer than limit.
func shutdown(srv *http.Server, limit time.Duration) error {
	ctx, done := context.WithTimeout(context.Background(), limit)
	defer done()
	return srv.Shutdown(ctx)
}

// unusedConns are connections on which no request has come yet: HTTP clients open them ahead of need, and Shutdown would wait
// five seconds for the first request on each, in which nobody is served: neither here any more, nor yet by the node that takes
// the books over.
type unusedConns struct {
	mu  sync.Mutex
	all map[net.Conn]bool
}

// note is told of every connection's states, as [http.Server.ConnState].
func (u *unusedConns) note(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state != http.StateNew {
		delete(u.all, c)
		return
	}
	if u.all == nil {
		u.all = map[net.Conn]bool{}
	}
	u.all[c] = true
}

func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.all {
		_ = c.Close() // nobody has asked anything on it
	}
}
