package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/relay"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// pair is two nodes on one PostgreSQL, and a licence whose buyer has arrived.
type pair struct {
	owner, other *Node
	at           map[*Node]string // where each is reached
	key          string
	products     core.Catalogue
	license      license.License
}

const pairARN = "arn:aws:license-manager::123456789012:license:l-0123456789abcdef"

func newPair(t testing.TB, products ...core.Product) *pair {
	url := pgtest.Database(t)
	p := &pair{at: map[*Node]string{}, products: products}
	p.prepare(t, url)
	p.owner, p.other = p.node(t, url, "a"), p.node(t, url, "b")
	deadline := clock.Stopwatch()
	for !p.other.gather.Ready() {
		if deadline() > time.Minute {
			t.Fatal("the node that stands by does not find out that the owner takes bundles")
		}
		if err := clock.Sleep(t.Context(), 5*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// prepare leaves a schema, a key and a licence in the database; one that is active, and has bought something, of products that are told.
func (p *pair) prepare(t testing.TB, url string) {
	t.Helper()
	need := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(t.Context(), url)
	need(err)
	_, err = db.Migrate(t.Context())
	need(err)
	need(db.Claim(t.Context(), slog.New(slog.DiscardHandler)))
	p.key, _, err = keys.Create(t.Context(), db.Keys(), clock.System{}, "test")
	need(err)
	book, err := license.OpenBook(t.Context(), db.Licenses(), clock.System{}, p.products)
	need(err)
	p.license, err = book.Arrive(t.Context(), license.Buyer{ProductCode: "p", ARN: pairARN, Customer: "111122223333"}, clock.System{}.Now())
	need(err)
	if len(p.products) > 0 {
		at := p.license.CreatedAt
		_, err := book.Note(t.Context(), license.Note{ID: "active", Kind: license.Activated, At: at, About: license.Ref{ProductCode: "p", ARN: pairARN, Customer: "111122223333"}})
		need(err)
		p.license, _ = book.ByID(p.license.ID)
		need(p.keep(t.Context(), db, entitlement.Integer(10)))
	}
	need(db.Close())
}

// node opens a node, and serves it. It keeps the books if it is the first.
func (p *pair) node(t testing.TB, url, name string) *Node {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + ln.Addr().String()
	c := Config{DatabaseURL: url, BaseURL: at, NodeURL: at, InstanceName: name, Endpoint: "http://127.0.0.1:1", Products: p.products, AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Log: slog.New(slog.DiscardHandler)}
	n, err := OpenNode(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: n.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	p.at[n] = at
	return n
}

// post asks a node for its answer to usage events, as it is seen from outside.
func (p *pair) post(ctx context.Context, n *Node, path, contentType, key, body string) (string, error) {
	return p.ask(ctx, n, http.MethodPost, path, contentType, key, body)
}

// ask is post with any method.
func (p *pair) ask(ctx context.Context, n *Node, method, path, contentType, key, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.at[n]+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, res.Body); err != nil {
		return "", err
	}
	res.Header.Del("Date")
	return fmt.Sprint(res.StatusCode, res.Header, text.String()), nil
}

// A node may be asked to end in the moment in which it takes the books over. A sandbox whose clock it has begun to follow must not wait for it.
func TestANodeThatEndsAsItTakesOverLeavesTheClock(t *testing.T) {
	url := pgtest.Database(t)
	leader := lockstep.NewLeader(clock.NewVirtual(time.Date(2026, 11, 10, 9, 20, 0, 0, time.UTC)), idle{})
	end, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := make(chan string, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+lockstep.Path+"/{name}", func(w http.ResponseWriter, r *http.Request) {
		var poll lockstep.Poll
		err := json.NewDecoder(r.Body).Decode(&poll)
		var answer lockstep.Answer
		if err == nil {
			answer, err = leader.Serve(r.Context(), r.PathValue("name"), poll)
		}
		if err == nil {
			err = json.NewEncoder(w).Encode(answer)
		}
		if err != nil {
			t.Log(err) // it has gone
		}
		if r.PathValue("name") == "b" {
			go func() { // most likely while it reads the books; at any other time it must leave as well
				_ = clock.Sleep(end, 3*time.Millisecond)
				cancel()
			}()
		}
	})
	mux.HandleFunc("DELETE "+lockstep.Path+"/{name}", func(_ http.ResponseWriter, r *http.Request) {
		leader.Leave(r.PathValue("name"))
		heard <- r.PathValue("name")
	})
	sandbox := httptest.NewServer(mux)
	defer sandbox.Close()
	open := func(name string) *Node {
		n, err := OpenNode(t.Context(), Config{DatabaseURL: url, BaseURL: "http://" + name, NodeURL: "http://" + name, InstanceName: name, ClockURL: sandbox.URL, Endpoint: sandbox.URL,
			AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, b := open("a"), open("b")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(end); err != nil {
		t.Error(err)
	}
	for name := range heard {
		if name == "b" {
			break
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// idle has nothing to do.
type idle struct{}

func (idle) Step(context.Context) (at time.Time, ok bool, err error) { return at, false, nil }

// badEvents are in the plain form, with SRC for their source.
var badEvents = []string{`"text"`, `{"id":"1","unknown":1}`, `{}`, `{"id":"x","source":"SRC","license":7}`, `{"id":"x","source":"SRC","quantity":true}`,
	`{"id":"x","source":"SRC","license":"l","dimension":"d","quantity":1,"time":"yesterday"}`}

// What a node that stands by answers to usage events is what the owner answers, to the byte.
func TestAStandbyAnswersLikeTheOwner(t *testing.T) {
	p := newPair(t)
	now := clock.System{}.Now().Truncate(time.Second)
	event := func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
			return rapid.SampledFrom(badEvents).Draw(t, "event")
		}
		return fmt.Sprintf(`{"id":"%s","source":"SRC","license":%s,"dimension":"gb","quantity":%s,"time":"%s","tags":{"a":"%s"}}`,
			rapid.StringMatching(`[a-d][0-9]`).Draw(t, "id"),
			rapid.SampledFrom([]string{`"` + pairARN + `"`, `"` + pairARN + `"`, `{"account":"111122223333","product":"p"}`, `{"account":"1","product":"p"}`, `"nobody's"`, `""`}).Draw(t, "license"),
			rapid.SampledFrom([]string{"1", "1", "1", `"2.5"`, "-1", `"many"`, "1e30"}).Draw(t, "quantity"),
			now.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 0, 60, 24 * 60, 60 * 24 * 60, -60}).Draw(t, "minutes ago"))*time.Minute).Format(time.RFC3339),
			rapid.SampledFrom([]string{"b", "c"}).Draw(t, "tag"))
	}
	cloud := func(t *rapid.T) string {
		return fmt.Sprintf(`{"specversion":"%s","id":"%s","source":"SRC","type":"souk.usage","subject":"%s","time":"%s","data":{"dimension":"gb","quantity":%s}}`,
			rapid.SampledFrom([]string{"1.0", "1.0", "0.3"}).Draw(t, "version"), rapid.StringMatching(`[e-h][0-9]`).Draw(t, "id"), rapid.SampledFrom([]string{pairARN, pairARN, "nobody's"}).Draw(t, "subject"),
			now.Format(time.RFC3339), rapid.SampledFrom([]string{"1", "1", "2"}).Draw(t, "quantity"))
	}
	same := func(t rapid.TB, contentType, key, body string) {
		want, err := p.post(context.Background(), p.owner, "/v1/events", contentType, key, strings.ReplaceAll(body, "SRC", "o"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.post(context.Background(), p.other, "/v1/events", contentType, key, strings.ReplaceAll(body, "SRC", "s"))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("to %s %.500s the node that stands by answers\n%.1000s\nand the owner\n%.1000s", contentType, body, got, want)
		}
	}
	for _, many := range []int{9_999, 10_000} { // as many as a request may have, and one more
		same(t, "application/json", p.key, "["+strings.Repeat("{},", many)+"{}]")
	}
	rapid.Check(t, func(t *rapid.T) {
		var contentType, body string
		some := func(one func(*rapid.T) string, sep string) string {
			return strings.Join(rapid.SliceOfN(rapid.Custom(one), 0, 8).Draw(t, "events"), sep)
		}
		switch rapid.IntRange(0, 7).Draw(t, "form") {
		case 0:
			contentType, body = "application/json", event(t)
		case 1, 2:
			contentType, body = rapid.SampledFrom([]string{"", "application/json", "application/x-www-form-urlencoded"}).Draw(t, "type"), "["+some(event, ",")+"]"
		case 3, 4:
			contentType, body = "application/x-ndjson", some(event, "\n")
		case 5:
			contentType, body = "application/cloudevents+json", cloud(t)
		case 6:
			contentType, body = "application/cloudevents-batch+json", "["+some(cloud, ",")+"]"
		default:
			contentType, body = rapid.SampledFrom([]string{"text/plain", "application/json", "application/cloudevents+json", "application/x-ndjson"}).Draw(t, "type"), rapid.SampledFrom([]string{"", "[", "nonsense", "{}"}).Draw(t, "nonsense")
		}
		key := rapid.SampledFrom([]string{p.key, p.key, p.key, p.key, p.key, "", "souk_guess", "guess"}).Draw(t, "key")
		same(t, contentType, key, body)
	})
	metrics := httptest.NewRecorder()
	p.other.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(metrics.Body.String(), `souk_node_requests_total{outcome="gathered"}`) || strings.Contains(metrics.Body.String(), `souk_node_requests_total{outcome="brought"}`) {
		t.Errorf("the events were not gathered: %s", metrics.Body)
	}
}

// Nobody but a node may say that events were told with a working key, whichever way it asks.
func TestGatheredEventsAreTakenOfNodesAlone(t *testing.T) {
	p := newPair(t)
	for name, n := range map[string]*Node{"owner": p.owner, "other": p.other} {
		got, err := p.post(t.Context(), n, relay.EventsPath, "", p.key, "\x01")
		if err != nil || !strings.HasPrefix(got, "404") || !strings.Contains(got, "nothing_here") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// The owner remembers when a key was used that only another node has seen.
func TestAKeyThatIsUsedElsewhere(t *testing.T) {
	p := newPair(t)
	if _, err := p.post(t.Context(), p.other, "/v1/events", "", p.key, `[{"id":"1"}]`); err != nil {
		t.Fatal(err)
	}
	k, err := p.owner.joined.Load().Keys().KeyByHash(t.Context(), keys.HashOf(p.key))
	if err != nil || k.UsedAt.IsZero() {
		t.Errorf("%+v, %v", k, err)
	}
}
