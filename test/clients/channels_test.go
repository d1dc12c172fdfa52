package clients

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"souk.dev/souk/test/harness"
)

// receiver is a seller's HTTP endpoint, which takes everything.
type receiver struct {
	url string

	mu  sync.Mutex
	got []delivery
}

// delivery is a request that a [receiver] was sent.
type delivery struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Errorf("read what is delivered: %v", err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, delivery{req.Header, string(body)})
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

// with are the deliveries that have the header name.
func (r *receiver) with(name string) (found []delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.got {
		if d.header.Get(name) != "" {
			found = append(found, d)
		}
	}
	return found
}

// channels is a seller that sets up by itself how notices reach it, with one client as its only means.
type channels struct {
	*bench
	t        *testing.T
	endpoint *receiver
	account  string // the seller's
	mine     string // URL of its queue
	dead     string // URL of the queue for what mine gives up
}

// ask makes a call that must succeed, and gives the members of the answer.
func (c *channels) ask(service, operation string, input map[string]any) map[string]any {
	c.t.Helper()
	got := c.do(c.t, call{service, operation, input})
	if got.Code != "" {
		c.t.Fatalf("%s %s: %s: %s", service, operation, got.Code, got.Message)
	}
	return into[map[string]any](c.t, got)
}

func (c *channels) arn(name string) string { return "arn:aws:sqs:us-east-1:" + c.account + ":" + name }

// pages reads a list to its end and gives the member id of every item. The CLI reads on by itself unless input has a
// size; any other client must see more than one page.
func (c *channels) pages(service, operation string, input map[string]any, list, id string) (all []string) {
	c.t.Helper()
	_, gathers := c.session.(cli)
	for n := 1; ; n++ {
		page := c.ask(service, operation, input)
		items, _ := page[list].([]any) // absent when empty
		for _, item := range items {
			value, _ := item.(map[string]any)[id].(string)
			if value == "" || slices.Contains(all, value) {
				c.t.Errorf("%s %s: %q is empty or came twice", service, operation, value)
			}
			all = append(all, value)
		}
		next, _ := page["NextToken"].(string)
		if next == "" {
			if n < 2 && !gathers {
				c.t.Errorf("%s %s: one page only", service, operation)
			}
			return all
		}
		input["NextToken"] = next
	}
}

// receive takes what is in a queue, and waits as long as AWS does when wait says so.
func (c *channels) receive(queue string, wait bool) messages {
	c.t.Helper()
	input := map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10}
	if wait {
		input["WaitTimeSeconds"] = 20
	}
	return into[messages](c.t, c.do(c.t, call{"sqs", "ReceiveMessage", input}))
}

// TestEveryClientSetsItsChannelsUp has each client do what a seller's set-up script does on AWS: queues with a policy and
// dead letters, subscriptions of a product's topic, a rule with a queue and an API destination as its targets. Two purchases
// then arrive on every way. Debian's releases of 2022 know all of these operations.
func TestEveryClientSetsItsChannelsUp(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := harness.StartSandbox(t, "")
			c := &channels{bench: &bench{Sandbox: s, driver: d, legacy: s.Product("legacy"), license: s.Product("license")}, t: t, endpoint: newReceiver(t)}
			c.session = c.client(t, "AWS_MAX_ATTEMPTS=1")
			c.makeQueues()
			unsubscribe := c.subscribe()
			dismantle := c.route()
			buyers := s.Buyers()
			s.Buy(buyers[0], c.legacy)
			s.Buy(buyers[1], c.license)
			s.Advance(10 * time.Minute)
			c.arrived()
			c.useQueues()
			c.listTopics()
			unsubscribe()
			dismantle()
			c.dropQueue()
		})
	}
}

func (c *channels) makeQueues() {
	c.dead, _ = c.ask("sqs", "CreateQueue", map[string]any{"QueueName": "dead"})["QueueUrl"].(string)
	u, err := url.Parse(c.dead)
	if err != nil || strings.Count(u.Path, "/") != 2 {
		c.t.Fatalf("the queue is at %q", c.dead)
	}
	c.account = strings.Split(u.Path, "/")[1]
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com","sns.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"` + c.arn("mine") + `"}}`
	made := c.ask("sqs", "CreateQueue", map[string]any{"QueueName": "mine", "Attributes": map[string]any{
		"Policy": policy, "RedrivePolicy": `{"deadLetterTargetArn":"` + c.arn("dead") + `","maxReceiveCount":1}`}})
	c.mine, _ = made["QueueUrl"].(string)
}

// subscribe subscribes queue and endpoint to the legacy product's topic; the endpoint confirms, and is sent raw messages.
// What it returns takes the endpoint off again.
func (c *channels) subscribe() (undo func()) {
	topic := "arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-" + c.legacy.ProductCode
	queued, _ := c.ask("sns", "Subscribe", map[string]any{"TopicArn": topic, "Protocol": "sqs", "Endpoint": c.arn("mine")})["SubscriptionArn"].(string)
	if !strings.HasPrefix(queued, topic+":") {
		c.t.Errorf("the queue's subscription is %q; the seller's own queue needs no confirmation", queued)
	}
	if got := c.ask("sns", "Subscribe", map[string]any{"TopicArn": topic, "Protocol": "http", "Endpoint": c.endpoint.url})["SubscriptionArn"]; got != "pending confirmation" {
		c.t.Errorf("the endpoint's subscription is %q before it was confirmed", got)
	}
	c.Advance(time.Second)
	sent := c.endpoint.with("x-amz-sns-message-type")
	if len(sent) != 1 {
		c.t.Fatalf("the endpoint was sent %+v", sent)
	}
	var confirmation struct{ Type, Token string }
	if err := json.Unmarshal([]byte(sent[0].body), &confirmation); err != nil || confirmation.Type != "SubscriptionConfirmation" {
		c.t.Fatalf("the endpoint was sent %s: %v", sent[0].body, err)
	}
	posted, _ := c.ask("sns", "ConfirmSubscription", map[string]any{"TopicArn": topic, "Token": confirmation.Token})["SubscriptionArn"].(string)
	c.ask("sns", "SetSubscriptionAttributes", map[string]any{"SubscriptionArn": posted, "AttributeName": "RawMessageDelivery", "AttributeValue": "true"})
	attrs, _ := c.ask("sns", "GetSubscriptionAttributes", map[string]any{"SubscriptionArn": posted})["Attributes"].(map[string]any)
	if attrs["PendingConfirmation"] != "false" || attrs["RawMessageDelivery"] != "true" || attrs["Endpoint"] != c.endpoint.url {
		c.t.Errorf("the endpoint's subscription has %v", attrs)
	}
	return func() {
		c.ask("sns", "Unsubscribe", map[string]any{"SubscriptionArn": posted})
		left, err := json.Marshal(c.ask("sns", "ListSubscriptionsByTopic", map[string]any{"TopicArn": topic}))
		if err != nil || !strings.Contains(string(left), queued) || strings.Contains(string(left), posted) {
			c.t.Errorf("subscriptions of the topic: %s, %v", left, err)
		}
	}
}

// route leads the marketplace's licence events to queue and endpoint. What it returns takes it all away again.
func (c *channels) route() (undo func()) {
	const pattern = `{"source":["aws.agreement-marketplace"],"detail-type":[{"prefix":"License "}]}`
	c.ask("events", "PutRule", map[string]any{"Name": "notices", "EventPattern": pattern})
	for detail, want := range map[string]bool{"License Updated - Manufacturer": true, "Purchase Agreement Created - Proposer": false} {
		event := `{"id":"1","account":"` + c.account + `","source":"aws.agreement-marketplace","time":"2026-11-10T09:20:00Z","region":"us-east-1","resources":[],"detail-type":"` + detail + `","detail":{}}`
		if got := c.ask("events", "TestEventPattern", map[string]any{"EventPattern": pattern, "Event": event})["Result"]; got != want {
			c.t.Errorf("%s matches: %v; want %v", detail, got, want)
		}
	}
	connection := c.ask("events", "CreateConnection", map[string]any{"Name": "door", "AuthorizationType": "API_KEY",
		"AuthParameters": map[string]any{"ApiKeyAuthParameters": map[string]any{"ApiKeyName": "X-Door-Key", "ApiKeyValue": "opensesame"}}})
	door := c.ask("events", "CreateApiDestination", map[string]any{"Name": "door", "ConnectionArn": connection["ConnectionArn"], "InvocationEndpoint": c.endpoint.url, "HttpMethod": "POST"})
	c.ask("events", "PutTargets", map[string]any{"Rule": "notices", "Targets": []any{
		map[string]any{"Id": "queue", "Arn": c.arn("mine")}, map[string]any{"Id": "door", "Arn": door["ApiDestinationArn"]}}})
	if got := c.pages("events", "ListTargetsByRule", map[string]any{"Rule": "notices", "Limit": 1}, "Targets", "Id"); len(got) != 2 {
		c.t.Errorf("the rule's targets are %v", got)
	}
	return func() {
		c.ask("events", "RemoveTargets", map[string]any{"Rule": "notices", "Ids": []any{"queue", "door"}})
		c.ask("events", "DeleteRule", map[string]any{"Name": "notices"})
		c.ask("events", "DeleteApiDestination", map[string]any{"Name": "door"})
		c.ask("events", "DeleteConnection", map[string]any{"Name": "door"})
	}
}

// arrived checks what the endpoint was sent of two purchases.
func (c *channels) arrived() {
	c.t.Helper()
	var legacy []string
	for _, d := range c.endpoint.with("x-amz-sns-rawdelivery") {
		legacy = append(legacy, d.body)
	}
	if len(legacy) != 1 || !strings.Contains(legacy[0], `"subscribe-success"`) {
		c.t.Errorf("over the topic the endpoint was sent %q", legacy)
	}
	events := c.endpoint.with("X-Door-Key")
	if len(events) != 1 || events[0].header.Get("X-Door-Key") != "opensesame" || !strings.Contains(events[0].body, `"License Updated - Manufacturer"`) {
		c.t.Errorf("over the bus the endpoint was sent %+v", events)
	}
}

// useQueues receives both notices, gives one back so that it becomes a dead letter, deletes the other, and waits for a third.
func (c *channels) useQueues() {
	got := c.receive(c.mine, false).Messages
	if len(got) != 2 {
		c.t.Fatalf("the queue has %+v; want the notices of both purchases", got)
	}
	c.ask("sqs", "DeleteMessage", map[string]any{"QueueUrl": c.mine, "ReceiptHandle": got[0].ReceiptHandle})
	c.ask("sqs", "ChangeMessageVisibility", map[string]any{"QueueUrl": c.mine, "ReceiptHandle": got[1].ReceiptHandle, "VisibilityTimeout": 0})
	if again := c.receive(c.mine, false).Messages; len(again) != 0 {
		c.t.Errorf("received %+v once more than the redrive policy allows", again)
	}
	if given := c.receive(c.dead, false).Messages; len(given) != 1 || given[0].Body != got[1].Body {
		c.t.Errorf("dead letters: %+v; want %q", given, got[1].Body)
	}
	// Whichever comes first, the question or the clock's move: the answer has the message.
	c.ask("sqs", "SendMessage", map[string]any{"QueueUrl": c.mine, "MessageBody": "patience", "DelaySeconds": 60})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.Do(http.MethodPost, "/_sandbox/clock", map[string]any{"advance": "60s"}, nil); err != nil {
			c.t.Errorf("move the clock: %v", err)
		}
	})
	if got := c.receive(c.mine, true).Messages; len(got) != 1 || got[0].Body != "patience" {
		c.t.Errorf("waited for %+v", got)
	}
	wg.Wait()
}

// listTopics reads more topics than go on a page. They are made through the Go SDK here, as a hundred processes would take
// a minute.
func (c *channels) listTopics() {
	const many = 101
	fast := sns.New(sns.Options{BaseEndpoint: &c.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("any", "secret", "")})
	for i := range many {
		if _, err := fast.CreateTopic(c.t.Context(), &sns.CreateTopicInput{Name: aws.String("t" + strings.Repeat("x", i))}); err != nil {
			c.t.Fatal(err)
		}
	}
	if got := c.pages("sns", "ListTopics", map[string]any{}, "Topics", "TopicArn"); len(got) != many {
		c.t.Errorf("listed %d topics; want %d", len(got), many)
	}
}

func (c *channels) dropQueue() {
	c.ask("sqs", "DeleteQueue", map[string]any{"QueueUrl": c.mine})
	gone := c.do(c.t, call{"sqs", "GetQueueUrl", map[string]any{"QueueName": "mine"}})
	if !strings.Contains(gone.Code, "QueueDoesNotExist") && !strings.Contains(gone.Code, "NonExistentQueue") {
		c.t.Errorf("after it was deleted: %+v", gone)
	}
}
