package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
)

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, 42, "version: 1\n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func replay(t *testing.T, j *Journal) (lines []string) {
	t.Helper()
	if err := j.Replay(func(kind string, data []byte) error {
		lines = append(lines, kind+" "+string(data))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestWhatWasAppendedComesBack(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if !j.Fresh {
		t.Error("a new journal is not fresh")
	}
	for i := range 3 {
		if err := j.Append("test", i); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	if j.Fresh || j.Header.Seed != 42 || j.Header.World != "version: 1\n" {
		t.Errorf("header %+v, fresh %v", j.Header, j.Fresh)
	}
	if err := j.Append("test", 9); err == nil {
		t.Error("appended before the replay")
	}
	if got := fmt.Sprint(replay(t, j)); got != "[test 0 test 1 test 2]" {
		t.Errorf("replayed %s", got)
	}
}

// A kill may come at any byte of a write: whatever is whole counts, and the journal goes on after it.
func TestTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	for i := range 2 {
		if err := j.Append("test", strings.Repeat("x", 20*(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		want := max(0, bytes.Count(whole[:n], []byte("\n"))-1)
		j := open(t, dir)
		if j.Fresh != (bytes.Count(whole[:n], []byte("\n")) == 0) {
			t.Fatalf("cut at %d: fresh %v", n, j.Fresh)
		}
		if got := replay(t, j); len(got) != want {
			t.Fatalf("cut at %d: %d entries, want %d", n, len(got), want)
		}
		if err := j.Append("test", "after"); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if got := replay(t, open(t, dir)); len(got) != want+1 || got[want] != `test "after"` {
			t.Fatalf("cut at %d: went on with %q", n, got)
		}
	}
}

func TestForeignJournalsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"another version": `{"format":"souk sandbox journal","version":99}` + "\n",
		"another file":    `{"hello":"world"}` + "\n",
		"no JSON":         "# notes\n",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, fileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, 1, ""); !fail.Is(err, fail.Conflict) {
			t.Errorf("%s: %v, want fail.Conflict", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%s: the file was changed to %q", name, got)
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(dir, 1, ""); !fail.Is(err, fail.Conflict) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestSpoiltLineIsNamed(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if err := j.Append("test", 1); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "{\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	err = open(t, dir).Replay(func(string, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("error %v, want one that names line 3", err)
	}
}
