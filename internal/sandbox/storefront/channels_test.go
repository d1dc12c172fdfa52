package storefront

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/webui/webuitest"
)

// classicCode is the product code of the built-in world's legacy product.
const classicCode = "1nkwe11c1ass1c0abcdefghij"

// doom sends n messages to one of the seller's queues and gives them up, so that they are dead letters.
func (s *site) doom(name string, n int) {
	s.t.Helper()
	seller, at := s.world.DefaultSeller(), time.Duration(0)
	for i := range n {
		if _, err := s.queues.Send(seller, name, queue.Message{Body: fmt.Sprintf(`{"order":%d}`, i+1)}, nil); err != nil {
			s.t.Fatal(err)
		}
	}
	for len(s.queues.Waiting(seller, name)) > 0 {
		if _, err := s.queues.Receive(s.t.Context(), seller, name, queue.Receiving{Max: 10, Visibility: &at}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// press sends the form of page whose action ends like that.
func (v *visitor) press(page webuitest.Node, end string, fill ...string) webuitest.Node {
	v.t.Helper()
	for _, f := range page.All("form") {
		if strings.HasSuffix(f.Attr("action"), end) {
			return v.send(page, f.Attr("action"), fill...)
		}
	}
	v.t.Fatalf("no form's action ends in %s; the page says: %.600s", end, page.Text())
	return page
}

func TestTheDeskShowsWhoIsTold(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	page := v.get("/seller/channels")
	if !page.Has("code", "aws-mp-subscription-notification-"+classicCode) || !page.Has("code", "arn:aws:sqs:us-east-1:") || !page.Has("a", notice.DefaultQueue) {
		t.Errorf("the built-in wiring is shown as %s", page.Text())
	}
	page = v.post("/seller/channels/rules/"+notice.DefaultQueue+"/targets/"+notice.DefaultQueue+"/delete", nil)
	if !page.Has("p", "None: what matches reaches nobody") {
		t.Errorf("without its target the rule is shown as %s", page.Text())
	}
	if page = v.get("/seller/channels"); !page.Has("span", "its events reach nobody") {
		t.Errorf("and in the list as %s", page.Text())
	}
}

func TestAnEndpointIsSubscribedConfirmedAndTakenOff(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	page := v.send(v.get("/seller/channels"), "/seller/channels/subscriptions", "topic", topic.Subscriptions(classicCode), "endpoint", "http://127.0.0.1:9/notices", "raw", "on", "filter", `{"action":["subscribe-success"]}`)
	if v.status != http.StatusOK || !page.Has("p", "Waiting for the endpoint") || !page.Has("span", "Waiting for confirmation") {
		t.Fatalf("after it was asked for: %d %s", v.status, page.Text())
	}
	if page = v.press(page, "/confirm"); !page.Has("p", "Confirmed") || page.Has("span", "Waiting for confirmation") {
		t.Errorf("after it was confirmed: %s", page.Text())
	}
	v.subscribe(classic)
	s.advance(time.Hour)
	heard, _ := s.front.opt.Desk.Newest(notice.Query{Channel: notice.SNS, Kind: "subscribe-success", Limit: 1})
	if len(heard) != 1 || len(heard[0].Attempts) < 2 {
		t.Fatalf("heard %+v", heard)
	}
	sent := v.get("/control/deliveries/" + heard[0].ID)
	if !sent.Has("pre", "x-amz-sns-rawdelivery: true") || !sent.Has("pre", `"action"`) || !sent.Has("pre", `"Type":"Notification"`) {
		t.Errorf("what was sent is shown as %s", sent.Text())
	}
	page = v.get("/seller/channels")
	action := ""
	for _, f := range page.All("form") {
		for _, b := range f.All("button") {
			if b.Attr("aria-label") == "Unsubscribe http://127.0.0.1:9/notices" {
				action = f.Attr("action")
			}
		}
	}
	if page = v.post(action, nil); page.Has("code", "http://127.0.0.1:9/notices") {
		t.Errorf("after it was ended: %s", page.Text())
	}
	if page = v.post(action, nil); !page.Has("p", "Nothing was changed") {
		t.Errorf("ended twice: %s", page.Text())
	}
}

func TestFormsOfChannelsThatAreFilledInWronglyKeepWhatWasTyped(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	for _, c := range []struct{ page, action, field, typed, say string }{
		{"/seller/channels", "/seller/channels/subscriptions", "endpoint", "no-such-queue", "There is no queue"},
		{"/seller/channels", "/seller/channels/queues", "queue", "not a name", "alphanumeric"},
		{"/seller/channels/rules/new", "/seller/channels/rules/new", "pattern", "{", "Event pattern is not valid"},
		{"/seller/channels/rules/" + notice.DefaultQueue, "/seller/channels/rules/" + notice.DefaultQueue, "pattern", "[]", "Event pattern is not valid"},
		{"/seller/channels/rules/" + notice.DefaultQueue, "/seller/channels/rules/" + notice.DefaultQueue + "/targets", "url", "ftp://here", "with a secret in a header"},
	} {
		page := v.send(v.get(c.page), c.action, "name", "mine", c.field, c.typed)
		kept := page.Form(t, c.action).Fields().Get(c.field)
		if v.status != http.StatusUnprocessableEntity || !page.Has("div", c.say) || kept != c.typed {
			t.Errorf("%s with %q: %d, kept %q, %s", c.action, c.typed, v.status, kept, page.Text())
		}
	}
	for _, name := range []string{"new", notice.DefaultQueue} {
		page := v.send(v.get("/seller/channels/rules/new"), "/seller/channels/rules/new", "name", name)
		if v.status != http.StatusUnprocessableEntity || !page.Has("p", "No rule was made") {
			t.Errorf("a rule called %s: %d %s", name, v.status, page.Text())
		}
	}
}

func TestARuleIsTriedMadeSwitchedAndDeleted(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.subscribe(inkwell)
	s.advance(time.Hour)
	page := v.get("/seller/channels/rules/new")
	events := page.One(t, "select#event").All("option")
	if len(events) < 2 {
		t.Fatalf("events to try on: %s", page.Text())
	}
	for pattern, want := range map[string]string{usualPattern: "It matches", `{"source":["my.shop"]}`: "It does not match", `{"source":"x"}`: "It could not be tried"} {
		tried := v.get("/seller/channels/rules/new?" + url.Values{"name": {"mine"}, "pattern": {pattern}, "event": {events[0].Attr("value")}}.Encode())
		if !tried.Has("p", want) || tried.Form(t, "/seller/channels/rules/new").Fields().Get("pattern") != pattern {
			t.Errorf("%s tried: %s; want %s", pattern, tried.Text(), want)
		}
	}
	page = v.send(page, "/seller/channels/rules/new", "name", "mine", "pattern", `{"detail-type":[{"prefix":"License "}]}`)
	if v.at != "/seller/channels/rules/mine" || !page.Has("p", "its events reach nobody") {
		t.Fatalf("made: %s %s", v.at, page.Text())
	}
	page = v.send(page, "/seller/channels/rules/mine/targets", "queue", notice.DefaultQueue)
	page = v.send(page, "/seller/channels/rules/mine/targets", "queue", "", "url", "http://127.0.0.1:9/events", "secret", "sesame")
	if !page.Has("code", "http://127.0.0.1:9/events") || !page.Has("strong", notice.DefaultQueue) {
		t.Fatalf("with two targets: %s", page.Text())
	}
	if page = v.press(page, "/disable"); !page.Has("span", "Disabled") {
		t.Errorf("disabled: %s", page.Text())
	}
	v.press(page, "/enable")
	s.as(globex).subscribe(inkwell)
	s.advance(time.Hour)
	heard, _ := s.front.opt.Desk.Newest(notice.Query{Kind: "License Updated - Manufacturer", Limit: 1})
	if len(heard) != 1 || len(heard[0].Attempts) < 3 {
		t.Fatalf("a licence's event went to %+v", heard)
	}
	if sent := v.get("/control/deliveries/" + heard[0].ID); !sent.Has("pre", "X-Souk-Events-Secret: sesame") {
		t.Errorf("what the endpoint was sent: %s", sent.Text())
	}
	v.press(v.get("/seller/channels/rules/mine"), "/rules/mine/delete")
	if sent := v.get("/control/deliveries/" + heard[0].ID); !sent.Has("p", "Its bytes cannot be told any more") {
		t.Errorf("of a target that is gone: %s", sent.Text())
	}
	if v.get("/seller/channels/rules/mine"); v.status != http.StatusNotFound {
		t.Errorf("a rule that is gone: %d", v.status)
	}
	// Nothing of what was made for the endpoint is left behind.
	again := v.send(v.get("/seller/channels/rules/new"), "/seller/channels/rules/new", "name", "mine")
	if page = v.send(again, "/seller/channels/rules/mine/targets", "url", "http://127.0.0.1:9/other", "secret", "sesame"); !page.Has("code", "http://127.0.0.1:9/other") {
		t.Errorf("the same name again: %s", page.Text())
	}
}

func TestDeadLettersAreShownAndSentBack(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/seller/channels"), "/seller/channels/queues", "queue", "given-up")
	v.send(v.get("/seller/channels"), "/seller/channels/queues", "queue", "orders", "dead", "given-up")
	if v.at != "/seller/channels/queues/orders" {
		t.Fatalf("making a queue led to %s", v.at)
	}
	s.doom("orders", 30)
	page := v.get("/seller/channels/queues/given-up")
	if n := len(page.All("details.entry")); n != messagesOnPage || !page.Has("span", "Dead letter") {
		t.Errorf("%d of 30 are shown: %s", n, page.Text())
	}
	if n := len(v.get("/seller/channels/queues/given-up?from=25").All("details.entry")); n != 5 {
		t.Errorf("%d on the second page", n)
	}
	if v.get("/seller/channels/queues/given-up?from=x"); v.status != http.StatusBadRequest && v.status != http.StatusUnprocessableEntity {
		t.Errorf("from nowhere: %d", v.status)
	}
	page = v.press(page, "/redrive")
	if !page.Has("p", "30 messages are where they came from") || !page.Has("span", "COMPLETED") && !page.Has("span", "Completed") {
		t.Errorf("sent back: %s", page.Text())
	}
	if page = v.get("/seller/channels/queues/orders"); !page.Has("p", "30, the oldest first") {
		t.Errorf("back in the queue: %s", page.Text())
	}
	if page = v.post("/seller/channels/queues/orders/redrive", nil); !page.Has("p", "Nothing was changed") {
		t.Errorf("what is no dead letter: %s", page.Text())
	}
	if page = v.post("/seller/channels/queues/given-up/cancel", nil); !page.Has("p", "Nothing was changed") {
		t.Errorf("a task that is over: %s", page.Text())
	}
	v.press(v.get("/seller/channels/queues/orders"), "/delete")
	if v.get("/seller/channels/queues/orders"); v.status != http.StatusNotFound {
		t.Errorf("a queue that is gone: %d", v.status)
	}
	for _, path := range []string{"/seller/channels/queues/given-up/dance", "/seller/channels/rules/" + notice.DefaultQueue + "/dance", "/seller/channels/subscriptions/x/dance"} {
		if v.post(path, nil); v.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, v.status)
		}
	}
}

// TestAnotherSellersChannelsAreNotShown looks from the desk of a seller who has nothing.
func TestAnotherSellersChannelsAreNotShown(t *testing.T) {
	f := ownBuiltin(t)
	other := f.Sellers[0]
	other.AccountID, other.Name = "999988887777", "Quill"
	f.Sellers = append(f.Sellers, other)
	s := newSiteOf(t, f)
	v := s.as(acme)
	v.post("/seller/channels/subscriptions", url.Values{"topic": {topic.Subscriptions(classicCode)}, "endpoint": {"http://127.0.0.1:9/"}})
	v.post("/seller/as", url.Values{"account": {"999988887777"}})
	page := v.get("/seller/channels")
	if page.Has("code", classicCode) || page.Has("code", "http://127.0.0.1:9/") || !page.Has("p", "No topics") {
		t.Errorf("Quill sees %s", page.Text())
	}
	subs, err := s.front.opt.Channels.Topics(s.world.DefaultSeller())
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range subs[0].Subscriptions {
		if page := v.post("/seller/channels/subscriptions/"+sub.ARN+"/delete", nil); !page.Has("p", "Nothing was changed") {
			t.Errorf("Quill ended another's subscription: %s", page.Text())
		}
	}
}
