package control_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

type rule struct {
	Name, EventPattern string
	Enabled            bool
	Targets            []struct{ TargetID, TargetArn, URL, DeadLetterQueueArn string }
}

type subscription struct {
	Arn, Endpoint string
	Confirmed     bool
}

type queueInfo struct {
	Name, DeadLetterQueue string
	Waiting, InFlight     int
	DeadLettersOf         []string
	Moves                 []task
}

type task struct {
	Status, FailureReason string
	Moved, ToMove         int
}

// endpoint is a seller's HTTP endpoint, which fails while it is told to.
type endpoint struct {
	url string

	mu   sync.Mutex
	got  []string // "header: value" of interest, and the body
	sick bool
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.sick {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		e.got = append(e.got, r.Header.Get("X-Secret")+" "+r.Header.Get("x-amz-sns-message-type")+" "+string(body))
	}))
	t.Cleanup(srv.Close)
	e.url = srv.URL
	return e
}

func (e *endpoint) turn(sick bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sick = sick
}

// heard is how often the endpoint was sent something that has all the words.
func (e *endpoint) heard(words ...string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, text := range e.got {
		all := true
		for _, w := range words {
			all = all && strings.Contains(text, w)
		}
		if all {
			n++
		}
	}
	return n
}

// giveUp sends n messages to a queue, and receives them until they are in its dead-letter queue.
func (st *stage) giveUp(name, dead string, n int) {
	st.t.Helper()
	at := aws.String(st.url + "/" + seller + "/" + name)
	for range n {
		if _, err := st.sqs().SendMessage(st.t.Context(), &sqs.SendMessageInput{QueueUrl: at, MessageBody: aws.String("order")}); err != nil {
			st.t.Fatal(err)
		}
	}
	for q := (queueInfo{}); q.Waiting < n; st.get("/_sandbox/queues/"+dead, &q) {
		if _, err := st.sqs().ReceiveMessage(st.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: at, MaxNumberOfMessages: 10}); err != nil {
			st.t.Fatal(err)
		}
		st.advance("30s") // the visibility timeout
	}
}

// TestASellersTopicIsHeard subscribes an endpoint by the control API alone, and takes it off again.
func TestASellersTopicIsHeard(t *testing.T) {
	st := open(t, "")
	to := newEndpoint(t)
	type topic struct {
		TopicArn, ProductCode, Title, SignatureVersion string
		Subscriptions                                  []subscription
	}
	topics := all[topic](st, "/_sandbox/topics", nil)
	if len(topics) != 4 || topics[0].ProductCode != classic || len(topics[0].Subscriptions) != 1 || topics[0].SignatureVersion != "1" {
		t.Fatalf("topics %+v", topics)
	}
	var sub subscription
	st.post("/_sandbox/subscriptions", map[string]any{"topicArn": topics[0].TopicArn, "protocol": "http", "endpoint": to.url, "attributes": map[string]any{"RawMessageDelivery": "true"}}, &sub)
	if sub.Confirmed || to.heard("SubscriptionConfirmation", "SubscribeURL") != 1 {
		t.Fatalf("asked for: %+v, sent %q", sub, to.got)
	}
	at := "/_sandbox/subscriptions/" + url.PathEscape(sub.Arn)
	for range 2 { // confirming twice is fine
		if st.post(at+"/confirm", nil, &sub); !sub.Confirmed {
			t.Fatalf("confirmed: %+v", sub)
		}
	}
	st.buy(acme, classic)
	st.advance("1h")
	if n := to.heard("subscribe-success"); n != 1 {
		t.Errorf("the endpoint heard of the purchase %d times: %q", n, to.got)
	}
	deliveries := all[struct{ ID, Kind string }](st, "/_sandbox/deliveries", url.Values{"kind": {"subscribe-success"}})
	if len(deliveries) != 1 {
		t.Fatalf("deliveries %+v", deliveries)
	}
	var sent struct {
		Items []struct {
			Attempt                int
			URL, QueueArn, Unknown string
			Body                   string
			Header                 map[string]string
		}
	}
	st.get("/_sandbox/deliveries/"+deliveries[0].ID+"/attempts", &sent)
	if len(sent.Items) != 2 || sent.Items[0].QueueArn == "" || !strings.Contains(sent.Items[0].Body, `"Signature"`) || sent.Items[1].URL != to.url ||
		sent.Items[1].Header["x-amz-sns-rawdelivery"] != "true" || !strings.HasPrefix(sent.Items[1].Body, `{"action"`) {
		t.Errorf("what was sent: %+v", sent)
	}
	st.must(http.MethodDelete, at, nil, nil)
	if status, p := st.do(http.MethodDelete, at, nil, nil); status != http.StatusNotFound || p.Code != "unknown_topic" {
		t.Errorf("ended twice: %d %+v", status, p)
	}
	st.get("/_sandbox/deliveries/"+deliveries[0].ID+"/attempts", &sent)
	if sent.Items[1].Unknown == "" {
		t.Errorf("by a subscription that is gone: %+v", sent.Items[1])
	}
}

// TestARuleLeadsToAnEndpointAndItsDeadLetters makes a rule whose endpoint fails, and sees the event kept.
func TestARuleLeadsToAnEndpointAndItsDeadLetters(t *testing.T) {
	st := open(t, "")
	to := newEndpoint(t)
	to.turn(true)
	var q queueInfo
	st.post("/_sandbox/queues", map[string]any{"name": "refused"}, &q)
	var r rule
	st.must(http.MethodPost, "/_sandbox/rules", map[string]any{"name": "licenses", "eventPattern": `{"detail-type":["License Updated - Manufacturer"]}`}, &r)
	st.post("/_sandbox/rules/licenses/targets", map[string]any{"url": to.url, "header": "X-Secret", "secret": "sesame", "deadLetterQueue": "refused"}, &r)
	if len(r.Targets) != 1 || r.Targets[0].URL != to.url || !strings.HasSuffix(r.Targets[0].DeadLetterQueueArn, ":refused") {
		t.Fatalf("the rule is %+v", r)
	}
	st.buy(acme, inkwell)
	st.advance("1h")
	page := all[struct {
		Body       string
		Attributes map[string]struct{ String string }
	}](st, "/_sandbox/queues/refused/messages", nil)
	if len(page) != 1 || page[0].Attributes["ERROR_CODE"].String != "HTTP_ERROR" || !strings.Contains(page[0].Body, "License Updated") {
		t.Errorf("what the endpoint refused: %+v", page)
	}
	// It is no dead-letter queue of SQS's: AWS's console has no button for that, either.
	if status, p := st.do(http.MethodPost, "/_sandbox/queues/refused/redrive", nil, nil); status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		t.Errorf("sent back: %d %+v", status, p)
	}
	to.turn(false)
	heard := all[struct{ ID string }](st, "/_sandbox/deliveries", url.Values{"kind": {"License Updated - Manufacturer"}})
	st.post("/_sandbox/deliveries/"+heard[0].ID+"/redeliver", nil, nil)
	if n := to.heard("sesame", "License Updated"); n != 1 {
		t.Errorf("once it is well the endpoint has %q", to.got)
	}
	for _, act := range []string{"disable", "enable"} {
		if st.must(http.MethodPost, "/_sandbox/rules/licenses/"+act, nil, &r); r.Enabled != (act == "enable") {
			t.Errorf("%s: %+v", act, r)
		}
	}
	st.must(http.MethodDelete, "/_sandbox/rules/licenses/targets/endpoint", nil, nil)
	st.post("/_sandbox/rules/licenses/targets", map[string]any{"queue": "refused"}, &r)
	st.must(http.MethodDelete, "/_sandbox/rules/licenses", nil, nil)
	if rules := all[rule](st, "/_sandbox/rules", nil); len(rules) != 1 || rules[0].Name != "marketplace-notices" {
		t.Errorf("rules that are left: %+v", rules)
	}
	st.must(http.MethodDelete, "/_sandbox/queues/refused", nil, nil)
}

func TestAPatternIsTriedOnWhatWasTold(t *testing.T) {
	st := open(t, "")
	st.buy(acme, inkwell)
	st.buy(acme, classic)
	st.advance("1h")
	event := all[struct{ ID, Body string }](st, "/_sandbox/deliveries", url.Values{"channel": {"eventbridge"}})[0]
	message := all[struct{ ID string }](st, "/_sandbox/deliveries", url.Values{"channel": {"sns"}})[0]
	for _, c := range []struct {
		in   map[string]any
		want bool
		code string
	}{
		{map[string]any{"eventPattern": `{"source":["aws.agreement-marketplace"]}`, "deliveryId": event.ID}, true, ""},
		{map[string]any{"eventPattern": `{"source":["my.shop"]}`, "deliveryId": event.ID}, false, ""},
		{map[string]any{"eventPattern": `{"a":[1]}`, "event": `{"a":1}`}, true, ""},
		{map[string]any{"eventPattern": `{"a":1}`, "event": `{"a":1}`}, false, "event_pattern"},
		{map[string]any{"eventPattern": `{"a":[1]}`, "event": `{`}, false, "event"},
		{map[string]any{"eventPattern": `{"a":[1]}`, "deliveryId": message.ID}, false, "no_event"},
		{map[string]any{"eventPattern": `{"a":[1]}`, "deliveryId": "none"}, false, "unknown_delivery"},
	} {
		var got struct{ Matches bool }
		if _, p := st.do(http.MethodPost, "/_sandbox/pattern-trials", c.in, &got); p.Code != c.code || got.Matches != c.want {
			t.Errorf("%v: %+v %+v; want %v %s", c.in, got, p, c.want, c.code)
		}
	}
}

// TestDeadLettersGoBackAfterARestart begins to send dead letters back, one a second, and goes on after a restart.
func TestDeadLettersGoBackAfterARestart(t *testing.T) {
	data := t.TempDir()
	st := open(t, data)
	var q queueInfo
	st.post("/_sandbox/queues", map[string]any{"name": "dead"}, nil)
	st.post("/_sandbox/queues", map[string]any{"name": "orders", "deadLetterQueue": "dead", "maxReceiveCount": 1}, &q)
	if q.DeadLetterQueue != "dead" {
		t.Errorf("made %+v", q)
	}
	st.giveUp("orders", "dead", 3)
	if st.get("/_sandbox/queues/dead", &q); q.Waiting != 3 || len(q.DeadLettersOf) != 1 {
		t.Fatalf("dead letters: %+v", q)
	}
	var m task
	st.post("/_sandbox/queues/dead/redrive", map[string]any{"maxNumberOfMessagesPerSecond": 1}, &m)
	if m.Status != "RUNNING" || m.Moved != 1 || m.ToMove != 3 {
		t.Errorf("the task is %+v", m)
	}
	st.stop()
	st = again(t, data)
	st.advance("1s")
	if st.must(http.MethodDelete, "/_sandbox/queues/dead/redrive", nil, &m); m.Status != "CANCELLED" || m.Moved != 2 {
		t.Errorf("cancelled a second after a restart: %+v", m)
	}
	st.get("/_sandbox/queues/dead", &q)
	if q.Waiting != 1 || len(q.Moves) != 1 || q.Moves[0].Status != "CANCELLED" {
		t.Errorf("the dead-letter queue is %+v", q)
	}
	if st.get("/_sandbox/queues/orders", &q); q.Waiting != 2 {
		t.Errorf("the queue that they came from is %+v", q)
	}
	if status, p := st.do(http.MethodDelete, "/_sandbox/queues/dead/redrive", nil, nil); status != http.StatusNotFound || p.Code != "no_task" {
		t.Errorf("cancelled twice: %d %+v", status, p)
	}
	st.post("/_sandbox/queues/dead/redrive", map[string]any{"to": "marketplace-notices"}, &m)
	if m.Status != "COMPLETED" || m.Moved != 1 {
		t.Errorf("to another queue: %+v", m)
	}
}

func TestChannelsThatCannotBe(t *testing.T) {
	st := open(t, "")
	for _, c := range []struct {
		method, path string
		in           map[string]any
		code         string
	}{
		{http.MethodGet, "/_sandbox/topics?sellerAccountId=" + acme, nil, "unknown_seller"},
		{http.MethodPost, "/_sandbox/subscriptions", map[string]any{"topicArn": "x", "protocol": "http", "endpoint": "http://h"}, "sns"},
		{http.MethodPost, "/_sandbox/subscriptions", map[string]any{"topicArn": "arn:aws:sns:us-east-1:444455556666:none", "protocol": "http", "endpoint": "http://h"}, "unknown_topic"},
		{http.MethodPost, "/_sandbox/subscriptions", map[string]any{"topicArn": "arn:aws:sns:us-east-1:" + acme + ":t", "protocol": "http", "endpoint": "http://h"}, "not_yours"},
		{http.MethodPost, "/_sandbox/subscriptions", map[string]any{"topicArn": "x", "protocol": "sqs", "endpoint": "none"}, "unknown_queue"},
		{http.MethodPost, "/_sandbox/rules", map[string]any{"name": "a b", "eventPattern": `{"a":[1]}`}, "eventbridge"},
		{http.MethodPost, "/_sandbox/rules/marketplace-notices/dance", nil, "unknown_call"},
		{http.MethodGet, "/_sandbox/rules/none", nil, "unknown_rule"},
		{http.MethodPost, "/_sandbox/rules/none/targets", map[string]any{"queue": "marketplace-notices"}, "unknown_rule"},
		{http.MethodPost, "/_sandbox/rules/marketplace-notices/targets", map[string]any{}, "target"},
		{http.MethodPost, "/_sandbox/rules/marketplace-notices/targets", map[string]any{"queue": "marketplace-notices"}, "target_exists"},
		{http.MethodPost, "/_sandbox/rules/marketplace-notices/targets", map[string]any{"url": "http://h"}, "secret"},
		{http.MethodPost, "/_sandbox/rules/marketplace-notices/targets", map[string]any{"url": "mailto:x", "header": "A", "secret": "b"}, "eventbridge"},
		{http.MethodDelete, "/_sandbox/rules/marketplace-notices/targets/none", nil, "unknown_target"},
		{http.MethodPost, "/_sandbox/queues", map[string]any{"name": "a b"}, "sqs"},
		{http.MethodPost, "/_sandbox/queues", map[string]any{"name": "marketplace-notices", "deadLetterQueue": "marketplace-notices"}, "sqs"},
		{http.MethodGet, "/_sandbox/queues/none", nil, "unknown_queue"},
		{http.MethodGet, "/_sandbox/queues/none/messages", nil, "unknown_queue"},
		{http.MethodDelete, "/_sandbox/queues/none", nil, "unknown_queue"},
		{http.MethodPost, "/_sandbox/queues/none/redrive", nil, "unknown_queue"},
		{http.MethodGet, "/_sandbox/deliveries/none/attempts", nil, "unknown_delivery"},
	} {
		var in any
		if c.in != nil {
			in = c.in
		}
		if status, p := st.do(c.method, c.path, in, nil); status < 400 || status >= 500 || p.Code != c.code {
			t.Errorf("%s %s %v: %d %s (%s); want %s", c.method, c.path, c.in, status, p.Code, p.Detail, c.code)
		}
	}
}
