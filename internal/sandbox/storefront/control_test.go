package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
)

func TestCallsAreShownWithWhatTravelled(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	if page := v.get("/control/calls"); !page.Has("p.empty-title", "No calls") {
		t.Error("an empty log does not say so")
	}
	s.call("ResolveCustomer", `{"RegistrationToken":"</pre><script>alert(1)</script>"}`)
	s.call("BatchMeterUsage", `{"UsageRecords":[],"Pad":"`+strings.Repeat("x", 2*bodyOnList)+`"}`)
	page := v.get("/control/calls")
	entries := page.All("details.entry")
	if len(entries) != 2 || !entries[0].Has("strong", "BatchMeterUsage") || !entries[1].Has("strong", "ResolveCustomer") {
		t.Fatalf("the newest call is not first: %s", page.One(t, "main").Text())
	}
	resolve := entries[1]
	if !resolve.Has("span.badge-warn", "400 "+contract.InvalidToken) || !resolve.Has("pre", "</pre><script>alert(1)</script>") {
		t.Errorf("the refused call is shown as %s", resolve.Text())
	}
	if !entries[0].Has("a", "The whole call") || strings.Count(entries[0].Text(), "x") > 2*bodyOnList-100 {
		t.Error("a long body is shown whole in the list")
	}
	whole := v.get("/control/calls/2")
	if v.status != http.StatusOK || !whole.Has("pre", strings.Repeat("x", 2*bodyOnList)) {
		t.Errorf("the call's own page, %d, does not show it whole", v.status)
	}
	only := v.get("/control/calls?operation=ResolveCustomer")
	if n := len(only.All("details.entry")); n != 1 {
		t.Errorf("%d calls of ResolveCustomer, want 1", n)
	}
	for _, id := range []string{"0", "3", "x", "-1"} {
		if v.get("/control/calls/" + id); v.status != http.StatusNotFound {
			t.Errorf("call %s answers %d", id, v.status)
		}
	}
}

func TestFaultIsSwitchedOnAndOff(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	page := v.get("/control/faults")
	page = v.send(page, "/control/faults", "operation", "ResolveCustomer", "kind", "throttle", "times", "2")
	if !page.Has("td", "2 times") || len(s.faults.List()) != 1 {
		t.Fatalf("the fault is not on: %s", page.Text())
	}
	if got := s.call("ResolveCustomer", `{"RegistrationToken":"x"}`); !strings.Contains(got.Body.String(), contract.Throttling) {
		t.Errorf("the call was not disturbed: %s", got.Body)
	}
	if !v.get("/control/calls").Has("span.badge-error", "Fault: throttle") {
		t.Error("the log does not say that a fault disturbed the call")
	}
	id := s.faults.List()[0].ID
	for range 2 { // pressed twice, it is off
		v.post("/control/faults/"+id+"/off", nil)
		if v.status != http.StatusOK || len(s.faults.List()) != 0 {
			t.Errorf("switching off answers %d", v.status)
		}
	}
}

func TestWrongFaultIsExplainedAtItsField(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	form := v.get("/control/faults")
	for field, value := range map[string]string{"times": "none", "probability": "2", "seed": "-1", "delay": "soon", "kind": "duplicate"} {
		page := v.send(form, "/control/faults", field, value)
		at := field
		if field == "kind" {
			at = "operation" // the two do not fit each other
		}
		if v.status != http.StatusUnprocessableEntity || len(page.All("p#"+at+"-error")) != 1 {
			t.Errorf("%s=%s answers %d without a word at its field", field, value, v.status)
		}
		if got := page.Form(t, "/control/faults").Fields().Get(field); got != value {
			t.Errorf("what was typed into %s is gone: %q", field, got)
		}
	}
	if n := len(s.faults.List()); n != 0 {
		t.Errorf("%d faults were switched on", n)
	}
}

func TestDeliveriesAreShownAndRepeated(t *testing.T) {
	s := newSite(t)
	id := s.as(acme).subscribe(inkwell)
	s.advance(5 * time.Minute)
	v := s.visitor()
	page := v.get("/control/deliveries")
	entries := page.All("details.entry")
	if len(entries) != 2 || !entries[0].Has("strong", contract.LicenseUpdated) || !entries[0].Has("span.badge-success", "Delivered") {
		t.Fatalf("after a purchase, the deliveries are %s", page.One(t, "main").Text())
	}
	again := entries[0].One(t, "form").Attr("action")
	page = v.post(again, url.Values{})
	if first := page.All("details.entry")[0]; len(first.One(t, "ul.timeline").All("li")) != 2 || !page.Has("div.notice-success", "Delivered again") {
		t.Errorf("after another delivery: %s", first.Text())
	}
	if n := len(v.get("/control/deliveries?agreement=" + id).All("details.entry")); n != 2 {
		t.Errorf("%d notices of the agreement, want 2", n)
	}
	if n := len(v.get("/control/deliveries?agreement=other").All("details.entry")); n != 0 {
		t.Errorf("%d notices of another agreement, want none", n)
	}
	if v.post("/control/deliveries/none/redeliver", nil); v.status != http.StatusNotFound {
		t.Errorf("an unknown delivery answers %d", v.status)
	}
}

func TestRoomsWithoutMachineryAreNotThere(t *testing.T) {
	s := newSite(t)
	s.front.root = s.bare()
	v := s.visitor()
	if page := v.get("/control"); page.Has("a", "Faults") || page.Has("a", "API calls") || page.Has("a", "Deliveries") {
		t.Error("a link leads to what is not there")
	}
	if v.get("/control/faults"); v.status != http.StatusNotFound {
		t.Errorf("status %d", v.status)
	}
}

func TestWhatIsNextMayBeANoticeThatIsHeldUp(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.send(v.get("/control/faults"), "/control/faults", "operation", "Notification", "kind", "delay", "delay", "3s")
	s.as(acme).subscribe(inkwell)
	v.post("/control/clock", url.Values{"advance": {"due"}}) // the agreement's notice, which the fault holds up
	happened := s.clock.Now()
	v.post("/control/clock", url.Values{"advance": {"due"}})
	if got := s.clock.Now().Sub(happened); got != 3*time.Second {
		t.Errorf("the next thing came after %s, want the 3 s that the notice is held up", got)
	}
	if page := v.get("/control/deliveries"); !page.Has("span.badge-success", "Delivered") {
		t.Errorf("the notice was not delivered: %s", page.One(t, "main").Text())
	}
}
