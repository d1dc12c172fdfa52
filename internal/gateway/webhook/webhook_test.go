package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// shelf keeps endpoints in memory.
type shelf map[EndpointID]Endpoint

func (s shelf) AddEndpoint(_ context.Context, e Endpoint) error { s[e.ID] = e; return nil }
func (s shelf) ChangeEndpoint(_ context.Context, e Endpoint) error {
	was, ok := s[e.ID]
	if !ok {
		return NoSuch(e.ID)
	}
	if was.Revision != e.Revision {
		return fail.New(fail.Conflict, "changed", "Changed.")
	}
	e.Revision++
	s[e.ID] = e
	return nil
}
func (s shelf) DeleteEndpoint(_ context.Context, id EndpointID) error {
	if _, ok := s[id]; !ok {
		return NoSuch(id)
	}
	delete(s, id)
	return nil
}
func (s shelf) Endpoint(_ context.Context, id EndpointID) (Endpoint, error) {
	e, ok := s[id]
	if !ok {
		return e, NoSuch(id)
	}
	return e, nil
}
func (s shelf) Endpoints(context.Context) (all []Endpoint, err error) {
	for _, e := range s {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Endpoint) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// post plays the endpoints' side.
type post struct {
	reply  Reply
	err    error
	header map[string]string
	body   []byte
	calls  int
}

func (p *post) MayCall(u string) error {
	if strings.Contains(u, "inside") {
		return fail.New(fail.Invalid, "forbidden_address", "No.")
	}
	return nil
}

func (p *post) Post(_ context.Context, _ string, header map[string]string, body []byte) (Reply, error) {
	p.header, p.body = header, body
	p.calls++
	return p.reply, p.err
}

func newService(t *testing.T) (*Service, *post, *clock.Virtual, shelf) {
	t.Helper()
	p, clk, s := &post{reply: Reply{Status: 200}}, clock.NewVirtual(noon), shelf{}
	return New(Config{Store: s, Poster: p, Clock: clk, Wall: clock.NewVirtual(time.Unix(1614265330, 0)), Log: slog.New(slog.DiscardHandler)}), p, clk, s
}

func add(t *testing.T, s *Service, events ...string) Endpoint {
	t.Helper()
	e, err := s.Add(t.Context(), Endpoint{URL: "https://app.example.com/souk", Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var event = outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_1"}, map[string]string{"a": "<b>&"})

func carry(s *Service, e Endpoint) outbox.Result {
	return s.Carry(context.Background(), outbox.Delivery{Target: outbox.Target{To: string(e.ID)}}, event)
}

// The example of the Standard Webhooks specification's own libraries.
func TestSignature(t *testing.T) {
	h, err := signed("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	want := map[string]string{"Content-Type": "application/json", "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330",
		"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
	if err != nil || len(h) != len(want) {
		t.Fatalf("%v, %v", h, err)
	}
	for k, v := range want {
		if h[k] != v {
			t.Errorf("%s is %q, want %q", k, h[k], v)
		}
	}
	for _, bad := range []Secret{"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_*"} {
		if _, err := signed("m", noon, nil, bad); !fail.Is(err, fail.Invalid) {
			t.Errorf("signed with %q: %v", bad, err)
		}
	}
	if a, b := NewSecret(), NewSecret(); a == b {
		t.Error("two secrets are one")
	} else if key, err := a.key(); err != nil || len(key) != keyBytes {
		t.Errorf("%s: %d bytes, %v", a, len(key), err)
	}
}

func TestWhoWantsWhat(t *testing.T) {
	for _, c := range []struct {
		e    Endpoint
		kind outbox.Kind
		want bool
	}{
		{Endpoint{}, outbox.LicenseActive, true},
		{Endpoint{Events: []string{"*"}}, outbox.CorrectionFailed, true},
		{Endpoint{Events: []string{"license.*"}}, outbox.LicenseReady, true},
		{Endpoint{Events: []string{"license.*"}}, outbox.AccountCreated, false},
		{Endpoint{Events: []string{"license.ended", "account.created"}}, outbox.AccountCreated, true},
		{Endpoint{Events: []string{"license.ended"}}, outbox.LicenseActive, false},
		{Endpoint{Disabled: true}, outbox.LicenseActive, false},
		{Endpoint{}, outbox.WebhookTest, false}, // it goes to one endpoint alone
	} {
		if got := c.e.Wants(c.kind); got != c.want {
			t.Errorf("%+v wants %s: %v", c.e, c.kind, got)
		}
	}
}

func TestWhatAnEndpointCannotBe(t *testing.T) {
	s, _, _, kept := newService(t)
	for code, e := range map[string]Endpoint{
		"bad_url":           {URL: "ftp://app.example.com"},
		"forbidden_address": {URL: "https://inside.example.com"},
		"unknown_event":     {URL: "https://a.example.com", Events: []string{"licence.active"}},
		"bad_events":        {URL: "https://a.example.com", Events: slices.Repeat([]string{"*"}, maxEvents+1)},
		"bad_description":   {URL: "https://a.example.com", Description: "two\nlines"},
	} {
		if _, err := s.Add(t.Context(), e); fail.CodeOf(err) != code || !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: %v, want %s", e, err, code)
		}
	}
	for _, u := range []string{"", "https://", "https://user:secret@a.example.com", "https://a.example.com/#x", "//a.example.com", "https:a", "https://a.example.com/" + strings.Repeat("x", maxURL)} {
		if _, err := s.Add(t.Context(), Endpoint{URL: u}); fail.CodeOf(err) != "bad_url" {
			t.Errorf("%q: %v", u, err)
		}
	}
	for _, f := range []string{"license", "license.", "*.active", "licens.*", ".*"} {
		if _, err := s.Add(t.Context(), Endpoint{URL: "https://a.example.com", Events: []string{f}}); fail.CodeOf(err) != "unknown_event" {
			t.Errorf("%q: %v", f, err)
		}
	}
	if len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
	for range MaxEndpoints {
		add(t, s)
	}
	if _, err := s.Add(t.Context(), Endpoint{URL: "https://a.example.com"}); !fail.Is(err, fail.Conflict) {
		t.Errorf("one more than there can be: %v", err)
	}
	e := add2(kept)
	bad := "ftp://x"
	if _, err := s.Change(t.Context(), e.ID, Change{URL: &bad}); fail.CodeOf(err) != "bad_url" || kept[e.ID].URL == bad {
		t.Errorf("changed to what cannot be: %v", err)
	}
}

func add2(s shelf) Endpoint {
	for _, e := range s {
		return e
	}
	return Endpoint{}
}

func TestWhatIsSent(t *testing.T) {
	s, p, _, _ := newService(t)
	e := add(t, s)
	if res := carry(s, e); res.State != outbox.Delivered || res.Status != 200 {
		t.Fatalf("%+v", res)
	}
	var got Payload
	if err := json.Unmarshal(p.body, &got); err != nil || got.ID != event.ID || got.Type != "license.active" || !got.Timestamp.Equal(noon) {
		t.Errorf("%s, %v", p.body, err)
	}
	want, err := signed(event.ID, time.Unix(1614265330, 0), p.body, e.Secret) // the receiver's time, not ours
	if err != nil || p.header["Webhook-Signature"] != want["Webhook-Signature"] || p.header["Webhook-Timestamp"] != "1614265330" {
		t.Errorf("%v, want %v", p.header, want)
	}
}

func TestRotation(t *testing.T) {
	s, p, clk, _ := newService(t)
	e := add(t, s)
	after, err := s.Rotate(t.Context(), e.ID, time.Hour)
	if err != nil || after.Old != e.Secret || after.Secret == e.Secret {
		t.Fatalf("%+v, %v", after, err)
	}
	for _, c := range []struct {
		at   time.Time
		want []Secret
	}{{noon, []Secret{after.Secret, e.Secret}}, {noon.Add(time.Hour), []Secret{after.Secret}}} {
		clk.Set(c.at)
		carry(s, e)
		want, err := signed(event.ID, time.Unix(1614265330, 0), p.body, c.want...)
		if err != nil || p.header["Webhook-Signature"] != want["Webhook-Signature"] {
			t.Errorf("at %s: %s, want %s", c.at, p.header["Webhook-Signature"], want["Webhook-Signature"])
		}
	}
	for _, bad := range []time.Duration{-time.Second, MaxOverlap + time.Second} {
		if _, err := s.Rotate(t.Context(), e.ID, bad); !fail.Is(err, fail.Invalid) {
			t.Errorf("an overlap of %s: %v", bad, err)
		}
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for status, want := range map[int]outbox.Result{
		200: {State: outbox.Delivered}, 204: {State: outbox.Delivered}, 299: {State: outbox.Delivered},
		301: {State: outbox.Pending}, 400: {State: outbox.Pending}, 401: {State: outbox.Pending}, 404: {State: outbox.Pending},
		429: {State: outbox.Pending, Ours: true}, 500: {State: outbox.Pending, Ours: true}, 503: {State: outbox.Pending, Ours: true}, 410: {State: outbox.Dead},
	} {
		s, p, _, kept := newService(t)
		e := add(t, s)
		p.reply = Reply{Status: status, RetryAfter: time.Minute, Text: "hm"}
		res := carry(s, e)
		if res.State != want.State || res.Ours != want.Ours || res.Status != status || res.Wish != time.Minute {
			t.Errorf("%d means %+v, want %+v", status, res, want)
		}
		if off := kept[e.ID].Disabled; off != (status == 410) {
			t.Errorf("after %d, disabled is %v", status, off)
		}
	}
	s, p, _, kept := newService(t)
	e := add(t, s)
	p.err = errors.New("connection refused")
	if res := carry(s, e); res.State != outbox.Pending || !res.Ours || !strings.Contains(res.Say, "connection refused") {
		t.Errorf("no answer: %+v", res)
	}
	p.err = fail.New(fail.Denied, "forbidden_address", "It leads to 10.0.0.1.")
	if res := carry(s, e); res.State != outbox.Pending || res.Say != "It leads to 10.0.0.1." {
		t.Errorf("refused: %+v", res)
	}
	calls, yes := p.calls, true
	if _, err := s.Change(t.Context(), e.ID, Change{Disabled: &yes}); err != nil || kept[e.ID].Why == "" {
		t.Fatal(err)
	}
	if res := carry(s, e); res.State != outbox.Dropped {
		t.Errorf("disabled: %+v", res)
	}
	if err := s.Delete(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if res := carry(s, e); res.State != outbox.Dropped || p.calls != calls {
		t.Errorf("deleted: %+v; called %d times", res, p.calls-calls)
	}
}
