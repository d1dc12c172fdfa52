package pgtest

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// What was committed must be there after the server was killed and started again, and its texts sort as people do.
func TestAServerComesBackWithWhatItHad(t *testing.T) {
	s := Start(t)
	url := s.Database(t)
	query := func(query string) (got string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if err := s.exec(t.Context(), "create database kept"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s.Again(t)
	if got := query(`select datname from pg_database where datname = 'kept'`); got != "kept" {
		t.Errorf("it has %q", got)
	}
	if got := query(`select string_agg(w, '' order by w) from (values ('b'), ('C'), ('a')) as word (w)`); got != "abC" {
		t.Errorf("the texts sort as %q", got)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	made := Template(func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "create table word (w text)")
		return errors.Join(err, conn.Close(ctx))
	})
	for range 2 {
		conn, err := pgx.Connect(t.Context(), made(t))
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := conn.QueryRow(t.Context(), "with one as (insert into word values ('a') returning w) select count(*) from word, one").Scan(&n); err != nil || n != 0 {
			t.Errorf("a new database has %d words: %v", n, err)
		}
		conn.Close(t.Context())
	}
}

// A server that is paused answers nothing, neither to those who are there nor to those who come, and goes on where it was.
func TestAServerThatIsPaused(t *testing.T) {
	s := Start(t)
	conn, err := pgx.Connect(t.Context(), s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	s.Pause(t)
	answered := make(chan error, 1)
	go func() {
		var one int
		answered <- conn.QueryRow(t.Context(), "select 1").Scan(&one)
	}()
	soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if late, err := pgx.Connect(soon, s.URL("postgres")); err == nil {
		late.Close(t.Context())
		t.Error("it takes a session while it is paused")
	}
	select {
	case err := <-answered:
		t.Errorf("it answers while it is paused: %v", err)
	default:
	}
	s.Resume(t)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
