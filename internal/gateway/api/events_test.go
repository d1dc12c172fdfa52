package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// taker keeps what it is given, and rejects events whose id is "no".
type taker struct{ got []usage.Event }

func (k *taker) Accept(_ context.Context, _ string, es []usage.Event) (res usage.Result, err error) {
	for i, e := range es {
		if e.ID == "no" {
			res.Rejected = append(res.Rejected, usage.Rejection{Index: i, ID: e.ID, Code: "unknown_license", Message: "no"})
			continue
		}
		k.got = append(k.got, e)
		res.Accepted++
	}
	return res, nil
}

func postEvents(t *testing.T, contentType, body string) (*taker, int, eventsOut) {
	t.Helper()
	k := &taker{}
	r := httptest.NewRequest("POST", "/v1/events", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h := Events{Intake: k}
	err := h.post(w, r)
	var out eventsOut
	if err != nil {
		return k, httpx.Status(fail.KindOf(err)), out
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return k, w.Code, out
}

var ten = time.Date(2026, 11, 1, 10, 15, 0, 0, time.UTC)

func TestEventsInEveryForm(t *testing.T) {
	const plain = `{"id":"e1","license":"arn:1","dimension":"gb","quantity":"12.50","time":"2026-11-01T10:15:00Z","tags":{"BusinessUnit":"Ops"}}`
	const ce = `{"specversion":"1.0","id":"e1","source":"","type":"souk.usage","subject":"arn:1","time":"2026-11-01T10:15:00Z","datacontenttype":"application/json","traceparent":"00-1","data":{"dimension":"gb","quantity":12.50,"tags":{"BusinessUnit":"Ops"}}}`
	withSource := strings.Replace(ce, `"source":""`, `"source":"s"`, 1)
	for _, c := range []struct {
		name, contentType, body, source string
		events                          int
	}{
		{"one", "application/json", plain, "", 1},
		{"no media type", "", plain, "", 1},
		{"array", "application/json; charset=utf-8", "[" + plain + "," + plain + "]", "", 2},
		{"number", "application/json", strings.Replace(plain, `"12.50"`, `12.50`, 1), "", 1},
		{"lines", "application/x-ndjson", plain + "\r\n\n" + plain, "", 2},
		{"CloudEvent", "application/cloudevents+json", withSource, "s", 1},
		{"CloudEvents", "application/cloudevents-batch+json; charset=utf-8", "[" + withSource + "]", "s", 1},
	} {
		k, status, out := postEvents(t, c.contentType, c.body)
		if status != http.StatusOK || out.Accepted != c.events || len(out.Rejected) != 0 {
			t.Errorf("%s: %d %+v", c.name, status, out)
			continue
		}
		for _, e := range k.got {
			if e.ID != "e1" || e.Source != c.source || e.License.Name != "arn:1" || e.Dimension != "gb" || e.Quantity != "12.50" || !e.Time.Equal(ten) || e.Tags["BusinessUnit"] != "Ops" {
				t.Errorf("%s: %+v", c.name, e)
			}
		}
	}
}

func TestALicenceByAccountAndProduct(t *testing.T) {
	k, _, _ := postEvents(t, "application/json", `{"id":"e1","license":{"account":"111122223333","product":"p"},"dimension":"gb","quantity":1}`)
	if len(k.got) != 1 || k.got[0].License != (usage.Ref{Account: "111122223333", Product: "p"}) || !k.got[0].Time.IsZero() {
		t.Errorf("%+v", k.got)
	}
}

func TestABadEventDoesNotSinkItsNeighbours(t *testing.T) {
	good := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"license":"l","dimension":"d","quantity":1}`, id)
	}
	bad := []struct{ event, code string }{
		{`{"id":"b1","license":"l","dimension":"d","quantity":true}`, "bad_quantity"},
		{`{"id":"b2","license":"l","dimension":"d","quantity":[1]}`, "bad_quantity"},
		{`{"id":"b3","license":7,"dimension":"d","quantity":1}`, "unknown_license"},
		{`{"id":"b4","license":"l","dimension":"d","quantity":1,"time":"yesterday"}`, "bad_time"},
		{`{"id":"b5","license":"l","dimension":"d","quantity":1,"quanitty":2}`, "bad_event"},
		{`"nothing"`, "bad_event"},
		{`{"id":5,"license":"l","dimension":"d","quantity":1}`, "bad_event"},
		{good("no"), "unknown_license"},
	}
	var parts []string
	for i, b := range bad {
		parts = append(parts, b.event, good(fmt.Sprint("g", i)))
	}
	for name, body := range map[string]string{"application/json": "[" + strings.Join(parts, ",") + "]", "application/x-ndjson": strings.Join(parts, "\n")} {
		k, status, out := postEvents(t, name, body)
		if status != http.StatusOK || out.Accepted != len(bad) || len(k.got) != len(bad) || len(out.Rejected) != len(bad) {
			t.Fatalf("%s: %d %+v", name, status, out)
		}
		for i, r := range out.Rejected {
			if r.Index != 2*i || r.Code != bad[i].code || r.Message == "" {
				t.Errorf("%s: %+v, want index %d, %s", name, r, 2*i, bad[i].code)
			}
		}
	}
}

func TestBodiesThatAreNoEvents(t *testing.T) {
	for _, c := range []struct{ contentType, body string }{
		{"application/json", ""}, {"application/json", "  "}, {"application/json", "{"}, {"application/json", "[1,"}, {"application/x-ndjson", "\n\n"},
		{"text/plain", "{}"}, {"application/cloudevents+json", "{"}, {"application/cloudevents-batch+json", "{}"},
		{"application/json", "[" + strings.Repeat("{},", maxEvents) + "{}]"},
		{"application/json", `{"id":"` + strings.Repeat("x", maxEventsBody) + `"}`},
	} {
		if k, status, out := postEvents(t, c.contentType, c.body); status != http.StatusBadRequest || len(k.got) != 0 {
			t.Errorf("%s %.40q: %d %+v", c.contentType, c.body, status, out)
		}
	}
}

func FuzzEventForms(f *testing.F) {
	types := []string{"application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json"}
	for i := range types {
		f.Add(i, []byte(`{"id":"e","license":{"account":"a","product":"p"},"dimension":"d","quantity":1e3}`))
		f.Add(i, []byte(`[{"specversion":"1.0","id":"e","source":"s","type":"souk.usage","subject":"l","data":{"dimension":"d","quantity":"1"}},null]`))
	}
	f.Fuzz(func(t *testing.T, form int, body []byte) {
		decode, err := eventDecoder(types[uint(form)%uint(len(types))])
		if err != nil {
			t.Fatal(err)
		}
		told, err := decode(bytes.Clone(body))
		if err != nil {
			if fail.KindOf(err) != fail.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		seen := map[int]bool{} // every place of the request once
		for i := range told.events {
			seen[told.place(i)] = true
		}
		for _, r := range told.bad {
			if seen[r.Index] = true; r.Code == "" || r.Message == "" {
				t.Fatalf("%+v", r)
			}
		}
		for i := range len(told.events) + len(told.bad) {
			if !seen[i] {
				t.Fatalf("%q: nothing is said of event %d", body, i)
			}
		}
	})
}
