package storefront

import (
	"bufio"
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

func TestACallIsShownAsItWasSent(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.post("/control/faults", url.Values{"operation": {"BatchMeterUsage"}, "kind": {"drop-connection"}, "times": {"1"}})
	s.call("ResolveCustomer", `{"RegistrationToken":"x"}`)
	page := v.get("/control/calls/1?view=sent")
	sent := page.All("pre.sent")
	if len(sent) != 2 || !strings.Contains(sent[0].Text(), "POST / HTTP/1.1") || !strings.Contains(sent[0].Text(), "X-Amz-Target: AWSMPMeteringService.ResolveCustomer") ||
		!strings.Contains(sent[0].Text(), `{"RegistrationToken":"x"}`) {
		t.Fatalf("the request is shown as %s", page.One(t, "main").Text())
	}
	if answer := sent[1].Text(); !strings.Contains(answer, "HTTP/1.1 400 Bad Request") || !strings.Contains(answer, "X-Amzn-Errortype: "+contract.InvalidToken) {
		t.Errorf("the answer is shown as %s", answer)
	}
	func() {
		defer func() { _ = recover() }() // the way in which a server breaks a connection
		s.call("BatchMeterUsage", "\x00\x01")
	}()
	page = v.get("/control/calls/2?view=sent")
	if !page.Has("pre.sent", "00000000 00 01") || !page.Has("p", "The connection was broken") {
		t.Errorf("bytes, and no answer, are shown as %s", page.One(t, "main").Text())
	}
	for only, want := range map[string]int{"": 2, "failed": 2, "disturbed": 1} {
		if n := len(v.get("/control/calls?only=" + only).All("details.entry")); n != want {
			t.Errorf("%d calls that are %q, want %d", n, only, want)
		}
	}
}

func TestResetFromTheControlRoom(t *testing.T) {
	s := newSite(t)
	id := s.as(acme).subscribe(inkwell)
	v := s.visitor()
	page := v.send(v.get("/control"), "/control/reset")
	if v.at != "/control" || !page.Has("div.notice-success", "as the world file says") {
		t.Errorf("resetting led to %s: %s", v.at, page.One(t, "main").Text())
	}
	if _, err := s.world.Agreement(id); err == nil {
		t.Error("the agreement is still there")
	}
}

// TestTheStreamTellsWhatChanges reads the events that an open page gets.
func TestTheStreamTellsWhatChanges(t *testing.T) {
	s := newSite(t)
	res, err := http.Get(s.url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("a stream of type %q", got)
	}
	lines := bufio.NewScanner(res.Body)
	await := func(event string) string {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: "+event && lines.Scan() {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended before %q: %v", event, lines.Err())
		return ""
	}
	if got := await("tick"); got != "data: Mon 2 Nov 2026, 12:00:00" {
		t.Errorf("the clock's face is %q", got)
	}
	s.call("ResolveCustomer", `{}`)
	seen := strings.TrimPrefix(await("changed"), "data: ")
	s.advance(time.Minute)
	if got := await("tick"); got != "data: Mon 2 Nov 2026, 12:01:00" {
		t.Errorf("the clock's face is %q", got)
	}
	await("changed")

	later, err := http.Get(s.url + "/live?since=" + seen) // by a page that was hidden meanwhile
	if err != nil {
		t.Fatal(err)
	}
	defer later.Body.Close()
	lines = bufio.NewScanner(later.Body)
	await("changed")
}
