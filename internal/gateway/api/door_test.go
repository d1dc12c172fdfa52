package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/httpx"
)

// house is a door over a real database.
type house struct {
	*api.Door
	db   *store.DB
	clk  *clock.Virtual
	book *license.Book
	key  string
}

type calls func(d *api.Door)

func (c calls) Mount(d *api.Door) { c(d) }

func open(t *testing.T, groups ...api.Mounter) house {
	t.Helper()
	db := storetest.Open(t)
	h := house{db: db, clk: clock.NewVirtual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))}
	var err error
	if h.book, err = license.OpenBook(t.Context(), db.Licenses(), h.clk, nil); err != nil {
		t.Fatal(err)
	}
	if h.key, _, err = keys.Create(t.Context(), db.Keys(), h.clk, "test"); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	groups = append(groups, api.Licenses{Directory: h.book, Facts: h.book.Facts})
	h.Door = api.NewDoor(keys.NewRing(db.Keys(), h.clk, log), db.Answers(), audit.New(db.Audit(), h.clk), h.clk, log, groups...)
	return h
}

func (h house) call(method, path, body, idempotencyKey string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "bearer "+h.key)
	if idempotencyKey != "" {
		r.Header.Set(api.IdempotencyHeader, idempotencyKey)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestIdempotencyKey(t *testing.T) {
	made := 0
	status := http.StatusCreated
	h := open(t, calls(func(d *api.Door) {
		d.Create("POST /v1/things", func(w http.ResponseWriter, r *http.Request) error {
			made++
			if status >= 500 {
				return fail.New(fail.Later, "away", "Later.")
			}
			if status == http.StatusBadRequest {
				return fail.New(fail.Invalid, "bad", "Bad.")
			}
			w.Header().Set("Location", fmt.Sprint("/v1/things/", made))
			return httpx.JSON(w, status, made)
		})
	}))
	post := func(body, key string, wantStatus, wantMade int, wantBody string, replayed bool) {
		t.Helper()
		w := h.call("POST", "/v1/things", body, key)
		if w.Code != wantStatus || made != wantMade || !strings.Contains(w.Body.String(), wantBody) || (w.Header().Get("Idempotency-Replayed") == "true") != replayed {
			t.Errorf("key %q: %d %s (made %d, replayed %q); want %d %s (made %d, replayed %v)", key, w.Code, w.Body, made, w.Header().Get("Idempotency-Replayed"), wantStatus, wantBody, wantMade, replayed)
		}
	}
	post("{}", "", 201, 1, "1", false)
	post("{}", "", 201, 2, "2", false)
	post("{}", "k", 201, 3, "3", false)
	post("{}", "k", 201, 3, "3", true)
	if w := h.call("POST", "/v1/things", "{}", "k"); w.Header().Get("Location") != "/v1/things/3" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("replayed with headers %v", w.Header())
	}
	post(`{"a":1}`, "k", 409, 3, "idempotency_key_reused", false)
	post("{}", strings.Repeat("k", 300), 400, 3, "idempotency_key", false)
	status = 503
	post("{}", "later", 503, 4, "away", false)
	status = 201
	post("{}", "later", 201, 5, "5", false) // what failed on our side is done again
	status = 400
	post("{}", "bad", 400, 6, "bad", false)
	status = 201
	post("{}", "bad", 400, 6, "bad", true)
	h.clk.Set(h.clk.Now().Add(api.AnswerLife))
	post("{}", "k", 201, 7, "7", false)
}

func TestIdempotencyKeyWhileTheFirstIsAtWork(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := open(t, calls(func(d *api.Door) {
		d.Create("POST /v1/things", func(w http.ResponseWriter, r *http.Request) error {
			close(entered)
			<-leave
			return httpx.JSON(w, http.StatusCreated, "made")
		})
	}))
	var wg sync.WaitGroup
	wg.Go(func() {
		if w := h.call("POST", "/v1/things", "{}", "k"); w.Code != 201 {
			t.Errorf("the first: %d %s", w.Code, w.Body)
		}
	})
	<-entered
	if w := h.call("POST", "/v1/things", "{}", "k"); w.Code != 409 || !strings.Contains(w.Body.String(), "in_progress") {
		t.Errorf("the second: %d %s", w.Code, w.Body)
	}
	close(leave)
	wg.Wait()
}

func TestKeysOfOneAnotherDoNotMeet(t *testing.T) {
	made := 0
	h := open(t, calls(func(d *api.Door) {
		d.Create("POST /v1/things", func(w http.ResponseWriter, r *http.Request) error {
			made++
			return httpx.JSON(w, http.StatusCreated, made)
		})
	}))
	h.call("POST", "/v1/things", "{}", "k")
	var err error
	if h.key, _, err = keys.Create(t.Context(), h.db.Keys(), h.clk, "other"); err != nil {
		t.Fatal(err)
	}
	if w := h.call("POST", "/v1/things", "{}", "k"); made != 2 || w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("another API key was given the first one's answer: %s", w.Body)
	}
}

func TestLicensesByPages(t *testing.T) {
	h := open(t)
	const n = 7
	for i := range n {
		if i%3 == 0 { // some are made in the same instant
			h.clk.Set(h.clk.Now().Add(time.Second))
		}
		_, err := h.book.Arrive(t.Context(), license.Buyer{ProductCode: "p", ARN: core.LicenseARN(fmt.Sprint("arn:aws:license-manager::1:license:l-", i)), Customer: "111122223333"}, h.clk.Now())
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	pages := 0
	for cursor := ""; ; pages++ {
		var page struct {
			Items []struct{ ID, State, Why, Since string }
			Next  string
		}
		w := h.call("GET", "/v1/licenses?limit=3&state=pending&cursor="+cursor, "", "")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		for _, l := range page.Items {
			if seen[l.ID] || l.State != "pending" || l.Why == "" || l.Since == "" {
				t.Errorf("%+v, seen before %v", l, seen[l.ID])
			}
			seen[l.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != n || pages != 2 {
		t.Errorf("%d licences on %d pages", len(seen), pages+1)
	}
	if w := h.call("GET", "/v1/licenses?state=ended", "", ""); strings.TrimSpace(w.Body.String()) != `{"items":[]}` {
		t.Errorf("ended: %s", w.Body)
	}
}

func TestLicenseByARN(t *testing.T) {
	h := open(t)
	const arn = "arn:aws:license-manager::1:license/l-1" // with a slash, as some pages print it
	l, err := h.book.Arrive(t.Context(), license.Buyer{ProductCode: "p", ARN: arn, Customer: "111122223333"}, h.clk.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := h.call("GET", "/v1/licenses/arn:aws:license-manager::1:license%2Fl-1", "", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"`+string(l.ID)+`"`) || !strings.Contains(w.Body.String(), `"kind":"arrived"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
