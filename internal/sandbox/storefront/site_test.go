package storefront

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/job"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/inbox"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/ops/metering"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui/webuitest"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const (
	acme      = "111122223333"
	globex    = "222233334444"
	inkwell   = "prod-inkwell00payg"
	classic   = "prod-inkwellclassc"
	sellerURL = "http://127.0.0.1:4710/register"
)

// site is a storefront on a real market, under a clock that stands still.
type site struct {
	t       *testing.T
	world   *world.World
	leader  *lockstep.Leader
	clock   *clock.Virtual
	calls   *wire.Calls
	faults  *fault.Set
	inbox   *inbox.Inbox
	queues  *queue.Service
	aws     *wire.Front
	changes atomic.Uint64
	made    atomic.Uint64 // ids
	url     string
	front   *Storefront
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, world.Builtin())
}

// ownBuiltin is the built-in world's file, for a test that changes it.
func ownBuiltin(t *testing.T) *world.File {
	t.Helper()
	f, err := world.ParseFile(world.Builtin().Source)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newSiteOf(t *testing.T, f *world.File) *site {
	t.Helper()
	s := &site{t: t, clock: clock.NewVirtual(noon), calls: &wire.Calls{}, faults: &fault.Set{}}
	log := slog.New(slog.DiscardHandler)
	s.inbox = inbox.New(s.clock, log)
	s.queues = queue.New(queue.Options{Clock: s.clock, NewID: s.newID})
	rules, err := bus.New(bus.Options{Clock: s.clock, NewID: s.newID, Builtin: notice.BuiltinRules(f.Sellers)})
	if err != nil {
		t.Fatal(err)
	}
	topics := topic.New(topic.Options{Clock: s.clock, NewID: s.newID, Base: func() string { return s.url }, Wired: notice.DefaultQueue})
	desk := notice.NewDesk(notice.Options{Clock: s.clock, Queue: s.queues, Topics: topics, Bus: rules, Log: log,
		Draw: func(world.Notice) (fault.Rule, bool) { return s.faults.Draw(fault.Notification) }})
	w, err := world.New(world.Options{File: f, Seed: 1, FulfillmentURL: sellerURL, SignInURL: "http://127.0.0.1:4720/", Sink: desk.Accept,
		Record: func(world.Command) error { s.changes.Add(1); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	s.world = w
	if err := notice.MakeQueues(s.queues, w.Sellers()); err != nil {
		t.Fatal(err)
	}
	s.leader = lockstep.NewLeader(s.clock, job.New(s.clock, log, job.Job{Name: "market",
		Due: func(context.Context) (time.Time, bool, error) { at, ok := w.Due(); return at, ok, nil },
		Run: func(context.Context) (bool, error) { return w.RunDue(s.clock.Now()) }},
		job.Job{Name: "notices",
			Due: func(context.Context) (time.Time, bool, error) { at, ok := desk.Due(); return at, ok, nil },
			Run: func(ctx context.Context) (bool, error) { return desk.RunDue(ctx), nil }}))
	if s.front, err = New(t.Context(), Options{World: w, Clock: s.clock, Time: s.leader, Log: log, Calls: s.calls, Faults: s.faults, Desk: desk, Inbox: s.inbox,
		Channels: channel.New(channel.Options{World: w, Topics: topics, Bus: rules, Queues: s.queues, Desk: desk}),
		Changes:  func() uint64 { return s.changes.Load() + s.calls.Made() + s.faults.Changes() }, Reset: func() error { return w.Reset(s.clock.Now()) }}); err != nil {
		t.Fatal(err)
	}
	s.aws = &wire.Front{Clock: s.clock, Accounts: w, Faults: s.faults, Calls: s.calls, Log: log, NewID: s.newID}
	s.aws.Register(metering.Service(w))
	server := httptest.NewServer(s.front)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// newID is a UUID: the first, second and so on are the same in every site, so that pages are, and their pictures.
func (s *site) newID() string {
	return uuid.NewSHA1(uuid.NameSpaceOID, binary.BigEndian.AppendUint64(nil, s.made.Add(1))).String()
}

// bare is the same storefront without the parts that it can do without.
func (s *site) bare() *Storefront {
	s.t.Helper()
	bare, err := New(s.t.Context(), Options{World: s.world, Clock: s.clock, Time: s.leader, Log: s.front.opt.Log})
	if err != nil {
		s.t.Fatal(err)
	}
	return bare
}

// call asks the metering API, as a seller's program would.
func (s *site) call(operation, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSMPMeteringService."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261102/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	r.Header.Set("X-Amz-Date", s.clock.Now().Format("20060102T150405Z"))
	w := httptest.NewRecorder()
	s.aws.ServeHTTP(w, r)
	return w
}

// visitor is a browser without scripts.
type visitor struct {
	*site
	http   *http.Client
	status int
	header http.Header
	at     string // path of the page shown
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{site: s, http: &http.Client{Jar: jar}}
}

// as is a visitor who has picked a buyer.
func (s *site) as(buyer string) *visitor {
	v := s.visitor()
	v.post("/buyer", url.Values{"account": {buyer}, "back": {"/"}})
	return v
}

func (v *visitor) get(path string) webuitest.Node {
	v.t.Helper()
	return v.do("GET", path, "", nil)
}

func (v *visitor) post(path string, form url.Values) webuitest.Node {
	v.t.Helper()
	return v.do("POST", path, form.Encode(), http.Header{"Origin": {v.url}, "Sec-Fetch-Site": {"same-origin"}, "Referer": {v.url + v.at}})
}

func (v *visitor) do(method, path, body string, header http.Header) webuitest.Node {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for k := range header {
		req.Header.Set(k, header.Get(k))
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	v.status, v.header, v.at = res.StatusCode, res.Header, res.Request.URL.RequestURI()
	page := webuitest.Parse(v.t, res.Body)
	webuitest.Check(v.t, page)
	return page
}

// send sends the form of page whose action is action, as a browser does without scripts.
func (v *visitor) send(page webuitest.Node, action string, fill ...string) webuitest.Node {
	v.t.Helper()
	fields := page.Form(v.t, action).Fields()
	for i := 0; i+1 < len(fill); i += 2 {
		fields.Set(fill[i], fill[i+1])
	}
	return v.post(action, fields)
}

// subscribe buys a product and returns the agreement's id.
func (v *visitor) subscribe(product string) string {
	v.t.Helper()
	v.send(v.get("/products/"+product), "/products/"+product+"/subscribe")
	id, ok := strings.CutPrefix(strings.TrimSuffix(v.at, "/confirmation"), "/subscriptions/")
	if !ok || v.status != http.StatusOK {
		v.t.Fatalf("subscribing led to %s, %d", v.at, v.status)
	}
	return id
}

func (s *site) advance(d time.Duration) {
	s.t.Helper()
	if _, err := s.leader.Advance(s.t.Context(), s.clock.Now().Add(d)); err != nil {
		s.t.Fatal(err)
	}
}
