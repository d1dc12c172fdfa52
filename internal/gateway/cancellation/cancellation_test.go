package cancellation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/proposal/proposaltest"
	"souk.dev/souk/internal/job"
)

var (
	noon  = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)
	ada   = approval.Actor{Key: "key_1", Person: "Ada"}
	grace = approval.Actor{Key: "op_1", Person: "Grace"}
)

const week = 7 * 24 * time.Hour

// market is AWS and the buyer.
type market struct {
	clk    *clock.Virtual
	asked  []cancellation.Request
	made   []request
	lose   int   // answers that are lost from now on, of calls that change something
	strict bool  // a client token that is known is refused
	refuse error // of every call
	ended  time.Time
}

type request struct {
	cancellation.Request
	proposal.Seen
}

func (m *market) lost() error {
	if m.lose > 0 {
		m.lose--
		return fail.New(fail.Later, "", "No answer.")
	}
	return nil
}

func (m *market) RequestCancellation(_ context.Context, r cancellation.Request) (proposal.Seen, error) {
	m.asked = append(m.asked, r)
	if m.refuse != nil {
		return proposal.Seen{}, m.refuse
	}
	i := slices.IndexFunc(m.made, func(o request) bool { return o.ClientToken == r.ClientToken })
	switch {
	case i >= 0 && m.strict, i < 0 && slices.ContainsFunc(m.made, func(o request) bool { return o.Status == proposal.PendingApproval }):
		return proposal.Seen{}, fail.New(fail.Conflict, "", "There is an open request.")
	case i < 0:
		i = len(m.made)
		now := m.clk.Now()
		m.made = append(m.made, request{r, proposal.Seen{ID: fmt.Sprint("acr-", i+1), Status: proposal.PendingApproval, CreatedAt: now, UpdatedAt: now}})
	}
	return m.made[i].Seen, m.lost()
}

func (m *market) FindCancellation(_ context.Context, r cancellation.Request) (proposal.Seen, bool, error) {
	for _, o := range m.made {
		if o.Description == r.Description {
			return o.Seen, true, m.refuse
		}
	}
	return proposal.Seen{}, false, nil
}

// decide is what somebody, or time, makes of the newest request.
func (m *market) decide(s proposal.Status, message string) {
	r := &m.made[len(m.made)-1]
	r.Status, r.Message, r.UpdatedAt = s, message, m.clk.Now()
	if s == proposal.Approved {
		m.ended = m.clk.Now().Add(10 * time.Second)
	}
}

func (m *market) Cancellation(_ context.Context, _ core.AgreementID, id string) (proposal.Seen, error) {
	if m.refuse != nil {
		return proposal.Seen{}, m.refuse
	}
	r := &m.made[slices.IndexFunc(m.made, func(o request) bool { return o.ID == id })]
	if at := r.CreatedAt.Add(week); r.Status == proposal.PendingApproval && !m.clk.Now().Before(at) {
		r.Status, r.UpdatedAt, m.ended = proposal.Approved, at, at.Add(10*time.Second)
	}
	return r.Seen, nil
}

func (m *market) WithdrawCancellation(_ context.Context, _ core.AgreementID, id, why string) error {
	if m.refuse != nil {
		return m.refuse
	}
	r := &m.made[slices.IndexFunc(m.made, func(o request) bool { return o.ID == id })]
	if r.Status != proposal.PendingApproval {
		return fail.New(fail.Conflict, "", "It is decided.")
	}
	r.Status, r.Message, r.UpdatedAt = proposal.TakenBack, why, m.clk.Now()
	return m.lost()
}

func (m *market) Describe(_ context.Context, id core.AgreementID) (agreement.Agreement, error) {
	a := agreement.Agreement{ID: id, Status: agreement.Active}
	if !m.ended.IsZero() && !m.clk.Now().Before(m.ended) {
		a.Status = agreement.Cancelled
	}
	return a, m.refuse
}

// directory knows one licence.
type directory struct {
	license.Directory
	l license.License
}

func (d *directory) ByID(id core.LicenseID) (license.License, bool) { return d.l, id == d.l.ID }

type world struct {
	t     *testing.T
	clk   *clock.Virtual
	store *proposaltest.Memory[cancellation.Cancellation]
	aws   *market
	dir   *directory
	s     *cancellation.Service
	jobs  *job.Runner
}

func open(t *testing.T) *world {
	w := &world{t: t, clk: clock.NewVirtual(noon), store: proposaltest.NewMemory(func(c, o cancellation.Cancellation) bool { return o.Agreement == c.Agreement }, cancellation.AtAWS...),
		dir: &directory{l: license.License{ID: "lic_1", Agreements: []core.AgreementID{"agmt-old", "agmt-1"}, Standing: license.Standing{State: license.Active}}}}
	w.aws = &market{clk: w.clk}
	w.start()
	return w
}

// start starts the process anew: of the one before, only what is stored is left.
func (w *world) start() {
	log := slog.New(slog.DiscardHandler)
	w.store.Revive()
	w.s = cancellation.New(cancellation.Config{Store: w.store, AWS: w.aws, Licenses: w.dir, Clock: w.clk, Log: log})
	w.jobs = job.New(w.clk, log, w.s.Job())
}

// settle does all that is due within d.
func (w *world) settle(d time.Duration) {
	w.t.Helper()
	for end := w.clk.Now().Add(d); ; {
		next, ok, err := w.jobs.Step(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok || next.After(end) {
			w.clk.Set(end)
			return
		}
		w.clk.Set(next)
	}
}

func (w *world) ask() cancellation.Cancellation {
	w.t.Helper()
	c, err := w.s.Ask(w.t.Context(), cancellation.Cancellation{Life: proposal.Life{License: "lic_1", AskedBy: ada},
		Reason: "TEST_AGREEMENT", Description: "It was a trial."})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// sent is a request that the buyer has.
func (w *world) sent() cancellation.Cancellation {
	w.t.Helper()
	c := w.ask()
	if _, err := w.s.Approve(w.t.Context(), c.ID, grace); err != nil {
		w.t.Fatal(err)
	}
	w.settle(time.Second)
	return w.want(c.ID, cancellation.Pending, "silence counts as a yes")
}

func (w *world) want(id cancellation.ID, state cancellation.State, why string) cancellation.Cancellation {
	w.t.Helper()
	c, err := w.s.Find(w.t.Context(), id)
	if err != nil || c.State != state || !strings.Contains(c.Why, why) {
		w.t.Errorf("%s is %s (%s), %v; want %s (%s)", id, c.State, c.Why, err, state, why)
	}
	return c
}

func TestFromProposalToTheEndOfTheAgreement(t *testing.T) {
	w := open(t)
	c := w.ask()
	w.settle(30 * 24 * time.Hour)
	if len(w.aws.asked) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", w.aws.asked)
	}
	if _, err := w.s.Approve(t.Context(), c.ID, ada); fail.CodeOf(err) != "own_proposal" {
		t.Errorf("approved one's own: %v", err)
	}
	for range 2 { // approving again changes nothing
		if _, err := w.s.Approve(t.Context(), c.ID, grace); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(time.Second)
	c = w.want(c.ID, cancellation.Pending, "silence counts as a yes")
	want := cancellation.Request{AgreementID: "agmt-1", ReasonCode: "TEST_AGREEMENT", Description: "It was a trial. " + string(c.ID), ClientToken: strings.ReplaceAll(string(c.ID), "_", "-")}
	if len(w.aws.asked) != 1 || w.aws.asked[0] != want || c.Request() != want {
		t.Errorf("AWS was asked %+v, want %+v", w.aws.asked, want)
	}
	if c.AWSID != "acr-1" || c.DecidedBy != grace || !c.RespondBy.Equal(w.aws.made[0].CreatedAt.Add(week)) {
		t.Errorf("%+v", c)
	}
	w.settle(24 * time.Hour)
	w.aws.decide(proposal.Approved, "")
	w.s.Heard()
	w.settle(time.Second)
	w.want(c.ID, cancellation.Agreed, "The buyer agreed")
	w.settle(2 * time.Minute)
	if c = w.want(c.ID, cancellation.Completed, "CANCELLED"); !c.SettledAt.Equal(w.aws.made[0].UpdatedAt) {
		t.Errorf("%+v", c)
	}
	told := []outbox.Kind{outbox.CancellationProposed, outbox.CancellationSending, outbox.CancellationPending, outbox.CancellationAgreed, outbox.CancellationCompleted}
	if !slices.Equal(w.store.Told, told) {
		t.Errorf("told %v, want %v", w.store.Told, told)
	}
	if _, err := w.s.Approve(t.Context(), c.ID, grace); fail.CodeOf(err) != "not_proposed" {
		t.Errorf("approved what is over: %v", err)
	}
}

func TestSilenceIsAYes(t *testing.T) {
	w := open(t)
	c := w.sent()
	w.settle(week - time.Hour)
	w.want(c.ID, cancellation.Pending, "silence counts")
	w.settle(4 * time.Hour)
	w.want(c.ID, cancellation.Completed, "")
	if !slices.Contains(w.store.Told, outbox.CancellationAgreed) {
		t.Errorf("told %v", w.store.Told)
	}
}

func TestWhatAWSAndTheBuyerSay(t *testing.T) {
	for _, c := range []struct {
		status  proposal.Status
		message string
		state   cancellation.State
		why     string
	}{
		{proposal.Refusal, "We need it.", cancellation.Denied, "We need it."},
		{proposal.Refusal, "", cancellation.Denied, "no reason"},
		{proposal.TakenBack, "From the console.", cancellation.Withdrawn, "From the console."},
		{proposal.ValidationFailed, "It has a renewal.", cancellation.Failed, "It has a renewal."},
		{"NEW_STATUS", "", cancellation.Pending, "NEW_STATUS"},
	} {
		w := open(t)
		r := w.sent()
		w.aws.decide(c.status, c.message)
		w.settle(3 * time.Hour)
		w.want(r.ID, c.state, c.why)
		if c.state != cancellation.Pending {
			w.ask() // there is room for another
		}
	}
}

func TestWithdrawing(t *testing.T) {
	w := open(t)
	c := w.ask()
	if _, err := w.s.Withdraw(t.Context(), c.ID, grace, "No."); fail.CodeOf(err) != "not_sent" {
		t.Errorf("withdrawn before it was sent: %v", err)
	}
	w = open(t)
	c = w.sent()
	for _, why := range []string{"", "  ", strings.Repeat("x", 2001)} {
		if _, err := w.s.Withdraw(t.Context(), c.ID, grace, why); fail.CodeOf(err) != "why" {
			t.Errorf("withdrawn because of %.10q: %v", why, err)
		}
	}
	for range 2 {
		if _, err := w.s.Withdraw(t.Context(), c.ID, ada, "A mistake."); err != nil {
			t.Fatal(err)
		}
	}
	w.aws.lose = 1 // the first answer: the second time AWS says that it is decided
	w.settle(time.Minute)
	if c = w.want(c.ID, cancellation.Withdrawn, "A mistake."); c.WithdrawnBy != ada {
		t.Errorf("%+v", c)
	}

	w = open(t)
	c = w.sent()
	w.aws.decide(proposal.Approved, "")
	if _, err := w.s.Withdraw(t.Context(), c.ID, ada, "A mistake."); err != nil {
		t.Fatal(err)
	}
	w.settle(5 * time.Minute)
	w.want(c.ID, cancellation.Completed, "") // the buyer was faster
}

func TestRejected(t *testing.T) {
	w := open(t)
	c := w.ask()
	for range 2 {
		if _, err := w.s.Reject(t.Context(), c.ID, ada, "Not now."); err != nil {
			t.Fatal(err)
		}
	}
	w.want(c.ID, cancellation.Rejected, "Not now.")
	if _, err := w.s.Approve(t.Context(), c.ID, grace); fail.CodeOf(err) != "not_proposed" {
		t.Errorf("approved after all: %v", err)
	}
	w.settle(week)
	if len(w.aws.asked) != 0 {
		t.Errorf("AWS was asked %+v", w.aws.asked)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for want, change := range map[string]func(*world, *cancellation.Cancellation){
		"no_such_license": func(_ *world, c *cancellation.Cancellation) { c.License = "lic_2" },
		"agreement":       func(_ *world, c *cancellation.Cancellation) { c.Agreement = "agmt-7" },
		"no_agreement":    func(w *world, _ *cancellation.Cancellation) { w.dir.l.Agreements = nil },
		"reason":          func(_ *world, c *cancellation.Cancellation) { c.Reason = "BORED" },
		"description":     func(_ *world, c *cancellation.Cancellation) { c.Description = strings.Repeat("x", 1970) },
		"license_ended":   func(w *world, _ *cancellation.Cancellation) { w.dir.l.Standing.State = license.WindingDown },
		"by":              func(_ *world, c *cancellation.Cancellation) { c.AskedBy.Person = strings.Repeat("x", 501) },
		"open_request":    func(w *world, _ *cancellation.Cancellation) { w.ask() },
	} {
		w := open(t)
		c := cancellation.Cancellation{Life: proposal.Life{License: "lic_1", AskedBy: ada},
			Reason: "OTHER"}
		change(w, &c)
		if _, err := w.s.Ask(t.Context(), c); fail.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// AWS refuses: at once, where no earlier sending can have arrived, or never where it can.
func TestAWSRefuses(t *testing.T) {
	w := open(t)
	c := w.ask()
	w.aws.refuse = fail.New(fail.Invalid, "", "The agreement is not active.")
	if _, err := w.s.Approve(t.Context(), c.ID, grace); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	w.want(c.ID, cancellation.Failed, "not active")

	w = open(t)
	w.aws.refuse = fail.New(fail.Denied, "", "The role may not.")
	c = w.ask()
	if _, err := w.s.Approve(t.Context(), c.ID, grace); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Hour)
	w.want(c.ID, cancellation.Sending, "The role may not.")
	w.aws.refuse = nil // mended
	w.settle(time.Hour)
	w.want(c.ID, cancellation.Pending, "")
}

// However the process dies and answers are lost, the buyer is asked once, and what was decided is done.
func TestNoCrashAsksTwice(t *testing.T) {
	for _, strict := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for die := range 6 {
				for lose := range 3 {
					w := open(t)
					w.aws.strict = strict
					c := w.ask()
					if _, err := w.s.Approve(t.Context(), c.ID, grace); err != nil {
						t.Fatal(err)
					}
					w.store.Die, w.store.After, w.aws.lose = die, after, lose
					for range 8 {
						if _, _, err := w.jobs.Step(t.Context()); errors.Is(err, proposaltest.ErrCrash) {
							break
						}
						w.clk.Set(w.clk.Now().Add(time.Minute))
					}
					w.start()
					w.settle(time.Hour)
					w.want(c.ID, cancellation.Pending, "")
					if len(w.aws.made) != 1 {
						t.Fatalf("die %d (after %v), %d answers lost, strict %v: AWS has %d requests", die, after, lose, strict, len(w.aws.made))
					}
					w.settle(week + 3*time.Hour)
					w.want(c.ID, cancellation.Completed, "")
				}
			}
		}
	}
}

// A decision at the instant of the job's own step is not lost.
func TestDecisionBesideTheJob(t *testing.T) {
	w := open(t)
	c := w.sent()
	changed := c
	changed.Tries = 1
	if err := w.store.Change(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Change(t.Context(), c); !fail.Is(err, fail.Conflict) {
		t.Fatalf("what was changed meanwhile is overwritten: %v", err)
	}
	if _, err := w.s.Withdraw(t.Context(), c.ID, ada, "A mistake."); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	w.want(c.ID, cancellation.Withdrawn, "A mistake.")
}
