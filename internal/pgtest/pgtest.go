package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
)

// unsafe are settings for a cluster that nobody will miss: nothing waits for the disk. A kill of the server loses nothing all
// the same, because the machine lives on.
var unsafe = []string{"-c", "fsync=off", "-c", "full_page_writes=off"}

var shared struct {
	sync.Mutex
	server *Server
	err    error
	begun  bool
}

// Main runs a package's tests, and afterwards stops the PostgreSQL that they shared. It is for TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.remove(); err != nil {
			fmt.Fprintln(os.Stderr, "remove PostgreSQL:", err)
			return 1
		}
	}
	return code
}

// Database makes an empty database on the PostgreSQL that this package's tests share, and returns its URL. The package's
// TestMain must call [Main].
func Database(t testing.TB) string {
	t.Helper()
	return sharedServer(t).Database(t)
}

// Template returns a function that makes databases like one that prepare is given first, empty.
func Template(prepare func(ctx context.Context, url string) error) func(t testing.TB) string {
	var once sync.Once
	var name string
	var err error
	return func(t testing.TB) string {
		t.Helper()
		s := sharedServer(t)
		once.Do(func() {
			if name, err = s.create(""); err == nil {
				err = prepare(context.Background(), s.URL(name))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		copied, err := s.create(name)
		if err != nil {
			t.Fatal(err)
		}
		return s.URL(copied)
	}
}

func sharedServer(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.begun {
		shared.begun = true
		shared.server, shared.err = newServer(unsafe...)
	}
	need(t, shared.err)
	return shared.server
}

// need skips or fails a test that cannot have what it needs.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("SOUK_TOOLS") != "required":
		t.Skip(err.Error())
	default:
		t.Fatal(err)
	}
}

// Start starts a PostgreSQL for t alone, with args as the server takes them ("-c", "NAME=VALUE"). It is gone when t ends.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s, err := newServer(append(unsafe[:len(unsafe):len(unsafe)], args...)...)
	need(t, err)
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name, err := s.create("")
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(name)
}

// create makes a database, like the one that is given.
func (s *Server) create(like string) (name string, err error) {
	if like == "" {
		like = "template0"
	}
	s.made.Lock()
	defer s.made.Unlock()
	s.n++
	name = fmt.Sprintf("test%d", s.n)
	if err := s.exec(context.Background(), "create database "+name+" template "+like); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	return name, nil
}

// Kill ends the server at once, with all of its sessions.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server as its administrator would, in a hurry: sessions are broken off.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Again starts the server after [Server.Kill] or [Server.Stop].
func (s *Server) Again(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Log is what the server has printed. It must have ended.
func (s *Server) Log() string { return s.log.String() }
