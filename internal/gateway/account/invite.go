package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// InvitationLife is how long an invitation can be accepted, in business time, from when it was made or its mail was sent.
const InvitationLife = 7 * 24 * time.Hour

// MaxInvitations bounds the invitations of an account that nobody has accepted.
const MaxInvitations = 50

// FieldRole is the name of that field of an invitation, as in [FieldErrors].
const FieldRole = "role"

// InvitationID names an invitation ("inv_…"). It opens nothing.
type InvitationID string

// Invitation asks whoever reads the mail of an address into an account. What its mail's link carries is made when that is sent,
// and kept as a hash.
type Invitation struct {
	ID        InvitationID
	Account   core.AccountID
	Email     string // as the owner wrote it
	Role      Role
	By        core.PersonID // who asks
	CreatedAt time.Time
	Expires   time.Time
}

// Invited is an invitation as it is shown to who is asked.
type Invited struct {
	Invitation
	Company string // of the account; may be empty
	ByName  string // who asks; empty where they are not in the account any more
	// Known is who the address belongs to already: they sign in to accept. Empty: nobody, and accepting makes a person.
	Known core.PersonID
}

// AskedIn is the data of the event that has an invitation's mail sent.
type AskedIn struct {
	Invitation InvitationID `json:"invitation"`
}

// InvitationStore keeps invitations. Those that have expired are as good as gone to whoever reads it.
type InvitationStore interface {
	// KeepInvitation keeps an invitation, and what is to be told of it. Where the account has one to the same address, that gets
	// its role, its inviter and its end, and keeps its id. fail.Conflict, and nothing changes, where the account has most of them.
	// It returns the id that then stands; tell is made of it.
	KeepInvitation(ctx context.Context, n Invitation, emailKey string, most int, tell func(InvitationID) outbox.Event) (InvitationID, error)
	// RenewInvitation moves an invitation's end, and keeps what is to be told of it; fail.NotFound, too, for another account's.
	RenewInvitation(ctx context.Context, of core.AccountID, id InvitationID, expires time.Time, tell outbox.Event) error
	// SendInvitation keeps the hash of the secret that travels, in place of the one before, and the end; fail.NotFound.
	SendInvitation(ctx context.Context, id InvitationID, hash string, expires time.Time) error
	// Invitation finds one by its id, InvitationByHash by the hash of its secret; fail.NotFound.
	Invitation(ctx context.Context, id InvitationID) (Invitation, error)
	InvitationByHash(ctx context.Context, hash string) (Invitation, error)
	// Invitations lists those of an account, the oldest first.
	Invitations(ctx context.Context, id core.AccountID) ([]Invitation, error)
	// RevokeInvitation forgets one of an account's; fail.NotFound.
	RevokeInvitation(ctx context.Context, of core.AccountID, id InvitationID) error
	// Accept uses an invitation up, of which one caller of many succeeds, and makes its person a member of its account; create says
	// whether the person is to be made, with that email key and password hash. fail.NotFound where the invitation is gone,
	// fail.Conflict where the address has a person meanwhile.
	Accept(ctx context.Context, hash string, m Member, emailKey, passwordHash string, create bool, tell outbox.Event) error
}

// Invite asks whoever reads the mail of email into w's account. Asked again, the invitation is the same, with that role and a new
// end. What is answered does not tell whether the address has a person.
//
// Errors: fail.Invalid with [FieldErrors]; fail.Denied for who is no owner; fail.Conflict with [MaxInvitations]; fail.TooMuch.
func (s *Service) Invite(ctx context.Context, w Who, email string, role Role, address string) error {
	if err := w.mustOwn(); err != nil {
		return err
	}
	email = SignUp{Email: email}.tidy().Email
	bad := FieldErrors{}
	bad.put(FieldEmail, credential.CheckEmail(email))
	if role != RoleOwner && role != RoleMember {
		bad.put(FieldRole, "Choose a role.")
	}
	if err := bad.OrNil(); err != nil {
		return err
	}
	key := credential.EmailKey(email)
	members, err := s.store.Members(ctx, w.Account.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(members, func(m Member) bool { return credential.EmailKey(m.Email) == key }) {
		return FieldErrors{FieldEmail: "Who has this address is in the account already."}.OrNil()
	}
	if err := s.mayInvite(ctx, key, address); err != nil {
		return err
	}
	now := s.clk.Now()
	n := Invitation{ID: InvitationID(credential.NewID("inv_")), Account: w.Account.ID, Email: email, Role: role, By: w.ID, CreatedAt: now, Expires: now.Add(InvitationLife)}
	id, err := s.store.KeepInvitation(ctx, n, key, MaxInvitations, s.askedIn)
	if err != nil {
		return fmt.Errorf("keep an invitation to account %s: %w", w.Account.ID, err)
	}
	s.log.InfoContext(ctx, "invited", "account", w.Account.ID, "invitation", id, "role", role, "by", w.ID)
	s.wake()
	return nil
}

// InviteAgain has the mail of an invitation sent again. Its link replaces the one before.
//
// Errors: fail.Denied for who is no owner; fail.NotFound; fail.TooMuch.
func (s *Service) InviteAgain(ctx context.Context, w Who, id InvitationID, address string) error {
	if err := w.mustOwn(); err != nil {
		return err
	}
	n, err := s.invitation(s.store.Invitation(ctx, id))
	if err != nil {
		return err
	}
	if n.Account != w.Account.ID {
		return noInvitation()
	}
	if err := s.mayInvite(ctx, credential.EmailKey(n.Email), address); err != nil {
		return err
	}
	if err := s.store.RenewInvitation(ctx, n.Account, id, s.clk.Now().Add(InvitationLife), s.askedIn(id)); err != nil {
		return fmt.Errorf("renew invitation %s: %w", id, err)
	}
	s.wake()
	return nil
}

// mayInvite counts a mail to the address of key. fail.TooMuch where there were too many.
func (s *Service) mayInvite(ctx context.Context, key, address string) error {
	enough, err := s.inviteBrakes.AskMail(ctx, key, address)
	if err == nil && enough {
		err = fail.New(fail.TooMuch, "too_many_mails", "There were some mails to this address already. Ask them to look among their unwanted mails, or try again in a few hours.")
	}
	return err
}

func (s *Service) askedIn(id InvitationID) outbox.Event {
	return outbox.NewEvent(outbox.InvitationAsked, s.clk.Now(), outbox.Subject{}, AskedIn{id}).Named(rand.Text())
}

// Revoke takes an invitation back: its link leads nowhere from then on.
//
// Errors: fail.Denied for who is no owner; fail.NotFound.
func (s *Service) Revoke(ctx context.Context, w Who, id InvitationID) error {
	if err := w.mustOwn(); err != nil {
		return err
	}
	if err := s.store.RevokeInvitation(ctx, w.Account.ID, id); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "invitation revoked", "account", w.Account.ID, "invitation", id, "by", w.ID)
	return nil
}

// Invitations lists those of an account that can be accepted, the oldest first.
func (s *Service) Invitations(ctx context.Context, id core.AccountID) ([]Invitation, error) {
	all, err := s.store.Invitations(ctx, id)
	return slices.DeleteFunc(all, func(n Invitation) bool { return !s.clk.Now().Before(n.Expires) }), err
}

// Invitation finds one that can be accepted; fail.NotFound.
func (s *Service) Invitation(ctx context.Context, id InvitationID) (Invitation, error) {
	return s.invitation(s.store.Invitation(ctx, id))
}

func (s *Service) invitation(n Invitation, err error) (Invitation, error) {
	if err == nil && !s.clk.Now().Before(n.Expires) {
		err = noInvitation()
	}
	return n, err
}

func noInvitation() error {
	return fail.New(fail.NotFound, "no_such_invitation", "This invitation was accepted, taken back, or is too old.")
}

// IssueInvitation makes what the link of an invitation's mail carries, which is about to be sent. The link before leads nowhere
// from then on. fail.NotFound.
func (s *Service) IssueInvitation(ctx context.Context, id InvitationID) (secret string, err error) {
	secret = credential.NewSecret()
	return secret, s.store.SendInvitation(ctx, id, credential.HashOf(secret), s.clk.Now().Add(InvitationLife))
}

// Invited tells what the link of a mail asks for, and leaves it good. Errors: fail.NotFound.
func (s *Service) Invited(ctx context.Context, secret string) (in Invited, err error) {
	if secret == "" {
		return in, noInvitation()
	}
	if in.Invitation, err = s.invitation(s.store.InvitationByHash(ctx, credential.HashOf(secret))); err != nil {
		return in, err
	}
	a, err := s.store.Account(ctx, in.Account)
	if err != nil {
		return in, err
	}
	in.Company = a.Company
	members, err := s.store.Members(ctx, in.Account)
	if err != nil {
		return in, err
	}
	for _, m := range members {
		if m.ID == in.By {
			in.ByName = m.Name
		}
	}
	known, _, err := s.store.Credentials(ctx, credential.EmailKey(in.Email))
	if fail.Is(err, fail.NotFound) {
		return in, nil
	}
	in.Known = known.ID
	return in, err
}

// Join accepts an invitation to an address that nobody has here: it makes a person, who has shown that the address is theirs.
//
// Errors: fail.NotFound; fail.Invalid with [FieldErrors], and then the invitation stays good; fail.Conflict where the address has
// a person meanwhile; fail.TooMuch.
func (s *Service) Join(ctx context.Context, secret, name, password string) (Who, error) {
	in, err := s.Invited(ctx, secret)
	if err != nil {
		return Who{}, err
	}
	form := SignUp{Email: in.Email, Name: name, Password: password}.tidy()
	if err := form.Check(); err != nil {
		return Who{}, err
	}
	hash, err := s.hasher.Hash(ctx, form.Password)
	if err != nil {
		return Who{}, err
	}
	now := s.clk.Now()
	m := Member{Role: in.Role, Since: now, Person: Person{ID: core.PersonID(credential.NewID("per_")), Email: in.Email, Name: form.Name, CreatedAt: now, VerifiedAt: now}}
	if err := s.accept(ctx, in, secret, m, hash, true); err != nil {
		return Who{}, err
	}
	return s.seat(ctx, m.ID, "")
}

// JoinAs accepts an invitation as w, who is signed in and has the address that was invited.
//
// Errors: fail.NotFound, also for an invitation to another address.
func (s *Service) JoinAs(ctx context.Context, secret string, w Who) (core.AccountID, error) {
	in, err := s.Invited(ctx, secret)
	if err != nil {
		return "", err
	}
	if in.Known != w.ID {
		return "", noInvitation()
	}
	return in.Account, s.accept(ctx, in, secret, Member{Person: w.Person, Role: in.Role, Since: s.clk.Now()}, "", false)
}

func (s *Service) accept(ctx context.Context, in Invited, secret string, m Member, hash string, create bool) error {
	if err := s.store.Accept(ctx, credential.HashOf(secret), m, credential.EmailKey(m.Email), hash, create, membersChanged(in.Account, m.ID, m.Role, m.Since)); err != nil {
		return fmt.Errorf("accept invitation %s: %w", in.ID, err)
	}
	s.log.InfoContext(ctx, "invitation accepted", "account", in.Account, "invitation", in.ID, "person", m.ID, "role", m.Role)
	return nil
}
