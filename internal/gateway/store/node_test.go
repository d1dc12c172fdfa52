package store_test

import (
	"errors"
	"log/slog"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

func claim(t *testing.T, db *store.DB) error {
	t.Helper()
	db.HurryClaim()
	return db.Claim(t.Context(), slog.New(slog.DiscardHandler))
}

// Two processes that each believe the log to be theirs would bill usage twice or never.
func TestOneNodeAtATime(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	if err := claim(t, first); err != nil {
		t.Fatal(err)
	}
	if err := claim(t, second); !fail.Is(err, fail.Conflict) || fail.CodeOf(err) != "another_node" {
		t.Fatalf("the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return claim(t, second) }) // its session ends moments later
}

// A node whose session the server has ended takes its claim up again. If another one was faster it must write nothing more,
// and hear of it.
func TestANodeThatLostItsSession(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	if err := claim(t, first); err != nil {
		t.Fatal(err)
	}
	log := store.NewUsage(first)
	if err := log.Append(t.Context(), usage.Segment{Seq: 1, Events: 1, Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	// Now and then the first one comes back faster than the second comes in.
	eventually(t, func() error {
		var ended int
		err := second.Read().QueryRowContext(t.Context(), `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where application_name = 'souk node' and datname = current_database()`).Scan(&ended)
		return errors.Join(err, claim(t, second))
	})
	if err := <-first.Lost(); !fail.Is(err, fail.Conflict) {
		t.Errorf("the first hears %v", err)
	}
	if err := log.Append(t.Context(), usage.Segment{Seq: 2, Events: 1, Body: []byte("x")}); !fail.Is(err, fail.Conflict) {
		t.Errorf("the first one still writes: %v", err)
	}
	if err := store.NewUsage(second).Append(t.Context(), usage.Segment{Seq: 2, Events: 1, Body: []byte("x")}); err != nil {
		t.Errorf("the second one cannot write: %v", err)
	}
}
