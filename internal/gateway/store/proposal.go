package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
)

// Proposals keeps one kind of proposal, in a table of its own. It fulfils proposal.Store.
type Proposals[C proposal.Proposal[C]] struct {
	db   *DB
	kind proposalKind[C]
}

// proposalKind is what tells the table of one kind of proposal from the others.
type proposalKind[C proposal.Proposal[C]] struct {
	table  string // and in codes of errors
	called string // in sentences
	cells  func(c *C) []cell
	beside func(c C) (where string, args []any) // those that are looked at before c is proposed or approved; c itself may be among them
	atAWS  []proposal.State                     // of which AWS may tell something new
}

// cell is one of a proposal's row: c's field behind it, which a row is scanned to, and what is written of it.
type cell struct {
	name  string
	field any // for Scan
	value any
	when  writing
}

// writing is when a cell is written.
type writing int

const (
	atFirst writing = iota // with its row, and never again
	once                   // with its row, or later if it is empty; a change to something else is refused
	always
)

// plain is a column of a text or a number.
func plain[T any](name string, field *T, when writing) cell {
	return cell{name, field, *field, when}
}

// timed is a column of an instant.
func timed(name string, field *time.Time, when writing) cell {
	return cell{name, instant{field}, us(*field), when}
}

// written is a column in which a field is kept as JSON; empty for one that has nothing in it.
func written(name string, field any, when writing) cell {
	return cell{name, jsonText{field}, jsonText{field}, when}
}

// jsonText is a field, behind a pointer, as JSON.
type jsonText struct{ field any }

// Scan implements [sql.Scanner].
func (j jsonText) Scan(v any) error {
	switch text, ok := v.(string); {
	case !ok:
		return fmt.Errorf("JSON is kept as a %T", v)
	case text == "":
		return nil
	default:
		return json.Unmarshal([]byte(text), j.field)
	}
}

// Value implements [driver.Valuer].
func (j jsonText) Value() (driver.Value, error) {
	body, err := json.Marshal(j.field)
	if bytes.Equal(body, []byte("null")) || bytes.Equal(body, []byte("[]")) || bytes.Equal(body, []byte("{}")) {
		return "", err
	}
	return string(body), err
}

// lifeCells are the columns that every kind's table has, but the revision.
func lifeCells(l *proposal.Life) []cell {
	return []cell{
		plain("id", &l.ID, atFirst), plain("license_id", &l.License, atFirst),
		plain("asked_key", &l.AskedBy.Key, atFirst), plain("asked_person", &l.AskedBy.Person, atFirst), timed("created_us", &l.CreatedAt, atFirst),
		plain("decided_key", &l.DecidedBy.Key, always), plain("decided_person", &l.DecidedBy.Person, always), timed("decided_us", &l.DecidedAt, always),
		plain("aws_id", &l.AWSID, always), timed("settled_us", &l.SettledAt, always),
		plain("state", &l.State, always), plain("why", &l.Why, always), timed("since_us", &l.Since, always), timed("due_us", &l.DueAt, always), plain("tries", &l.Tries, always),
		plain("revision", &l.Revision, atFirst), // counted on by the statement that changes a row
	}
}

// askedCells are the columns that the tables of requests to buyers have besides.
func askedCells(a *proposal.Asked) []cell {
	return []cell{
		timed("respond_us", &a.RespondBy, always), plain("withdrawn_key", &a.WithdrawnBy.Key, always), plain("withdrawn_person", &a.WithdrawnBy.Person, always),
		plain("withdrawn_why", &a.WithdrawWhy, always),
	}
}

// names lists the table's columns as SQL does.
func (k proposalKind[C]) names() string {
	var c C
	var names []string
	for _, col := range k.cells(&c) {
		names = append(names, col.name)
	}
	return strings.Join(names, ", ")
}

func (k proposalKind[C]) scan(scan func(...any) error) (C, error) {
	var c C
	var into []any
	for _, col := range k.cells(&c) {
		into = append(into, col.field)
	}
	return c, scan(into...)
}

// read lists what a query finds, whose text goes on after the columns and the table.
func (k proposalKind[C]) read(ctx context.Context, q queryer, clauses string, args ...any) (list []C, err error) {
	err = each(ctx, q, `select `+k.names()+` from `+k.table+` `+clauses, func(scan func(...any) error) error {
		c, err := k.scan(scan)
		list = append(list, c)
		return err
	}, args...)
	return list, err
}

func (k proposalKind[C]) find(ctx context.Context, q queryer, id proposal.ID) (c C, err error) {
	list, err := k.read(ctx, q, `where id = $1`, id)
	switch {
	case err != nil:
		return c, err
	case len(list) == 0:
		return c, fail.New(fail.NotFound, "no_such_"+k.table, "There is no such %s.", k.called)
	}
	return list[0], nil
}

// others are those beside c, without c.
func (k proposalKind[C]) others(ctx context.Context, q queryer, c C) ([]C, error) {
	where, args := k.beside(c)
	args = append(args, c.Stands().ID)
	list, err := k.read(ctx, q, fmt.Sprintf(`where %s and id <> $%d order by created_us, id`, where, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("read what stands beside it: %w", err)
	}
	return list, nil
}

func (k proposalKind[C]) insert(ctx context.Context, tx *sql.Tx, c C) error {
	var numbers []string
	var values []any
	for _, col := range k.cells(&c) {
		values = append(values, col.value)
		numbers = append(numbers, fmt.Sprint("$", len(values)))
	}
	return exec(ctx, tx, "add "+k.called, `insert into `+k.table+` (`+k.names()+`) values (`+strings.Join(numbers, ", ")+`)`, values...)
}

// update writes what may change of c, unless c was changed since it was read, or something would change that is written once.
func (k proposalKind[C]) update(ctx context.Context, tx *sql.Tx, c C) error {
	l := c.Stands()
	values := []any{l.ID, l.Revision}
	set, guard := "", ""
	for _, col := range k.cells(&c) {
		if col.when == atFirst {
			continue
		}
		values = append(values, col.value)
		set += fmt.Sprintf("%s = $%d, ", col.name, len(values))
		if col.when == once {
			guard += fmt.Sprintf(" and %s in ('', $%d)", col.name, len(values))
		}
	}
	res, err := tx.ExecContext(ctx, `update `+k.table+` set `+set+`revision = revision + 1 where id = $1 and revision = $2`+guard, values...)
	if err != nil {
		return fmt.Errorf("change %s: %w", k.called, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fail.New(fail.Conflict, "changed_meanwhile", "The %s %s was changed meanwhile; look at it again.", k.called, l.ID)
}

// Add implements [proposal.Store].
func (s Proposals[C]) Add(ctx context.Context, c C, check func(others []C) error, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		others, err := s.kind.others(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := check(others); err != nil {
			return err
		}
		if err := putEvents(ctx, tx, tell...); err != nil {
			return err
		}
		return s.kind.insert(ctx, tx, c)
	})
}

// Decide implements [proposal.Store]. SQLite writes one transaction at a time, so that what it reads is still so when it writes.
func (s Proposals[C]) Decide(ctx context.Context, id proposal.ID, decision func(c C, others []C) (C, []outbox.Event, error)) (c C, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if c, err = s.kind.find(ctx, tx, id); err != nil {
			return err
		}
		others, err := s.kind.others(ctx, tx, c)
		if err != nil {
			return err
		}
		next, tell, err := decision(c, others)
		if err != nil || next.Stands().State == c.Stands().State {
			return err
		}
		if err := s.kind.update(ctx, tx, next); err != nil {
			return err
		}
		l := next.Stands()
		l.Revision++
		c = next.With(l)
		return putEvents(ctx, tx, tell...)
	})
	return c, err
}

// Beside implements [proposal.Store].
func (s Proposals[C]) Beside(ctx context.Context, c C) ([]C, error) {
	return s.kind.others(ctx, s.db.Read(), c)
}

// Change implements [proposal.Store].
func (s Proposals[C]) Change(ctx context.Context, c C, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.kind.update(ctx, tx, c); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// Find implements [proposal.Store].
func (s Proposals[C]) Find(ctx context.Context, id proposal.ID) (C, error) {
	return s.kind.find(ctx, s.db.Read(), id)
}

// List implements [proposal.Store].
func (s Proposals[C]) List(ctx context.Context, q proposal.Query) ([]C, error) {
	return s.kind.read(ctx, s.db.Read(), `where ($1 = '' or license_id = $1) and ($2 = '' or state = $2)
			and ($3 = '' or (created_us, id) > (select created_us, id from `+s.kind.table+` where id = $3))
		order by created_us, id limit $4`, q.License, q.State, q.After, q.Limit)
}

// Due implements [proposal.Store].
func (s Proposals[C]) Due(ctx context.Context) (c C, ok bool, err error) {
	list, err := s.kind.read(ctx, s.db.Read(), `where due_us <> 0 order by due_us, id limit 1`)
	if err != nil || len(list) == 0 {
		return c, false, err
	}
	return list[0], true, nil
}

// Hasten implements [proposal.Store].
func (s Proposals[C]) Hasten(ctx context.Context, now time.Time) error {
	values := []any{us(now)}
	var states []string
	for _, state := range s.kind.atAWS {
		values = append(values, state)
		states = append(states, fmt.Sprint("$", len(values)))
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "hasten each "+s.kind.called, `update `+s.kind.table+` set due_us = $1 where state in (`+strings.Join(states, ", ")+`) and due_us > $1`, values...)
	})
}
