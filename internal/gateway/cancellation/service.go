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
	*proposal.Desk[Cancellation]
	cfg Config
}

// New makes a service.
func New(cfg Config) *Service {
	s := &Service{cfg: cfg}
	s.Desk = proposal.New(proposal.Config[Cancellation]{Name: "cancellation", Called: "cancellation request", Job: "cancellations", Step: s.step, Tidings: tidings,
		Store: cfg.Store, Approval: cfg.Approval, Clock: cfg.Clock, Log: cfg.Log, Wake: cfg.Wake})
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
	if c.Agreement == "" && len(l.Agreements) > 0 {
		c.Agreement = l.Agreements[len(l.Agreements)-1]
	}
	c.Description = strings.TrimSpace(c.Description)
	if err := check(c, l); err != nil {
		return c, err
	}
	now := s.cfg.Clock.Now()
	c.ID, c.CreatedAt = proposal.NewID("can"), now
	c = c.become(Proposed, "It waits for a person's approval. AWS and the buyer know nothing of it.", now, time.Time{})
	return c, proposal.Propose(ctx, s.Desk, c, c.alone)
}

// check says what is wrong with what a caller asks of l.
func check(c Cancellation, l license.License) error {
	switch {
	case c.Agreement == "":
		return fail.New(fail.Invalid, "no_agreement", "AWS has not named an agreement of the license %s yet; souk resync asks for it.", l.ID)
	case !slices.Contains(l.Agreements, c.Agreement):
		return fail.New(fail.Invalid, "agreement", "The agreement %.80q is none of the license's, which are %v.", c.Agreement, l.Agreements)
	case !slices.Contains(contract.CancellationReasons, c.Reason):
		return fail.New(fail.Invalid, "reason", "The reason %.60q is none of AWS's, which are %s.", c.Reason, strings.Join(contract.CancellationReasons, ", "))
	case utf8.RuneCountInString(c.Description) > maxDescription || !utf8.ValidString(c.Description):
		return fail.New(fail.Invalid, "description", "The description may have at most %d characters.", maxDescription)
	case l.Standing.State == license.Ended || l.Standing.State == license.WindingDown || l.Standing.State == license.Failed:
		return fail.New(fail.Conflict, "license_ended", "The license is %s: there is nothing to end.", strings.ReplaceAll(string(l.Standing.State), "_", " "))
	}
	return c.AskedBy.Asks()
}

// alone refuses a request beside another of the same agreement that is open.
func (c Cancellation) alone(others []Cancellation) error {
	for _, o := range others {
		if !over(o.State) {
			return fail.New(fail.Conflict, "open_request", "The agreement %s has the open request %s, %s.", c.Agreement, o.ID, o.State)
		}
	}
	return nil
}

// Approve lets a proposal go to AWS, which asks the buyer. Approving again changes nothing.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one's own proposal, and for a request that
// was rejected or is over.
func (s *Service) Approve(ctx context.Context, id ID, by approval.Actor) (Cancellation, error) {
	return proposal.Approve(ctx, s.Desk, id, by, func(c Cancellation, _ []Cancellation, now time.Time) (Cancellation, error) {
		switch {
		case over(c.State):
			return c, fail.New(fail.Conflict, "not_proposed", "The request is %s, and nothing is to be approved; propose another.", c.State)
		case c.State != Proposed:
			return c, nil
		}
		return c.become(Sending, "It was approved, and goes to AWS.", now, now), nil
	})
}

// Withdraw takes a request back that the buyer has not answered. why is told to AWS and the buyer. Withdrawing again changes
// nothing. The buyer may be faster: then AWS's word counts.
//
// Errors: fail.NotFound; fail.Invalid where no person is named, or no reason; fail.Conflict for one that the buyer does not
// have.
func (s *Service) Withdraw(ctx context.Context, id ID, by approval.Actor, why string) (Cancellation, error) {
	why = strings.TrimSpace(why)
	if n := utf8.RuneCountInString(why); n == 0 || n > contract.MaxRequestDescription || !utf8.ValidString(why) {
		return Cancellation{}, fail.New(fail.Invalid, "why", "Say why it is withdrawn, in at most %d characters: the buyer is told.", contract.MaxRequestDescription)
	}
	return proposal.Decide(ctx, s.Desk, id, by, func(c Cancellation, _ []Cancellation, now time.Time) (Cancellation, error) {
		switch c.State {
		case Withdrawing, Withdrawn:
			return c, nil
		case Pending:
			c.WithdrawnBy, c.WithdrawWhy = by, why
			return c.become(Withdrawing, "It is being withdrawn at AWS.", now, now), nil
		case Proposed:
			return c, fail.New(fail.Conflict, "not_sent", "AWS knows nothing of it yet; reject it.")
		case Sending:
			return c, fail.New(fail.Conflict, "not_sent", "It is on its way to AWS; withdraw it as soon as it is pending.")
		}
		return c, fail.New(fail.Conflict, "not_pending", "The request is %s; only one that waits for the buyer can be withdrawn.", c.State)
	})
}
