package payment_test

import (
	"context"
	"encoding/json"
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
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/proposal/proposaltest"
	"souk.dev/souk/internal/job"
)

var (
	noon  = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)
	ada   = approval.Actor{Key: "key_1", Person: "Ada"}
	grace = approval.Actor{Key: "op_1", Person: "Grace"}
)

const day = 24 * time.Hour

// market is AWS and the buyer.
type market struct {
	clk     *clock.Virtual
	asked   []payment.Request
	made    []request
	lose    int   // answers that are lost from now on, of calls that change something
	strict  bool  // a client token that is known is refused
	refuse  error // of every call
	checks  bool  // a new request is checked before the buyer has it
	silence time.Duration
}

type request struct {
	payment.Request
	proposal.Seen
}

func (m *market) lost() error {
	if m.lose > 0 {
		m.lose--
		return fail.New(fail.Later, "", "No answer.")
	}
	return nil
}

func (m *market) RequestPayment(_ context.Context, r payment.Request) (proposal.Seen, error) {
	m.asked = append(m.asked, r)
	if m.refuse != nil {
		return proposal.Seen{}, m.refuse
	}
	i := slices.IndexFunc(m.made, func(o request) bool { return o.ClientToken == r.ClientToken })
	switch {
	case i >= 0 && m.strict:
		return proposal.Seen{}, fail.New(fail.Conflict, "", "The token was used.")
	case i < 0:
		i = len(m.made)
		now, status := m.clk.Now(), proposal.PendingApproval
		if m.checks {
			status = proposal.Checking
		}
		m.made = append(m.made, request{r, proposal.Seen{ID: fmt.Sprint("pr-", i+1), Status: status, CreatedAt: now, UpdatedAt: now}})
	}
	return m.made[i].Seen, m.lost()
}

func (m *market) FindPayment(_ context.Context, r payment.Request) (proposal.Seen, bool, error) {
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
		r.ChargeID = "ch-1"
	}
}

func (m *market) Payment(_ context.Context, _ core.AgreementID, id string) (proposal.Seen, error) {
	if m.refuse != nil {
		return proposal.Seen{}, m.refuse
	}
	r := &m.made[slices.IndexFunc(m.made, func(o request) bool { return o.ID == id })]
	if at := r.CreatedAt.Add(m.silence); m.silence > 0 && r.Status == proposal.PendingApproval && !m.clk.Now().Before(at) {
		r.Status, r.UpdatedAt, r.ChargeID = proposal.Approved, at, "ch-1"
	}
	return r.Seen, nil
}

func (m *market) WithdrawPayment(_ context.Context, _ core.AgreementID, id string) error {
	if m.refuse != nil {
		return m.refuse
	}
	r := &m.made[slices.IndexFunc(m.made, func(o request) bool { return o.ID == id })]
	if r.Status != proposal.PendingApproval {
		return fail.New(fail.Conflict, "", "It is decided.")
	}
	r.Status, r.UpdatedAt = proposal.TakenBack, m.clk.Now()
	return m.lost()
}

// directory knows one licence, and the terms of its agreements.
type directory struct {
	license.Directory
	l     license.License
	terms agreement.Terms
}

func (d *directory) ByID(id core.LicenseID) (license.License, bool) { return d.l, id == d.l.ID }

func (d *directory) TermsOf(context.Context, core.AgreementID) (agreement.Terms, error) {
	return d.terms, nil
}

type world struct {
	t     *testing.T
	clk   *clock.Virtual
	store *proposaltest.Memory[payment.Payment]
	aws   *market
	dir   *directory
	s     *payment.Service
	jobs  *job.Runner
}

const (
	waits    = `{"id":"term-1","currencyCode":"USD","maxTotalChargeAmount":"100.00","configuration":{"paymentRequestApprovalStrategy":"WAIT_FOR_APPROVAL"}}`
	approves = `{"id":"term-1","currencyCode":"USD","maxTotalChargeAmount":"100.00","configuration":{"paymentRequestApprovalStrategy":"AUTO_APPROVE_ON_EXPIRATION","expirationDuration":"P10D"}}`
)

func termsWith(content string) agreement.Terms {
	return agreement.Terms{At: noon, Accepted: []agreement.Term{{Name: "legalTerm", Content: json.RawMessage(`{}`)}, {Name: "variablePaymentTerm", Content: json.RawMessage(content)}}}
}

func open(t *testing.T) *world {
	w := &world{t: t, clk: clock.NewVirtual(noon), store: proposaltest.NewMemory(func(p, o payment.Payment) bool { return o.Agreement == p.Agreement }, payment.AtAWS...),
		dir: &directory{l: license.License{ID: "lic_1", Agreements: []core.AgreementID{"agmt-old", "agmt-1"}, Standing: license.Standing{State: license.Active}}, terms: termsWith(waits)}}
	w.aws = &market{clk: w.clk}
	w.start()
	return w
}

// start starts the process anew: of the one before, only what is stored is left.
func (w *world) start() {
	log := slog.New(slog.DiscardHandler)
	w.store.Revive()
	w.s = payment.New(payment.Config{Store: w.store, AWS: w.aws, Terms: w.dir, Licenses: w.dir, Clock: w.clk, Log: log})
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

func (w *world) ask(amount string) payment.Payment {
	w.t.Helper()
	p, err := w.s.Ask(w.t.Context(), payment.Payment{Life: proposal.Life{License: "lic_1", AskedBy: ada}, Name: "Second stage", Amount: amount, Description: "It is done."})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) approve(id payment.ID) {
	w.t.Helper()
	if _, err := w.s.Approve(w.t.Context(), id, grace); err != nil {
		w.t.Fatal(err)
	}
}

// sent is a request that the buyer has.
func (w *world) sent() payment.Payment {
	w.t.Helper()
	p := w.ask("40.50")
	w.approve(p.ID)
	w.settle(time.Second)
	return w.want(p.ID, payment.Pending, "The buyer was asked")
}

func (w *world) want(id payment.ID, state payment.State, why string) payment.Payment {
	w.t.Helper()
	p, err := w.s.Find(w.t.Context(), id)
	if err != nil || p.State != state || !strings.Contains(p.Why, why) {
		w.t.Errorf("%s is %s (%s), %v; want %s (%s)", id, p.State, p.Why, err, state, why)
	}
	return p
}

func TestFromProposalToTheCharge(t *testing.T) {
	w := open(t)
	w.aws.checks = true
	p := w.ask("40.50")
	w.settle(30 * day)
	if len(w.aws.asked) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", w.aws.asked)
	}
	if _, err := w.s.Approve(t.Context(), p.ID, ada); fail.CodeOf(err) != "own_proposal" {
		t.Errorf("approved one's own: %v", err)
	}
	for range 2 { // approving again changes nothing
		w.approve(p.ID)
	}
	w.settle(time.Second)
	p = w.want(p.ID, payment.Validating, "AWS has it")
	want := payment.Request{AgreementID: "agmt-1", TermID: "term-1", Name: "Second stage", ChargeAmount: "40.50", Description: "It is done. " + string(p.ID), ClientToken: strings.ReplaceAll(string(p.ID), "_", "-")}
	if len(w.aws.asked) != 1 || w.aws.asked[0] != want || p.Request() != want {
		t.Errorf("AWS was asked %+v, want %+v", w.aws.asked, want)
	}
	if p.AWSID != "pr-1" || p.DecidedBy != grace || !p.RespondBy.IsZero() || p.Currency != "USD" || p.Maximum != "100.00" {
		t.Errorf("%+v", p)
	}
	if _, err := w.s.Withdraw(t.Context(), p.ID, ada, ""); fail.CodeOf(err) != "not_sent" {
		t.Errorf("withdrawn while AWS checks it: %v", err)
	}
	w.aws.decide(proposal.PendingApproval, "")
	w.settle(2 * time.Minute)
	w.want(p.ID, payment.Pending, "silence changes nothing")
	w.settle(90 * day)
	w.want(p.ID, payment.Pending, "silence changes nothing")
	w.aws.decide(proposal.Approved, "")
	w.settle(time.Hour)
	if p = w.want(p.ID, payment.Accepted, "The buyer accepted it"); p.ChargeID != "ch-1" || !p.SettledAt.Equal(w.aws.made[0].UpdatedAt) {
		t.Errorf("%+v", p)
	}
	told := []outbox.Kind{outbox.PaymentProposed, outbox.PaymentSending, outbox.PaymentValidating, outbox.PaymentPending, outbox.PaymentAccepted}
	if !slices.Equal(w.store.Told, told) {
		t.Errorf("told %v, want %v", w.store.Told, told)
	}
	if _, err := w.s.Approve(t.Context(), p.ID, grace); fail.CodeOf(err) != "not_proposed" {
		t.Errorf("approved what is over: %v", err)
	}
}

// Silence is a yes where the buyer chose that.
func TestSilence(t *testing.T) {
	w := open(t)
	w.dir.terms, w.aws.silence = termsWith(approves), 10*day
	p := w.sent()
	if at := w.aws.made[0].CreatedAt.AddDate(0, 0, 10); !p.RespondBy.Equal(at) || !strings.Contains(p.Why, "has until "+at.Format(time.RFC3339)) {
		t.Errorf("%+v", p)
	}
	w.settle(10*day - time.Hour)
	w.want(p.ID, payment.Pending, "silence counts")
	w.settle(3 * time.Hour)
	w.want(p.ID, payment.Accepted, "did not answer in time")
}

func TestWhatAWSAndTheBuyerSay(t *testing.T) {
	for _, c := range []struct {
		status  proposal.Status
		message string
		state   payment.State
		why     string
	}{
		{proposal.Refusal, "Not yet.", payment.Denied, "Not yet."},
		{proposal.Refusal, "", payment.Denied, "no reason"},
		{proposal.TakenBack, "", payment.Withdrawn, "It was withdrawn."},
		{proposal.ValidationFailed, "The agreement has ended.", payment.Failed, "The agreement has ended."},
		{"NEW_STATUS", "", payment.Pending, "NEW_STATUS"},
	} {
		w := open(t)
		p := w.sent()
		w.aws.decide(c.status, c.message)
		w.settle(3 * time.Hour)
		w.want(p.ID, c.state, c.why)
		if c.state != payment.Pending {
			w.ask("100") // nothing is taken of the maximum
		}
	}
}

// What is proposed or asked for never comes to more than the term has.
func TestNoMoreThanTheTermHas(t *testing.T) {
	w := open(t)
	first := w.ask("60")
	over := func(amount string) {
		t.Helper()
		_, err := w.s.Ask(t.Context(), payment.Payment{Life: proposal.Life{License: "lic_1", AskedBy: ada}, Name: "Third stage", Amount: amount})
		if fail.CodeOf(err) != "over_maximum_amount" || !strings.Contains(err.Error(), "40 are left") {
			t.Errorf("%s beside 60 of 100: %v", amount, err)
		}
	}
	over("40.01")
	w.approve(first.ID)
	w.settle(time.Minute)
	over("41")
	w.ask("40")
	if _, err := w.s.Ask(t.Context(), payment.Payment{Life: proposal.Life{License: "lic_1", AskedBy: ada}, Agreement: "agmt-old", Name: "Of another", Amount: "100"}); err != nil {
		t.Errorf("another agreement has its own: %v", err)
	}
}

func TestWithdrawing(t *testing.T) {
	w := open(t)
	p := w.ask("1")
	if _, err := w.s.Withdraw(t.Context(), p.ID, grace, ""); fail.CodeOf(err) != "not_sent" {
		t.Errorf("withdrawn before it was sent: %v", err)
	}
	w = open(t)
	p = w.sent()
	if _, err := w.s.Withdraw(t.Context(), p.ID, grace, strings.Repeat("x", 501)); fail.CodeOf(err) != "why" {
		t.Errorf("withdrawn at length: %v", err)
	}
	for range 2 {
		if _, err := w.s.Withdraw(t.Context(), p.ID, ada, " Too early. "); err != nil {
			t.Fatal(err)
		}
	}
	w.aws.lose = 1 // the first answer: the second time AWS says that it is decided
	w.settle(time.Minute)
	if p = w.want(p.ID, payment.Withdrawn, ""); p.WithdrawnBy != ada || p.WithdrawWhy != "Too early." {
		t.Errorf("%+v", p)
	}

	w = open(t)
	p = w.sent()
	w.aws.decide(proposal.Approved, "")
	if _, err := w.s.Withdraw(t.Context(), p.ID, ada, ""); err != nil {
		t.Fatal(err)
	}
	w.settle(5 * time.Minute)
	w.want(p.ID, payment.Accepted, "") // the buyer was faster
}

func TestWhatCannotBeAsked(t *testing.T) {
	for want, change := range map[string]func(*world, *payment.Payment){
		"no_such_license": func(_ *world, p *payment.Payment) { p.License = "lic_2" },
		"agreement":       func(_ *world, p *payment.Payment) { p.Agreement = "agmt-7" },
		"no_agreement":    func(w *world, _ *payment.Payment) { w.dir.l.Agreements = nil },
		"license_ended":   func(w *world, _ *payment.Payment) { w.dir.l.Standing.State = license.WindingDown },
		"name":            func(_ *world, p *payment.Payment) { p.Name = "Four" },
		"amount":          func(_ *world, p *payment.Payment) { p.Amount = "0.00" },
		"description":     func(_ *world, p *payment.Payment) { p.Description = strings.Repeat("x", 1970) },
		"by":              func(_ *world, p *payment.Payment) { p.AskedBy.Person = strings.Repeat("x", 501) },
		"no_payment_term": func(w *world, _ *payment.Payment) { w.dir.terms.Accepted = w.dir.terms.Accepted[:1] },
		"terms_unknown":   func(w *world, _ *payment.Payment) { w.dir.terms = agreement.Terms{} },
	} {
		w := open(t)
		p := payment.Payment{Life: proposal.Life{License: "lic_1", AskedBy: ada}, Name: "Second stage", Amount: "5"}
		change(w, &p)
		if _, err := w.s.Ask(t.Context(), p); fail.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, name := range []string{"Two\nlines", strings.Repeat("x", 65), "bad \xff text"} {
		w := open(t)
		if _, err := w.s.Ask(t.Context(), payment.Payment{Life: proposal.Life{License: "lic_1", AskedBy: ada}, Name: name, Amount: "5"}); fail.CodeOf(err) != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// AWS refuses: at once, where no earlier sending can have arrived, or never where settings can be mended.
func TestAWSRefuses(t *testing.T) {
	w := open(t)
	p := w.ask("5")
	w.aws.refuse = fail.New(fail.Invalid, "", "It exceeds the available balance.")
	w.approve(p.ID)
	w.settle(time.Minute)
	w.want(p.ID, payment.Failed, "available balance")

	w = open(t)
	w.aws.refuse = fail.New(fail.Denied, "", "The role may not.")
	p = w.ask("5")
	w.approve(p.ID)
	w.settle(time.Hour)
	w.want(p.ID, payment.Sending, "The role may not.")
	w.aws.refuse = nil // mended
	w.settle(time.Hour)
	w.want(p.ID, payment.Pending, "")
}

// However the process dies and answers are lost, the buyer is asked once, and what was decided is done.
func TestNoCrashAsksTwice(t *testing.T) {
	for _, strict := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for die := range 5 {
				for lose := range 3 {
					w := open(t)
					w.aws.strict = strict
					p := w.ask("5")
					w.approve(p.ID)
					w.store.Die, w.store.After, w.aws.lose = die, after, lose
					for range 8 {
						if _, _, err := w.jobs.Step(t.Context()); errors.Is(err, proposaltest.ErrCrash) {
							break
						}
						w.clk.Set(w.clk.Now().Add(time.Minute))
					}
					w.start()
					w.settle(time.Hour)
					w.want(p.ID, payment.Pending, "")
					if len(w.aws.made) != 1 {
						t.Fatalf("die %d (after %v), %d answers lost, strict %v: AWS has %d requests", die, after, lose, strict, len(w.aws.made))
					}
					w.aws.decide(proposal.Approved, "")
					w.settle(3 * time.Hour)
					w.want(p.ID, payment.Accepted, "")
				}
			}
		}
	}
}
