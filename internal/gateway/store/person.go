package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

const personColumns = `p.id, p.email, p.name, p.created_us, p.verified_us, p.quiet_us`

func personPlaces(p *account.Person) []any {
	return []any{&p.ID, &p.Email, &p.Name, instant{&p.CreatedAt}, instant{&p.VerifiedAt}, instant{&p.QuietAt}}
}

func scanPerson(row interface{ Scan(...any) error }, more ...any) (p account.Person, err error) {
	err = row.Scan(append(personPlaces(&p), more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return p, noPerson()
	}
	return p, err
}

func noPerson() error {
	return fail.New(fail.NotFound, "no_such_person", "There is no such person.")
}

func (s Accounts) insertPerson(ctx context.Context, tx *sql.Tx, p account.Person, emailKey, passwordHash string) error {
	res, err := tx.ExecContext(ctx, `insert into person (id, email, email_key, name, password_hash, created_us, verified_us, quiet_us)
		values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (email_key) do nothing`,
		p.ID, p.Email, emailKey, p.Name, s.db.hide(personPasswords, string(p.ID), passwordHash), us(p.CreatedAt), us(p.VerifiedAt), us(p.QuietAt))
	if err != nil {
		return fmt.Errorf("keep person %s: %w", p.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return fail.New(fail.Conflict, "email_taken", "There is an account with this e-mail address; sign in with it.")
	}
	return nil
}

func insertMember(ctx context.Context, tx *sql.Tx, id core.AccountID, person core.PersonID, role account.Role, since time.Time) error {
	return exec(ctx, tx, "keep a member", `insert into member (account, person, role, since_us) values ($1, $2, $3, $4) on conflict (account, person) do nothing`,
		id, person, role, us(since))
}

// leave ends a membership. Who is of no other account is forgotten; who is of one has to sign in again.
func (s Accounts) leave(ctx context.Context, tx *sql.Tx, id core.AccountID, person core.PersonID) error {
	if err := shut(ctx, tx, person, ""); err != nil {
		return err
	}
	if err := exec(ctx, tx, "take back what they invited", `delete from invitation where account = $1 and invited_by = $2`, id, person); err != nil {
		return err
	}
	if err := exec(ctx, tx, "end a membership", `delete from member where account = $1 and person = $2`, id, person); err != nil {
		return err
	}
	var left int
	if err := tx.QueryRowContext(ctx, `select count(*) from member where person = $1`, person).Scan(&left); err != nil || left > 0 {
		return err
	}
	if _, err := s.forget(ctx, tx, string(person)); err != nil {
		return err
	}
	if err := exec(ctx, tx, "forget proofs", `delete from person_proof where person = $1`, person); err != nil {
		return err
	}
	return exec(ctx, tx, "forget a person", `delete from person where id = $1`, person)
}

// Person implements account.Store.
func (s Accounts) Person(ctx context.Context, id core.PersonID) (account.Person, error) {
	p, err := scanPerson(s.db.Read().QueryRowContext(ctx, `select `+personColumns+` from person p where p.id = $1`, id))
	if err != nil {
		return account.Person{}, fmt.Errorf("find person %s: %w", id, err)
	}
	return p, nil
}

// Credentials implements account.Store.
func (s Accounts) Credentials(ctx context.Context, emailKey string) (p account.Person, hash string, err error) {
	p, err = scanPerson(s.db.Read().QueryRowContext(ctx, `select `+personColumns+`, p.password_hash from person p where p.email_key = $1`, emailKey), &hash)
	if err != nil {
		return account.Person{}, "", fmt.Errorf("find a person by their e-mail address: %w", err)
	}
	hash, err = s.db.reveal(personPasswords, string(p.ID), hash)
	return p, hash, err
}

// ReplacePassword implements account.Store.
func (s Accounts) ReplacePassword(ctx context.Context, id core.PersonID, was, now string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := s.db.replaceSecret(ctx, tx, personPasswords, string(id), was, now)
		return err
	})
}

// ChangePassword implements account.Store.
func (s Accounts) ChangePassword(ctx context.Context, id core.PersonID, was, now, keep string, tell outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		did, err := s.db.replaceSecret(ctx, tx, personPasswords, string(id), was, now)
		if err != nil {
			return fmt.Errorf("replace the password's hash: %w", err)
		}
		if !did {
			return fail.New(fail.Conflict, "password_changed", "Your password was changed at the same time, in another window. Sign in with the new one.")
		}
		if err := shut(ctx, tx, id, keep); err != nil {
			return err
		}
		if err := exec(ctx, tx, "forget proofs", `delete from person_proof where person = $1 and purpose = $2`, id, account.ToReset); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
}

// shut ends a person's sign-in handles, and their sessions but the one whose hash is keep.
func shut(ctx context.Context, tx *sql.Tx, id core.PersonID, keep string) error {
	if err := exec(ctx, tx, "end sign-in handles", `delete from signin_handle where person = $1`, id); err != nil {
		return err
	}
	return exec(ctx, tx, "end sessions", `delete from session where person = $1 and hash <> $2`, id, keep)
}

// ChangeName implements account.Store.
func (s Accounts) ChangeName(ctx context.Context, id core.PersonID, name string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if did, err := changed(tx.ExecContext(ctx, `update person set name = $2 where id = $1`, id, name)); did || err != nil {
			return err
		}
		return noPerson()
	})
}

// DeleteOtherSessions implements credential.SessionStore: sign-in handles are on their way to be sessions.
func (s Accounts) DeleteOtherSessions(ctx context.Context, owner, keep string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return shut(ctx, tx, core.PersonID(owner), keep) })
}

// Seats implements account.Store.
func (s Accounts) Seats(ctx context.Context, id core.PersonID, session string) (list []account.Who, err error) {
	err = each(ctx, s.db.Read(), `select `+personColumns+`, m.role, `+accountColumns+`
		from member m join person p on p.id = m.person join account a on a.id = m.account`+contact+`
		where m.person = $1
		order by case when m.account = (select account from session where hash = $2) then 0 else 1 end, m.since_us, m.account`, func(scan func(...any) error) error {
		var w account.Who
		err := scan(append(append(personPlaces(&w.Person), &w.Role), accountPlaces(&w.Account)...)...)
		list = append(list, w)
		return err
	}, id, session)
	return list, err
}

// TakeSeat implements account.Store.
func (s Accounts) TakeSeat(ctx context.Context, session string, id core.AccountID) error {
	return s.db.exec(ctx, "keep at which account a session is", `update session set account = $2 where hash = $1`, session, id)
}

// Members implements account.Store.
func (s Accounts) Members(ctx context.Context, id core.AccountID) ([]account.Member, error) {
	return membersIn(ctx, s.db.Read(), id)
}

func membersIn(ctx context.Context, q queryer, id core.AccountID) (list []account.Member, err error) {
	err = each(ctx, q, `select `+personColumns+`, m.role, m.since_us from member m join person p on p.id = m.person
		where m.account = $1 order by m.since_us, m.person`, func(scan func(...any) error) error {
		var m account.Member
		err := scan(append(personPlaces(&m.Person), &m.Role, instant{&m.Since})...)
		list = append(list, m)
		return err
	}, id)
	return list, err
}
