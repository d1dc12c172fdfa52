package cancellation

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
)

// Config is what a service is made of.
type Config struct {
	Store    Store
	AWS      AWS
	Licenses license.Directory
	Approval approval.Rule
	Clock    clock.Clock
	Log      *slog.Logger
	Wake     func() // makes the job look again; may be nil
}

// Service makes cancellation requests. It is safe for concurrent use.
type Service struct {
	proposal.Requests[Cancellation]
	cfg Config
}

// New makes a service.
func New(cfg Config) *Service {
	s := &Service{cfg: cfg}
	s.Requests = proposal.NewRequests(proposal.Asking[Cancellation]{Buyers: buyers{cfg.AWS}, Beside: s.alone, AtAWS: AtAWS,
		Config: proposal.Config[Cancellation]{Name: "cancellation", Called: "cancellation request", Job: "cancellations", Step: s.step, Tidings: tidings,
			Store: cfg.Store, Approval: cfg.Approval, Clock: cfg.Clock, Log: cfg.Log, Wake: cfg.Wake}})
	return s
}

// maxDescription leaves room for the request's id.
var maxDescription = proposal.Room(contract.MaxRequestDescription)

// Ask proposes a request. Only what the caller tells is taken from c: the licence, the agreement (empty: the licence's
// newest), the reason and the description.
//
// Errors: fail.Invalid for what cannot be, saying why; fail.NotFound for an unknown licence; fail.Conflict for a licence
// that is over, and where another request of the agreement is open here.
func (s *Service) Ask(ctx context.Context, c Cancellation) (Cancellation, error) {
	l, ok := s.cfg.Licenses.ByID(c.License)
	if !ok {
		return c, fail.New(fail.NotFound, "no_such_license", "There is no license %.80q.", c.License)
	}
	var err error
	if c.Agreement, err = proposal.About(l, c.Agreement); err != nil {
		return c, err
	}
	c.Description = strings.TrimSpace(c.Description)
	if err := c.check(); err != nil {
		return c, err
	}
	now := s.cfg.Clock.Now()
	c.ID, c.CreatedAt = proposal.NewID("can"), now
	c = c.become(Proposed, "It waits for a person's approval. AWS and the buyer know nothing of it.", now, time.Time{})
	return c, s.Propose(ctx, c)
}

// check says what is wrong with what a caller asks.
func (c Cancellation) check() error {
	switch {
	case !slices.Contains(contract.CancellationReasons, c.Reason):
		return fail.New(fail.Invalid, "reason", "The reason %.60q is none of AWS's, which are %s.", c.Reason, strings.Join(contract.CancellationReasons, ", "))
	case utf8.RuneCountInString(c.Description) > maxDescription || !utf8.ValidString(c.Description):
		return fail.New(fail.Invalid, "description", "The description may have at most %d characters.", maxDescription)
	}
	return c.AskedBy.Asks()
}

// alone refuses a request beside another of the same agreement that is open.
func (s *Service) alone(c Cancellation, others []Cancellation) error {
	for _, o := range others {
		if !s.Over(o.State) {
			return fail.New(fail.Conflict, "open_request", "The agreement %s has the open request %s, %s.", c.Agreement, o.ID, o.State)
		}
	}
	return nil
}

// Withdraw is [proposal.Requests.Withdraw]. why is told to AWS and the buyer.
//
// Errors: as there, and fail.Invalid without a reason.
func (s *Service) Withdraw(ctx context.Context, id ID, by approval.Actor, why string) (Cancellation, error) {
	why = strings.TrimSpace(why)
	if n := utf8.RuneCountInString(why); n == 0 || n > contract.MaxRequestDescription || !utf8.ValidString(why) {
		return Cancellation{}, fail.New(fail.Invalid, "why", "Say why it is withdrawn, in at most %d characters: the buyer is told.", contract.MaxRequestDescription)
	}
	return s.Requests.Withdraw(ctx, id, by, why)
}
