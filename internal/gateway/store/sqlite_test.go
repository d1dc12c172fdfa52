package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// A database's path is a path, and no part of a URI: what follows a # or a ? must not be cut off.
func TestAPathMayHoldAnyCharacter(t *testing.T) {
	for _, name := range []string{"a#b.db", "a?b=c.db", "50%25.db", "with space.db"} {
		path := filepath.Join(t.TempDir(), name)
		db, err := store.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		db.Close()
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is dropped must leave the file, a little at a time, and not only wait in it for other use.
func TestTheFileShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "souk.db")
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	var sizes []int64
	for _, shrinks := range []bool{false, true} {
		db, err := store.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := store.NewUsage(db)
		const large = 250_000
		if !shrinks {
			for i := range 200 {
				if err := s.Append(t.Context(), usage.Segment{Seq: int64(i + 1), Events: 1, Body: bytes.Repeat([]byte{byte(i)}, large)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Drop(t.Context(), 0, 190, 1); err != nil {
				t.Fatal(err)
			}
		} else {
			steps := 0
			for more := true; more; steps++ {
				if more, err = s.Shrink(t.Context()); err != nil || steps > 1000 {
					t.Fatalf("step %d: %v", steps, err)
				}
			}
			if steps < 10 {
				t.Errorf("it shrank in %d steps, want small ones", steps)
			}
		}
		n := 0
		err = s.Segments(t.Context(), 0, 0, 0, func(g usage.Segment) error {
			if n++; len(g.Body) != large || g.Body[large-1] != byte(g.Seq-1) {
				t.Errorf("segment %d has %d bytes", g.Seq, len(g.Body))
			}
			return nil
		})
		if err := errors.Join(err, db.Close()); err != nil || n != 10 {
			t.Fatalf("%d segments, %v", n, err)
		}
		sizes = append(sizes, size()>>20)
	}
	if sizes[0] < 45 || sizes[1] > 20 {
		t.Errorf("the file has %d MiB, before it shrank and after", sizes)
	}
}
