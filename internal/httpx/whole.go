package httpx

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// WholeAnswers makes srv able to send an answer with one write to its connection (see [WriteWhole]), and returns the
// listener that it is to serve instead of ln. net/http by itself writes an answer of more than 4 kB in two or more, and
// each wakes the client, which then finds half an answer: with one connection that is an eighth of a call's time.
func WholeAnswers(srv *http.Server, ln net.Listener) net.Listener {
	inner := srv.ConnContext
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if inner != nil {
			ctx = inner(ctx, c)
		}
		if g, ok := c.(*gatherer); ok {
			ctx = context.WithValue(ctx, gathererKey{}, g)
		}
		return ctx
	}
	return gathering{ln}
}

// WriteWhole writes the answer's header and body, in one piece where r came through [WholeAnswers]. The header must
// have the body's Content-Length; nothing is written after it. Errors are the connection's, as of http.ResponseWriter.
func WriteWhole(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	g, ok := r.Context().Value(gathererKey{}).(*gatherer)
	if !ok || len(body) < worthGathering || len(body) > mostGathered {
		w.WriteHeader(status)
		_, err := w.Write(body)
		return err
	}
	g.hold()
	w.WriteHeader(status)
	_, err := w.Write(body)
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	if e := g.release(); err == nil {
		err = e
	}
	return err
}

// Smaller answers leave in one write anyway; of larger ones no copy is made.
const (
	worthGathering = 3 << 10
	mostGathered   = 256 << 10
)

type gathererKey struct{}

type gathering struct{ net.Listener }

func (l gathering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatherer{Conn: c}, nil
}

// gatherer is a connection that keeps what is written while it is held.
type gatherer struct {
	net.Conn
	mu   sync.Mutex
	held bool
	kept []byte
}

// Write implements net.Conn.
func (g *gatherer) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held {
		g.kept = append(g.kept, b...)
		return len(b), nil
	}
	return g.Conn.Write(b)
}

func (g *gatherer) hold() {
	g.mu.Lock()
	g.held = true
	g.mu.Unlock()
}

// release writes what was kept, and lets everything pass again.
func (g *gatherer) release() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, err := g.Conn.Write(g.kept)
	g.held, g.kept = false, g.kept[:0]
	if cap(g.kept) > maxIdle {
		g.kept = nil
	}
	return err
}

// maxIdle is the largest buffer, in bytes, that a connection keeps for its next answer.
const maxIdle = 16 << 10
