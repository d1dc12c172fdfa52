package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// AddressLife is how long an asked-for address can be confirmed, in business time, from when it was asked for or its mail was sent;
// and how long the address before is kept, so that it can be told.
const AddressLife = 7 * 24 * time.Hour

// AddressChangeID names a change of address ("adr_…"). It opens nothing.
type AddressChangeID string

// AddressChange is a person's wish for another e-mail address, which counts once they have shown that they read its mail; or one
// that was fulfilled not long ago. What the mail's link carries is made when that is sent, and kept as a hash.
type AddressChange struct {
	ID     AddressChangeID
	Person core.PersonID
	Email  string // the address that is, or was, asked for
	// Was is the address before, and ChangedAt when it stopped being theirs; zero: it has not yet.
	Was       string
	ChangedAt time.Time
	Expires   time.Time
}

// Waits reports whether c has not been confirmed.
func (c AddressChange) Waits() bool { return c.ChangedAt.IsZero() }

// AddressAsked is the data of the events that have the mails about a change of address sent.
type AddressAsked struct {
	Change AddressChangeID `json:"change"`
}

// AddressStore keeps changes of address. Those that have expired are as good as gone to whoever reads it.
type AddressStore interface {
	// KeepAddressChange keeps a wish in place of its person's other one, if any, and what is to be told of it.
	KeepAddressChange(ctx context.Context, c AddressChange, tell outbox.Event) error
	// SendAddressChange keeps the hash of the secret that travels, in place of the one before, and the end; fail.NotFound, too, where
	// it has been fulfilled.
	SendAddressChange(ctx context.Context, id AddressChangeID, hash string, expires time.Time) error
	// AddressChange finds one by its id, AddressChangeByHash a wish by the hash of its secret; fail.NotFound.
	AddressChange(ctx context.Context, id AddressChangeID) (AddressChange, error)
	AddressChangeByHash(ctx context.Context, hash string) (AddressChange, error)
	// AddressChanges lists a person's, those that end first first.
	AddressChanges(ctx context.Context, id core.PersonID) ([]AddressChange, error)
	// DropAddressChange forgets a person's wish. One that is not there is no error.
	DropAddressChange(ctx context.Context, id core.PersonID) error
	// ChangeAddress fulfils the wish with that hash at the instant at, of which one caller of many succeeds: its address, with that
	// key, is its person's, and verified; the one before is kept until expires. It forgets the person's handles, proofs, and sessions
	// but the one whose hash is keep, and keeps what is to be told. fail.NotFound; fail.Conflict, and nothing changes, where another
	// person has the address.
	ChangeAddress(ctx context.Context, hash, emailKey, keep string, at, expires time.Time, tell ...outbox.Event) error
}

// AskAddress has a mail sent to email, by which p, who is signed in, shows that they read its mail; then it is their address. What is
// answered, and done, does not tell whether somebody has that address already.
//
// Errors: fail.Invalid with [FieldErrors]; fail.TooMuch.
func (s *Service) AskAddress(ctx context.Context, p Person, email string, c Confirmation) error {
	email = SignUp{Email: email}.tidy().Email
	say := credential.CheckEmail(email)
	key := credential.EmailKey(email)
	if say == "" && key == credential.EmailKey(p.Email) {
		say = "This is your address already."
	}
	if say != "" {
		return FieldErrors{FieldEmail: say}.OrNil()
	}
	if _, err := s.confirm(ctx, p, c); err != nil {
		return err
	}
	enough, err := s.addressBrakes.AskMail(ctx, key, c.Address)
	if err != nil {
		return err
	}
	if enough {
		return fail.New(fail.TooMuch, "too_many_mails", "There were some mails to this address already. Look for them among its unwanted mails, or try again in a few hours.")
	}
	now := s.clk.Now()
	wish := AddressChange{ID: AddressChangeID(credential.NewID("adr_")), Person: p.ID, Email: email, Expires: now.Add(AddressLife)}
	e := outbox.NewEvent(outbox.AddressAsked, now, outbox.Subject{}, AddressAsked{wish.ID}).Named(rand.Text())
	if err := s.store.KeepAddressChange(ctx, wish, e); err != nil {
		return fmt.Errorf("keep the address that %s asks for: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "another address asked for", "person", p.ID, "change", wish.ID)
	s.wake()
	return nil
}

// AskedAddress finds the address that a person has asked for and not yet confirmed. ok is false where there is none.
func (s *Service) AskedAddress(ctx context.Context, id core.PersonID) (wish AddressChange, ok bool, err error) {
	all, err := s.AddressChanges(ctx, id)
	for _, c := range all {
		if c.Waits() {
			return c, true, err
		}
	}
	return wish, false, err
}

// AddressChanges lists a person's wish for another address, and the addresses that they had until not long ago.
func (s *Service) AddressChanges(ctx context.Context, id core.PersonID) (list []AddressChange, err error) {
	all, err := s.store.AddressChanges(ctx, id)
	for _, c := range all {
		if s.clk.Now().Before(c.Expires) {
			list = append(list, c)
		}
	}
	return list, err
}

// DropAddress takes back what [Service.AskAddress] has asked for: the link of its mail leads nowhere. No wish is no error.
func (s *Service) DropAddress(ctx context.Context, id core.PersonID) error {
	return s.store.DropAddressChange(ctx, id)
}

// AddressChange finds one, for the mails about it; fail.NotFound.
func (s *Service) AddressChange(ctx context.Context, id AddressChangeID) (AddressChange, error) {
	return s.addressChange(s.store.AddressChange(ctx, id))
}

// IssueAddressChange makes what the link of the mail to an asked-for address carries, which is about to be sent. The link before
// leads nowhere from then on. fail.NotFound.
func (s *Service) IssueAddressChange(ctx context.Context, id AddressChangeID) (secret string, err error) {
	secret = credential.NewSecret()
	return secret, s.store.SendAddressChange(ctx, id, credential.HashOf(secret), s.clk.Now().Add(AddressLife))
}

// ProvesAddress tells for which wish secret is a mail's, and leaves it good. Errors: fail.NotFound.
func (s *Service) ProvesAddress(ctx context.Context, secret string) (AddressChange, error) {
	if secret == "" {
		return AddressChange{}, noSuchProof()
	}
	return s.addressChange(s.store.AddressChangeByHash(ctx, credential.HashOf(secret)))
}

func (s *Service) addressChange(c AddressChange, err error) (AddressChange, error) {
	if err == nil && !s.clk.Now().Before(c.Expires) {
		err = noSuchProof()
	}
	return c, err
}

// ChangeAddress fulfils a wish of p, who is signed in in the session with that secret and has brought what the mail to the wished
// address carried: whose mailbox a mistyped address is cannot make it theirs. It signs p out everywhere else, makes worthless what
// was mailed to the address before, and tells that of it.
//
// Errors: fail.NotFound, also for somebody else's wish; fail.Conflict, code "email_taken", where another person has the address.
func (s *Service) ChangeAddress(ctx context.Context, secret string, p Person, session string) error {
	wish, err := s.ProvesAddress(ctx, secret)
	if err != nil {
		return err
	}
	if wish.Person != p.ID {
		return noSuchProof()
	}
	now := s.clk.Now()
	tell := []outbox.Event{outbox.NewEvent(outbox.AddressChanged, now, outbox.Subject{}, AddressAsked{wish.ID}).Named(string(wish.ID))}
	if p.VerifiedAt.IsZero() {
		seats, err := s.store.Seats(ctx, p.ID, "")
		if err != nil {
			return fmt.Errorf("change the address of %s: %w", p.ID, err)
		}
		tell = append(tell, verified(p, now, seats)...)
	}
	err = s.store.ChangeAddress(ctx, credential.HashOf(secret), credential.EmailKey(wish.Email), credential.HashOf(session), now, now.Add(AddressLife), tell...)
	if err != nil {
		return fmt.Errorf("change the address of %s: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "address changed", "person", p.ID, "change", wish.ID)
	s.wake()
	return nil
}
