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

// Purpose is what a proof is good for.
type Purpose string

// The purposes.
const (
	ToVerify Purpose = "verify" // the person's address is theirs
	ToReset  Purpose = "reset"  // they choose another password
)

// Lives of proofs, in business time from when their mail was sent.
const (
	VerifyLife = 7 * 24 * time.Hour
	ResetLife  = time.Hour
)

// Proof is what a mail carries in a link, as it is stored: whoever brings its secret back reads the person's mail. It is made
// when the mail is sent, so that nothing which waits to be sent opens anything, and works once.
type Proof struct {
	Hash    string // of the secret that travels
	Person  core.PersonID
	Purpose Purpose
	Expires time.Time
}

// IssueProof makes a proof for the mail that is about to be sent. Those that were sent before stay good until one is used.
func (s *Service) IssueProof(ctx context.Context, id core.PersonID, p Purpose) (secret string, err error) {
	life := VerifyLife
	if p == ToReset {
		life = ResetLife
	}
	secret = credential.NewSecret()
	if err := s.store.CreateProof(ctx, Proof{Hash: credential.HashOf(secret), Person: id, Purpose: p, Expires: s.clk.Now().Add(life)}); err != nil {
		return "", fmt.Errorf("keep a proof for %s: %w", id, err)
	}
	return secret, nil
}

// Proves finds the person of whom secret is a proof for p, and leaves the proof good: it is for the page that asks before
// anything is done, since programs follow the links of mails, too.
//
// Errors: fail.NotFound, code "no_such_proof", for one that was used, is too old, or never was.
func (s *Service) Proves(ctx context.Context, p Purpose, secret string) (Person, error) {
	proof, err := s.store.Proof(ctx, credential.HashOf(secret))
	if err != nil && !fail.Is(err, fail.NotFound) {
		return Person{}, fmt.Errorf("find a proof: %w", err)
	}
	if err != nil || proof.Purpose != p || !s.clk.Now().Before(proof.Expires) {
		return Person{}, noSuchProof()
	}
	return s.store.Person(ctx, proof.Person)
}

func noSuchProof() error {
	return fail.New(fail.NotFound, "no_such_proof", "This link was used before, or is too old.")
}

// Verify notes that a person has shown that their address is theirs. The proof is used up.
//
// Errors: as of [Service.Proves].
func (s *Service) Verify(ctx context.Context, secret string) (Person, error) {
	p, err := s.Proves(ctx, ToVerify, secret)
	if err != nil {
		return p, err
	}
	seats, err := s.store.Seats(ctx, p.ID, "")
	if err != nil {
		return p, fmt.Errorf("verify %s: %w", p.ID, err)
	}
	p.VerifiedAt = s.clk.Now()
	if err := s.store.Verify(ctx, credential.HashOf(secret), p.ID, p.VerifiedAt, verified(p, p.VerifiedAt, seats)...); err != nil {
		return p, fmt.Errorf("verify %s: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "address verified", "person", p.ID)
	return p, nil
}

// ResetPassword gives a person another password. It signs them out everywhere, uses up all their proofs, forgives what
// was held against their sign-ins, and counts as [Service.Verify], as it proves the same.
//
// Errors: as of [Service.Proves]; fail.Invalid with [FieldErrors] for a password that will not do, and then the proof stays
// good; fail.TooMuch.
func (s *Service) ResetPassword(ctx context.Context, secret, password, address string) error {
	p, err := s.Proves(ctx, ToReset, secret)
	if err != nil {
		return err
	}
	if say := credential.CheckPassword(password, p.Email); say != "" {
		return FieldErrors{FieldPassword: say}.OrNil()
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	now := s.clk.Now()
	tell := []outbox.Event{outbox.NewEvent(outbox.PasswordChanged, now, outbox.Subject{}, Asked{p.ID}).Named(credential.HashOf(secret))}
	if p.VerifiedAt.IsZero() {
		seats, err := s.store.Seats(ctx, p.ID, "")
		if err != nil {
			return fmt.Errorf("reset the password of %s: %w", p.ID, err)
		}
		tell = append(tell, verified(p, now, seats)...)
	}
	if err := s.store.ResetPassword(ctx, credential.HashOf(secret), p.ID, hash, now, tell...); err != nil {
		return fmt.Errorf("reset the password of %s: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "password reset", "person", p.ID)
	// Who guessed before must not keep the owner out now.
	err = s.brakes.Release(ctx, credential.EmailKey(p.Email), address)
	if err != nil {
		s.log.WarnContext(ctx, "sign-in attempts not forgiven after a reset; the brakes let go by themselves", "person", p.ID, "err", err)
	}
	return nil
}

// AskReset has a mail sent by which the password of email's person can be reset. The answer, and the work, is the same
// whether or not there is one, and whether or not it was sent too many already: then nobody is sent any.
//
// Errors: fail.Invalid with [FieldErrors] for what is no address; fail.TooMuch after too many from one place.
func (s *Service) AskReset(ctx context.Context, email, address string) error {
	email = SignUp{Email: email}.tidy().Email
	if say := credential.CheckEmail(email); say != "" {
		return FieldErrors{FieldEmail: say}.OrNil()
	}
	key := credential.EmailKey(email)
	enough, err := s.brakes.AskMail(ctx, key, address)
	if err != nil {
		return err
	}
	p, _, err := s.store.Credentials(ctx, key)
	if err != nil && !fail.Is(err, fail.NotFound) {
		return err
	}
	if enough {
		s.log.InfoContext(ctx, "no mail for another password: there were too many", "person", p.ID)
		p = Person{}
	}
	return s.ask(ctx, outbox.ResetAsked, p.ID)
}

// AskVerify has the mail sent again by which p, who is signed in, verifies their address.
//
// Errors: fail.TooMuch when there were too many.
func (s *Service) AskVerify(ctx context.Context, p Person, address string) error {
	if !p.VerifiedAt.IsZero() {
		return nil
	}
	enough, err := s.brakes.AskMail(ctx, credential.EmailKey(p.Email), address)
	if err != nil {
		return err
	}
	if enough {
		return fail.New(fail.TooMuch, "too_many_mails", "There were some mails already. Look for them among your unwanted mails, or try again in a few hours.")
	}
	return s.ask(ctx, outbox.VerifyAsked, p.ID)
}

// ask writes down that a mail was asked for: by nobody where nobody is to have one.
func (s *Service) ask(ctx context.Context, kind outbox.Kind, id core.PersonID) error {
	e := outbox.NewEvent(kind, s.clk.Now(), outbox.Subject{}, Asked{id}).Named(rand.Text())
	if err := s.store.Tell(ctx, e); err != nil {
		return fmt.Errorf("ask for a mail: %w", err)
	}
	s.wake()
	return nil
}

// Quiet notes whether a person wants no more reminders. What they must know they are told all the same.
//
// Errors: fail.NotFound.
func (s *Service) Quiet(ctx context.Context, id core.PersonID, quiet bool) error {
	at := time.Time{}
	if quiet {
		at = s.clk.Now()
	}
	return s.store.Quiet(ctx, id, at)
}
