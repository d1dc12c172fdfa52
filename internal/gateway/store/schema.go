package store

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"

	"souk.dev/souk/internal/fail"
)

// A step of the schema is one text for both engines, NNNN_name.sql; what must differ stands in NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql, one of which may be missing.
//
//go:embed migrations/*.sql
var migrations embed.FS

// schema is how an engine reads the migrations.
type schema struct {
	name    string // in the names of files that are for this engine alone
	dialect goose.Dialect
	options []goose.ProviderOption
	words   func(text string) string // says a migration's text in the engine's words; nil: they are its own
}

// texts are the migrations for the engine. An archive in memory is the file system that the standard library has for texts
// which are not on a disk.
func (s schema) texts() (fs.FS, error) {
	files, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range files {
		if engine := filepath.Ext(strings.TrimSuffix(f.Name(), ".sql")); engine != "" && engine != "."+s.name {
			continue
		}
		text, err := fs.ReadFile(migrations, "migrations/"+f.Name())
		if err != nil {
			return nil, err
		}
		if s.words != nil {
			text = []byte(s.words(string(text)))
		}
		entry, err := w.Create(f.Name())
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
}

// textType is the type of a column in a migration.
var textType = regexp.MustCompile(`\btext\b`)

// inBytewiseOrder makes every text column compare by its bytes, as SQLite does: ids are read in their order, and a
// database's own order may be that of some language.
func inBytewiseOrder(text string) string { return textType.ReplaceAllString(text, `text collate "C"`) }

func (db *DB) provider() (*goose.Provider, error) {
	texts, err := db.engine.schema.texts()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(db.engine.schema.dialect, db.write, texts, db.engine.schema.options...)
}

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrations lists the schema's steps in order. A database that knows more steps than this program is refused with
// fail.Conflict: it was written by a newer souk.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := db.provider()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	var ms []Migration
	var newest int64
	for _, s := range status {
		ms = append(ms, Migration{s.Source.Version, filepath.Base(s.Source.Path), s.State == goose.StateApplied})
		newest = s.Source.Version
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	if have > newest {
		return nil, fail.New(fail.Conflict, "newer_schema", "The database has schema %d and this souk knows only %d; run the souk that wrote it, or a newer one.", have, newest)
	}
	return ms, nil
}

// Schema is how far a database's schema is: of Steps, Behind are missing.
type Schema struct{ Steps, Behind int }

// Empty reports whether nothing was ever made in the database.
func (s Schema) Empty() bool { return s.Behind == s.Steps }

// Schema counts the [DB.Migrations].
//
// Errors: as of Migrations.
func (db *DB) Schema(ctx context.Context) (s Schema, err error) {
	all, err := db.Migrations(ctx)
	for _, m := range all {
		if s.Steps++; !m.Applied {
			s.Behind++
		}
	}
	return s, err
}

// Migrate brings the schema up to date and returns what it applied.
func (db *DB) Migrate(ctx context.Context) ([]Migration, error) {
	if _, err := db.Migrations(ctx); err != nil {
		return nil, err
	}
	p, err := db.provider()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate the schema: %w", err)
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{r.Source.Version, filepath.Base(r.Source.Path), true})
	}
	return done, nil
}
