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

const invitationColumns = `id, account, email, role, invited_by, created_us, expires_us`

func scanInvitation(scan func(...any) error) (n account.Invitation, err error) {
	err = scan(&n.ID, &n.Account, &n.Email, &n.Role, &n.By, instant{&n.CreatedAt}, instant{&n.Expires})
	if errors.Is(err, sql.ErrNoRows) {
		return n, noInvitation()
	}
	return n, err
}

func noInvitation() error {
	return fail.New(fail.NotFound, "no_such_invitation", "This invitation was accepted, taken back, or is too old.")
}

// oneInvitation is changed, for a statement that must change one.
func oneInvitation(res sql.Result, err error) error {
	if did, err := changed(res, err); err != nil || did {
		return err
	}
	return noInvitation()
}

// KeepInvitation implements account.Store.
func (s Accounts) KeepInvitation(ctx context.Context, n account.Invitation, emailKey string, most int, tell func(account.InvitationID) outbox.Event) (id account.InvitationID, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var others int
		if err := tx.QueryRowContext(ctx, `select count(*) from invitation where account = $1 and email_key <> $2 and expires_us > $3`, n.Account, emailKey, us(n.CreatedAt)).Scan(&others); err != nil {
			return fmt.Errorf("count invitations: %w", err)
		}
		if others >= most {
			return fail.New(fail.Conflict, "too_many_invitations", "There are %d invitations that nobody has accepted yet. Take some of them back first.", others)
		}
		err := tx.QueryRowContext(ctx, `insert into invitation (id, account, email, email_key, role, invited_by, created_us, expires_us) values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (account, email_key) do update set email = excluded.email, role = excluded.role, invited_by = excluded.invited_by, expires_us = excluded.expires_us
			returning id`, n.ID, n.Account, n.Email, emailKey, n.Role, n.By, us(n.CreatedAt), us(n.Expires)).Scan(&id)
		if err != nil {
			return fmt.Errorf("keep an invitation: %w", err)
		}
		return putEvents(ctx, tx, tell(id))
	})
	return id, err
}

// RenewInvitation implements account.Store.
func (s Accounts) RenewInvitation(ctx context.Context, of core.AccountID, id account.InvitationID, expires time.Time, tell outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := oneInvitation(tx.ExecContext(ctx, `update invitation set expires_us = $3 where account = $1 and id = $2`, of, id, us(expires))); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
}

// SendInvitation implements account.Store.
func (s Accounts) SendInvitation(ctx context.Context, id account.InvitationID, hash string, expires time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return oneInvitation(tx.ExecContext(ctx, `update invitation set hash = $2, expires_us = $3 where id = $1`, id, hash, us(expires)))
	})
}

// Invitation implements account.Store.
func (s Accounts) Invitation(ctx context.Context, id account.InvitationID) (account.Invitation, error) {
	return scanInvitation(s.db.Read().QueryRowContext(ctx, `select `+invitationColumns+` from invitation where id = $1`, id).Scan)
}

// InvitationByHash implements account.Store.
func (s Accounts) InvitationByHash(ctx context.Context, hash string) (account.Invitation, error) {
	return scanInvitation(s.db.Read().QueryRowContext(ctx, `select `+invitationColumns+` from invitation where hash = $1 and hash <> ''`, hash).Scan)
}

// Invitations implements account.Store.
func (s Accounts) Invitations(ctx context.Context, id core.AccountID) (list []account.Invitation, err error) {
	err = each(ctx, s.db.Read(), `select `+invitationColumns+` from invitation where account = $1 order by created_us, id`, func(scan func(...any) error) error {
		n, err := scanInvitation(scan)
		list = append(list, n)
		return err
	}, id)
	return list, err
}

// RevokeInvitation implements account.Store.
func (s Accounts) RevokeInvitation(ctx context.Context, of core.AccountID, id account.InvitationID) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return oneInvitation(tx.ExecContext(ctx, `delete from invitation where account = $1 and id = $2`, of, id))
	})
}

// Accept implements account.Store.
func (s Accounts) Accept(ctx context.Context, hash string, m account.Member, emailKey, passwordHash string, create bool, tell outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		var of core.AccountID
		err := tx.QueryRowContext(ctx, `delete from invitation where hash = $1 and hash <> '' returning account`, hash).Scan(&of)
		if errors.Is(err, sql.ErrNoRows) {
			return noInvitation()
		}
		if err != nil {
			return fmt.Errorf("use an invitation: %w", err)
		}
		if create {
			if err := s.insertPerson(ctx, tx, m.Person, emailKey, passwordHash); err != nil {
				return err
			}
		}
		if err := insertMember(ctx, tx, of, m.ID, m.Role, m.Since); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
}

// ChangeMember implements account.Store.
func (s Accounts) ChangeMember(ctx context.Context, of core.AccountID, id core.PersonID, role account.Role, check func(others []account.Member) error, tell outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		all, err := membersIn(ctx, tx, of)
		if err != nil {
			return fmt.Errorf("list members: %w", err)
		}
		var others []account.Member
		for _, m := range all {
			if m.ID != id {
				others = append(others, m)
			}
		}
		if len(others) == len(all) {
			return noPerson()
		}
		if err := check(others); err != nil {
			return err
		}
		if role == "" {
			err = s.leave(ctx, tx, of, id)
		} else {
			err = exec(ctx, tx, "change a member's role", `update member set role = $3 where account = $1 and person = $2`, of, id, role)
		}
		if err != nil {
			return err
		}
		return putEvents(ctx, tx, tell)
	})
}
