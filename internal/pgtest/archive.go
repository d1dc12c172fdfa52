package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// StartArchiving is [Start], with a log that is archived as it is written, as for a restore to any instant.
func StartArchiving(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, append(args, "-c", "wal_level=replica", "-c", "archive_mode=on", "-c", `archive_command=mkdir -p ../archive && cp %p ../archive/%f.new && mv ../archive/%f.new ../archive/%f`)...)
}

func (s *Server) archive() string { return filepath.Join(s.dir, "archive") }

// Instant is the server's time, as a recovery target.
func (s *Server) Instant(t testing.TB) (at string) {
	t.Helper()
	if err := s.read(t.Context(), "select clock_timestamp()::text", &at); err != nil {
		t.Fatal(err)
	}
	return at
}

// Archived waits until all that was written so far is in the archive.
func (s *Server) Archived(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last string
	err := s.read(ctx, "select pg_walfile_name(pg_switch_wal())", &last)
	if err == nil {
		err = s.until(ctx, fmt.Sprintf("select coalesce(last_archived_wal >= '%s', false) from pg_stat_archiver", last))
	}
	if err != nil {
		t.Fatalf("the log is not archived: %v", err)
	}
}

func (s *Server) read(ctx context.Context, query string, into any) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only asked
	return conn.QueryRow(ctx, query).Scan(into)
}

// BaseBackup is a copy of s, from which [BaseBackup.RestoredTo] makes a server as s was at any later instant.
type BaseBackup struct {
	of  *Server
	dir string
}

// BaseBackup makes a copy of s, which goes on meanwhile (pg_basebackup).
func (s *Server) BaseBackup(t testing.TB) *BaseBackup {
	t.Helper()
	b := &BaseBackup{of: s, dir: filepath.Join(s.dir, "base")}
	s.run(t, "pg_basebackup", "--dbname=host="+s.dir+" user=souk", "--pgdata="+b.dir, "--checkpoint=fast", "--no-sync")
	return b
}

// RestoredTo starts a server that is as the one of b was at an instant, which the archive reaches beyond. It is gone when t ends.
// The first server must have ended.
func (b *BaseBackup) RestoredTo(t testing.TB, instant string) *Server {
	t.Helper()
	s := &Server{args: b.of.args, bin: b.of.bin, attr: b.of.attr}
	var err error
	if s.dir, err = folder(&s.attr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.proc != nil {
			err = s.remove()
		} else {
			err = os.RemoveAll(s.dir)
		}
		if err != nil {
			t.Error(err)
		}
	})
	b.of.run(t, "cp", "-R", b.dir, s.data())
	settings := fmt.Sprintf("restore_command = 'cp %s/%%f %%p'\nrecovery_target_time = '%s'\nrecovery_target_action = promote\n", b.of.archive(), instant)
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(settings)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	b.of.run(t, "touch", filepath.Join(s.data(), "recovery.signal"))
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.until(ctx, "select not pg_is_in_recovery()"); err != nil {
		t.Fatalf("it does not come to an end: %v", err)
	}
	return s
}

// Dump writes a database to a file, as its backup of a day (pg_dump), and returns the file.
func (s *Server) Dump(t testing.TB, url string) (file string) {
	t.Helper()
	file = filepath.Join(s.dir, "books.dump")
	s.run(t, "pg_dump", "--format=custom", "--file="+file, url)
	return file
}

// Load fills an empty database with a dump (pg_restore).
func (s *Server) Load(t testing.TB, url, file string) {
	t.Helper()
	s.run(t, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--dbname="+url, file)
}

// run runs a program, PostgreSQL's if it is one of these, as whoever runs the server.
func (s *Server) run(t testing.TB, program string, args ...string) {
	t.Helper()
	if path := filepath.Join(s.bin, program); exists(path) {
		program = path
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, &s.attr
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", filepath.Base(program), err, out)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
