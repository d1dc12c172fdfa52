package notice

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

const seller = "444455556666"

// endpoint is a seller's HTTP endpoint: it keeps what it was sent, and answers as it is told.
type endpoint struct {
	url string

	mu     sync.Mutex
	answer []int // statuses, one after the other; then 200
	got    []received
}

type received struct {
	Header http.Header
	URL    string
	Body   string
}

func newEndpoint(t *testing.T, answer ...int) *endpoint {
	e := &endpoint{answer: answer}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.got = append(e.got, received{r.Header, r.URL.String(), string(body)})
		if len(e.answer) > 0 {
			w.WriteHeader(e.answer[0])
			e.answer = e.answer[1:]
		}
	}))
	t.Cleanup(srv.Close)
	e.url = srv.URL
	return e
}

// all is what came, in order.
func (e *endpoint) all() []received {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

// until lets time pass from one due instant to the next, as a clock that is moved does.
func (st *stage) until(t *testing.T, end time.Time) {
	t.Helper()
	for {
		at, ok := st.Due()
		if !ok || at.After(end) {
			st.clk.Set(end)
			return
		}
		if at.After(st.clk.Now()) {
			st.clk.Set(at)
		}
		if !st.RunDue(t.Context()) {
			t.Fatalf("due at %v, and nothing done", at)
		}
	}
}

// subscribe subscribes an endpoint to the classic product's topic, and confirms it.
func (st *stage) subscribe(t *testing.T, e *endpoint, attrs map[string]string) topic.Subscription {
	t.Helper()
	arn := topic.Subscriptions(success.ProductCode)
	st.topics.Offer(success.ProductCode, seller)
	b, err := st.topics.Subscribe(seller, topic.Region, topic.Subscription{Topic: arn, Protocol: topic.HTTP, Endpoint: e.url, Attributes: attrs})
	if err != nil {
		t.Fatal(err)
	}
	st.RunDue(t.Context())
	var m struct{ Type, Token, TopicArn, SubscribeURL string }
	got := e.all()
	last := got[len(got)-1]
	if err := json.Unmarshal([]byte(last.Body), &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != "SubscriptionConfirmation" || last.Header.Get("x-amz-sns-message-type") != m.Type || !strings.Contains(m.SubscribeURL, m.Token) ||
		last.Header.Get("x-amz-sns-topic-arn") != arn || last.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
		t.Fatalf("confirmation: %+v", last)
	}
	if _, err := st.topics.Confirm(m.TopicArn, m.Token, false); err != nil {
		t.Fatal(err)
	}
	return b
}

// destination makes an API destination of an endpoint, and a rule that leads all events there.
func (st *stage) destination(t *testing.T, e *endpoint, target bus.Target) {
	t.Helper()
	c, err := st.bus.CreateConnection(seller, "us-east-1", bus.Connection{Name: "c", Auth: bus.APIKey, User: "X-Souk-Events-Secret", Secret: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := st.bus.CreateDestination(seller, "us-east-1", bus.Destination{Name: "d", ConnectionARN: c.ARN, Endpoint: e.url + "/events/*", Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.bus.PutRule(seller, "us-east-1", bus.Rule{Name: "mine", Pattern: `{"detail-type":[{"prefix":"Purchase Agreement"}]}`}); err != nil {
		t.Fatal(err)
	}
	target.ID, target.ARN = "d", d.ARN
	if err := st.bus.PutTargets(seller, "us-east-1", "mine", []bus.Target{target}); err != nil {
		t.Fatal(err)
	}
}

func (st *stage) one(t *testing.T, id string) Delivery {
	t.Helper()
	d, err := st.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTopicToEndpoint(t *testing.T) {
	st := newStage(t)
	e := newEndpoint(t)
	b := st.subscribe(t, e, nil)
	st.Accept(success)
	st.RunDue(t.Context())
	got := e.all()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	var n struct{ Type, MessageId, Message, UnsubscribeURL, SignatureVersion, Signature string }
	if err := json.Unmarshal([]byte(got[1].Body), &n); err != nil {
		t.Fatal(err)
	}
	h := got[1].Header
	if n.Type != "Notification" || n.MessageId != success.ID || !strings.Contains(n.Message, "subscribe-success") || !strings.Contains(n.UnsubscribeURL, "Unsubscribe") ||
		n.SignatureVersion != "1" || n.Signature == "" || h.Get("x-amz-sns-message-id") != success.ID || h.Get("x-amz-sns-subscription-arn") != b.ARN {
		t.Errorf("sent %+v", got[1])
	}
	if d := st.one(t, success.ID); d.Outcome != Delivered || len(d.Attempts) != 2 || d.Attempts[1].Status != 200 || d.Attempts[1].Target != e.url || len(st.bodies()) != 1 {
		t.Errorf("listed %+v", d)
	}
}

func TestRawDeliveryAndFilters(t *testing.T) {
	st := newStage(t)
	e := newEndpoint(t)
	st.subscribe(t, e, map[string]string{"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": `{"action":[{"prefix":"unsubscribe-"}]}`})
	for _, n := range []world.Notice{success, pending} {
		st.Accept(n)
	}
	st.RunDue(t.Context())
	got := e.all()
	if len(got) != 2 || !strings.HasPrefix(got[1].Body, `{"action":"unsubscribe-pending","customer-identifier":"ifAPi5AcF3"`) || got[1].Header.Get("x-amz-sns-rawdelivery") != "true" {
		t.Errorf("sent %+v", got[1:])
	}
}

// SNS tries an endpoint that fails three times more, 20 seconds apart, and then gives up: into the dead-letter queue.
func TestTopicRetries(t *testing.T) {
	for name, c := range map[string]struct {
		answer []int
		attrs  map[string]string
		at     []string // when it was tried, after the notice
		dead   int
	}{
		"comes back":   {[]int{503, 500}, nil, []string{"0s", "20s", "40s"}, 0},
		"too busy":     {[]int{429}, nil, []string{"0s", "20s"}, 0},
		"given up":     {[]int{500, 502, 503, 504, 500}, nil, []string{"0s", "20s", "40s", "1m0s"}, 1},
		"its own word": {[]int{403}, nil, []string{"0s"}, 1},
		"redirected":   {[]int{301}, nil, []string{"0s"}, 1},
		"a policy": {[]int{500, 500, 500, 500, 500, 500}, map[string]string{"DeliveryPolicy": `{"healthyRetryPolicy":{"numRetries":5,"numNoDelayRetries":1,"numMinDelayRetries":1,"numMaxDelayRetries":1,"minDelayTarget":10,"maxDelayTarget":60,"backoffFunction":"linear"}}`},
			[]string{"0s", "0s", "10s", "20s", "1m20s", "2m20s"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			e := newEndpoint(t)
			attrs := map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + queue.ARN(seller, "dead") + `"}`}
			for k, v := range c.attrs {
				attrs[k] = v
			}
			if err := st.queues.Create(seller, "dead", map[string]string{"Policy": queue.Open(queue.ARN(seller, "dead"))}); err != nil {
				t.Fatal(err)
			}
			st.subscribe(t, e, attrs)
			e.answer = c.answer
			st.Accept(success)
			st.until(t, accepted.Add(time.Hour))
			var at []string
			for _, a := range st.one(t, success.ID).Attempts[1:] {
				at = append(at, a.At.Sub(accepted).String())
			}
			if !slices.Equal(at, c.at) || len(e.all()) != 1+len(c.at) {
				t.Errorf("tried after %q, %d times; want %q", at, len(e.all())-1, c.at)
			}
			dead := st.queues.Waiting(seller, "dead")
			if len(dead) != c.dead {
				t.Fatalf("%d dead letters", len(dead))
			}
			d := st.one(t, success.ID)
			if want := map[int]Outcome{0: Delivered, 1: Failed}[c.dead]; d.Outcome != want {
				t.Errorf("%s: %+v", d.Outcome, d.Attempts)
			}
			if c.dead == 1 && (!strings.Contains(dead[0].Body, success.ID) || dead[0].Attributes["ErrorCode"].String == "") {
				t.Errorf("the dead letter is %+v", dead[0])
			}
		})
	}
}

func TestRuleToAPIDestination(t *testing.T) {
	st := newStage(t)
	e := newEndpoint(t)
	st.destination(t, e, bus.Target{HTTP: &bus.HTTPParameters{Path: []string{"aws"}, Query: map[string]string{"from": "bus"}}})
	st.Accept(created)
	st.Accept(updated) // the rule does not want it
	st.RunDue(t.Context())
	got := e.all()
	if len(got) != 1 || got[0].URL != "/events/aws?from=bus" || got[0].Header.Get("X-Souk-Events-Secret") != "s3cret" ||
		got[0].Header.Get("Content-Type") != "application/json; charset=utf-8" || got[0].Body != st.one(t, created.ID).Body {
		t.Fatalf("sent %+v", got)
	}
	if len(st.bodies()) != 2 {
		t.Errorf("the built-in rule led %d events to the queue; want both", len(st.bodies()))
	}
}

// EventBridge goes on for 24 hours and 185 retries, with pauses that grow; less where the target says so.
func TestRuleRetries(t *testing.T) {
	always := slices.Repeat([]int{500}, 400)
	for name, c := range map[string]struct {
		retry  *bus.RetryPolicy
		answer []int
		tried  int
		limit  string
	}{
		"a day":        {nil, always, 186, "MaximumRetryAttempts"},
		"a minute":     {&bus.RetryPolicy{Age: new(int64(60))}, always, 6, "MaximumEventAgeInSeconds"},
		"twice":        {&bus.RetryPolicy{Attempts: new(int64(1))}, always, 2, "MaximumRetryAttempts"},
		"unauthorized": {nil, []int{401, 407}, 3, ""},
		"refused":      {nil, []int{400}, 1, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			e := newEndpoint(t, c.answer...)
			if err := st.queues.Create(seller, "dead", map[string]string{"Policy": queue.Open(queue.ARN(seller, "dead"))}); err != nil {
				t.Fatal(err)
			}
			st.destination(t, e, bus.Target{Retry: c.retry, DeadLetter: &bus.DeadLetter{ARN: queue.ARN(seller, "dead")}})
			st.Accept(created)
			st.until(t, accepted.Add(48*time.Hour))
			if n := len(e.all()); n != c.tried {
				t.Errorf("tried %d times, want %d", n, c.tried)
			}
			if last := st.one(t, created.ID).Attempts; last[len(last)-1].At.After(accepted.Add(24 * time.Hour)) {
				t.Errorf("tried last at %s", last[len(last)-1].At)
			}
			dead := st.queues.Waiting(seller, "dead")
			if (len(dead) == 1) != (c.limit != "") {
				t.Fatalf("dead letters: %+v", dead)
			}
			if len(dead) == 1 {
				a := dead[0].Attributes
				if dead[0].Body != st.one(t, created.ID).Body || !strings.HasSuffix(a["RULE_ARN"].String, "rule/mine") || a["ERROR_CODE"].String != "HTTP_ERROR" ||
					strings.Trim(c.limit, "-") != a["EXHAUSTED_RETRY_CONDITION"].String {
					t.Errorf("the dead letter says %+v", a)
				}
			}
		})
	}
}

// Faults of notices disturb every channel, and every receiver of it.
func TestFaultsOverHTTP(t *testing.T) {
	for kind, want := range map[fault.Kind]int{fault.Duplicate: 2, fault.LoseRedeliver: 1, fault.Forge: 2, fault.Delay: 1, fault.Reorder: 1} {
		t.Run(string(kind), func(t *testing.T) {
			st := newStage(t)
			events, messages := newEndpoint(t), newEndpoint(t)
			st.destination(t, events, bus.Target{})
			st.subscribe(t, messages, nil)
			st.fault(t, kind, "1m")
			st.Accept(created)
			st.until(t, accepted.Add(time.Hour))
			st.fault(t, kind, "1m")
			st.Accept(success)
			st.until(t, accepted.Add(2*time.Hour))
			// A forged event is no Purchase Agreement event, and does not match the rule by its detail type.
			if n := len(events.all()); n != want && kind != fault.Forge {
				t.Errorf("%d events", n)
			}
			got := messages.all()[1:]
			if len(got) != want {
				t.Fatalf("%d messages", len(got))
			}
			if lie := got[len(got)-1]; kind == fault.Forge && (strings.Contains(lie.Body, topic.Marketplace) || strings.Contains(lie.Header.Get("x-amz-sns-topic-arn"), topic.Marketplace)) {
				t.Errorf("it passes for AWS's: %+v", lie)
			}
			if d := st.one(t, success.ID); d.Outcome != Delivered || d.Fault != kind {
				t.Errorf("listed %+v", d)
			}
		})
	}
}

// A rule that is made too late gets nothing of what came before; Redeliver sends it there.
func TestNothingIsRetroactive(t *testing.T) {
	st := newStage(t)
	if err := st.bus.DropTargets(seller, "us-east-1", DefaultQueue, []string{DefaultQueue}); err != nil {
		t.Fatal(err)
	}
	st.Accept(created)
	if d := st.one(t, created.ID); d.Outcome != Unheard || len(d.Attempts) != 0 {
		t.Fatalf("%+v", d)
	}
	e := newEndpoint(t)
	st.destination(t, e, bus.Target{})
	st.RunDue(t.Context())
	if n := len(e.all()); n != 0 {
		t.Fatalf("%d events came by themselves", n)
	}
	if _, err := st.Redeliver(created.ID); err != nil {
		t.Fatal(err)
	}
	st.RunDue(t.Context())
	if d := st.one(t, created.ID); len(e.all()) != 1 || d.Outcome != Delivered {
		t.Errorf("redelivered: %+v", d)
	}
}

// A queue that nobody has opened to EventBridge or SNS gets nothing, and the list says why.
func TestAQueueMustLetThemIn(t *testing.T) {
	st := newStage(t)
	closed := queue.ARN(seller, "closed")
	if err := st.queues.Create(seller, "closed", nil); err != nil {
		t.Fatal(err)
	}
	if err := st.queues.Create(seller, "dead", map[string]string{"Policy": queue.Open(queue.ARN(seller, "dead"))}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.bus.PutRule(seller, "us-east-1", bus.Rule{Name: "mine", Pattern: `{"source":["aws.agreement-marketplace"]}`}); err != nil {
		t.Fatal(err)
	}
	if err := st.bus.PutTargets(seller, "us-east-1", "mine", []bus.Target{{ID: "q", ARN: closed, DeadLetter: &bus.DeadLetter{ARN: queue.ARN(seller, "dead")}}}); err != nil {
		t.Fatal(err)
	}
	st.Accept(created)
	d := st.one(t, created.ID)
	if d.Outcome != Failed || !strings.Contains(d.Attempts[1].Why, "policy") || len(st.queues.Waiting(seller, "closed")) != 0 {
		t.Errorf("%+v", d)
	}
	if dead := st.queues.Waiting(seller, "dead"); len(dead) != 1 || dead[0].Attributes["ERROR_CODE"].String != "NO_PERMISSIONS" {
		t.Errorf("dead letters: %+v", dead)
	}
	policy := strings.Replace(queue.Open(closed), `"Resource"`, `"Condition":{"ArnEquals":{"aws:SourceArn":"`+bus.RuleARN(seller, "us-east-1", "mine")+`"}},"Resource"`, 1)
	if err := st.queues.Set(seller, "closed", map[string]string{"Policy": policy}); err != nil {
		t.Fatal(err)
	}
	if st.Accept(updated); len(st.queues.Waiting(seller, "closed")) != 1 {
		t.Errorf("%+v", st.one(t, updated.ID))
	}
}

// What an endpoint answered is kept: after a restart, only what had no answer is sent again.
func TestRestartSendsOnlyWhatHadNoAnswer(t *testing.T) {
	st := newStage(t)
	e := newEndpoint(t)
	sub := st.subscribe(t, e, nil)
	log := st.log
	e.answer = []int{200, 500}
	st.Accept(success)
	st.RunDue(t.Context())
	st.Accept(pending)
	st.RunDue(t.Context()) // fails, and is tried again in 20 seconds
	st.Accept(over)        // is due, and was not sent yet
	log = append(log, success)
	for _, c := range st.log[len(log)-1:] {
		switch c := c.(type) {
		case Change:
			if c.Notice == pending.ID && c.Result == nil {
				log = append(log, pending)
			}
			if c.Notice == over.ID {
				log = append(log, over)
			}
		}
		log = append(log, c)
	}
	st.open(t)
	st.topics.Offer(success.ProductCode, seller)
	sub.Confirmed = true
	if err := st.topics.Replay(topic.Change{Op: topic.OpSubscribe, Subscription: &sub}); err != nil {
		t.Fatal(err)
	}
	st.BeginReplay()
	for _, c := range log {
		switch c := c.(type) {
		case world.Notice:
			st.Accept(c)
		case Change:
			if err := st.Replay(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	st.EndReplay()
	before := len(e.all())
	st.until(t, accepted.Add(time.Hour))
	var sent []string
	for _, r := range e.all()[before:] {
		sent = append(sent, r.Header.Get("x-amz-sns-message-id"))
	}
	if !slices.Equal(sent, []string{over.ID, pending.ID}) {
		t.Errorf("sent again: %q", sent)
	}
	for _, n := range []string{success.ID, pending.ID, over.ID} {
		if d := st.one(t, n); d.Outcome != Delivered {
			t.Errorf("%s: %+v", n, d.Attempts)
		}
	}
}
