package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// openSQLite opens a new SQLite file with the present schema.
func openSQLite(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "souk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestAccountsOnSQLite(t *testing.T) {
	storetest.Accounts(t, func(t *testing.T) account.Store { return openSQLite(t).Accounts() })
}

func TestRegistrationsOnSQLite(t *testing.T) {
	storetest.Registrations(t, func(t *testing.T) (storetest.RegistrationStore, account.Store) {
		db := openSQLite(t)
		return db.Registrations(), db.Accounts()
	})
}

func TestSettingsOnSQLite(t *testing.T) {
	storetest.Settings(t, func(t *testing.T) seal.Settings { return openSQLite(t).Settings() })
}

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
