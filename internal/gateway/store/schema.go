package store

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"

	"souk.dev/souk/internal/fail"
)

// schema is how an engine reads the migrations.
type schema struct {
	name    string // in the names of files that are for this engine alone
	dialect goose.Dialect
	options []goose.ProviderOption
	words   func(text string) string // says a migration's text in the engine's words; nil: they are its own
}

// texts are the steps for the engine. An archive in memory is the file system that the standard library has for texts
// which are not on a disk.
func (s schema) texts(steps []step) (fs.FS, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range steps {
		if engine := filepath.Ext(strings.TrimSuffix(f.file, ".sql")); engine != "" && engine != "."+s.name {
			continue
		}
		text := f.text
		if s.words != nil {
			text = []byte(s.words(string(text)))
		}
		entry, err := w.Create(f.file)
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
	steps, err := stepsIn(db.folders)
	if err != nil {
		return nil, err
	}
	texts, err := db.engine.schema.texts(steps)
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

// Migrations lists the schema's steps that this program knows, in order. A database may have more of them, if this program
// works on what they have made.
//
// Errors: fail.Conflict with the code newer_schema for a database on whose schema it does not work: a newer souk has made it.
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
	if have <= newest {
		return ms, nil
	}
	oldest, err := oldestProgram(ctx, db.Read())
	if err != nil {
		return nil, err
	}
	if oldest == 0 || newest < oldest {
		return nil, newerSchema(have, oldest, newest)
	}
	return ms, nil
}

func newerSchema(have, oldest, newest int64) error {
	if oldest == 0 {
		oldest = have
	}
	return fail.New(fail.Conflict, "newer_schema", "The database has schema %d, for a souk that knows schema %d or a later one, and this one knows only %d; run the souk that wrote it, or a newer one.", have, oldest, newest)
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

// Migrate brings the schema up to date and returns what it applied. Nodes that run go on meanwhile, if they work on the schema
// that is made; else nothing is changed.
//
// Errors: as of Migrations; fail.Conflict with the code nodes_behind while a node lives that would not work on the new schema.
func (db *DB) Migrate(ctx context.Context) ([]Migration, error) {
	all, err := db.Migrations(ctx)
	if err != nil {
		return nil, err
	}
	pending := map[int64]bool{}
	for _, m := range all {
		if !m.Applied {
			pending[m.Version] = true
		}
	}
	if len(pending) == 0 {
		return nil, nil
	}
	oldest, err := db.oldestAfter(pending)
	if err != nil {
		return nil, err
	}
	if len(pending) < len(all) { // before anything is changed: whoever starts from now on must know
		if err := db.wantPrograms(ctx, oldest); err != nil {
			return nil, err
		}
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
	return done, db.wantPrograms(ctx, oldest)
}
