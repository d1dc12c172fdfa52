package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// What somebody should look at is on the overview, in the list and on a page that leads to where it shows and says what to do.
func TestAlertsLeadToWhatToDo(t *testing.T) {
	d := newDesk(t)
	n := d.hears(`{"nonsense":1}`)
	b := d.as(d.add(operator.Viewer))
	b.get("/console").shows(t, http.StatusOK, "1 alert is raised")
	list := b.get("/console/alerts?state=raised")
	list.shows(t, http.StatusOK, "A notice cannot be read, or is about nobody")
	b.get("/console/alerts?state=resolved").shows(t, http.StatusOK, "No alert fits")
	id := string(alert.Finding{Kind: outbox.AlertNoticeUnread, Cause: "unreadable"}.Names())
	page := b.get("/console/alerts/" + id)
	page.shows(t, http.StatusOK, "Look at the notice: it is kept as it came.")
	if !strings.Contains(page.Body, `href="/console/notices/`+url.PathEscape(n.Key)+`"`) {
		t.Error("the page does not lead to the notice")
	}
	if a := b.get("/console/search?q=" + id); a.Location != "/console/alerts/"+id {
		t.Errorf("searching leads to %q", a.Location)
	}
	if a := b.get("/console/alerts/alr_nobody"); a.Code != http.StatusNotFound {
		t.Errorf("an alert that is not: %d", a.Code)
	}
}

// Pages go on where the one before ended.
func TestAlertsArePaged(t *testing.T) {
	d := newDesk(t)
	var found []alert.Finding
	for i := range pageSize + 3 {
		found = append(found, alert.Finding{Kind: outbox.AlertUsageUnbilled, Cause: strings.Repeat("x", i+1), Say: "s", At: noon})
	}
	if err := d.db.Licenses().CommitChange(t.Context(), license.Change{Found: found}); err != nil {
		t.Fatal(err)
	}
	b := d.as(d.add(operator.Viewer))
	seen := map[string]bool{}
	for path := "/console/alerts"; path != ""; {
		a := b.get(path)
		path = ""
		for _, row := range a.Page.All("tr") {
			if id := row.Attr("id"); id != "" {
				seen[id] = true
			}
		}
		for _, link := range a.Page.All("a") {
			if link.Attr("rel") == "next" {
				path = link.Attr("href")
			}
		}
	}
	if len(seen) != len(found) {
		t.Errorf("%d alerts were seen of %d", len(seen), len(found))
	}
}

// A chat is tried out by an operator; its URL is shown to nobody.
func TestChatIsTriedOut(t *testing.T) {
	d := newDesk(t)
	b := d.as(d.add(operator.Operator))
	b.get("/console/alerts").shows(t, http.StatusOK, "alert.*")
	a := b.post("/console/chats/ops/test", nil)
	if a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/console/deliveries/dlv_") {
		t.Fatalf("%d %s", a.Code, a.Location)
	}
	b.get(a.Location).shows(t, http.StatusOK, "chat.test")
	if e := d.newest(); e.Action != audit.ChatTested || e.Subject != "ops" {
		t.Errorf("logged %+v", e)
	}
	if a := b.post("/console/chats/nobody/test", nil); a.Code != http.StatusNotFound {
		t.Errorf("a chat that is not there: %d", a.Code)
	}
	for _, path := range []string{"/console/alerts", "/console/settings", a.Location, "/console"} {
		if strings.Contains(b.get(path).Body, "wordsthatopen") {
			t.Errorf("%s shows the chat's URL", path)
		}
	}
}

// Where AWS does not answer for what was bought, the overview says for how long, and leads to what to do.
func TestOverviewSaysThatEntitlementsGoStale(t *testing.T) {
	d := newDesk(t, func(c *Config) {
		v, err := c.Book.(*license.Book).Note(t.Context(), license.Note{ID: "n", Kind: license.Activated, At: noon.Add(-24 * time.Hour), About: license.Ref{ProductCode: inkCode, ARN: "arn:1", Customer: "111122223333"}})
		if err != nil {
			t.Fatal(err)
		}
		kept := storetest.Open(t).Entitlements()
		if err := kept.KeepEntitlements(t.Context(), entitlement.Knowledge{License: v.License, Subject: entitlement.Subject{ProductCode: inkCode, ARN: "arn:1"}, ActivatedAt: noon.Add(-24 * time.Hour),
			Answer: entitlement.Answer{At: noon.Add(-5 * time.Hour)}, ListedAt: noon.Add(-5 * time.Hour), DueAt: noon.Add(time.Minute), Failures: 12, Failure: "throttled"}, true); err != nil {
			t.Fatal(err)
		}
		c.Entitlements, err = entitlement.Open(t.Context(), entitlement.Config{Store: kept, AWS: noAWS{}, Licenses: c.Book, Products: core.Catalogue{{Code: inkCode, Pricing: core.Contract}}, Clock: c.Clock, Log: c.Log})
		if err != nil {
			t.Fatal(err)
		}
	})
	d.as(d.add(operator.Viewer)).get("/console").shows(t, http.StatusOK, "AWS has not confirmed for 5h0m0s what 1 licence has bought in advance")
}
