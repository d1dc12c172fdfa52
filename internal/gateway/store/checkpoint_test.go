package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/usage"
)

// The log must not grow for ever while commits never pause, and nothing may be lost when it begins anew.
func TestTheLogBeginsAnewWhileCommitsGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "souk.db")
	db, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, body := NewUsage(db), make([]byte, 100<<10)
	const n = 1200 // nearly twice as much as the log is to be long
	for i := range n {
		if err := log.Append(t.Context(), usage.Segment{Seq: int64(i + 1), Events: 1, Body: body}); err != nil {
			t.Fatal(err)
		}
		for len(db.checkpoints.look) > 0 { // a test writes faster than any disk; give the other side its turn
			if err := clock.Sleep(t.Context(), time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
	}
	wal, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(restartPages * 4096); wal.Size() > most*3/2 {
		t.Errorf("the log is %d MB long", wal.Size()>>20)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(t.Context(), "sqlite:"+path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	seen := 0
	err = NewUsage(db).Segments(t.Context(), 0, 0, 0, func(g usage.Segment) error {
		if seen++; g.Seq != int64(seen) {
			return fmt.Errorf("segment %d comes as number %d", g.Seq, seen)
		}
		return nil
	})
	if err != nil || seen != n {
		t.Fatalf("%d of %d segments, %v", seen, n, err)
	}
}
