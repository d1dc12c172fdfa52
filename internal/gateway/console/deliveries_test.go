package console

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
)

// given has an event on its way to a webhook, in that state.
func (d *desk) given(id string, state outbox.State) outbox.Delivery {
	d.t.Helper()
	now := d.clk.Now()
	e := outbox.Event{ID: outbox.EventID("evt_" + id), Kind: outbox.LicenseReady, At: now, License: "lic_1", Data: []byte(`{"license":{"id":"lic_1"}}`)}
	v := outbox.Delivery{ID: outbox.DeliveryID("dlv_" + id), Event: e.ID, Kind: e.Kind, License: e.License, Channel: "webhook", Target: outbox.Target{To: "whe_1", Lane: "whe_1"},
		State: outbox.Pending, Why: "It is on its way.", CreatedAt: now, Since: now, DueAt: now}
	store := d.db.Outbox()
	if err := store.Spread(d.t.Context(), e, []outbox.Delivery{v}, now); err != nil {
		d.t.Fatal(err)
	}
	if state == outbox.Pending {
		return v
	}
	if _, err := store.Lease(d.t.Context(), "webhook", "whe_1", "test", now, now.Add(time.Minute), 10); err != nil {
		d.t.Fatal(err)
	}
	v.State, v.Why, v.DueAt, v.Tries = state, "It was tried for three days.", time.Time{}, 1
	if ok, err := store.Settle(d.t.Context(), v, "test", outbox.Attempt{At: now, Took: time.Millisecond, Status: 503, Say: "It answered 503."}); err != nil || !ok {
		d.t.Fatal(ok, err)
	}
	return v
}

func TestADeliveryThatWasGivenUpIsSentAgain(t *testing.T) {
	d := newDesk(t)
	v := d.given("a", outbox.Dead)
	b := d.as(d.add(operator.Operator))
	b.get("/console").shows(t, http.StatusOK, "1 delivery was given up this week")
	b.get("/console/deliveries?state=dead").shows(t, http.StatusOK, "license.ready")
	b.get("/console/deliveries?state=delivered").shows(t, http.StatusOK, "No delivery fits")
	place := "/console/deliveries/" + string(v.ID)
	page := b.get(place)
	page.shows(t, http.StatusOK, "It answered 503.")
	page.Page.Form(t, place+"/send")
	if a := b.post(place+"/send", nil); a.Location != place+"?sent-again" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.get(place+"?sent-again").shows(t, http.StatusOK, "It is sent again")
	if kept, err := d.db.Outbox().Delivery(t.Context(), v.ID); err != nil || kept.State != outbox.Pending {
		t.Errorf("%+v, %v", kept, err)
	}
	if e := d.newest(); e.Action != audit.DeliveryReplayed || e.Subject != string(v.ID) || e.By.Name != "operator@inkwell.example" {
		t.Errorf("the log says %+v", e)
	}
	if a := b.get("/console/search?q=" + url.QueryEscape(string(v.ID))); a.Location != place {
		t.Errorf("its id leads to %s", a.Location)
	}
	seen := d.as(d.add(operator.Viewer)).get(place)
	seen.shows(t, http.StatusOK, "takes the role operator")
	if len(seen.Page.All("form[action="+place+"/send]")) != 0 {
		t.Error("a viewer is shown a button that is refused")
	}
}

// Every delivery is on one page of the list, the newest first.
func TestDeliveriesAreListedPageByPage(t *testing.T) {
	d := newDesk(t)
	for i := range pageSize + 3 {
		d.given(strconv.Itoa(i), outbox.Pending)
		d.later(time.Second)
	}
	b := d.as(d.add(operator.Viewer))
	first := b.get("/console/deliveries")
	if n := len(first.Page.All("tr")); n != 1+pageSize { // with the line of headings
		t.Fatalf("%d lines on the first page", n)
	}
	next := first.Page.All("a[rel=next]")
	if len(next) != 1 {
		t.Fatal("no way to the next page")
	}
	rest := b.get(next[0].Attr("href")).Page.All("tr")
	if len(rest) != 1+3 || rest[3].Attr("id") != "dlv_0" {
		t.Errorf("%d lines on the second page", len(rest))
	}
}
