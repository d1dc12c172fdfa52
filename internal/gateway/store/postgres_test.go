package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/pgtest"
)

// Two transactions each read what the other one writes, at the same time. One after the other they count 0 and 1, so one of
// them must be played again.
func TestTransactionsAreAsIfOneAfterTheOther(t *testing.T) {
	db := openPostgres(t)
	var wg, bothHaveRead sync.WaitGroup
	var tries atomic.Int64
	bothHaveRead.Add(2)
	for _, name := range []string{"a", "b"} {
		wg.Go(func() {
			first := true
			err := db.Tx(t.Context(), func(tx *sql.Tx) error {
				tries.Add(1)
				var n string
				if err := tx.QueryRowContext(t.Context(), `select count(*) from setting where name in ('a', 'b')`).Scan(&n); err != nil {
					return err
				}
				if first {
					first = false
					bothHaveRead.Done()
					bothHaveRead.Wait()
				}
				_, err := tx.ExecContext(t.Context(), `insert into setting (name, value) values ($1, $2)`, name, n)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var counted string
	if err := db.Read().QueryRowContext(t.Context(), `select string_agg(value, '' order by value) from setting where name in ('a', 'b')`).Scan(&counted); err != nil || counted != "01" || tries.Load() < 3 {
		t.Errorf("they counted %q in %d tries, %v", counted, tries.Load(), err)
	}
}

// A retry that cannot help ends, and says what the caller can do.
func TestATransactionThatOthersAlwaysBreakEnds(t *testing.T) {
	db := openPostgres(t)
	tries := 0
	err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		tries++
		_, err := tx.ExecContext(t.Context(), `do $$ begin raise exception 'broken' using errcode = 'serialization_failure'; end $$`)
		return err
	})
	if !fail.Is(err, fail.Later) || fail.CodeOf(err) != "database_busy" || tries < 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

// A caller who gives up in the middle leaves nothing behind, and no connection that cannot be used.
func TestACallerWhoGivesUpLeavesNothing(t *testing.T) {
	db := openPostgres(t)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Tx(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `insert into setting (name, value) values ('a', '')`); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if err == nil {
			t.Fatal("it is committed")
		}
	}
	var n int
	if err := db.Read().QueryRowContext(t.Context(), `select count(*) from setting where name = 'a'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// Only who reads may use Read.
func TestReadersCannotWrite(t *testing.T) {
	if _, err := openPostgres(t).Read().ExecContext(t.Context(), `insert into setting (name, value) values ('a', '')`); err == nil {
		t.Error("a reader wrote")
	}
}

func TestWhatIsNoTextIsRefused(t *testing.T) {
	db := openPostgres(t)
	db.UseVault(nil) // which makes text of anything
	_, err := db.Settings().ChangeSetting(t.Context(), "name", func(string) (string, error) { return "a\x00b", nil })
	if !fail.Is(err, fail.Invalid) || fail.CodeOf(err) != "not_text" {
		t.Error(err)
	}
}

func TestURLsThatNameNoPostgres(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://user:se cret@host:port/db":                      "database_url",
		"postgres://nobody:geheim@127.0.0.1:1/db?connect_timeout=5": "database_away",
		"postgresql://nobody:geheim@/db?host=/nonexistent/socket":   "database_away",
		"mysql://127.0.0.1/db":                                      "database_url",
	} {
		_, err := store.Open(t.Context(), url)
		if fail.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "cret")) {
			t.Errorf("the password is in %v", err)
		}
	}
}

// While the server is away nothing is acknowledged, and who asks is told to come again; when it is back, everything works as
// before, with what had been acknowledged.
func TestAServerThatDiesAndComesBack(t *testing.T) {
	server := pgtest.Start(t)
	db := storetest.OpenURL(t, server.Database(t))
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Claim(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	log := store.NewUsage(db)
	seq := int64(0)
	for range 3 {
		if err := log.Append(t.Context(), usage.Segment{Seq: seq + 1, Events: 1, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		seq++
		server.Kill()
		err := log.Append(t.Context(), usage.Segment{Seq: seq + 1, Events: 1, Body: []byte("x")})
		if !fail.Is(err, fail.Later) {
			t.Errorf("while it is away: %v", err)
		}
		err = db.Tx(t.Context(), func(tx *sql.Tx) error { return nil })
		if !fail.Is(err, fail.Later) {
			t.Errorf("while it is away: %v", err)
		}
		server.Again(t)
		eventually(t, func() error {
			return log.Append(t.Context(), usage.Segment{Seq: seq + 1, Events: 1, Body: []byte("y")})
		})
		seq++
	}
	n := 0
	err := log.Between(t.Context(), 0, 0, seq+1, func(g usage.Segment) error {
		if n++; int64(n) != g.Seq {
			t.Errorf("segment %d comes as number %d", g.Seq, n)
		}
		return nil
	})
	if err != nil || int64(n) != seq {
		t.Errorf("%d of %d segments, %v", n, seq, err)
	}
	select {
	case err := <-db.Lost():
		t.Errorf("the claim is lost: %v", err)
	default:
	}
}

// Who only reads while the server is away is told to come again, by every way of reading.
func TestReadsWhileTheServerIsAway(t *testing.T) {
	server := pgtest.Start(t)
	db := storetest.OpenURL(t, server.Database(t))
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	reads := map[string]func() error{
		"a prepared statement": func() error { _, err := store.NewUsage(db).IDs(ctx, 0, 1, 0); return err },
		"a row": func() error {
			var n int
			return db.Read().QueryRowContext(ctx, `select count(*) from lease`).Scan(&n)
		},
		"rows":       func() error { _, err := db.Keys().Keys(ctx); return err },
		"one state":  func() error { return db.Snapshot(ctx, func(*store.DB) error { return nil }) },
		"by its key": func() error { _, err := db.Keys().KeyByHash(ctx, keys.HashOf("x")); return err },
		"a schema":   func() error { _, err := db.Schema(ctx); return err },
	}
	for name, read := range reads {
		if err := read(); fail.Is(err, fail.Later) { // and its connection is open
			t.Fatalf("%s: %v", name, err)
		}
	}
	server.Kill()
	for range 2 { // on a connection that broke, and on none
		for name, read := range reads {
			if err := read(); !fail.Is(err, fail.Later) || fail.CodeOf(err) != "database_away" {
				t.Errorf("%s while it is away: %v", name, err)
			}
		}
	}
	server.Again(t)
	for name, read := range reads {
		eventually(t, func() error {
			if err := read(); fail.Is(err, fail.Later) {
				return fmt.Errorf("%s when it is back: %w", name, err)
			}
			return nil
		})
	}
}

// eventually waits until f succeeds.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return
		}
		if clock.Sleep(ctx, 20*time.Millisecond) != nil {
			t.Fatal(errors.Join(errors.New("it took too long"), err))
		}
	}
}
