package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
)

// table is one of the schema's, as SQLite tells of it.
type table struct {
	name    string
	columns []column
	key     []string // of the rows' order; a table's primary key
	needs   []string // tables that its rows refer to
}

type column struct{ name, kind string } // kind is a type of the migrations: text, bigint, boolean or bytea

// tables are all that the migrations have made, each after those that it needs.
func (db *DB) tables(ctx context.Context) (ordered []table, err error) {
	names, err := texts(ctx, db.Read(), `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like 'goose_%' order by name`)
	if err != nil {
		return nil, err
	}
	var all []table
	for _, name := range names {
		t := table{name: name}
		keys := map[int]string{}
		err := scan(ctx, db.Read(), func(rows *sql.Rows) error {
			var c column
			var key int
			if err := rows.Scan(&c.name, &c.kind, &key); err != nil {
				return err
			}
			if key > 0 {
				keys[key] = c.name
			}
			t.columns = append(t.columns, c)
			return nil
		}, `select name, lower(type), pk from pragma_table_info($1) order by cid`, name)
		if err != nil {
			return nil, err
		}
		for i := range len(keys) {
			t.key = append(t.key, keys[i+1])
		}
		if t.needs, err = texts(ctx, db.Read(), `select distinct "table" from pragma_foreign_key_list($1)`, name); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	placed := map[string]bool{}
	for len(all) > 0 {
		i := slices.IndexFunc(all, func(t table) bool {
			return !slices.ContainsFunc(t.needs, func(n string) bool { return n != t.name && !placed[n] })
		})
		if i < 0 {
			return nil, fmt.Errorf("the tables %v need each other", all)
		}
		placed[all[i].name] = true
		ordered = append(ordered, all[i])
		all = slices.Delete(all, i, i+1)
	}
	return ordered, nil
}

func (t table) names() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

// each reads the rows in the order of their key, with values as PostgreSQL takes them. What a move writes down for itself is
// left out.
func (t table) each(ctx context.Context, q queryer, row func(values []any) error) error {
	query := "select " + strings.Join(t.names(), ", ") + " from " + t.name
	if t.name == "setting" {
		query += " where name not in ('" + departureSetting + "', '" + arrivalSetting + "')"
	}
	if len(t.key) > 0 {
		query += " order by " + strings.Join(t.key, ", ")
	}
	values := make([]any, len(t.columns))
	into := make([]any, len(t.columns))
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	return scan(ctx, q, func(rows *sql.Rows) error {
		n++
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, c := range t.columns {
			v, err := c.plain(values[i])
			if err != nil {
				return fail.Wrap(fail.Invalid, err, "not_movable", "Row %d of the table %s has something in the column %s that PostgreSQL cannot keep as %s.", n, t.name, c.name, c.kind)
			}
			values[i] = v
		}
		return row(values)
	}, query)
}

// plain is v as the column's type has it on both engines. SQLite keeps a boolean as a number, and what was inserted as a text
// as a text, whatever the column.
func (c column) plain(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case int64:
		if c.kind == "bigint" {
			return x, nil
		}
		if c.kind == "boolean" && (x == 0 || x == 1) {
			return x == 1, nil
		}
	case bool:
		if c.kind == "boolean" {
			return x, nil
		}
	case string:
		switch {
		case c.kind == "bytea":
			return []byte(x), nil
		case c.kind == "text" && (!utf8.ValidString(x) || strings.ContainsRune(x, 0)):
			return nil, fmt.Errorf("bytes that are no text")
		case c.kind == "text":
			return x, nil
		}
	case []byte:
		if c.kind == "bytea" {
			return x, nil
		}
	}
	return nil, fmt.Errorf("a value of the type %T", v)
}

// sum is a running hash of rows: two tables with the same have the same rows, byte for byte.
type sum struct {
	rows int64
	hash hash.Hash
	buf  []byte
}

func newSum() *sum { return &sum{hash: sha256.New()} }

func (s *sum) add(values []any) {
	s.rows++
	b := s.buf[:0]
	for _, v := range values {
		switch x := v.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(x))
		case bool:
			b = append(b, 'f')
			if x {
				b[len(b)-1] = 't'
			}
		case string:
			b = append(binary.BigEndian.AppendUint64(append(b, 's'), uint64(len(x))), x...)
		case []byte:
			b = append(binary.BigEndian.AppendUint64(append(b, 'b'), uint64(len(x))), x...)
		}
	}
	_, _ = s.hash.Write(b) // a hash takes all
	s.buf = b
}

func (s *sum) of(t table) MovedTable {
	return MovedTable{t.name, s.rows, hex.EncodeToString(s.hash.Sum(nil))}
}

// count reads a table whole.
func (t table) count(ctx context.Context, q queryer) (MovedTable, error) {
	s := newSum()
	err := t.each(ctx, q, func(values []any) error { s.add(values); return nil })
	if err != nil {
		return MovedTable{}, fmt.Errorf("read the table %s: %w", t.name, err)
	}
	return s.of(t), nil
}
