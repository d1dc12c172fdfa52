package sandbox

import (
	"errors"
	"net"
	"testing"
)

// Whoever connects after a box was closed is served by the box that came in its place, even if the closed one has not
// noticed yet.
func TestAClosedBoxTakesNoConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := openPost(ln)
	defer p.Close()
	closed, next := p.box(), p.box()
	_ = closed.Close()
	for range 50 {
		client, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		served := make(chan net.Conn)
		late := make(chan error)
		go func() { _, err := closed.Accept(); late <- err }()
		if err := <-late; !errors.Is(err, net.ErrClosed) {
			t.Fatalf("the closed box answers %v", err)
		}
		go func() { c, _ := next.Accept(); served <- c }()
		c := <-served
		if c == nil || c.RemoteAddr().String() != client.LocalAddr().String() {
			t.Fatal("another connection was served")
		}
		_ = c.Close()
	}
}
