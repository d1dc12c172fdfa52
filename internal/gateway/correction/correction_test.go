package correction_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/proposal/proposaltest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

var (
	november = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	noon     = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)
	grace    = approval.Actor{Key: "key_2", Person: "Grace"}
)

// directory knows one licence.
type directory struct {
	license.Directory
	l license.License
}

func (d *directory) ByID(id core.LicenseID) (license.License, bool) { return d.l, id == d.l.ID }

// world is a service between a store that may die, an AWS that may lose answers, and an intake.
type world struct {
	t     *testing.T
	clk   *clock.Virtual
	store *proposaltest.Memory[correction.Correction]
	aws   *market
	usage *intake
	books *ledger
	dir   *directory
	s     *correction.Service
	jobs  *job.Runner
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clk: clock.NewVirtual(noon), store: newMemory(), usage: &intake{seen: map[string]usage.Event{}}, books: newLedger(),
		dir: &directory{l: license.License{ID: "lic_1", ProductCode: "ink", Agreements: []core.AgreementID{"agmt-old", "agmt-1"}, Standing: license.Standing{State: license.Active}}}}
	w.aws = newMarket(w.clk)
	w.start()
	return w
}

// start starts the process anew: of the one before, only what is stored is left.
func (w *world) start() {
	log := slog.New(slog.DiscardHandler)
	w.store.Revive()
	w.s = correction.New(correction.Config{Store: w.store, AWS: w.aws, Usage: w.usage, Ledger: w.books, Licenses: w.dir, Clock: w.clk, Log: log,
		Products: core.Catalogue{{Code: "ink", Dimensions: []core.Measure{{Key: "pages"}, {Key: "peak", Meter: core.Max}}}}})
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

func (w *world) ask(change func(*correction.Correction)) correction.Correction {
	w.t.Helper()
	c := correction.Correction{Life: proposal.Life{License: "lic_1", AskedBy: approval.Actor{Key: "key_1"}},
		Kind: correction.OverBilled, Dimension: "pages", Quantity: "400", Month: november, Reason: "INCORRECT_METERING", Description: "Drafts were counted."}
	if change != nil {
		change(&c)
	}
	c, err := w.s.Ask(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func under(c *correction.Correction) {
	*c = correction.Correction{Life: proposal.Life{License: "lic_1"},
		Kind: correction.UnderBilled, Dimension: "pages", Quantity: "50", Reason: "A queue was lost.", Tags: map[string]string{"team": "red"}}
}

func (w *world) want(id correction.ID, state correction.State, why string) correction.Correction {
	w.t.Helper()
	c, err := w.s.Find(w.t.Context(), id)
	if err != nil || c.State != state || !strings.Contains(c.Why, why) {
		w.t.Errorf("%s is %s (%s), %v; want %s (%s)", id, c.State, c.Why, err, state, why)
	}
	return c
}

func TestOverBilledFromProposalToCredit(t *testing.T) {
	w := open(t)
	c := w.ask(nil)
	w.settle(time.Minute)
	c = w.want(c.ID, correction.Proposed, "approval")
	want := correction.Request{AgreementID: "agmt-1", InvoiceID: "inv-usage", Amount: "8", CurrencyCode: "USD", ReasonCode: "INCORRECT_METERING",
		Description: "Drafts were counted. " + string(c.ID), ClientToken: strings.ReplaceAll(string(c.ID), "_", "-")}
	if c.Request == nil || *c.Request != want || c.Maximum != "20" {
		t.Errorf("%+v of at most %s; want %+v", c.Request, c.Maximum, want)
	}
	w.settle(30 * 24 * time.Hour)
	if len(w.aws.asked) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", w.aws.asked)
	}
	for range 2 { // approving again changes nothing
		if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(time.Minute / 2)
	w.want(c.ID, correction.Pending, "decides")
	w.settle(3 * time.Hour)
	if c = w.want(c.ID, correction.Completed, "8 USD"); c.AWSID != "ba-1" || c.DecidedBy != grace || !c.SettledAt.Equal(c.SentAt.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}
	if len(w.aws.asked) != 1 || w.aws.asked[0] != want {
		t.Errorf("AWS was asked %+v", w.aws.asked)
	}
	if _, err := w.s.Reject(t.Context(), c.ID, grace, ""); !fail.Is(err, fail.Conflict) {
		t.Errorf("rejected what is done: %v", err)
	}
}

// The month's usage is invoiced after the month; until then a proposal waits, and cannot be approved.
func TestAProposalWaitsForItsInvoice(t *testing.T) {
	w := open(t)
	w.clk.Set(november.AddDate(0, 0, 10))
	c := w.ask(nil)
	w.settle(time.Hour)
	if c = w.want(c.ID, correction.Proposed, "no invoice yet"); !c.DueAt.Equal(time.Date(2026, 12, 1, 6, 10, 0, 0, time.UTC)) {
		t.Errorf("looked for again at %v", c.DueAt)
	}
	if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); fail.CodeOf(err) != "not_ready" {
		t.Errorf("approved: %v", err)
	}
	w.settle(40 * 24 * time.Hour)
	if c = w.want(c.ID, correction.Proposed, "approval"); c.Request == nil {
		t.Error("it has no request")
	}
}

func TestProposalsThatCannotBe(t *testing.T) {
	for why, change := range map[string]func(*correction.Correction){
		"more than the invoice": func(c *correction.Correction) { c.Quantity, c.Amount = "", "20.01" },
		"costs nothing":         func(c *correction.Correction) { c.Quantity = "0.1" },
		"several invoices":      func(c *correction.Correction) { c.Month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) },
	} {
		w := open(t)
		c := w.ask(change)
		w.settle(time.Minute)
		w.want(c.ID, correction.Failed, why)
		if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); !fail.Is(err, fail.Conflict) {
			t.Errorf("%s: approved: %v", why, err)
		}
	}
	w := open(t) // naming one of several is enough
	c := w.ask(func(c *correction.Correction) {
		c.Month, c.InvoiceID = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), "inv-oct-2"
	})
	w.settle(time.Minute)
	if c = w.want(c.ID, correction.Proposed, "approval"); c.Request.InvoiceID != "inv-oct-2" {
		t.Errorf("%+v", c.Request)
	}
}

func TestAskingWrongly(t *testing.T) {
	w := open(t)
	for code, change := range map[string]func(*correction.Correction){
		"kind":               func(c *correction.Correction) { c.Kind = "odd" },
		"no_such_license":    func(c *correction.Correction) { c.License = "lic_2" },
		"month":              func(c *correction.Correction) { c.Month = noon.AddDate(0, 1, 0) },
		"amount":             func(c *correction.Correction) { c.Amount = "1" },
		"reason":             func(c *correction.Correction) { c.Reason = "WHIM" },
		"description":        func(c *correction.Correction) { c.Description = strings.Repeat("x", 470) },
		"unknown_dimension":  func(c *correction.Correction) { c.Dimension = "sheets" },
		"negative_quantity":  func(c *correction.Correction) { c.Quantity = "-4" },
		"bad_quantity":       func(c *correction.Correction) { c.Quantity = "0" },
		"invoice":            func(c *correction.Correction) { c.InvoiceID = strings.Repeat("x", 256) },
		"record":             func(c *correction.Correction) { c.Record = "rec_none" },
		"besides":            func(c *correction.Correction) { c.Besides = make([]correction.ID, 51) },
		"more_than_honoured": func(c *correction.Correction) { c.Quantity = "1000.5" },
		"tags":               func(c *correction.Correction) { c.Tags = map[string]string{"a": "b"} },
		"not_a_sum":          func(c *correction.Correction) { under(c); c.Dimension = "peak" },
		"too_much_said":      func(c *correction.Correction) { under(c); c.Amount = "1" },
		"by":                 func(c *correction.Correction) { c.AskedBy.Person = strings.Repeat("x", 501) },
	} {
		c := correction.Correction{Life: proposal.Life{License: "lic_1"},
			Kind: correction.OverBilled, Dimension: "pages", Quantity: "400", Month: november, Reason: "OTHER"}
		change(&c)
		if _, err := w.s.Ask(t.Context(), c); fail.CodeOf(err) != code {
			t.Errorf("%v; want %s", err, code)
		}
	}
	w.dir.l.Standing = license.Standing{State: license.Ended, Since: noon}
	c := correction.Correction{}
	under(&c)
	if _, err := w.s.Ask(t.Context(), c); fail.CodeOf(err) != "license_ended" {
		t.Errorf("usage of a licence that has ended: %v", err)
	}
	if len(w.store.All) != 0 {
		t.Errorf("kept %+v", w.store.All)
	}
	p := w.ask(nil)
	if _, err := w.s.Approve(t.Context(), p.ID, approval.Actor{Key: "key_1"}, nil); fail.CodeOf(err) != "by" {
		t.Errorf("approved by nobody: %v", err)
	}
}

func TestRejectedNeverReachesAWS(t *testing.T) {
	w := open(t)
	c := w.ask(nil)
	w.settle(time.Minute)
	if _, err := w.s.Reject(t.Context(), c.ID, grace, "It was right."); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); !fail.Is(err, fail.Conflict) {
		t.Errorf("approved what was rejected: %v", err)
	}
	w.settle(24 * time.Hour)
	if w.want(c.ID, correction.Rejected, "It was right."); len(w.aws.asked) != 0 {
		t.Errorf("AWS was asked %+v", w.aws.asked)
	}
}

func TestWhatAWSRefusesFails(t *testing.T) {
	w := open(t)
	c := w.ask(nil)
	w.settle(time.Minute)
	if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	w.want(c.ID, correction.Pending, "decides")
	w.aws.left["inv-usage"] = "7.99" // AWS has given back of the invoice on its own
	w.settle(24 * time.Hour)
	w.want(c.ID, correction.Failed, "exceeds")
	w.aws.refuse = fail.New(fail.Denied, "", "Mend the role.")
	c = w.ask(func(c *correction.Correction) { c.Quantity = "1" })
	w.settle(time.Hour)
	w.want(c.ID, correction.Proposed, "Mend the role.")
	w.aws.refuse = nil
	w.settle(time.Hour)
	w.want(c.ID, correction.Proposed, "approval")
}

// A notice has AWS asked at once, and not within the hour.
func TestANoticeHastens(t *testing.T) {
	w := open(t)
	w.aws.takes = 10 * time.Hour
	c := w.ask(nil)
	w.settle(time.Minute)
	if _, err := w.s.Approve(t.Context(), c.ID, grace, nil); err != nil {
		t.Fatal(err)
	}
	w.settle(9*time.Hour + 30*time.Minute)
	c = w.want(c.ID, correction.Pending, "")
	w.clk.Set(c.SentAt.Add(10 * time.Hour))
	if c.DueAt.Before(w.clk.Now().Add(time.Minute)) {
		t.Fatalf("it is asked at %v anyway", c.DueAt)
	}
	w.s.Heard()
	w.settle(0)
	w.want(c.ID, correction.Completed, "")
}

func TestUnderBilledIsAnEventWithItsReason(t *testing.T) {
	w := open(t)
	c := w.ask(under)
	w.settle(time.Minute)
	if got := w.want(c.ID, correction.Completed, "added"); got.Hour != core.HourOf(noon) {
		t.Errorf("billed in %s", got.Hour)
	}
	e := w.usage.seen[string(c.ID)]
	if e.Source != correction.Source || e.Quantity != "50" || e.License.Name != "lic_1" || !e.Time.Equal(noon) || fmt.Sprint(e.Tags) != "map[souk.reason:A queue was lost. team:red]" {
		t.Errorf("the event %+v", e)
	}
	w.usage.reject = true
	c = w.ask(func(c *correction.Correction) { under(c); c.Reason = "Another was lost." })
	w.settle(time.Minute)
	w.want(c.ID, correction.Failed, "No such hour.")
	w.usage.reject, w.usage.unbillable = false, "after_end" // the licence ended meanwhile
	c = w.ask(func(c *correction.Correction) { under(c); c.Reason = "A third was lost." })
	w.settle(time.Minute)
	w.want(c.ID, correction.Failed, "after_end")
}

// However the process dies between two of its writes, and whichever answers of AWS's are lost, in the end AWS has made the
// adjustment once, and the usage was added once.
func TestACrashAnywhereGivesBackOnce(t *testing.T) {
	for _, forgets := range []bool{false, true} { // whether AWS refuses a client token that it knows, or gives its answer again
		for _, after := range []bool{false, true} {
			for _, lost := range []int{0, 1, 3} {
				for die := 0; ; die++ {
					w := open(t)
					w.aws.strict, w.aws.lose = forgets, lost
					a, b := w.ask(nil), w.ask(under)
					w.store.Die, w.store.After = die, after
					died := w.untilDone(a.ID)
					name := fmt.Sprintf("strict %v, after %v, lost %d, write %d", forgets, after, lost, die)
					if got := w.want(a.ID, correction.Completed, ""); len(w.aws.made) != 1 || w.aws.made[0].id != got.AWSID || w.aws.made[0].Request != *got.Request {
						t.Fatalf("%s: AWS made %+v", name, w.aws.made)
					}
					for _, r := range w.aws.asked {
						if r != w.aws.asked[0] {
							t.Fatalf("%s: the request changed: %+v", name, w.aws.asked)
						}
					}
					if w.want(b.ID, correction.Completed, ""); w.usage.sum != 1 {
						t.Fatalf("%s: the usage was added %d times", name, w.usage.sum)
					}
					if !died {
						break // there are no more writes to die at
					}
				}
			}
		}
	}
}

// untilDone goes on, approving as soon as that can be, and starts the process again when it died.
func (w *world) untilDone(id correction.ID) (died bool) {
	w.t.Helper()
	for range 100 {
		w.settle(10 * time.Minute)
		if _, err := w.s.Approve(context.WithoutCancel(w.t.Context()), id, grace, nil); err != nil && !errors.Is(err, proposaltest.ErrCrash) && !fail.Is(err, fail.Conflict) {
			w.t.Fatal(err)
		}
		if w.store.Dead {
			died = true
			w.start()
		}
		if c, err := w.store.Find(w.t.Context(), id); err == nil && c.State == correction.Completed {
			w.settle(10 * time.Minute)
			return died
		}
	}
	w.t.Fatal("it does not come to an end")
	return died
}

func cents(s string) decimal.Decimal { return decimal.RequireFromString(s) }
