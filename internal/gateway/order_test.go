package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/job"
)

var day = time.Date(2026, 8, 20, 14, 0, 0, 0, time.UTC)

// seller is a book and an intake over a database, and the queue before them.
type seller struct {
	t      *testing.T
	db     *store.DB
	clk    *clock.Virtual
	book   *license.Book
	runner *job.Runner
	queue  *memQueue
	fault  *fault
}

func newSeller(t *testing.T) *seller {
	t.Helper()
	db := storetest.Open(t)
	s := &seller{t: t, db: db, clk: clock.NewVirtual(day), queue: &memQueue{}, fault: &fault{at: -1}}
	s.start()
	return s
}

// start is what a new process does.
func (s *seller) start() {
	s.t.Helper()
	var err error
	if s.book, err = license.OpenBook(s.t.Context(), faultyBook{s.db.Licenses(), s.fault}, s.clk, nil); err != nil {
		s.t.Fatal(err)
	}
	in := intake.New(faultyQueue{s.queue, s.fault}, faultyNotices{s.db.Notices(), s.fault}, s.book, nil, s.clk, slog.New(slog.DiscardHandler))
	s.runner = job.New(s.clk, slog.New(slog.DiscardHandler), append(in.Jobs(), s.book.Job())...)
}

func (s *seller) deliver(body string) {
	s.t.Helper()
	s.queue.send(body, day)
	s.step()
	if len(s.queue.messages) != 0 {
		s.t.Fatalf("left in the queue: %v", s.queue.messages)
	}
}

func (s *seller) step() {
	s.t.Helper()
	if _, _, err := s.runner.Step(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// memQueue is a queue that keeps what was not removed.
type memQueue struct {
	sent     int
	messages []intake.Message
}

func (q *memQueue) send(body string, at time.Time) {
	q.sent++
	q.messages = append(q.messages, intake.Message{ID: fmt.Sprint("m", q.sent), Receipt: fmt.Sprint("r", q.sent), Body: body, SentAt: at})
}

func (q *memQueue) Receive(context.Context, bool) ([]intake.Message, error) {
	return slices.Clone(q.messages), nil
}

func (q *memQueue) Remove(_ context.Context, ms []intake.Message) error {
	q.messages = slices.DeleteFunc(q.messages, func(m intake.Message) bool {
		return slices.ContainsFunc(ms, func(o intake.Message) bool { return o.ID == m.ID })
	})
	return nil
}

// fault breaks the call whose number is at, before or after it took effect.
type fault struct {
	at, calls int
	after     bool
}

var errCut = errors.New("cut")

func (f *fault) around(do func() error) error {
	n := f.calls
	f.calls++
	if n == f.at && !f.after {
		return errCut
	}
	if err := do(); err != nil {
		return err
	}
	if n == f.at {
		return errCut
	}
	return nil
}

type faultyBook struct {
	license.Store
	*fault
}

func (f faultyBook) CommitChange(ctx context.Context, c license.Change) error {
	return f.around(func() error { return f.Store.CommitChange(ctx, c) })
}

type faultyNotices struct {
	intake.Store
	*fault
}

func (f faultyNotices) KeepNotice(ctx context.Context, n intake.Notice) (kept intake.Notice, err error) {
	err = f.around(func() error { kept, err = f.Store.KeepNotice(ctx, n); return err })
	return kept, err
}

func (f faultyNotices) WaitingNotices(ctx context.Context, after string, limit int) (ns []intake.Notice, err error) {
	err = f.around(func() error { ns, err = f.Store.WaitingNotices(ctx, after, limit); return err })
	return ns, err
}

type faultyQueue struct {
	intake.Queue
	*fault
}

func (f faultyQueue) Receive(ctx context.Context, wait bool) (ms []intake.Message, err error) {
	err = f.around(func() error { ms, err = f.Queue.Receive(ctx, wait); return err })
	return ms, err
}

func (f faultyQueue) Remove(ctx context.Context, ms []intake.Message) error {
	return f.around(func() error { return f.Queue.Remove(ctx, ms) })
}

// act is one thing that reaches a seller: a notice, or a buyer at the landing page.
type act struct {
	name   string
	notice string // its body; empty: the landing
	at     time.Time
}

// names are one buyer's, so that one database serves many buyers.
type names struct {
	arn      core.LicenseARN
	agmt     core.AgreementID
	customer core.CustomerIdentifier
	account  core.AWSAccountID
}

func namesOf(n int) names {
	return names{core.LicenseARN(fmt.Sprintf("arn:aws:license-manager::294406891311:license:l-%032x", n)), core.AgreementID(fmt.Sprintf("agmt-%025d", n)),
		core.CustomerIdentifier(fmt.Sprintf("cust%06d", n)), core.AWSAccountID(fmt.Sprintf("%012d", n))}
}

const product = "0exampl1product2code3abcd"

// event is an EventBridge event; detail may name {arn}, {agmt} and {account}.
func event(n names, kind string, at time.Time, detail string) act {
	fill := strings.NewReplacer("{arn}", string(n.arn), "{agmt}", string(n.agmt), "{account}", string(n.account))
	return act{kind + " " + at.Format(time.TimeOnly), fmt.Sprintf(`{"version":"0","id":"id-%s-%s-%d","detail-type":%q,"source":"aws.agreement-marketplace","account":"444455556666","time":%q,"region":"us-east-1","resources":[],
		"detail":{"requestId":"%s-%s-%d","catalog":"AWSMarketplace",%s}}`, n.agmt, kind, at.Unix(), kind, at.Format(time.RFC3339), n.agmt, strings.ReplaceAll(kind, " ", ""), at.Unix(), fill.Replace(detail)), at}
}

const licenceDetail = `"agreement":{"id":"{agmt}"},"product":{"id":"prod-x","code":"` + product + `"},"license":{"arn":"{arn}"},"acceptor":{"accountId":"{account}"},"offer":{"id":"offer-1"}`

func created(n names, at time.Time) act {
	return event(n, "Purchase Agreement Created - Proposer", at, `"agreement":{"id":"{agmt}","intent":"NEW","status":"ACTIVE"},"resaleAuthorization":{"id":null},"acceptor":{"accountId":"{account}"},"offer":{"id":"offer-1"}`)
}

func updated(n names, at time.Time) act {
	return event(n, "License Updated - Manufacturer", at, licenceDetail)
}

func amended(n names, at time.Time) act {
	return event(n, "Purchase Agreement Amended - Proposer", at, `"agreement":{"id":"{agmt}","intent":"AMEND","status":"ACTIVE"},"acceptor":{"accountId":"{account}"},"offer":{"id":"offer-1"}`)
}

// givenBack tells of an adjustment, which AWS does not bind to a licence.
func givenBack(n names, at time.Time) act {
	return event(n, "Purchase Agreement Billing Adjustment Completed - Proposer", at, `"agreement":{"id":"{agmt}"},"billingAdjustmentRequest":{"id":"bar-1","adjustmentAmount":"-100.00","currencyCode":"USD"},"invoice":{"originalInvoiceId":"inv-1"}`)
}

func ended(n names, at time.Time, status string) act {
	return event(n, "Purchase Agreement Ended - Proposer", at, `"agreement":{"id":"{agmt}","status":"`+status+`"},"resaleAuthorization":{"id":null},"acceptor":{"accountId":"{account}"}`)
}

// advised tells that a risk with the buyer was Issued, or Resolved. It names the product by its id, and no licence.
func advised(n names, at time.Time, what string) act {
	return event(n, "Purchase Agreement Advisory "+what+" - Manufacturer", at, `"agreement":{"id":"{agmt}"},"product":{"id":"prod-x"},"acceptor":{"accountId":"{account}"},"offer":{"id":"offer-1"},"advisory":{}`)
}

func deprovisioned(n names, at time.Time) act {
	return event(n, "License Deprovisioned - Manufacturer", at, licenceDetail)
}

// next is the agreement that comes after n's, of the same buyer.
func (n names) next() names {
	n.agmt += "-next"
	return n
}

// replaced is what AWS tells when n's agreement is replaced by one with the licence of to.
func replaced(n, to names) []act {
	to.agmt = n.next().agmt
	return []act{
		event(to, "Purchase Agreement Created - Proposer", at("15:00:00"), `"agreement":{"id":"{agmt}","intent":"REPLACE","status":"ACTIVE","previousAgreementId":"`+string(n.agmt)+`"},"acceptor":{"accountId":"{account}"},"offer":{"id":"offer-2"}`),
		ended(n, at("15:00:01"), "REPLACED"),
		updated(to, at("15:01:01")),
	}
}

// legacy is a message of the subscription topic in its envelope.
func legacy(n names, action string, at time.Time) act { return legacyOf(n, action, "offer-1", at) }

// legacyOf is one that names an offer, or none.
func legacyOf(n names, action, offer string, at time.Time) act {
	inner := fmt.Sprintf(`{\"action\":\"%s\",\"customer-identifier\":\" %s\",\"product-code\":\"%s\"`, action, n.customer, product)
	if offer != "" {
		inner += fmt.Sprintf(`,\"offer-identifier\":\"%s\"`, offer)
	}
	inner += "}"
	return act{action + " " + at.Format(time.TimeOnly), fmt.Sprintf(`{"Type":"Notification","MessageId":"%s-%s-%d","TopicArn":"arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-%s","Message":"%s","Timestamp":%q}`,
		n.customer, action, at.UnixMilli(), product, inner, at.Format("2006-01-02T15:04:05.000Z")), at}
}

func at(clock string) time.Time {
	d, err := time.Parse(time.TimeOnly, clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 8, 20, d.Hour(), d.Minute(), d.Second(), 0, time.UTC)
}

// stories are what may happen to one buyer. The test looks at every order of each.
var stories = []struct {
	name  string
	buyer func(n names) license.Buyer
	acts  func(n names) []act
	want  license.State
}{
	{"license: subscribe", byARN, func(n names) []act {
		return []act{created(n, at("14:23:22")), updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}}
	}, license.Active},
	{"license: subscribe, cancel", byARN, func(n names) []act {
		return []act{created(n, at("14:23:22")), updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, ended(n, at("14:24:57"), "CANCELLED"), deprovisioned(n, at("14:25:28"))}
	}, license.Ended},
	{"license: subscribe and cancel within a second", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:57")), {"landing", "", at("14:24:57")}, ended(n, at("14:24:57"), "CANCELLED"), deprovisioned(n, at("14:24:57"))}
	}, license.Ended},
	{"license: renewed", byARN, func(n names) []act {
		next := n.next()
		renewal := event(next, "Purchase Agreement Created - Proposer", at("15:00:00"), `"agreement":{"id":"{agmt}","intent":"RENEW","status":"ACTIVE","previousAgreementId":"`+string(n.agmt)+`"},"acceptor":{"accountId":"{account}"}`)
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, renewal, ended(n, at("15:00:01"), "RENEWED"), updated(next, at("15:00:05"))}
	}, license.Active},
	{"license: the renewal is cancelled, and only Ended says so", byARN, func(n names) []act {
		next := n.next()
		renewal := event(next, "Purchase Agreement Created - Proposer", at("15:00:00"), `"agreement":{"id":"{agmt}","intent":"RENEW","status":"ACTIVE","previousAgreementId":"`+string(n.agmt)+`"},"acceptor":{"accountId":"{account}"}`)
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, renewal, ended(n, at("15:00:01"), "RENEWED"), ended(next, at("16:00:00"), "EXPIRED")}
	}, license.Ended},
	{"license: replaced, and the licence is kept", byARN, func(n names) []act {
		return append([]act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}}, replaced(n, n)...)
	}, license.Active},
	{"license: replaced, and another licence comes", byARN, func(n names) []act {
		r := replaced(n, n)
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, r[0], r[1], deprovisioned(n, at("15:00:31"))}
	}, license.Ended},
	{"license: the replacement is cancelled, and only Ended says so", byARN, func(n names) []act {
		r := replaced(n, n)
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, r[0], r[1], ended(n.next(), at("16:00:00"), "CANCELLED")}
	}, license.Ended},
	{"license: units are added, renewal is switched off", byARN, func(n names) []act {
		return []act{created(n, at("14:23:22")), updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, amended(n, at("15:00:00")), updated(n, at("15:00:40"))}
	}, license.Active},
	{"license: an agreement that starts later", byARN, func(n names) []act {
		return []act{created(n, at("09:00:00")), {"landing", "", at("09:02:00")}, updated(n, at("14:00:05"))}
	}, license.Active},
	{"license: the contract expires", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, ended(n, at("15:00:00"), "EXPIRED"), deprovisioned(n, at("15:00:31"))}
	}, license.Ended},
	{"license: AWS ends it, and gives back", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, ended(n, at("15:00:00"), "TERMINATED"), deprovisioned(n, at("15:00:31")), givenBack(n, at("17:00:00"))}
	}, license.Ended},
	{"license: a refund, and nothing else", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, givenBack(n, at("17:00:00"))}
	}, license.Active},
	{"license: AWS sees a risk, and another, which is there to stay", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, advised(n, at("15:00:00"), "Issued"), advised(n, at("16:00:00"), "Resolved"), advised(n, at("17:00:00"), "Issued")}
	}, license.Active},
	{"license: AWS sees a risk, which is over", byARN, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, advised(n, at("15:00:00"), "Issued"), advised(n, at("16:00:00"), "Resolved")}
	}, license.Active},
	{"legacy: a contract is bought, amended, and expires with its overage", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacyOf(n, "entitlement-updated", "", at("15:00:00")), legacyOf(n, "unsubscribe-pending", "", at("16:00:00")), legacyOf(n, "unsubscribe-success", "", at("17:00:00"))}
	}, license.Ended},
	{"license: AWS names a customer identifier too", byBoth, func(n names) []act {
		return []act{updated(n, at("14:24:23")), {"landing", "", at("14:24:44")}, ended(n, at("14:24:57"), "CANCELLED"), deprovisioned(n, at("14:25:28"))}
	}, license.Ended},
	{"legacy: subscribe", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacy(n, "entitlement-updated", at("14:24:30"))}
	}, license.Active},
	{"legacy: payment fails", byIdentifier, func(n names) []act {
		return []act{{"landing", "", at("14:24:03")}, legacy(n, "subscribe-fail", at("14:24:23"))}
	}, license.Failed},
	{"legacy: payment fails, then succeeds", byBoth, func(n names) []act {
		return []act{{"landing", "", at("14:24:03")}, legacy(n, "subscribe-fail", at("14:24:23")), legacy(n, "subscribe-success", at("14:34:23"))}
	}, license.Active},
	{"legacy: subscribe, cancel", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacy(n, "unsubscribe-pending", at("15:00:00")), legacy(n, "unsubscribe-success", at("16:00:00"))}
	}, license.Ended},
	{"legacy: subscribe, cancel, subscribe again inside the hour", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacy(n, "unsubscribe-pending", at("15:00:00")), legacy(n, "subscribe-success", at("15:30:00"))}
	}, license.Active},
	{"legacy: subscribe, cancel, subscribe again", byBoth, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacy(n, "unsubscribe-pending", at("15:00:00")), legacy(n, "unsubscribe-success", at("16:00:00")), legacy(n, "subscribe-success", at("17:00:00"))}
	}, license.Active},
	{"legacy: replaced", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacyOf(n, "subscribe-success", "offer-2", at("15:01:12")), legacyOf(n, "entitlement-updated", "", at("15:01:12"))}
	}, license.Active},
	{"legacy: replaced, then cancelled", byIdentifier, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), {"landing", "", at("14:24:44")}, legacyOf(n, "subscribe-success", "offer-2", at("15:01:12")), legacyOf(n, "unsubscribe-pending", "offer-2", at("16:00:00")), legacyOf(n, "unsubscribe-success", "offer-2", at("17:00:00"))}
	}, license.Ended},
	{"both systems tell of one customer", byBoth, func(n names) []act {
		return []act{legacy(n, "subscribe-success", at("14:24:23")), updated(n, at("14:24:25")), {"landing", "", at("14:24:44")}, legacy(n, "unsubscribe-pending", at("15:00:00")), deprovisioned(n, at("15:00:30"))}
	}, license.Ended},
}

func byARN(n names) license.Buyer {
	return license.Buyer{ProductCode: product, ARN: n.arn, Customer: n.account}
}

func byIdentifier(n names) license.Buyer {
	return license.Buyer{ProductCode: product, CustomerIdentifier: n.customer, Customer: n.account}
}

func byBoth(n names) license.Buyer {
	return license.Buyer{ProductCode: product, ARN: n.arn, CustomerIdentifier: n.customer, Customer: n.account}
}

func (s *seller) do(a act, b license.Buyer) {
	s.t.Helper()
	if a.notice != "" {
		s.deliver(a.notice)
	} else if _, err := s.book.Arrive(s.t.Context(), b, a.at); err != nil {
		s.t.Fatal(err)
	}
}

// why is by which word each story that ends by one ends.
var why = map[string]license.EndReason{
	"license: subscribe, cancel": license.Cancelled, "license: subscribe and cancel within a second": license.Cancelled, "license: the renewal is cancelled, and only Ended says so": license.Expired,
	"license: the replacement is cancelled, and only Ended says so": license.Cancelled, "license: the contract expires": license.Expired, "license: AWS ends it, and gives back": license.Terminated,
	"license: replaced, and another licence comes": license.Replaced, "license: AWS names a customer identifier too": license.Cancelled,
}

// seen is all that a buyer's licence shows, without what is this buyer's own.
type seen struct {
	Count    int
	Standing license.Standing
	Identity license.Identity
	Kinds    []license.Kind
	At       []time.Time
	Agmts    int
	Offer    core.OfferID
}

func (s *seller) look(b license.Buyer) seen {
	s.t.Helper()
	ls := s.book.ByBuyer(string(b.Customer), product)
	if len(ls) == 0 {
		return seen{}
	}
	l := ls[0]
	v := seen{Count: len(ls), Standing: l.Standing, Identity: l.Identity(), Agmts: len(l.Agreements), Offer: l.Offer}
	v.Standing.Unused = nil
	for _, f := range s.book.Facts(l.ID) {
		v.Kinds, v.At = append(v.Kinds, f.Kind), append(v.At, f.At)
	}
	return v
}

func (v seen) String() string {
	return fmt.Sprintf("%d licence(s), %s %s since %s, closes %s, metered by %s, %d agreements, facts %v", v.Count, v.Standing.State, v.Standing.EndReason, v.Standing.Since.Format(time.TimeOnly), v.Standing.ClosesAt.Format(time.TimeOnly), v.Identity, v.Agmts, v.Kinds)
}

// Every order in which a story's notices and its landing may come, each also with any one of them coming twice, ends the
// same.
func TestEveryOrderEndsTheSame(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			s := newSeller(t)
			s.clk.Set(day.Add(6 * time.Hour))
			var want seen
			buyers := 0
			try := func(order []int) {
				buyers++
				n := namesOf(buyers)
				acts, b := story.acts(n), story.buyer(n)
				for _, i := range order {
					s.do(acts[i], b)
				}
				got := s.look(b)
				if buyers == 1 {
					want = got
				}
				if got.Standing.State != story.want || got.Standing.EndReason != why[story.name] || got.Count != 1 || !reflect.DeepEqual(got, want) {
					var told []string
					for _, i := range order {
						told = append(told, acts[i].name)
					}
					t.Fatalf("%s\n ends %v\n want %v", strings.Join(told, ", "), got, want)
				}
			}
			n := len(story.acts(namesOf(0)))
			const sample = 17 // of orders of many notices; prime to their number, so that each notice is sometimes first, and sometimes last
			orders := 0
			permutations(n, func(p []int) {
				if orders++; testing.Short() && n > 4 && orders%sample != 1 { // the whole run has all of them
					return
				}
				try(p)
				if testing.Short() && n > 4 {
					return
				}
				for twice := range n {
					first := slices.Index(p, twice) + 1
					if n > 4 { // the longest are told again after everything else only: the test must stay quick
						first = n
					}
					for where := first; where <= n; where++ {
						try(slices.Insert(slices.Clone(p), where, twice))
					}
				}
			})
			left, err := s.db.Notices().WaitingNotices(t.Context(), "", 10)
			if err != nil || len(left) != 0 {
				t.Errorf("not applied: %v, %v", left, err)
			}
			s.sameAfterRestart(t)
		})
	}
}

// sameAfterRestart checks that what is kept says what memory says.
func (s *seller) sameAfterRestart(t *testing.T) {
	t.Helper()
	before := slices.Collect(s.book.All)
	s.start()
	after := slices.Collect(s.book.All)
	if len(before) != len(after) {
		t.Fatalf("%d licences before a restart, %d after", len(before), len(after))
	}
	for i := range before {
		if !reflect.DeepEqual(before[i], after[i]) {
			t.Fatalf("a restart changes\n %+v\n to %+v", before[i], after[i])
		}
	}
}

func permutations(n int, yield func([]int)) {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			yield(slices.Clone(p))
			return
		}
		for i := k; i < n; i++ {
			p[k], p[i] = p[i], p[k]
			rec(k + 1)
			p[k], p[i] = p[i], p[k]
		}
	}
	rec(0)
}

// Each step of taking in a story is broken once, before and after it took effect; the process is started again, and
// the queue delivers what was not removed.
func TestBrokenAnywhereEndsTheSame(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			run := func(f fault) (v seen, calls, notices int) {
				s := newSeller(t)
				s.clk.Set(day.Add(6 * time.Hour))
				*s.fault = f
				n := namesOf(1)
				b := story.buyer(n)
				for _, a := range story.acts(n) {
					if a.notice == "" {
						if _, err := s.book.Arrive(t.Context(), b, a.at); errors.Is(err, errCut) {
							s.start() // the buyer reloads the page after we are back
							s.do(a, b)
						} else if err != nil {
							t.Fatal(err)
						}
						continue
					}
					s.queue.send(a.notice, day)
					s.step()
					if s.fault.at >= 0 && s.fault.calls > s.fault.at {
						s.start()
						s.step()
					}
				}
				s.clk.Set(s.clk.Now().Add(time.Hour)) // past any back-off
				s.step()
				if len(s.queue.messages) != 0 {
					t.Fatalf("fault %+v: left in the queue: %v", f, s.queue.messages)
				}
				s.sameAfterRestart(t)
				ns, err := s.db.Notices().Notices(t.Context(), intake.Query{Limit: 100})
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range ns {
					if n.Outcome == intake.Received || n.Outcome == license.Held || n.Why == "" {
						t.Errorf("fault %+v: notice %s is %s: %s", f, n.Kind, n.Outcome, n.Why)
					}
				}
				return s.look(b), s.fault.calls, len(ns)
			}
			want, calls, notices := run(fault{at: -1})
			if want.Standing.State != story.want || calls == 0 {
				t.Fatalf("without a fault: %v after %d calls", want, calls)
			}
			for n := range calls {
				if testing.Short() && (n+len(story.name))%8 != 0 { // here and there, elsewhere in each story; the whole run has all
					continue
				}
				for _, after := range []bool{false, true} {
					if got, _, kept := run(fault{at: n, after: after}); !reflect.DeepEqual(got, want) || kept != notices {
						t.Errorf("call %d broken, after it took effect %v:\n %v, %d notices\n want %v, %d", n, after, got, kept, want, notices)
					}
				}
			}
		})
	}
}
