package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
)

// defaultDatabase is where a gateway started without more keeps its books.
const defaultDatabase = "sqlite:souk-gateway.db"

// openDatabase runs do on the database at url, whatever its schema.
func openDatabase(ctx context.Context, url string, do func(*store.DB) error) error {
	db, err := store.Open(ctx, url)
	if err != nil {
		return databaseError(err)
	}
	defer db.Close()
	return do(db)
}

// withDatabase runs do on a gateway's database that has this program's schema.
func withDatabase(ctx context.Context, url string, do func(*store.DB) error) error {
	if isNew(url) {
		return usagef("--database: there is no %s", url)
	}
	return openDatabase(ctx, url, func(db *store.DB) error {
		s, err := db.Schema(ctx)
		if err != nil {
			return err
		}
		if s.Behind > 0 {
			return errors.New("the database's schema is not up to date: run `souk migrate` first")
		}
		return do(db)
	})
}

// withMigrated brings the schema of the database at url up to date, and runs do on it: keys and people may be added before the
// gateway has ever run.
func withMigrated(ctx context.Context, url string, do func(*store.DB) error) error {
	return openDatabase(ctx, url, func(db *store.DB) error {
		if _, err := db.Migrate(ctx); err != nil {
			return err
		}
		return do(db)
	})
}

// isNew reports whether database names a file that is not there.
func isNew(database string) bool {
	path, ok := strings.CutPrefix(database, "sqlite:")
	if !ok || path == "" || path == ":memory:" {
		return false
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// databaseError is err as the command line tells it: a URL that makes no sense is wrong usage.
func databaseError(err error) error {
	if fail.Is(err, fail.Invalid) {
		return asUsage(fmt.Errorf("--database: %w", err))
	}
	return err
}
