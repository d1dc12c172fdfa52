package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"souk.dev/souk/internal/fail"
)

// PostgreSQL's codes of failures. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	codeSerialization = "40001" // another transaction changed what this one rests on
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeBadText       = "22021" // bytes that are no UTF-8, or a zero byte
	codeBadEscape     = "22P05"
	codeReadOnly      = "25006" // it has become a standby
	codeTooManyConns  = "53300"
	codeShutdown      = "57P01"
	codeCrash         = "57P02"
	codeStarting      = "57P03"
	codeIdleInTx      = "25P03" // the process was stopped in the middle of a transaction
	classConnection   = "08"
)

// brokenByAnother reports whether PostgreSQL gave a transaction up because of another one.
func brokenByAnother(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (p.Code == codeSerialization || p.Code == codeDeadlock)
}

// classified sorts a failure of the database by what its receiver can do about it. What was sorted before stays as it is, and
// SQLite's stay internal, but for those of a fence (see [Departure]).
func classified(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if _, sorted := errors.AsType[*fail.Error](err); sorted {
		return err
	}
	p, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case fenced(err):
		return fail.Wrap(fail.Later, err, "database_moved", "The books are moving to another database, or have moved there; repeat in a moment.")
	case answered && (p.Code == codeBadText || p.Code == codeBadEscape):
		return fail.Wrap(fail.Invalid, err, "not_text", "A text has bytes that are no text; send UTF-8 without zero bytes.")
	case answered && awayCode(p.Code), !answered && unreachable(err):
		return fail.Wrap(fail.Later, err, "database_away", "The database is away; repeat in a moment.")
	}
	return err
}

// lost is the failure of a commit. If the database has said so the transaction is not there; else nobody knows.
func lost(err error) error {
	if _, answered := errors.AsType[*pgconn.PgError](err); !answered && unreachable(err) {
		return fail.Wrap(fail.Later, err, "answer_lost", "The database's answer was lost; what was asked for may have been done. Look, or send the same again.")
	}
	return err
}

func awayCode(code string) bool {
	switch code {
	case codeReadOnly, codeTooManyConns, codeShutdown, codeCrash, codeStarting, codeIdleInTx:
		return true
	}
	return len(code) > 2 && code[:2] == classConnection
}

// unreachable reports whether err is of the connection, and not of what was sent over it.
func unreachable(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn)
}
