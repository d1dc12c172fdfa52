package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Doubts are what a restore has found on its way to AWS: records that were not settled at that earlier moment. AWS may have had
// each since, and answered; so each is marked as one whose answer was lost. What AWS has already is taken for what it is, and its
// quantity is never sent again for another hour.
type Doubts struct {
	Records int64 `json:"doubted"`
	// Late are those of them whose hours AWS takes no more. Nothing will be sent for them: they become unbillable with the reason
	// outcome_unknown, whether AWS has billed them or not.
	Late []Late `json:"late"`
}

// Late is what of one product's dimension AWS takes no more.
type Late struct {
	Product   string `json:"product"`
	Dimension string `json:"dimension"`
	Records   int64  `json:"records"`
	Quantity  int64  `json:"quantity"`
}

// unsettled are the states of records of which AWS's word is awaited.
const unsettled = `state in ('waiting', 'sending', 'parked')`

// restoredSetting is when these books were brought back to an earlier moment, last; in microseconds.
const restoredSetting = "books.restored"

// Restored implements [metering.Store].
func (s Metering) Restored(ctx context.Context) (at time.Time, err error) {
	var text string
	err = s.db.Read().QueryRowContext(ctx, `select value from setting where name = $1`, restoredSetting).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, classified(fmt.Errorf("read when the books were brought back: %w", err))
	}
	us, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read when the books were brought back: %w", err)
	}
	return fromUS(us), nil
}

// Doubt marks what was not settled in a database that was brought back to an earlier moment, and that it was: AWS may have been told
// more than these books know. now is the present moment. Whoever does it a second time changes nothing else. Nobody else may keep these books: on PostgreSQL, claim them first.
func (db *DB) Doubt(ctx context.Context, now time.Time) (d Doubts, err error) {
	err = db.Tx(ctx, func(tx *sql.Tx) error {
		d = Doubts{Late: []Late{}}
		if err := tx.QueryRowContext(ctx, `select count(*) from metering_record where `+unsettled).Scan(&d.Records); err != nil {
			return fmt.Errorf("count what was not settled: %w", err)
		}
		err := scan(ctx, tx, func(rows *sql.Rows) error {
			var l Late
			err := rows.Scan(&l.Product, &l.Dimension, &l.Records, &l.Quantity)
			d.Late = append(d.Late, l)
			return err
		}, `select product, dimension, count(*), cast(sum(quantity) as bigint) from metering_record where deadline_us <= $1 and `+unsettled+`
			group by product, dimension order by product, dimension`, us(now))
		if err != nil {
			return fmt.Errorf("read what AWS takes no more: %w", err)
		}
		if err := exec(ctx, tx, "write down when it was", `insert into setting (name, value) values ($1, $2)
			on conflict (name) do update set value = excluded.value`, restoredSetting, strconv.FormatInt(us(now), 10)); err != nil {
			return err
		}
		return exec(ctx, tx, "doubt what was not settled", `update metering_record set unsure = $1 where `+unsettled, true)
	})
	return d, err
}

// Restored is a database that was made of a backup.
type Restored struct {
	Backup
	Doubts
}

// Restore makes a database at path, where nothing is, of the backup at file, with this program's schema. now is the present
// moment. note, if not nil, writes into it who does this, before anything else is changed.
//
// What happened since is not in it, though AWS was told; see [Doubts].
//
// Errors: as of [ReadBackup]; fail.Conflict for a path at which something is, and for a backup that a newer souk has made.
func Restore(ctx context.Context, file, path string, now time.Time, note func(context.Context, *DB) error) (r Restored, err error) {
	if r.Backup, err = ReadBackup(ctx, file); err != nil {
		return r, err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} { // an old log would be played upon the restored books
		if err := absent(name); err != nil {
			return r, err
		}
	}
	partial := path + ".partial"
	if err := remove(partial); err != nil {
		return r, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(partial))
		}
	}()
	if err := copyFile(file, partial); err != nil {
		return r, fmt.Errorf("copy the backup: %w", err)
	}
	if r.Doubts, err = bringBack(ctx, partial, now, note); err != nil {
		return r, err
	}
	var bytes int64
	return r, settle(partial, path, &bytes)
}

// bringBack makes a copy of a backup a gateway's books.
func bringBack(ctx context.Context, path string, now time.Time, note func(context.Context, *DB) error) (d Doubts, err error) {
	db, err := Driver{Name: "sqlite"}.Open(ctx, "sqlite:"+path)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Migrate(ctx); err != nil {
		return d, err
	}
	if note != nil {
		if err := note(ctx, db); err != nil {
			return d, err
		}
	}
	if d, err = db.Doubt(ctx, now); err != nil {
		return d, err
	}
	return d, db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "make it a gateway's books", `delete from setting where name = $1`, backupSetting)
	})
}
