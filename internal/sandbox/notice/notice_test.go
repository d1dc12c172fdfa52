package notice

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/goldentest"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

var accepted = time.Date(2026, 8, 20, 14, 23, 11, 13_000_000, time.UTC)

// about is the subject of the captured events, with their identifiers replaced.
func about(id string, at time.Time) world.About {
	return world.About{ID: id, At: at, AgreementID: "agmt-1ex4mp7e0q2w9r5t8y3u6i1op", OfferID: "offer-ex4mpl3xyz9q",
		ProductID: "prod-ex4mpl3abc12d", ProductCode: "0exampl1product2code3abcd",
		LicenseARN:   "arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef",
		BuyerAccount: "111122223333", SellerAccount: "444455556666", CustomerIdentifier: "ifAPi5AcF3"}
}

// told is what notices tell of the agreement itself; end is zero for none.
func told(id string, at, end time.Time) world.AgreementTold {
	return world.AgreementTold{About: about(id, at), Status: world.Active, AcceptanceTime: accepted, StartTime: accepted, EndTime: end,
		ProductTitle: "Inkwell", ProposerName: "Inkwell Labs", OfferName: "Inkwell for Acme"}
}

var (
	created = world.AgreementCreated{AgreementTold: told("aaaaaaaa-bbbb-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(11*time.Second), time.Time{}), Intent: world.IntentNew}
	renewed = world.AgreementCreated{AgreementTold: told("aaaaaaaa-1111-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(11*time.Second), accepted.AddDate(1, 0, 0)),
		Intent: world.IntentRenew, PreviousAgreementID: "agmt-0ld0ld0ld0ld0ld0ld0ld0ld0"}
	amended  = world.AgreementAmended{AgreementTold: told("aaaaaaaa-2222-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(11*time.Second), accepted.AddDate(1, 0, 0)), AutoRenew: true}
	optedOut = world.AgreementAmended{AgreementTold: told("aaaaaaaa-3333-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(11*time.Second), accepted.AddDate(1, 0, 0))}
	ending   = world.AgreementEnding{AgreementTold: told("aaaaaaaa-4444-5ccc-8ddd-eeeeeeeeeeee", accepted.AddDate(1, 0, -30), accepted.AddDate(1, 0, 0)),
		Intent: world.IntentNew, DaysBeforeEnd: 30, AutoRenew: true}
	failed        = world.SubscribeFail{About: about("52b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", accepted.Add(time.Minute))}
	entitled      = world.EntitlementUpdated{About: about("62b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", accepted.Add(time.Minute))}
	updated       = world.LicenseUpdated{About: about("ffffffff-0000-5111-8222-333333333333", accepted.Add(72*time.Second))}
	ended         = world.AgreementEnded{About: about("bbbbbbbb-0000-5111-8222-333333333333", accepted.Add(106*time.Second)), Status: world.Cancelled}
	deprovisioned = world.LicenseDeprovisioned{About: about("cccccccc-0000-5111-8222-333333333333", accepted.Add(137*time.Second))}
	success       = world.SubscribeSuccess{About: about("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", accepted.Add(time.Minute)), FreeTrial: true}
	pending       = world.UnsubscribePending{About: about("32b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", accepted.Add(2*time.Minute))}
	over          = world.UnsubscribeSuccess{About: about("42b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", accepted.Add(3*time.Minute))}
)

// The notices of private offers: with a lockout, by the seller's opt-out, of a replacement, and of a channel partner's
// sale to the account that made the product.
var (
	finalized = world.AgreementTermsFinalized{AgreementTold: locking("aaaaaaaa-5555-5ccc-8ddd-eeeeeeeeeeee", accepted.AddDate(1, 0, -60)), Intent: world.IntentNew, Value: decimal.RequireFromString("105000")}
	upcomes   = world.AgreementRenewalUpcoming{AgreementTold: locking("aaaaaaaa-6666-5ccc-8ddd-eeeeeeeeeeee", accepted.AddDate(1, 0, -30)), Intent: world.IntentNew, Value: decimal.RequireFromString("105000")}

	byProposer = func() world.AgreementAmended {
		n := world.AgreementAmended{AgreementTold: locking("aaaaaaaa-7777-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(time.Hour)), AutoRenew: true}
		n.ProposerOptedOut = true
		return n
	}()
	replaced = world.AgreementCreated{AgreementTold: told("aaaaaaaa-8888-5ccc-8ddd-eeeeeeeeeeee", accepted.Add(11*time.Second), accepted.AddDate(1, 0, 0)),
		Intent: world.IntentReplace, PreviousAgreementID: "agmt-0ld0ld0ld0ld0ld0ld0ld0ld0"}
	resold = func() world.AgreementCreated {
		n := created
		n.SellerAccount, n.Manufacturer, n.ResaleAuthorization = "555566667777", "444455556666", "resaleauthz-ex4mpl3abc12d"
		return n
	}()
)

// locking is told of an agreement whose renewal is settled 30 days before its end.
func locking(id string, at time.Time) world.AgreementTold {
	t := told(id, at, accepted.AddDate(1, 0, 0))
	t.LockoutStart = t.EndTime.AddDate(0, 0, -30)
	return t
}

// request is a notice of a cancellation request that has come to a status.
func request(to world.RequestStatus, why string) world.Notice {
	at := accepted.Add(time.Hour)
	return world.CancellationRequested{About: about("dddddddd-0000-5111-8222-333333333333", at), Request: world.CancellationRequest{
		ID: "acr-1ex4mp7e0q2w9r5t8y3u6i1op", AgreementID: "agmt-1ex4mp7e0q2w9r5t8y3u6i1op", ReasonCode: "INCORRECT_TERMS_ACCEPTED", Description: "Sold for the wrong year.",
		Status: to, StatusMessage: why, CreatedAt: accepted, UpdatedAt: at}}
}

// adjusted is a notice of a billing adjustment that has come to a status.
func adjusted(to world.AdjustmentStatus, amount string) world.Notice {
	return world.BillingAdjusted{About: about("eeeeeeee-0000-5111-8222-333333333333", accepted.Add(time.Hour)), Adjustment: world.Adjustment{
		ID: "ba-1ex4mp7e0q2w9r5t8y3u6i1op", InvoiceID: "2028746221", Amount: decimal.RequireFromString(amount), Currency: "USD", ReasonCode: "INCORRECT_TERMS_ACCEPTED", Status: to}}
}

// stage is a desk with its queue, and the journal of both.
type stage struct {
	*Desk
	clk    *clock.Virtual
	queues *queue.Service
	topics *topic.Service
	bus    *bus.Service
	faults *fault.Set
	log    []any // Change of either package
}

func newStage(t *testing.T) *stage {
	st := &stage{clk: clock.NewVirtual(accepted), faults: &fault.Set{}}
	st.open(t)
	return st
}

// open makes desk and queues anew, as a process that starts.
func (st *stage) open(t *testing.T) {
	st.queues = queue.New(queue.Options{Clock: st.clk, NewID: func() string { return "" }, Log: func(c queue.Change) error {
		st.log = append(st.log, c)
		return nil
	}})
	if err := st.queues.Replay(queue.Change{Op: queue.OpCreate, Account: "444455556666", Queue: DefaultQueue}); err != nil {
		t.Fatal(err)
	}
	rules, err := bus.New(bus.Options{Clock: st.clk, NewID: uuid.NewString, Builtin: BuiltinRules([]world.Seller{{AccountID: "444455556666"}})})
	if err != nil {
		t.Fatal(err)
	}
	st.bus = rules
	st.topics = topic.New(topic.Options{Clock: st.clk, NewID: uuid.NewString, Wired: DefaultQueue, Base: func() string { return "http://127.0.0.1:4700" },
		Confirm: func(to topic.Subscription, m topic.Message) error { return st.Post(PostConfirmation(to, m)) }})
	st.Desk = NewDesk(Options{Clock: st.clk, Queue: st.queues, Topics: st.topics, Bus: st.bus, Log: slog.New(slog.DiscardHandler),
		Draw:   func(world.Notice) (fault.Rule, bool) { return st.faults.Draw(fault.Notification) },
		Record: func(c Change) error { st.log = append(st.log, c); return nil }})
}

func (st *stage) fault(t *testing.T, kind fault.Kind, delay string) {
	t.Helper()
	if _, err := st.faults.Add(fault.Rule{Operation: fault.Notification, Kind: kind, Times: new(1), Delay: delay}); err != nil {
		t.Fatal(err)
	}
}

// bodies are the messages in the queue, oldest first.
func (st *stage) bodies() (out []string) {
	for _, m := range st.queues.Waiting("444455556666", DefaultQueue) {
		out = append(out, m.Body)
	}
	return out
}

// kinds names what is in the queue.
func (st *stage) kinds(t *testing.T) (out []string) {
	t.Helper()
	for _, b := range st.bodies() {
		var e struct {
			DetailType string `json:"detail-type"`
			Message    string
		}
		if err := json.Unmarshal([]byte(b), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Split(e.DetailType+e.Message, " - ")[0])
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, n := range map[string]world.Notice{"created": created, "license-updated": updated, "ended": ended, "license-deprovisioned": deprovisioned,
		"created-with-end": func() world.Notice {
			c := created
			c.EndTime = accepted.AddDate(1, 0, 0)
			return c
		}(), "subscribe-success": success, "unsubscribe-pending": pending, "unsubscribe-success": over,
		"created-renewal": renewed, "amended": amended, "ending": ending, "amended-opted-out": optedOut, "created-replacement": replaced,
		"created-with-product": func() world.Notice { c := created; c.Names.Product = true; return c }(),
		"ended-with-license":   func() world.Notice { e := ended; e.Names = world.Names{Product: true, License: true}; return e }(),
		"amended-by-seller":    byProposer, "renewal-terms-finalized": finalized, "renewal-upcoming": upcomes, "created-manufacturer": resold, "subscribe-fail": failed, "entitlement-updated": entitled,
		"cancellation-pending": request(world.PendingApproval, ""), "cancellation-approved": request(world.Approved, "The buyer did not respond within 7 days."),
		"cancellation-rejected": request(world.Rejected, "We need it."), "cancellation-withdrawn": request(world.Withdrawn, "Wrong agreement."),
		"adjustment-completed": adjusted(world.AdjustmentCompleted, "100"), "adjustment-failed": adjusted(world.AdjustmentFailed, "0.12345678"),
		"advisory-issued":     world.AdvisoryIssued{About: about("99999999-0000-5111-8222-333333333333", accepted.Add(time.Hour))},
		"advisory-resolved":   world.AdvisoryResolved{About: about("99999999-1111-5111-8222-333333333333", accepted.Add(2*time.Hour))},
		"cancellation-failed": request(world.ValidationFailed, "The agreement has a dependent agreement.")} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			st.Accept(n)
			got := st.bodies()
			if len(got) != 1 {
				t.Fatalf("%d messages", len(got))
			}
			body := got[0]
			if i := strings.Index(body, `"Signature":"`); i >= 0 { // made with another key each time
				rest := body[i+13:]
				body = body[:i+13] + "…" + rest[strings.IndexByte(rest, '"'):]
			}
			goldentest.Compare(t, name+".json", body+"\n")
		})
	}
}

func TestDetailTypesAreTheContracts(t *testing.T) {
	for n, want := range map[world.Notice]string{created: contract.AgreementCreated + " - Proposer", amended: contract.AgreementAmended + " - Proposer", ended: contract.AgreementEnded + " - Proposer",
		updated: contract.LicenseUpdated + " - Manufacturer", deprovisioned: contract.LicenseDeprovisioned + " - Manufacturer"} {
		if e, ok := event(n, "id"); !ok || e.DetailType != want {
			t.Errorf("%T is %q", n, e.DetailType)
		}
	}
}

func TestFaults(t *testing.T) {
	const c, u = contract.AgreementCreated, contract.LicenseUpdated
	for _, x := range []struct {
		kind  fault.Kind
		delay string
		now   []string // in the queue after the first notice, the disturbed one
		next  []string // and after the second, a minute later
		later []string // and a quarter of an hour on
	}{
		{kind: fault.Duplicate, now: []string{c, c}, next: []string{c, c, u}, later: []string{c, c, u}},
		{kind: fault.Duplicate, delay: "5m", now: []string{c}, next: []string{c, u}, later: []string{c, u, c}},
		{kind: fault.Reorder, now: nil, next: []string{u, c}, later: []string{u, c}},
		{kind: fault.Reorder, delay: "30s", now: nil, next: []string{c, u}, later: []string{c, u}},
		{kind: fault.Delay, delay: "5m", now: nil, next: []string{u}, later: []string{u, c}},
		{kind: fault.LoseRedeliver, delay: "2m", now: nil, next: []string{u}, later: []string{u, c}},
		{kind: fault.Lose, now: nil, next: []string{u}, later: []string{u}},
		{kind: fault.Forge, now: []string{c, contract.LicenseDeprovisioned}, next: []string{c, contract.LicenseDeprovisioned, u}, later: []string{c, contract.LicenseDeprovisioned, u}},
	} {
		t.Run(string(x.kind)+x.delay, func(t *testing.T) {
			st := newStage(t)
			st.fault(t, x.kind, x.delay)
			check := func(when string, want []string) {
				t.Helper()
				if got := st.kinds(t); !slices.Equal(got, want) {
					t.Fatalf("%s: %q, want %q", when, got, want)
				}
			}
			st.Accept(created)
			check("now", x.now)
			st.clk.Set(accepted.Add(time.Minute))
			st.RunDue(t.Context())
			st.Accept(updated)
			check("next", x.next)
			for {
				at, ok := st.Due()
				if !ok {
					break
				}
				st.clk.Set(at)
				if !st.RunDue(t.Context()) {
					t.Fatalf("due at %v, and nothing done", at)
				}
			}
			check("later", x.later)
			page, _, _ := st.List(0, 10, nil)
			want := Delivered
			if x.kind == fault.Lose {
				want = Lost
			}
			if len(page) != 2 || page[0].Outcome != want || page[0].Fault != x.kind {
				t.Errorf("listed %+v", page)
			}
		})
	}
}

func TestForgeriesLackAWSsProof(t *testing.T) {
	for name, n := range map[string]world.Notice{"event": updated, "message": success} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			st.fault(t, fault.Forge, "")
			st.Accept(n)
			lie := st.bodies()[1]
			if strings.Contains(lie, `"source":"aws.`) || strings.Contains(lie, topic.Marketplace) {
				t.Errorf("it passes for AWS's: %s", lie)
			}
		})
	}
}

func TestCopiesShareTheRequestIDOnly(t *testing.T) {
	st := newStage(t)
	st.fault(t, fault.Duplicate, "")
	st.Accept(created)
	var e [2]struct {
		ID     string
		Detail struct{ RequestID string }
	}
	for i, b := range st.bodies() {
		if err := json.Unmarshal([]byte(b), &e[i]); err != nil {
			t.Fatal(err)
		}
	}
	if e[0].ID == e[1].ID || e[0].Detail.RequestID != e[1].Detail.RequestID {
		t.Errorf("%+v", e)
	}
}

func TestRedeliverSendsTheSameBytes(t *testing.T) {
	st := newStage(t)
	st.Accept(created)
	got, err := st.Redeliver(created.ID)
	if err != nil || len(got.Attempts) != 2 {
		t.Fatal(got, err)
	}
	b := st.bodies()
	if len(b) != 2 || b[0] != b[1] {
		t.Errorf("in the queue: %q", b)
	}
	if _, err := st.Redeliver("nothing"); err == nil {
		t.Error("there is no such notice")
	}
}

func TestWithoutAQueueTheDeliveryFailsAndSaysSo(t *testing.T) {
	st := newStage(t)
	if err := st.queues.Drop("444455556666", DefaultQueue); err != nil {
		t.Fatal(err)
	}
	st.Accept(created)
	got, err := st.Get(created.ID)
	if err != nil || got.Outcome != Failed || got.Attempts[0].Why == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestListPages(t *testing.T) {
	st := newStage(t)
	for i := range 25 {
		n := created
		n.ID = fmt.Sprintf("n%02d", i)
		st.Accept(n)
	}
	var ids []string
	for after := int64(0); ; {
		page, last, more := st.List(after, 10, func(d Delivery) bool { return d.ID != "n03" })
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if after = last; !more {
			break
		}
	}
	if len(ids) != 24 || ids[0] != "n00" || ids[23] != "n24" {
		t.Errorf("listed %v", ids)
	}
}

// TestReplay kills the sandbox at every point of a story with faults, rebuilds it from the journal so far, and plays on:
// the deliveries and the queue must be as if nothing had happened.
func TestReplay(t *testing.T) {
	notices := []world.Notice{created, success, updated, ended, deprovisioned}
	play := func(st *stage, i int) {
		if i < len(notices) {
			st.log = append(st.log, notices[i]) // in the sandbox this is the world's command
			st.Accept(notices[i])
		}
		st.clk.Set(accepted.Add(time.Duration(i+1) * time.Minute))
		st.RunDue(t.Context())
		if _, err := st.queues.RunDue(); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			got, err := st.queues.Receive(t.Context(), "444455556666", DefaultQueue, queue.Receiving{})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range got {
				if _, err := st.queues.Delete("444455556666", DefaultQueue, m.Handle); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// What it must come to. Signatures differ from process to process, so messages are told by their IDs.
	end := func(st *stage) string {
		page, _, _ := st.List(0, 100, nil)
		for i := range page {
			page[i].Body = ""
		}
		var ids []string
		for _, m := range st.queues.Waiting("444455556666", DefaultQueue) {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		out, _ := json.Marshal([]any{page, ids})
		return string(out)
	}
	start := func() *stage {
		st := newStage(t)
		st.fault(t, fault.Reorder, "")
		st.fault(t, fault.Duplicate, "90s")
		st.fault(t, fault.Delay, "2m")
		st.fault(t, fault.LoseRedeliver, "2m")
		return st
	}
	calm := start()
	for i := range 10 {
		play(calm, i)
	}
	for kill := range 10 {
		st := start()
		for i := range kill {
			play(st, i)
		}
		journal := st.log
		st.log = nil
		st.open(t)
		st.BeginReplay()
		for _, c := range journal {
			switch c := c.(type) {
			case world.Notice:
				st.Accept(c)
			case Change:
				if err := st.Replay(c); err != nil {
					t.Fatal(err)
				}
			case queue.Change:
				st.ReplayTo(c.At)
				if err := st.queues.Replay(c); err != nil {
					t.Fatal(err)
				}
			}
		}
		st.EndReplay()
		st.RunDue(t.Context())
		for i := kill; i < 10; i++ {
			play(st, i)
		}
		if got, want := end(st), end(calm); got != want {
			t.Fatalf("killed after %d: got\n%s\nwant\n%s", kill, got, want)
		}
	}
}

func TestANoticeWithoutAPlanIsPlannedAfterTheKill(t *testing.T) {
	st := newStage(t)
	st.BeginReplay()
	st.Accept(created) // the world's command was kept, the plan was not
	if len(st.bodies()) != 0 {
		t.Fatal("delivered while replaying")
	}
	st.EndReplay()
	if got := st.kinds(t); len(got) != 1 {
		t.Errorf("in the queue: %q", got)
	}
}

func TestReset(t *testing.T) {
	st := newStage(t)
	st.fault(t, fault.Delay, "5m")
	st.Accept(created)
	if err := st.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, ok := st.Due(); ok {
		t.Error("a delivery is still under way")
	}
	if page, _, _ := st.List(0, 10, nil); len(page) != 0 {
		t.Errorf("listed %v", page)
	}
}
