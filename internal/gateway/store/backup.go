package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
)

// backupSetting is in a backup alone: the instant at which it was made.
const backupSetting = "backed-up"

// Backup is a copy of the books as they were at one instant: an SQLite database in one file.
type Backup struct {
	File  string    `json:"file"`
	At    time.Time `json:"at"`
	Bytes int64     `json:"bytes"`
}

// Backup writes the books, as they are at one instant, to a new file at path, while a gateway may go on writing them. The file
// is there when it is whole, checked and on the disk, and not before. Meanwhile SQLite's log cannot begin anew, and grows by
// what is written.
//
// Errors: fail.Invalid on PostgreSQL, which has tools of its own; fail.Conflict for a file that is there, and for books that
// have moved.
func (db *DB) Backup(ctx context.Context, path string, now time.Time) (b Backup, err error) {
	if db.engine != sqlite {
		return b, fail.New(fail.Invalid, "backup_engine", "PostgreSQL has backups of its own: see docs/backups.md.")
	}
	if err := db.Stays(ctx); err != nil {
		return b, err
	}
	if err := absent(path); err != nil {
		return b, err
	}
	b = Backup{File: path, At: now.UTC().Truncate(time.Second)}
	partial := path + ".partial"
	if err := remove(partial); err != nil { // of one that was broken off
		return b, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(partial))
		}
	}()
	if _, err := db.read.ExecContext(ctx, `vacuum into $1`, partial); err != nil {
		return b, fmt.Errorf("copy the database: %w", err)
	}
	if err := change(ctx, partial, func(tx *sql.Tx) error {
		at, err := json.Marshal(b.At)
		if err != nil {
			return err
		}
		return exec(ctx, tx, "write when this was", `insert into setting (name, value) values ($1, $2)`, backupSetting, string(at))
	}); err != nil {
		return b, err
	}
	if _, err := ReadBackup(ctx, partial); err != nil {
		return b, err
	}
	return b, settle(partial, path, &b.Bytes)
}

// ReadBackup checks that the file at path is a whole backup, and tells of when.
//
// Errors: fail.Invalid for a file that is none, or is damaged.
func ReadBackup(ctx context.Context, path string) (b Backup, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return b, fail.Wrap(fail.Invalid, err, "no_backup", "There is no backup at %s.", path)
	}
	b = Backup{File: path, Bytes: info.Size()}
	// Nobody writes a backup: nothing is made beside it, and it may lie where only reading is allowed.
	db, err := sql.Open("sqlite", "file:"+escaped(path)+"?mode=ro&immutable=1")
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := texts(ctx, db, `pragma integrity_check`)
	if err != nil || len(found) != 1 || found[0] != "ok" {
		return b, fail.Wrap(fail.Invalid, err, "damaged_backup", "%s is damaged, or no database: %s", path, strings.Join(found, "; "))
	}
	var at string
	if err := db.QueryRowContext(ctx, `select value from setting where name = $1`, backupSetting).Scan(&at); err != nil {
		return b, fail.Wrap(fail.Invalid, err, "no_backup", "%s is no backup that souk backup has made.", path)
	}
	if err := json.Unmarshal([]byte(at), &b.At); err != nil {
		return b, fmt.Errorf("read when %s was made: %w", path, err)
	}
	return b, nil
}

// change writes to a database that nobody else has open, and leaves it in one file.
func change(ctx context.Context, path string, do func(tx *sql.Tx) error) error {
	db, err := Driver{Name: "sqlite"}.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	return errors.Join(db.Tx(ctx, do), db.Close())
}

// settle gives a file that is whole its name, once it is on the disk.
func settle(partial, path string, bytes *int64) error {
	f, err := os.OpenFile(partial, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("bring %s to the disk: %w", partial, err)
	}
	*bytes = info.Size()
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func absent(path string) error {
	_, err := os.Stat(path)
	if err == nil {
		return fail.New(fail.Conflict, "file_exists", "%s is there already; give another name, or move it away.", path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remove deletes a database that was not finished, with what SQLite has beside it.
func remove(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm", path + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close() // it was only read
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}
