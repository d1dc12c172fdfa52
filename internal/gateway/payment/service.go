package payment

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
)

// Config is what a service is made of.
type Config struct {
	Store    Store
	AWS      AWS
	Terms    Terms
	Licenses license.Directory
	Approval approval.Rule
	Clock    clock.Clock
	Log      *slog.Logger
	Wake     func() // makes the job look again; may be nil
}

// Service makes payment requests. It is safe for concurrent use.
type Service struct {
	proposal.Requests[Payment]
	cfg Config
}

// New makes a service.
func New(cfg Config) *Service {
	s := &Service{cfg: cfg}
	s.Requests = proposal.NewRequests(proposal.Asking[Payment]{Buyers: buyers{cfg.AWS}, Beside: within, AtAWS: AtAWS,
		Config: proposal.Config[Payment]{Name: "payment", Called: "payment request", Job: "payments", Tidings: tidings,
			Store: cfg.Store, Approval: cfg.Approval, Clock: cfg.Clock, Log: cfg.Log, Wake: cfg.Wake}})
	return s
}

// maxDescription leaves room for the request's id.
var maxDescription = proposal.Room(contract.MaxRequestDescription)

// Ask proposes a request. Only what the caller tells is taken from p: the licence, the agreement (empty: the licence's
// newest), the name, the amount and the description. The rest is what the agreement's term says.
//
// Errors: fail.Invalid for what cannot be, saying why; fail.NotFound for an unknown licence; fail.Conflict for a licence that
// is over, for an agreement whose terms are not known or have no room for payments, and for more than they have left.
func (s *Service) Ask(ctx context.Context, p Payment) (Payment, error) {
	l, ok := s.cfg.Licenses.ByID(p.License)
	if !ok {
		return p, fail.New(fail.NotFound, "no_such_license", "There is no license %.80q.", p.License)
	}
	var err error
	if p.Agreement, err = proposal.About(l, p.Agreement); err != nil {
		return p, err
	}
	p.Name, p.Amount, p.Description = strings.TrimSpace(p.Name), strings.TrimSpace(p.Amount), strings.TrimSpace(p.Description)
	if err := p.check(); err != nil {
		return p, err
	}
	term, err := s.Term(ctx, p.Agreement)
	if err != nil {
		return p, err
	}
	p.Term, p.Currency, p.Maximum, p.Silence = term.ID, term.CurrencyCode, term.MaxTotal, term.Silence
	now := s.cfg.Clock.Now()
	p.ID, p.CreatedAt = proposal.NewID("pay"), now
	p = p.With(p.Become(Proposed, "It waits for a person's approval. AWS and the buyer know nothing of it.", now, time.Time{}))
	return p, s.Propose(ctx, p)
}

// Term is the term of an agreement by which payments can be asked for.
//
// Errors: fail.Conflict where AWS has not told its terms, or there is no such term.
func (s *Service) Term(ctx context.Context, id core.AgreementID) (agreement.PaymentTerm, error) {
	terms, err := s.cfg.Terms.TermsOf(ctx, id)
	if err != nil {
		return agreement.PaymentTerm{}, fmt.Errorf("look for the payment term of %s: %w", id, err)
	}
	term, ok := terms.PaymentTerm()
	switch {
	case ok:
		return term, nil
	case terms.At.IsZero():
		return term, fail.New(fail.Conflict, "terms_unknown", "AWS has not told the terms of the agreement %s yet; it is asked soon, and souk resync asks at once.", id)
	case terms.Failure != "":
		return term, fail.New(fail.Conflict, "terms_unknown", "AWS does not tell the terms of the agreement %s: %s", id, terms.Failure)
	}
	return term, fail.New(fail.Conflict, "no_payment_term", "The agreement %s has no term for payments on request (AWS's variablePaymentTerm); a private offer can have one.", id)
}

// check says what is wrong with what a caller asks.
func (p Payment) check() error {
	if n := utf8.RuneCountInString(p.Name); n < contract.MinPaymentName || n > contract.MaxPaymentName || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return fail.New(fail.Invalid, "name", "The name is one line of %d to %d characters.", contract.MinPaymentName, contract.MaxPaymentName)
	}
	if _, err := proposal.Amount(p.Amount); err != nil {
		return err
	}
	if utf8.RuneCountInString(p.Description) > maxDescription || !utf8.ValidString(p.Description) {
		return fail.New(fail.Invalid, "description", "The description may have at most %d characters.", maxDescription)
	}
	return p.AskedBy.Asks()
}

// within refuses what is more than p's term has left beside the others of its agreement. AWS counts for itself, and knows of
// requests that were made elsewhere.
func within(p Payment, others []Payment) error {
	left, err := decimal.NewFromString(p.Maximum)
	if err != nil {
		return nil // the term says no maximum that can be read: AWS decides alone
	}
	for _, o := range others {
		if o.Term != p.Term || o.State == Denied || o.State == Withdrawn || o.State == Rejected || o.State == Failed {
			continue
		}
		amount, err := proposal.Amount(o.Amount)
		if err != nil {
			return fmt.Errorf("read the amount of %s: %w", o.ID, err)
		}
		left = left.Sub(amount)
	}
	amount, err := proposal.Amount(p.Amount)
	if err != nil {
		return err
	}
	if amount.GreaterThan(left) {
		return fail.New(fail.Conflict, "over_maximum_amount", "Of %s %s that the agreement has for payments, %s are left beside those that were asked for or are proposed.", p.Maximum, p.Currency, decimal.Max(left, decimal.Zero))
	}
	return nil
}

// Withdraw is [proposal.Requests.Withdraw]. why may be empty; nobody outside is told.
//
// Errors: as there, and fail.Invalid for a reason that cannot be kept.
func (s *Service) Withdraw(ctx context.Context, id ID, by approval.Actor, why string) (Payment, error) {
	why = strings.TrimSpace(why)
	if err := approval.Why(why); err != nil {
		return Payment{}, err
	}
	return s.Requests.Withdraw(ctx, id, by, why)
}
