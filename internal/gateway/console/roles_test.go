package console

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/operator"
)

// places are addresses of every route, of things that are there.
func (d *desk) places(other operator.ID) map[string]string {
	d.t.Helper()
	l := d.buys(1)
	n := d.hears(`{"nonsense":1}`)
	return map[string]string{"{licenses}": string(l.ID), "{notices}": url.PathEscape(n.Key), "{operators}": string(other), "{records}": "rec_1", "{accounts}": "acc_1", "{corrections}": "cor_1", "{cancellations}": "can_1", "{payments}": "pay_1", "{registrations}": "reg_1", "{keys}": "key_1", "{deliveries}": "dlv_1", "{alerts}": "alr_1", "{chats}": "ops", "{agreements}": "agmt-1", "{browsers}": "ses_1"}
}

// split tells a route's method from its address, in which what a pattern leaves open is filled in.
func split(pattern string, places map[string]string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "{id}" {
			parts[i] = places["{"+parts[i-1]+"}"]
		}
	}
	return method, strings.Join(parts, "/")
}

// TestEveryRouteWantsItsRole asks every route as nobody and in every role: what the role does not reach is refused and does
// nothing, and what it reaches is not refused.
func TestEveryRouteWantsItsRole(t *testing.T) {
	var log bytes.Buffer
	d := newDesk(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	browsers := map[operator.Role]*browser{}
	for _, role := range operator.Roles {
		browsers[role] = d.as(d.add(role))
	}
	other, err := d.console.Operators.Add(t.Context(), operator.Shell("test"), operator.Person{Email: "other@inkwell.example", Name: "Other", Role: operator.Admin}, password)
	if err != nil {
		t.Fatal(err)
	}
	places := d.places(other.ID)
	entries := func() int64 {
		es, err := d.log.Entries(t.Context(), 0, 1)
		if err != nil || len(es) == 0 {
			t.Fatal(es, err)
		}
		return es[0].Seq
	}
	for _, rt := range d.console.routes() {
		if strings.HasSuffix(rt.pattern, "/signout") || strings.HasSuffix(rt.pattern, "/remove") {
			continue // at the end, below
		}
		method, path := split(rt.pattern, places)
		if strings.Contains(path, "//") {
			t.Fatalf("no address is known for %s", rt.pattern)
		}
		before := entries()
		if a := d.browser().do(method, path, url.Values{}); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/console/signin") {
			t.Errorf("nobody, %s: %d %s", rt.pattern, a.Code, a.Location)
		}
		for _, role := range operator.Roles {
			if role.May(rt.needs) {
				continue
			}
			log.Reset()
			if a := browsers[role].do(method, path, url.Values{}); a.Code != http.StatusForbidden || !strings.Contains(a.Body, string(rt.needs)) {
				t.Errorf("%s, %s: %d, want 403 that names the role %s", role, rt.pattern, a.Code, rt.needs)
			}
			if !strings.Contains(log.String(), rt.pattern) || !strings.Contains(log.String(), "role="+string(role)) {
				t.Errorf("%s, %s: logged %q", role, rt.pattern, log.String())
			}
		}
		if after := entries(); after != before {
			t.Errorf("%s: what was refused is in the log", rt.pattern)
		}
		for _, role := range operator.Roles {
			if !role.May(rt.needs) {
				continue
			}
			if a := browsers[role].do(method, path, url.Values{}); a.Code == http.StatusForbidden || a.Code >= 500 || strings.HasPrefix(a.Location, "/console/signin") {
				t.Errorf("%s, %s: %d %s", role, rt.pattern, a.Code, a.Location)
			}
		}
	}
	for _, role := range operator.Roles[:2] {
		if a := browsers[role].post("/console/operators/"+string(other.ID)+"/remove", nil); a.Code != http.StatusForbidden {
			t.Errorf("%s removes an operator: %d", role, a.Code)
		}
	}
	removed := d.as(other)
	if a := browsers[operator.Admin].post("/console/operators/"+string(other.ID)+"/remove", nil); a.Code != http.StatusSeeOther {
		t.Errorf("an admin removes an operator: %d", a.Code)
	}
	if a := removed.get("/console"); a.Code != http.StatusSeeOther || a.Location != "/console/signin" {
		t.Errorf("who was removed is still in: %d", a.Code)
	}
}

// A role that is taken away is gone at the next request.
func TestRoleIsLookedUpEachTime(t *testing.T) {
	d := newDesk(t)
	d.add(operator.Admin)
	p := d.add(operator.Operator)
	b := d.as(p)
	if a := b.get("/console/keys"); a.Code != http.StatusForbidden {
		t.Errorf("an operator sees keys: %d", a.Code)
	}
	if err := d.console.Operators.ChangeRole(t.Context(), operator.Shell("test"), p.ID, operator.Admin); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/console/keys"); a.Code != http.StatusOK {
		t.Errorf("an admin does not: %d", a.Code)
	}
}

func TestAnotherSitesFormIsRefusedEverywhere(t *testing.T) {
	d := newDesk(t)
	b := d.as(d.add(operator.Admin))
	places := d.places("op_nobody")
	posts := []string{"POST /console/signin", "POST " + codePath}
	for _, rt := range d.console.routes() {
		if strings.HasPrefix(rt.pattern, "POST ") {
			posts = append(posts, rt.pattern)
		}
	}
	if len(posts) < 8 {
		t.Fatalf("only %d forms were found", len(posts))
	}
	for _, pattern := range posts {
		_, path := split(pattern, places)
		a := b.do(http.MethodPost, path, url.Values{"name": {"x"}, "email": {"a@b.co"}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		a.shows(t, http.StatusForbidden, "came from another site")
	}
	if ks, err := d.db.Keys().Keys(t.Context()); err != nil || len(ks) != 0 {
		t.Errorf("a key was made: %v %v", ks, err)
	}
	if a := b.get("/console/log"); a.Code != http.StatusOK {
		t.Errorf("another site signed the reader out: %d", a.Code)
	}
}
