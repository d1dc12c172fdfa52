package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const hook = "/services/T0000/B0000/wordsthatopen"

// slack is an incoming webhook, over HTTP.
type slack struct {
	*httptest.Server
	mu     sync.Mutex
	status []int // of the next answers; then 200
	said   []string
	asked  []time.Time
	clk    clock.Clock
}

func newSlack(t *testing.T, clk clock.Clock) *slack {
	s := &slack{clk: clk}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, clk.Now())
		body, err := io.ReadAll(r.Body)
		var p map[string]string
		if err != nil || json.Unmarshal(body, &p) != nil || len(p) != 1 || p["text"] == "" || r.Header.Get("Content-Type") != "application/json" || r.URL.Path != hook {
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		if len(s.status) > 0 {
			code := s.status[0]
			s.status = s.status[1:]
			if code == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "1800")
			}
			http.Error(w, "no_service", code)
			return
		}
		s.said = append(s.said, p["text"])
		fmt.Fprint(w, "ok")
	}))
	t.Cleanup(s.Close)
	return s
}

// house is a gateway's outbox with one room, and all that was logged.
type house struct {
	t      *testing.T
	db     *store.DB
	clk    *clock.Virtual
	chat   *Service
	told   *outbox.Service
	runner *job.Runner
	slack  *slack
	log    bytes.Buffer
}

func newHouse(t *testing.T, events ...string) *house {
	h := &house{t: t, db: storetest.Open(t), clk: clock.NewVirtual(noon)}
	h.slack = newSlack(t, h.clk)
	log := slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	local, err := courier.ParseNetworks("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	h.chat, err = New(Config{Rooms: []Room{{Name: "ops", URL: h.slack.URL + hook, Events: events}}, Poster: courier.New(local), Console: "https://buy.example.com/console", Clock: h.clk, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.told = outbox.New(outbox.Config{Store: h.db.Outbox(), Channels: []outbox.Channel{h.chat}, Clock: h.clk, Log: log})
	h.chat.Use(h.told)
	mended := func(context.Context, alert.Alert) (bool, error) { return false, nil }
	alerts := alert.New(alert.Config{Store: h.db.Alerts(), Clock: h.clk, Log: log, Stands: map[outbox.Kind]func(context.Context, alert.Alert) (bool, error){
		outbox.AlertCallsDenied: mended, outbox.AlertRecordsRefused: mended, outbox.AlertDeadlineNear: mended, outbox.AlertProductUnknown: mended, outbox.AlertBuyerAdvised: mended, outbox.AlertQueueAway: mended, outbox.AlertEntitlementsStale: mended}})
	h.runner = job.New(h.clk, log, append(h.told.Jobs(), alerts.Job())...)
	return h
}

func (h *house) until(end time.Time) {
	h.t.Helper()
	for {
		next, ok, err := h.runner.Step(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if !ok || next.After(end) {
			h.clk.Set(end)
			return
		}
		h.clk.Set(next)
	}
}

func (h *house) find(cause, say string) {
	h.t.Helper()
	err := h.db.Licenses().CommitChange(h.t.Context(), license.Change{Found: []alert.Finding{{Kind: outbox.AlertProductUnknown, Cause: cause, License: "lic_1", Say: say, At: h.clk.Now()}}})
	if err != nil {
		h.t.Fatal(err)
	}
}

// A cause that is found a thousand times is one message, which says what happened, what to do and where to look; that it is
// resolved is another.
func TestOneCauseIsOneMessage(t *testing.T) {
	h := newHouse(t)
	for range 1000 {
		h.find("p", "AWS tells of <!channel> the product A&B <https://evil.example|p>.")
	}
	h.until(noon.Add(time.Minute))
	id := string(alert.Finding{Kind: outbox.AlertProductUnknown, Cause: "p"}.Names())
	if len(h.slack.said) != 1 {
		t.Fatalf("said %q", h.slack.said)
	}
	for _, want := range []string{"*AWS tells of a product that is not configured here*", "A&amp;B", "&lt;!channel&gt;", "&lt;https://evil.example|p&gt;", "What to do: Add the product", "licence lic_1", "evt_",
		"<https://buy.example.com/console/alerts/" + id + "|Look at it in the console>"} {
		if !strings.Contains(h.slack.said[0], want) {
			t.Errorf("%q does not say %q", h.slack.said[0], want)
		}
	}
	if n := strings.Count(h.slack.said[0], "<"); n != 1 {
		t.Errorf("%d things begin with <, want the one link", n)
	}
	h.until(noon.Add(time.Hour))
	if len(h.slack.said) != 2 || !strings.HasPrefix(h.slack.said[1], "*Resolved: AWS tells") || strings.Contains(h.slack.said[1], "What to do") {
		t.Errorf("said %q", h.slack.said)
	}
	if strings.Contains(h.log.String(), "wordsthatopen") {
		t.Error("the log shows the URL")
	}
}

// A room that says when to go on is left alone until then, with everything that is for it.
func TestRetryAfterHoldsTheRoom(t *testing.T) {
	h := newHouse(t)
	h.slack.status = []int{http.StatusTooManyRequests}
	h.find("a", "One.")
	h.until(noon.Add(time.Second))
	h.find("b", "Two.")
	h.find("c", "Three.")
	h.until(noon.Add(3 * time.Hour))
	if len(h.slack.asked) < 4 || h.slack.asked[1].Before(noon.Add(30*time.Minute)) {
		t.Errorf("asked at %v", h.slack.asked)
	}
	if said := strings.Join(h.slack.said, "\n"); !strings.Contains(said, "One.") || !strings.Contains(said, "Two.") || !strings.Contains(said, "Three.") {
		t.Errorf("said %q", said)
	}
}

// A webhook that is gone is given up at once, and somebody should look at that; one that is unwell is tried again.
func TestAnswers(t *testing.T) {
	for status, want := range map[int]outbox.State{200: outbox.Delivered, 204: outbox.Delivered, 302: outbox.Pending, 400: outbox.Dead, 403: outbox.Dead, 404: outbox.Dead, 408: outbox.Pending, 410: outbox.Dead,
		429: outbox.Pending, 500: outbox.Pending, 503: outbox.Pending} {
		h := newHouse(t, "alert.product_unknown")
		if status != 200 {
			h.slack.status = []int{status}
		}
		h.find("p", "Say.")
		h.until(noon.Add(time.Second))
		list, err := h.told.Deliveries(t.Context(), outbox.Query{Limit: 10})
		if err != nil || len(list) != 1 || list[0].State != want {
			t.Errorf("%d: %+v, %v; want %s", status, list, err, want)
			continue
		}
		if strings.Contains(list[0].Why, "wordsthatopen") {
			t.Errorf("%d: the reason shows the URL: %s", status, list[0].Why)
		}
		_, err = h.db.Alerts().Alert(t.Context(), alert.GivenUp(list[0]).Names())
		if (err == nil) != (want == outbox.Dead) {
			t.Errorf("%d: the alert that it was given up: %v", status, err)
		}
	}
}

// A room is told what it wants, and nothing that is for one person.
func TestRoomsChoose(t *testing.T) {
	for _, c := range []struct {
		events outbox.Filter
		kind   outbox.Kind
		want   int
	}{
		{nil, outbox.AlertCallsDenied, 1}, {nil, outbox.CorrectionProposed, 0}, {outbox.Filter{"correction.proposed"}, outbox.CorrectionProposed, 1}, {outbox.Filter{"correction.proposed"}, outbox.AlertCallsDenied, 0},
		{outbox.Filter{"*"}, outbox.LicenseActive, 1}, {outbox.Filter{"*"}, outbox.ResetAsked, 0}, {outbox.Filter{"*"}, outbox.WebhookTest, 0}, {outbox.Filter{"*"}, Test, 0},
	} {
		h := newHouse(t, c.events...)
		ts, err := h.chat.Plan(t.Context(), outbox.Event{Kind: c.kind})
		if err != nil || len(ts) != c.want {
			t.Errorf("%v of %v: %v, %v", c.kind, c.events, ts, err)
		}
	}
	h := newHouse(t, "*")
	if err := h.db.Licenses().CommitChange(t.Context(), license.Change{Tell: []outbox.Event{outbox.NewEvent(outbox.CorrectionProposed, noon, outbox.Subject{License: "lic_1"}, map[string]string{})}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.chat.Test(t.Context(), "ops"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.chat.Test(t.Context(), "nobody"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a test for nobody: %v", err)
	}
	h.until(noon.Add(time.Second))
	said := strings.Join(h.slack.said, "\n")
	if !strings.Contains(said, "This is a test") || !strings.Contains(said, "*A billing adjustment is proposed; a person approves or rejects it*") || !strings.Contains(said, "/console/licenses/lic_1|") {
		t.Errorf("said %q", said)
	}
}

// What cannot be is refused, without its URL.
func TestRoomsThatCannotBe(t *testing.T) {
	good := "https://hooks.slack.com" + hook
	for name, rooms := range map[string][]Room{
		"no name": {{URL: good}}, "name": {{Name: "Ops Team", URL: good}}, "twice": {{Name: "a", URL: good}, {Name: "a", URL: good}}, "events": {{Name: "a", URL: good, Events: outbox.Filter{"alert.nothing"}}},
		"no URL": {{Name: "a"}}, "scheme": {{Name: "a", URL: "ftp://hooks.slack.com" + hook}}, "nonsense": {{Name: "a", URL: "https://[" + hook}}, "control": {{Name: "a", URL: good + "\x7f"}},
		"inside": {{Name: "a", URL: "http://127.0.0.1" + hook}}, "no TLS": {{Name: "a", URL: "http://hooks.slack.com" + hook}}, "too many": make([]Room, MaxRooms+1),
	} {
		_, err := New(Config{Rooms: rooms, Poster: courier.New(nil)})
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err)+fail.SayOf(err), "wordsthatopen") {
			t.Errorf("%s: the error shows the URL: %v", name, err)
		}
	}
}

// FuzzWords checks that nothing that others write becomes a link or addresses anybody.
func FuzzWords(f *testing.F) {
	f.Add("<!here>", "lic_1")
	f.Add("a&b>c", "<@U0>")
	f.Fuzz(func(t *testing.T, say, id string) {
		_, tell := alert.Alert{}.Found(alert.Finding{Kind: outbox.AlertNoticeUnread, Cause: say, About: id, Say: say, At: noon})
		for _, e := range tell {
			said := words(e, "https://buy.example.com/console")
			if strings.Count(said, "<") != 1 || strings.Count(said, ">") != 1 || !strings.HasSuffix(said, "|Look at it in the console>") {
				t.Errorf("%q became %q", say, said)
			}
		}
	})
}
