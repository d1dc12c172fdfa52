package store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// A second node of a name that lives is told what to do. When the first one has ended, or its session has, the name is free.
func TestANameIsOneNodes(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, first, "a")
	second.HurryName()
	var log bytes.Buffer
	err := second.Join(t.Context(), store.Node{Name: "a"}, slog.New(slog.NewTextHandler(&log, nil)))
	if fail.CodeOf(err) != "instance_taken" || !fail.Is(err, fail.Conflict) || !strings.Contains(err.Error(), "--instance") || !strings.Contains(err.Error(), "http://a") {
		t.Fatalf("the second: %v", err)
	}
	if !strings.Contains(log.String(), "waiting for it to end") {
		t.Errorf("it has waited without a word: %s", &log)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	join(t, second, "a")
	owned(t, second)
}

// A node that was killed has no session any more, and one that hangs is not seen: whoever takes its place need not wait longer
// than for a lease.
func TestANameIsGivenBackByWhoIsDead(t *testing.T) {
	url := storetest.Postgres(t)
	dead, next := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	if _, err := store.Raw(dead).ExecContext(t.Context(), `insert into node (id, name, address, session, seen_us)
		values ('x', 'a', '', '1@2', (extract(epoch from clock_timestamp()) * 1000000)::bigint)`); err != nil {
		t.Fatal(err)
	}
	next.HurryName()
	join(t, next, "a")

	hangs := storetest.OpenURL(t, url)
	hangs.LeaseTime(time.Hour)
	join(t, hangs, "b")
	last := storetest.OpenURL(t, url)
	last.LeaseTime(0) // so that nobody is seen
	last.HurryName()
	join(t, last, "b")
}

// Of many that start at once under one name one enters.
func TestOfManyOfOneNameOneEnters(t *testing.T) {
	url := storetest.Postgres(t)
	const many = 5
	var wg sync.WaitGroup
	entered := make(chan *store.DB, many)
	for range many {
		db := storetest.OpenURL(t, url)
		db.HurryName()
		wg.Go(func() {
			switch err := db.Join(t.Context(), store.Node{Name: "a"}, slog.New(slog.DiscardHandler)); fail.CodeOf(err) {
			case "instance_taken":
			case "":
				if err != nil {
					t.Error(err)
				}
				entered <- db
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(entered) != 1 {
		t.Errorf("%d have entered", len(entered))
	}
}
