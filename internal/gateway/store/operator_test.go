package store_test

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

func TestOperators(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Operators(t, func(t *testing.T) operator.Store { return open(t).Operators() })
	})
}

func TestAudit(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Audit(t, func(t *testing.T) audit.Store { return open(t).Audit() })
	})
}

// What is written stays: whoever has the database at hand must take the triggers away first, and then the chain tells.
func TestAuditLogIsNotEdited(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { auditLogIsNotEdited(t, openSQLite(t), "") })
	t.Run("PostgreSQL", func(t *testing.T) { auditLogIsNotEdited(t, openPostgres(t), " on audit_entry") })
}

// auditLogIsNotEdited takes what follows a trigger's name where it is dropped, which differs.
func auditLogIsNotEdited(t *testing.T, db *store.DB, onTable string) {
	log := audit.New(db.Audit(), clock.System{})
	for _, key := range []string{"key_1", "key_2", "key_3", "key_4"} {
		if err := log.Note(t.Context(), operator.Shell("test"), audit.KeyRevoked, key, ""); err != nil {
			t.Fatal(err)
		}
	}
	sound, err := audit.Check(t.Context(), db.Audit(), "")
	if err != nil || len(sound.Breaches) != 0 || sound.Entries != 4 {
		t.Fatalf("%+v, %v", sound, err)
	}
	raw := store.Raw(db)
	for _, edit := range []string{`update audit_entry set subject = 'x' where seq = 2`, `delete from audit_entry where seq = 2`} {
		if _, err := raw.ExecContext(t.Context(), edit); err == nil {
			t.Errorf("%s: it was done", edit)
		}
	}
	for _, trigger := range []string{"audit_entry_stays", "audit_entry_remains"} {
		if _, err := raw.ExecContext(t.Context(), `drop trigger `+trigger+onTable); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ edit, undo, want string }{
		{`update audit_entry set subject = 'x' where seq = 2`, `update audit_entry set subject = 'key_2' where seq = 2`, "entry 2 was changed"},
		{`update audit_entry set hash = 'x' where seq = 2`, ``, "entry 3 does not follow"},
	} {
		if _, err := raw.ExecContext(t.Context(), c.edit); err != nil {
			t.Fatal(err)
		}
		r, err := audit.Check(t.Context(), db.Audit(), "")
		if err != nil || !strings.Contains(strings.Join(r.Breaches, "\n"), c.want) {
			t.Errorf("%s: %q, %v", c.edit, r.Breaches, err)
		}
		if c.undo != "" {
			if _, err := raw.ExecContext(t.Context(), c.undo); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := raw.ExecContext(t.Context(), `delete from audit_entry where seq >= 2`); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.Check(t.Context(), db.Audit(), ""); err != nil || len(r.Breaches) != 0 {
		t.Errorf("a log whose end was cut off shows by itself: %q, %v", r.Breaches, err)
	}
	if r, err := audit.Check(t.Context(), db.Audit(), sound.Head); err != nil || len(r.Breaches) != 1 {
		t.Errorf("the witness of its end does not tell: %q, %v", r.Breaches, err)
	}
}
