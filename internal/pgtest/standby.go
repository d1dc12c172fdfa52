package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/clock"
)

// Standby starts a server for t that follows s, and lets every commit on s wait until it is there too. It is gone when t ends.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other, err := s.follower()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.remove(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, query := range []string{"alter system set synchronous_standby_names = '*'", "select pg_reload_conf()"} {
		if err := s.exec(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.until(ctx, "select exists (select 1 from pg_stat_replication where sync_state = 'sync')"); err != nil {
		t.Fatalf("the standby does not follow: %v", err)
	}
	return other
}

// follower makes and starts a copy of s that follows it.
func (s *Server) follower() (other *Server, err error) {
	other = &Server{args: s.args, bin: s.bin, attr: s.attr}
	if other.dir, err = folder(&other.attr); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(other.dir))
		}
	}()
	from := "host=" + s.dir + " user=souk"
	copying := exec.Command(filepath.Join(s.bin, "pg_basebackup"), "--dbname="+from, "--pgdata="+other.data(), "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	copying.Dir, copying.SysProcAttr = other.dir, &other.attr
	if out, err := copying.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	return other, other.start()
}

// Promote makes a standby the server that is written to. Commits on it wait for nobody.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.exec(ctx, "select pg_promote()"); err != nil {
		t.Fatal(err)
	}
	if err := s.until(ctx, "select not pg_is_in_recovery()"); err != nil {
		t.Fatalf("it is not promoted: %v", err)
	}
}

// until waits until a query answers true.
func (s *Server) until(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only asked
	for {
		var yes bool
		if err := conn.QueryRow(ctx, query).Scan(&yes); err != nil || yes {
			return err
		}
		if err := clock.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// URLOfBoth is the address of a database for programs that shall find whichever of two servers is written to.
func (s *Server) URLOfBoth(other *Server, database string) string {
	return "postgres://souk@/" + database + "?host=" + s.dir + "," + other.dir + "&target_session_attrs=primary"
}
