package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

var restored = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// While segments are written one after the other, backups are made. Each has a beginning of the log without a gap, whole, and
// later ones have more.
func TestABackupIsOneInstantOfABusyDatabase(t *testing.T) {
	dir := storetest.Dir(t)
	db := storetest.Open(t)
	log := store.NewUsage(db)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	written := make(chan int64, 1)
	wg.Go(func() {
		for seq := int64(1); ctx.Err() == nil; seq++ {
			if err := log.Append(context.WithoutCancel(ctx), usage.Segment{Seq: seq, Events: 1, Body: []byte("body")}); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-written:
			default:
			}
			written <- seq
		}
	})
	defer wg.Wait()
	defer stop()
	had := int64(0)
	for _, name := range []string{"1.db", "2.db", "3.db"} {
		for <-written <= had { // something was written since the one before
		}
		file := filepath.Join(dir, name)
		if _, err := db.Backup(t.Context(), file, restored); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "restored-"+name)
		b, err := store.Restore(t.Context(), file, path, restored, nil)
		if err != nil || !b.At.Equal(restored) || b.Bytes == 0 {
			t.Fatalf("%+v, %v", b, err)
		}
		n := int64(0)
		err = store.NewUsage(storetest.OpenURL(t, "sqlite:"+path)).Between(t.Context(), 0, 0, 1<<40, func(g usage.Segment) error {
			if n++; g.Seq != n || string(g.Body) != "body" {
				t.Errorf("segment %d comes as number %d, with %q", g.Seq, n, g.Body)
			}
			return nil
		})
		if err != nil || n <= had {
			t.Errorf("%s has %d segments, the one before had %d; %v", name, n, had, err)
		}
		had = n
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.partial*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A restored database goes on as any other, gives space back as one, and doubts what was not settled.
func TestARestoredDatabaseIsOneAsBefore(t *testing.T) {
	dir := storetest.Dir(t)
	db, _ := filled(t)
	if _, err := store.Raw(db).ExecContext(t.Context(), `update metering_record set unsure = false, state = case hour when -1 then 'honoured' else 'waiting' end`); err != nil {
		t.Fatal(err)
	}
	file, path := filepath.Join(dir, "backup.db"), filepath.Join(dir, "restored.db")
	if err := os.WriteFile(file+".partial", []byte("of one that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Backup(t.Context(), file, restored); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(t.Context(), file, path, restored, nil); err != nil {
		t.Fatal(err)
	}
	again := storetest.OpenURL(t, "sqlite:"+path)
	if s, err := again.Schema(t.Context()); err != nil || s.Behind != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	tables, err := db.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tab := range tables {
		query := "select * from " + tab.Name + " order by 1"
		switch tab.Name {
		case "metering_record":
			query = "select id, license, dimension, hour, quantity, state, receipt from metering_record order by 1"
		case "setting": // it says besides when it was restored
			query = "select name, value from setting where name <> 'books.restored' order by 1"
		}
		was, is := held(t, db, query), held(t, again, query)
		if len(was) < rowsOfEach || len(is) != len(was) {
			t.Errorf("%s had %d rows and has %d", tab.Name, len(was), len(is))
			continue
		}
		for i := range was {
			if was[i] != is[i] {
				t.Errorf("%s had %s and has %s", tab.Name, was[i], is[i])
			}
		}
	}
	var doubted, known, vacuum int
	for query, n := range map[string]*int{
		`select count(*) from metering_record where unsure and state = 'waiting'`:      &doubted,
		`select count(*) from metering_record where not unsure and state = 'honoured'`: &known,
		`pragma auto_vacuum`: &vacuum,
	} {
		if err := again.Read().QueryRowContext(t.Context(), query).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	if doubted != 2 || known != 1 || vacuum != 2 {
		t.Errorf("%d records are doubted and %d known, auto_vacuum is %d; want 2, 1 and 2", doubted, known, vacuum)
	}
	if err := again.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(`delete from answer`); return err }); err != nil {
		t.Error(err)
	}
}

func TestBackupsThatCannotBe(t *testing.T) {
	dir := storetest.Dir(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	db, _ := filled(t)
	if _, err := db.Backup(t.Context(), in("good.db"), restored); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Backup(t.Context(), in("good.db"), restored); fail.CodeOf(err) != "file_exists" {
		t.Errorf("over another: %v", err)
	}
	good, err := os.ReadFile(in("good.db"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, good...)
	for i := len(damaged) / 2; i < len(damaged)/2+8192; i++ {
		damaged[i] ^= 0x5a
	}
	storetest.File(t, in("copy.db"))
	for name, content := range map[string][]byte{"damaged.db": damaged, "text.db": []byte("hello"), "short.db": good[:len(good)/2], "there.db-wal": []byte("x"), "there.db": nil} {
		if content != nil {
			if err := os.WriteFile(in(name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for file, want := range map[string]string{"damaged.db": "damaged_backup", "text.db": "damaged_backup", "short.db": "damaged_backup", "copy.db": "no_backup", "none.db": "no_backup"} {
		if _, err := store.Restore(t.Context(), in(file), in("new.db"), restored, nil); fail.CodeOf(err) != want {
			t.Errorf("%s: %v; want %s", file, err, want)
		}
	}
	for _, there := range []string{"copy.db", "there.db"} {
		if _, err := store.Restore(t.Context(), in("good.db"), in(there), restored, nil); fail.CodeOf(err) != "file_exists" {
			t.Errorf("over %s: %v", there, err)
		}
	}
	if _, err := os.Stat(in("new.db")); err == nil {
		t.Error("something was restored")
	}
	if _, err := openPostgres(t).Backup(t.Context(), in("pg.db"), restored); fail.CodeOf(err) != "backup_engine" {
		t.Errorf("of PostgreSQL: %v", err)
	}
}
