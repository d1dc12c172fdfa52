package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
)

// Departure is where the books of an SQLite database have gone, or are going. As long as it stands, triggers refuse every
// change of a row: whoever has the file open, of this version of souk or an older one, writes nothing that would stay behind.
type Departure struct {
	ID   string    `json:"id"`
	To   string    `json:"to"` // the database, as [NameOf] has it
	At   time.Time `json:"at"`
	Done bool      `json:"done"` // the books are there, and not here any more
}

const (
	departureSetting = "moved-to"   // in the database that is left: a Departure
	arrivalSetting   = "moved-from" // in the one that was moved to: the Departure's id
)

// fenceWord is what the triggers say.
const fenceWord = "souk has moved these books"

// Departure tells whether the books are here.
func (db *DB) Departure(ctx context.Context) (d Departure, gone bool, err error) {
	return departure(ctx, db.Read())
}

func departure(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (d Departure, gone bool, err error) {
	var text string
	err = q.QueryRowContext(ctx, `select value from setting where name = $1`, departureSetting).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return Departure{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &d)
	}
	if err != nil {
		return Departure{}, false, classified(fmt.Errorf("read whether the books have moved: %w", err))
	}
	return d, true, nil
}

// Stays refuses a database whose books have moved.
//
// Errors: fail.Conflict with the code database_moved.
func (db *DB) Stays(ctx context.Context) error {
	d, gone, err := db.Departure(ctx)
	switch {
	case err != nil:
		return err
	case d.Done:
		return fail.New(fail.Conflict, "database_moved", "These books have moved to %s, at %s; give that database.", d.To, d.At.Format(time.RFC3339))
	case gone:
		return fail.New(fail.Conflict, "database_moved", "These books are on their way to %s since %s; finish it with souk move, or take it back with souk move --undo.", d.To, d.At.Format(time.RFC3339))
	}
	return nil
}

// depart puts the fence up, with what d says on it. A fence that another move has put up stays.
func (db *DB) depart(ctx context.Context, d Departure) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		was, gone, err := departure(ctx, tx)
		if err != nil {
			return err
		}
		if gone && was.ID != d.ID {
			return fail.New(fail.Conflict, "database_moved", "Another move, to %s, has begun meanwhile.", was.To)
		}
		text, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if err := unfence(ctx, tx); err != nil {
			return err
		}
		if err := exec(ctx, tx, "write where the books go", `insert into setting (name, value) values ($1, $2)
			on conflict (name) do update set value = excluded.value`, departureSetting, string(text)); err != nil {
			return err
		}
		return fence(ctx, tx)
	})
}

// stay takes down the fence of the move id.
func (db *DB) stay(ctx context.Context, id string) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		d, gone, err := departure(ctx, tx)
		if err != nil || !gone || d.ID != id {
			return err
		}
		if err := unfence(ctx, tx); err != nil {
			return err
		}
		return exec(ctx, tx, "forget the move", `delete from setting where name = $1`, departureSetting)
	})
}

const fencePrefix = "souk_moved_"

func fence(ctx context.Context, tx *sql.Tx) error {
	names, err := texts(ctx, tx, `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`)
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, change := range []string{"insert", "update", "delete"} {
			err := exec(ctx, tx, "fence the table "+name, fmt.Sprintf(`create trigger %s%s_%s before %s on %s begin select raise(abort, '%s'); end`,
				fencePrefix, change, name, change, name, fenceWord))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func unfence(ctx context.Context, tx *sql.Tx) error {
	names, err := texts(ctx, tx, `select name from sqlite_schema where type = 'trigger' and name like $1`, fencePrefix+"%")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := exec(ctx, tx, "take the fence down", "drop trigger "+name); err != nil {
			return err
		}
	}
	return nil
}

// texts reads a query's one column.
func texts(ctx context.Context, q queryer, query string, args ...any) (all []string, err error) {
	err = scan(ctx, q, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		all = append(all, text)
		return err
	}, query, args...)
	return all, err
}

// fenced reports whether a statement failed because the books have moved.
func fenced(err error) bool { return strings.Contains(err.Error(), fenceWord) }
