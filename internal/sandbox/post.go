package sandbox

import (
	"net"
	"sync"
)

// post is where mails are caught, for a world that a restored one may take the place of: each takes connections from a
// [post.box] of its own, and the listener stays open when a box is closed.
type post struct {
	net.Listener
	conns chan net.Conn
	ended chan struct{} // closed when the listener takes no more
	err   error         // why, once ended is closed
}

// openPost begins to accept connections at ln.
func openPost(ln net.Listener) *post {
	p := &post{Listener: ln, conns: make(chan net.Conn), ended: make(chan struct{})}
	go p.accept()
	return p
}

func (p *post) accept() {
	defer close(p.ended)
	for {
		c, err := p.Accept()
		if err != nil {
			p.err = err
			return
		}
		p.conns <- c
	}
}

// pass offers a connection again, until a box takes it or the listener takes no more.
func (p *post) pass(c net.Conn) {
	select {
	case p.conns <- c:
	case <-p.ended:
		_ = c.Close()
	}
}

// Close closes the listener, and lets go of a connection that no box has taken.
func (p *post) Close() error {
	err := p.Listener.Close()
	for {
		select {
		case c := <-p.conns:
			_ = c.Close()
		case <-p.ended:
			return err
		}
	}
}

// box is a listener for one world.
type box struct {
	*post
	closed chan struct{}
	once   sync.Once
}

func (p *post) box() *box { return &box{post: p, closed: make(chan struct{})} }

// Accept implements net.Listener. A connection that comes to a closed box is another one's.
func (b *box) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		select {
		case <-b.closed: // of two things that are ready, select takes either
			go b.pass(c)
			return nil, net.ErrClosed
		default:
			return c, nil
		}
	case <-b.ended:
		return nil, b.err
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (b *box) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}
