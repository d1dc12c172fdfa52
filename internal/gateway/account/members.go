package account

import (
	"context"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// LastOwner is the code of refusing to have an account without an owner.
const LastOwner = "last_owner"

// ToldMember is the data of the event that somebody came into an account, has another role there, or is out of it.
type ToldMember struct {
	Account core.AccountID `json:"account"`
	Person  core.PersonID  `json:"person"`
	Role    Role           `json:"role,omitempty"` // left out: they are out of the account
}

func membersChanged(id core.AccountID, person core.PersonID, role Role, at time.Time) outbox.Event {
	return outbox.NewEvent(outbox.MembersChanged, at, outbox.Subject{Account: id}, ToldMember{id, person, role}).Named(string(person) + string(role) + at.UTC().Format(time.RFC3339Nano))
}

func (w Who) mustOwn() error {
	if w.Owns() {
		return nil
	}
	return fail.New(fail.Denied, "owners_only", "Only owners of the account may do this. Ask one of them.")
}

// Members lists who is in an account, those who have been for longest first.
func (s *Service) Members(ctx context.Context, id core.AccountID) ([]Member, error) {
	return s.store.Members(ctx, id)
}

// ChangeRole gives a member of w's account another role.
//
// Errors: fail.Denied for who is no owner; fail.Invalid for a role that is none; fail.NotFound; fail.Conflict, code [LastOwner].
func (s *Service) ChangeRole(ctx context.Context, w Who, id core.PersonID, role Role) error {
	if err := w.mustOwn(); err != nil {
		return err
	}
	if role != RoleOwner && role != RoleMember {
		return FieldErrors{FieldRole: "Choose a role."}.OrNil()
	}
	return s.change(ctx, w.Account.ID, id, role, w.ID)
}

// Remove takes a member out of w's account, or w itself: that everybody may. It signs them out everywhere at once, takes back the
// invitations that they made, and forgets them if they are in no other account.
//
// Errors: as of [Service.ChangeRole].
func (s *Service) Remove(ctx context.Context, w Who, id core.PersonID) error {
	if id != w.ID {
		if err := w.mustOwn(); err != nil {
			return err
		}
	}
	return s.change(ctx, w.Account.ID, id, "", w.ID)
}

// change keeps a member's role; "" takes them out.
func (s *Service) change(ctx context.Context, of core.AccountID, id core.PersonID, role Role, by core.PersonID) error {
	err := s.store.ChangeMember(ctx, of, id, role, func(others []Member) error {
		if role == RoleOwner || slices.ContainsFunc(others, func(m Member) bool { return m.Role == RoleOwner }) {
			return nil
		}
		return fail.New(fail.Conflict, LastOwner, "An account needs an owner: make somebody else one first.")
	}, membersChanged(of, id, role, s.clk.Now()))
	if err != nil {
		return err
	}
	if role == "" {
		s.log.InfoContext(ctx, "member removed", "account", of, "person", id, "by", by)
	} else {
		s.log.InfoContext(ctx, "member's role changed", "account", of, "person", id, "role", role, "by", by)
	}
	return nil
}
