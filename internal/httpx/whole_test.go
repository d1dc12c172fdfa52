package httpx

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
)

// TestWriteWhole asks for answers of all sizes over one connection: each comes whole, those of middling size in one
// write, and net/http's own answers in between are as ever.
func TestWriteWhole(t *testing.T) {
	var writes atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil {
			http.Error(w, "no number", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(n))
		if err := WriteWhole(w, r, http.StatusAccepted, bytes.Repeat([]byte("x"), n)); err != nil {
			t.Error(err)
		}
	}))
	srv.Listener = WholeAnswers(srv.Config, counting{srv.Listener, &writes})
	srv.Start()
	defer srv.Close()
	for _, c := range []struct {
		path   string
		status int
		size   int
		writes int64 // 0: as many as net/http likes
	}{
		{"/?n=0", http.StatusAccepted, 0, 1},
		{"/?n=100", http.StatusAccepted, 100, 1},
		{"/?n=3071", http.StatusAccepted, 3071, 1},
		{"/?n=3072", http.StatusAccepted, 3072, 1},
		{"/?n=7500", http.StatusAccepted, 7500, 1},
		{"/", http.StatusBadRequest, len("no number\n"), 1},
		{"/?n=262144", http.StatusAccepted, 256 << 10, 1},
		{"/?n=262145", http.StatusAccepted, 256<<10 + 1, 0},
		{"/?n=7501", http.StatusAccepted, 7501, 1},
	} {
		before := writes.Load()
		res, err := srv.Client().Get(srv.URL + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.status || len(body) != c.size || res.ContentLength != int64(c.size) {
			t.Errorf("%s: %s, %d bytes of %d", c.path, res.Status, len(body), res.ContentLength)
		}
		if made := writes.Load() - before; c.writes != 0 && made != c.writes {
			t.Errorf("%s: answered with %d writes, want %d", c.path, made, c.writes)
		}
	}
}

// TestWriteWholeToNobody has a client that goes away while its answer is held.
func TestWriteWholeToNobody(t *testing.T) {
	gone, failed := make(chan struct{}), make(chan error, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-gone
		<-r.Context().Done()
		w.Header().Set("Content-Length", "5000")
		failed <- WriteWhole(w, r, http.StatusOK, make([]byte, 5000))
	}))
	srv.Listener = WholeAnswers(srv.Config, srv.Listener)
	srv.Start()
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = c.(*net.TCPConn).SetLinger(0) // a reset, not an end
	_ = c.Close()
	close(gone)
	if err := <-failed; err == nil {
		t.Error("writing to a client that has gone succeeded")
	}
}

type counting struct {
	net.Listener
	writes *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.writes}, err
}

type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}
