package correction

import (
	"context"
	"log/slog"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
)

// Config is what a service is made of.
type Config struct {
	Store    Store
	AWS      AWS
	Usage    Usage
	Ledger   Ledger
	Licenses license.Directory
	Products core.Catalogue
	Approval approval.Rule
	Clock    clock.Clock
	Log      *slog.Logger
	Wake     func() // makes the job look again; may be nil
}

// Service makes corrections. It is safe for concurrent use.
type Service struct {
	*proposal.Desk[Correction]
	cfg Config
}

// New makes a service.
func New(cfg Config) *Service {
	s := &Service{cfg: cfg}
	s.Desk = proposal.New(proposal.Config[Correction]{Name: "correction", Called: "correction", Job: "corrections", Step: s.step, Tidings: tidings,
		Store: cfg.Store, Approval: cfg.Approval, Clock: cfg.Clock, Log: cfg.Log, Wake: cfg.Wake})
	return s
}

// Ask proposes a correction (OverBilled), or has it made (UnderBilled). Only what the caller tells is taken from c; the
// rest is worked out, of one that was billed too much by the job.
//
// Errors: fail.Invalid for what cannot be, saying why; fail.NotFound for an unknown licence; fail.Conflict for usage of
// a licence that has ended, for more than AWS honoured less what is proposed or given back already, and for usage that
// another correction, which c.Besides does not name, added for the same reason.
func (s *Service) Ask(ctx context.Context, c Correction) (Correction, error) {
	l, ok := s.cfg.Licenses.ByID(c.License)
	if !ok {
		return c, fail.New(fail.NotFound, "no_such_license", "There is no license %.80q.", c.License)
	}
	now := s.cfg.Clock.Now()
	if err := s.check(ctx, c, l, now); err != nil {
		return c, err
	}
	c.License = l.ID
	bill, err := s.billed(ctx, c)
	if err != nil {
		return c, err
	}
	c.ID, c.CreatedAt = proposal.NewID("cor"), now
	if c.Kind == UnderBilled {
		c = c.become(Approved, "It is being added to the usage of the open hour.", now, now)
	} else {
		c = c.become(Proposed, "Its invoice is looked for.", now, now)
	}
	return c, proposal.Propose(ctx, s.Desk, c, func(others []Correction) error {
		switch {
		case c.Kind == UnderBilled:
			return c.unnamed(others, c.Besides)
		case now.Before(closes(c.Month)):
			return nil // AWS still honours usage of it; it is looked at again when there is an invoice
		}
		return c.within(bill, others)
	})
}
