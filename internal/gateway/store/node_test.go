package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/pgtest"
)

func claim(t *testing.T, db *store.DB) error {
	t.Helper()
	db.HurryClaim()
	return db.Claim(t.Context(), slog.New(slog.DiscardHandler))
}

func join(t *testing.T, db *store.DB, name string) {
	t.Helper()
	if err := db.Join(t.Context(), store.Node{Name: name, Address: "http://" + name}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

// owned waits until db owns the books.
func owned(t *testing.T, db *store.DB) store.Ownership {
	t.Helper()
	return seen(t, db, func(o store.Ownership) bool { return o.Mine })
}

// seen waits until db sees what is wanted.
func seen(t *testing.T, db *store.DB, want func(store.Ownership) bool) store.Ownership {
	t.Helper()
	patient, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		o, changed := db.Ownership()
		if want(o) {
			return o
		}
		select {
		case <-changed:
		case <-patient.Done():
			t.Fatalf("it still sees %+v", o)
		}
	}
}

func segment(seq int64) usage.Segment { return usage.Segment{Seq: seq, Events: 1, Body: []byte("x")} }

// Two processes that each believe the log to be theirs would bill usage twice or never.
func TestOneOwnerAtATime(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	if err := claim(t, first); err != nil {
		t.Fatal(err)
	}
	if err := claim(t, second); !fail.Is(err, fail.Conflict) || fail.CodeOf(err) != "another_node" {
		t.Fatalf("the second: %v", err)
	}
	if err := first.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	owned(t, second)
}

// Those who stand by know where the owner is, and one of them follows it.
func TestNodesFollowOneAnother(t *testing.T) {
	url := storetest.Postgres(t)
	a, b, c := storetest.OpenURL(t, url), storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, a, "a")
	join(t, b, "b")
	join(t, c, "c")
	was := owned(t, a)
	for _, db := range []*store.DB{b, c} {
		if o, _ := db.Ownership(); o.Mine || o.Name != "a" || o.Address != "http://a" || o.Epoch != was.Epoch {
			t.Fatalf("%+v", o)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	next := seen(t, b, func(o store.Ownership) bool { return o.Epoch > was.Epoch })
	if next.Epoch != was.Epoch+1 || next.Name != "b" && next.Name != "c" {
		t.Errorf("after a comes %+v", next)
	}
	if o := seen(t, c, func(o store.Ownership) bool { return o.Epoch > was.Epoch }); o.Epoch != next.Epoch || o.Name != next.Name || o.Mine == next.Mine {
		t.Errorf("b sees %+v and c sees %+v", next, o)
	}
}

// An owner that was stopped for longer than its lease goes on where it was. It must write nothing more, in no way.
func TestAnOwnerThatWasStopped(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, first, "first")
	log := store.NewUsage(first)
	if err := log.Append(t.Context(), segment(1)); err != nil {
		t.Fatal(err)
	}
	second.LeaseTime(0)
	join(t, second, "second")
	owned(t, second)

	if err := log.Append(t.Context(), segment(2)); !fail.Is(err, fail.Conflict) {
		t.Errorf("the first one still writes usage: %v", err)
	}
	ran := false
	err := first.Tx(t.Context(), func(*sql.Tx) error { ran = true; return nil })
	if !fail.Is(err, fail.Later) || fail.CodeOf(err) != "owner_changed" || ran {
		t.Errorf("the first one still writes: %v", err)
	}
	if err := <-first.Lost(); !fail.Is(err, fail.Conflict) {
		t.Errorf("the first hears %v", err)
	}
	if err := second.Confirm(t.Context()); err != nil { // which is never sure, with no lease
		t.Error(err)
	}
	if err := first.Confirm(t.Context()); fail.CodeOf(err) != "owner_changed" {
		t.Errorf("the first is still sure: %v", err)
	}
	if err := first.Tx(t.Context(), func(*sql.Tx) error { return nil }); fail.CodeOf(err) != "owner_changed" {
		t.Errorf("when it has heard: %v", err)
	}
	if err := store.NewUsage(second).Append(t.Context(), segment(2)); err != nil {
		t.Errorf("the second one cannot write: %v", err)
	}
}

// What the last owner has begun is written, or not, before the next one begins to read.
func TestTheNextOwnerWaitsForTheLast(t *testing.T) {
	url := storetest.Postgres(t) + "&idle_in_transaction_session_timeout=0" // it may take its time: this machine may be busy
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, first, "first")
	second.LeaseTime(0)
	begun, finish, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- first.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `insert into setting (name, value) values ('late', 'x')`)
			close(begun)
			<-finish
			return err
		})
	}()
	<-begun
	join(t, second, "second") // it has tried once, and waited in vain
	if o, _ := second.Ownership(); o.Mine {
		t.Error("the second has the books while the first writes")
	}
	close(finish)
	if err := <-done; err != nil {
		t.Errorf("the first could not end: %v", err)
	}
	owned(t, second)
	var late string
	if err := second.Read().QueryRowContext(t.Context(), `select value from setting where name = 'late'`).Scan(&late); err != nil || late != "x" {
		t.Errorf("the second sees %q, %v", late, err)
	}
}

// An owner may hang when the server has half of what it says. That counts as no idle transaction, and would keep the books from
// everybody for as long as it hangs.
func TestAnOwnerThatHangsInTheMiddleOfAMessage(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, first, "first")
	hung, err := pgx.Connect(t.Context(), url+"&idle_in_transaction_session_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hung.Close(context.Background()) }() // it is ended
	// The server gets no Sync, with which a client asks for what it has said to be done, and to hear that it may go on.
	said := hung.PgConn().StartPipeline(t.Context())
	said.SendQueryParams(`begin`, nil, nil, nil, nil)
	said.SendQueryParams(`select 1 from lease for share`, nil, nil, nil, nil)
	said.SendFlushRequest()
	if err := said.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := said.GetResults(); err != nil {
			t.Fatal(err)
		}
	}
	second.LeaseTime(0)
	second.StuckTime(0)
	join(t, second, "second")
	owned(t, second)
}

// A process that was killed has no session any more: nobody waits for its lease to run out.
func TestAnOwnerWhoseSessionEnded(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, first, "first")
	join(t, second, "second")
	was := owned(t, first)
	// Now and then the first one comes back faster than the second looks.
	eventually(t, func() error {
		var ended int
		err := second.Read().QueryRowContext(t.Context(), `select count(pg_terminate_backend(a.pid)) from pg_stat_activity a
			join node n on n.session = a.pid::text || '@' || extract(epoch from a.backend_start)::text where n.name = 'first'`).Scan(&ended)
		if o, _ := second.Ownership(); err == nil && !o.Mine {
			err = errors.New("the second has not taken the books over")
		}
		return err
	})
	if o := owned(t, second); o.Epoch != was.Epoch+1 {
		t.Errorf("epoch %d follows %d", o.Epoch, was.Epoch)
	}
	if err := <-first.Lost(); !fail.Is(err, fail.Conflict) {
		t.Errorf("the first hears %v", err)
	}
}

// A server that is started anew ends all sessions. The owner stays the owner.
func TestAServerThatIsRestartedKeepsTheOwner(t *testing.T) {
	server := pgtest.Start(t)
	url := server.Database(t)
	first := storetest.OpenURL(t, url)
	if _, err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	join(t, first, "first")
	was := owned(t, first)
	server.Kill()
	server.Again(t)
	second := storetest.OpenURL(t, url)
	second.LeaseTime(time.Hour)
	join(t, second, "second")
	eventually(t, func() error { return first.Tx(t.Context(), func(*sql.Tx) error { return nil }) })
	if o, _ := second.Ownership(); o.Mine || o.Name != "first" || o.Epoch != was.Epoch {
		t.Errorf("the second sees %+v", o)
	}
}

// A node says that it lives again and again, and in one session: others take the books over when that ends.
func TestANodeKeepsItsSession(t *testing.T) {
	db := openPostgres(t)
	join(t, db, "a")
	read := func() (session string, seen int64) {
		if err := db.Read().QueryRowContext(t.Context(), `select session, seen_us from node`).Scan(&session, &seen); err != nil {
			t.Fatal(err)
		}
		return session, seen
	}
	session, last := read()
	for range 2 {
		eventually(t, func() error {
			now, seen := read()
			if now != session {
				t.Fatalf("its session was %s and is %s", session, now)
			}
			if seen == last {
				return errors.New("it has not said again that it lives")
			}
			last = seen
			return nil
		})
	}
}

// souk keys and its kin write beside the owner.
func TestWhoHasClaimedNothingMayWrite(t *testing.T) {
	url := storetest.Postgres(t)
	owner, other := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	join(t, owner, "owner")
	if err := other.Tx(t.Context(), func(*sql.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
}
