package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/job"
)

// shelf keeps notices in memory, and in it the verdicts of a book.
type shelf struct {
	notices map[string]Notice
	steps   []string // what was done, in order
	found   []alert.Finding
	down    error
}

func (s *shelf) KeepNotice(_ context.Context, n Notice) (Notice, error) {
	if s.down != nil {
		return Notice{}, s.down
	}
	kept, ok := s.notices[n.Key]
	if !ok {
		kept = n
	}
	kept.Deliveries++
	kept.LastAt = n.ReceivedAt
	s.notices[n.Key] = kept
	s.steps = append(s.steps, "keep "+n.Key)
	return kept, nil
}

func (s *shelf) Raise(_ context.Context, f alert.Finding) error {
	if s.down != nil {
		return s.down
	}
	s.found = append(s.found, f)
	return nil
}

func (s *shelf) WaitingNotices(_ context.Context, after string, limit int) (ns []Notice, err error) {
	for k, n := range s.notices {
		if n.Outcome == Received && k > after {
			ns = append(ns, n)
		}
	}
	slices.SortFunc(ns, func(a, b Notice) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) })
	return ns[:min(limit, len(ns))], nil
}

func (s *shelf) NoticeByKey(_ context.Context, key string) (Notice, error) {
	n, ok := s.notices[key]
	if !ok {
		return n, fail.New(fail.NotFound, "", "none")
	}
	return n, nil
}

func (s *shelf) Notices(context.Context, Query) ([]Notice, error) {
	return nil, errors.New("not needed")
}

func (s *shelf) RereadNotice(_ context.Context, n Notice) error {
	s.notices[n.Key] = n
	return nil
}

func (s *shelf) UnservedProducts(context.Context) (codes []core.ProductCode, err error) {
	for _, n := range s.notices {
		if n.Outcome == Unserved {
			codes = append(codes, n.ProductCode)
		}
	}
	return codes, nil
}

func (s *shelf) ReconsiderProduct(_ context.Context, code core.ProductCode) error {
	for k, n := range s.notices {
		if n.Outcome == Unserved && n.ProductCode == code {
			n.Outcome = Received
			s.notices[k] = n
		}
	}
	return nil
}

// Note stands in for the book: it settles notices on the shelf.
func (s *shelf) Note(_ context.Context, n license.Note) (license.Verdict, error) {
	if n.About.ARN == "arn:broken" {
		return license.Verdict{}, errors.New("broken")
	}
	s.steps = append(s.steps, "apply "+n.ID)
	kept := s.notices[n.ID]
	kept.Outcome, kept.Why = license.Applied, "told"
	s.notices[n.ID] = kept
	return license.Verdict{Note: n.ID, Outcome: license.Applied, Why: "told"}, nil
}

// line is a queue that keeps what was not removed.
type line struct {
	*shelf
	messages []Message
	stuck    error // removing fails
}

func (l *line) Receive(context.Context, bool) ([]Message, error) { return l.messages, nil }

func (l *line) Remove(_ context.Context, ms []Message) error {
	if l.stuck != nil {
		return l.stuck
	}
	for _, m := range ms {
		l.steps = append(l.steps, "remove "+m.ID)
	}
	l.messages = slices.DeleteFunc(slices.Clone(l.messages), func(m Message) bool {
		return slices.ContainsFunc(ms, func(o Message) bool { return o.ID == m.ID })
	})
	return nil
}

func licenceEvent(id, arn string) string {
	return eventOf("License Updated - Manufacturer", fmt.Sprintf(`{"requestId":%q,"agreement":{"id":"agmt-1"},"product":{"code":"p"},"license":{"arn":%q}}`, id, arn))
}

func intakeOf(products core.Catalogue) (*Intake, *shelf, *line, *job.Runner, *clock.Virtual) {
	s := &shelf{notices: map[string]Notice{}}
	l := &line{shelf: s}
	clk := clock.NewVirtual(sent)
	log := slog.New(slog.DiscardHandler)
	in := New(l, s, s, products, clk, log)
	return in, s, l, job.New(clk, log, in.Jobs()...), clk
}

func step(t *testing.T, r *job.Runner) {
	t.Helper()
	if _, _, err := r.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestKeptThenAppliedThenRemoved(t *testing.T) {
	_, s, l, r, _ := intakeOf(nil)
	l.messages = []Message{{ID: "m1", Body: licenceEvent("r1", "arn:a"), SentAt: sent}, {ID: "m2", Body: "nonsense", SentAt: sent}}
	step(t, r)
	want := []string{"keep event:r1:LicenseUpdated", "apply event:r1:LicenseUpdated", "keep sqs:m2", "remove m1", "remove m2"}
	if !slices.Equal(s.steps, want) {
		t.Errorf("%q", s.steps)
	}
	if n := s.notices["sqs:m2"]; n.Outcome != Poison || n.Body != "nonsense" {
		t.Errorf("%+v", n)
	}
}

func TestWhatCannotBeKeptStaysInTheQueue(t *testing.T) {
	_, s, l, r, clk := intakeOf(nil)
	s.down = errors.New("disk")
	l.messages = []Message{{ID: "m1", Body: licenceEvent("r1", "arn:a"), SentAt: sent}}
	step(t, r)
	if len(l.messages) != 1 || len(s.steps) != 0 {
		t.Fatalf("in the queue %v, done %q", l.messages, s.steps)
	}
	s.down = nil
	clk.Set(sent.Add(time.Minute))
	step(t, r)
	if len(l.messages) != 0 || s.notices["event:r1:LicenseUpdated"].Outcome != license.Applied {
		t.Errorf("in the queue %v, kept %+v", l.messages, s.notices)
	}
}

func TestRepetitionIsCountedAndNotApplied(t *testing.T) {
	in, s, l, r, _ := intakeOf(nil)
	var repeats []bool
	in.Observe = func(_ Notice, repeated bool, waited time.Duration) { repeats = append(repeats, repeated) }
	for i := range 3 {
		l.messages = []Message{{ID: fmt.Sprint("m", i), Body: licenceEvent("r1", "arn:a"), SentAt: sent}}
		step(t, r)
	}
	if n := s.notices["event:r1:LicenseUpdated"]; n.Deliveries != 3 || n.MessageID != "m0" || !slices.Equal(repeats, []bool{false, true, true}) {
		t.Errorf("%+v, %v", n, repeats)
	}
	if n := len(slices.DeleteFunc(s.steps, func(s string) bool { return s != "apply event:r1:LicenseUpdated" })); n != 1 {
		t.Errorf("applied %d times", n)
	}
}

// The process died between keeping and applying, and the queue does not deliver again.
func TestKeptNoticesAreAppliedAtTheNextStart(t *testing.T) {
	_, s, _, r, _ := intakeOf(nil)
	for i := range 250 { // more than one batch
		n := Parse(Message{ID: fmt.Sprint("m", i), Body: licenceEvent(fmt.Sprintf("r%03d", i), "arn:a"), SentAt: sent})
		s.notices[n.Key] = n
	}
	step(t, r)
	for k, n := range s.notices {
		if n.Outcome != license.Applied {
			t.Errorf("%s is %s", k, n.Outcome)
		}
	}
}

func TestOneThatCannotBeAppliedHoldsUpNoOther(t *testing.T) {
	_, s, l, r, _ := intakeOf(nil)
	kept := Parse(Message{ID: "m0", Body: licenceEvent("r0", "arn:broken"), SentAt: sent})
	s.notices[kept.Key] = kept
	l.messages = []Message{{ID: "m1", Body: licenceEvent("r1", "arn:broken"), SentAt: sent}, {ID: "m2", Body: licenceEvent("r2", "arn:a"), SentAt: sent}}
	step(t, r)
	if s.notices["event:r2:LicenseUpdated"].Outcome != license.Applied {
		t.Error("its neighbour waits")
	}
	if len(l.messages) != 1 || l.messages[0].ID != "m1" {
		t.Errorf("in the queue: %v", l.messages)
	}
	if next, ok, err := r.Step(t.Context()); err != nil || !ok || !next.After(sent) {
		t.Errorf("it is tried again at %s, %v, %v", next, ok, err)
	}
}

func TestAProductThatIsConfiguredLater(t *testing.T) {
	_, s, _, r, _ := intakeOf(core.Catalogue{{Code: "p"}})
	n := Parse(Message{ID: "m0", Body: licenceEvent("r0", "arn:a"), SentAt: sent})
	n.Outcome = Unserved
	s.notices[n.Key] = n
	step(t, r)
	if s.notices[n.Key].Outcome != license.Applied {
		t.Errorf("%+v", s.notices[n.Key])
	}
}

func TestRemovingThatFailsIsNoHarm(t *testing.T) {
	_, s, l, r, clk := intakeOf(nil)
	l.stuck = errors.New("away")
	l.messages = []Message{{ID: "m1", Body: licenceEvent("r1", "arn:a"), SentAt: sent}}
	step(t, r)
	l.stuck = nil
	clk.Set(sent.Add(time.Minute))
	step(t, r)
	if n := s.notices["event:r1:LicenseUpdated"]; n.Deliveries != 2 || n.Outcome != license.Applied || len(l.messages) != 0 {
		t.Errorf("%+v, in the queue %v", n, l.messages)
	}
}
