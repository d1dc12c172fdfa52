package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	b := openTestBazaar(t, t.TempDir()) // a gateway runs on what is backed up
	code, stdout, stderr := souk(t, "backup", "--database", b.Database, "--json", in("backup.db"))
	var made store.Backup
	if err := json.Unmarshal([]byte(stdout), &made); code != exitDone || err != nil || made.File != in("backup.db") || made.Bytes < 100_000 {
		t.Fatalf("%d %s %s %v", code, stdout, stderr, err)
	}
	if code, _, stderr := souk(t, "backup", "--database", b.Database, in("backup.db")); code != exitFailed || !strings.Contains(stderr, "is there already") {
		t.Errorf("over another: %d %s", code, stderr)
	}
	database := "sqlite:" + in("restored.db")
	if code, stdout, stderr := souk(t, "restore", "--database", database, in("backup.db")); code != exitDone || !strings.Contains(stdout, "--settle-time 2h0m0s") && !strings.Contains(stdout, "--settle-time 3h0m0s") {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	if code, _, stderr := souk(t, "audit", "--database", database); code != exitDone {
		t.Errorf("the audit: %d %s", code, stderr)
	}
	if code, listed, stderr := souk(t, "keys", "list", "--database", database); code != exitDone || !strings.Contains(listed, "souk up") {
		t.Errorf("the restored database has the keys %s: %d %s", listed, code, stderr)
	}
	if code, _, stderr := souk(t, "restore", "--database", database, in("backup.db")); code != exitFailed || !strings.Contains(stderr, "is there already") {
		t.Errorf("over another: %d %s", code, stderr)
	}
	for what, args := range map[string][]string{
		"to PostgreSQL": {"restore", "--database", "postgres://h/d", in("backup.db")},
		"of nothing":    {"restore", "--database", "sqlite:" + in("new.db"), in("none.db")},
		"of no file":    {"restore", "--database", "sqlite:" + in("new.db")},
		"to no file":    {"backup", "--database", b.Database},
	} {
		if code, _, stderr := souk(t, args...); code != exitUsage {
			t.Errorf("%s: %d %s", what, code, stderr)
		}
	}
}

// What is older than AWS takes usage is restored by those only who have read what that means.
func TestAnOldBackupWantsAWord(t *testing.T) {
	dir := t.TempDir()
	file, database := filepath.Join(dir, "old.db"), "sqlite:"+filepath.Join(dir, "restored.db")
	if _, err := storetest.Open(t).Backup(t.Context(), file, clock.System{}.Now().Add(-21*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := souk(t, "restore", "--database", database, file); code != exitFailed || !strings.Contains(stderr, "--old") {
		t.Errorf("%d %s", code, stderr)
	}
	if code, _, stderr := souk(t, "restore", "--database", database, "--old", file); code != exitDone {
		t.Errorf("%d %s", code, stderr)
	}
}
