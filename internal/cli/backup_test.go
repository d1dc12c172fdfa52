package cli

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/pgtest"
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

// A restore says what it means for bills, and is in the audit log.
func TestARestoreSaysWhatItMeans(t *testing.T) {
	dir := t.TempDir()
	now := clock.System{}.Now()
	db := storetest.Open(t)
	storetest.OnTheWay(t, db, now)
	file := filepath.Join(dir, "old.db")
	if _, err := db.Backup(t.Context(), file, now.Add(-21*time.Hour)); err != nil {
		t.Fatal(err)
	}
	postgres := pgtest.Start(t).Database(t)
	migrated := storetest.OpenURL(t, postgres)
	if _, err := migrated.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	storetest.OnTheWay(t, migrated, now)
	at := now.Add(-21 * time.Hour).Format(time.RFC3339)
	for database, args := range map[string][]string{
		"sqlite:" + filepath.Join(dir, "restored.db"): {"--old", file},
		postgres: {"--old", "--at", at},
	} {
		code, out, stderr := souk(t, append([]string{"restore", "--database", database}, args...)...)
		if code != exitDone {
			t.Fatalf("%d %s", code, stderr)
		}
		for _, want := range []string{at[:13], "On the way to AWS then: 3 records.", "1 record of the dimension gb of the product p, with a quantity of 7", "no usage older than 24 hours", "--settle-time 23h0m0s"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: it does not say %q: %s", args, want, out)
			}
		}
		if code, said, stderr := souk(t, "audit", "log", "--database", database); code != exitDone || !strings.Contains(said, "books.restore") {
			t.Errorf("the audit log: %d %s %s", code, said, stderr)
		}
		restored := storetest.OpenURL(t, database)
		if d, err := restored.Doubt(t.Context(), now); err != nil || d.Records != 3 { // once more changes nothing
			t.Errorf("%+v, %v", d, err)
		}
		var sure int
		if err := restored.Read().QueryRowContext(t.Context(), `select count(*) from metering_record where unsure = $1`, false).Scan(&sure); err != nil || sure != 1 {
			t.Errorf("%d records are not doubted, want the one that was settled; %v", sure, err)
		}
	}
	if err := migrated.Claim(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := souk(t, "restore", "--database", postgres, "--old", "--at", at); code != exitFailed || !strings.Contains(stderr, "keeps the books") {
		t.Errorf("beside a gateway: %d %s", code, stderr)
	}
	for what, args := range map[string][]string{
		"PostgreSQL, without an instant": {"restore", "--database", postgres},
		"PostgreSQL, with a file":        {"restore", "--database", postgres, "--at", at, file},
		"an instant to come":             {"restore", "--database", postgres, "--at", now.Add(time.Hour).Format(time.RFC3339)},
		"SQLite, with an instant":        {"restore", "--database", "sqlite:" + filepath.Join(dir, "new.db"), "--at", at, file},
	} {
		if code, _, stderr := souk(t, args...); code != exitUsage {
			t.Errorf("%s: %d %s", what, code, stderr)
		}
	}
}
