package sns

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var tongue = opstest.Tongue{Scope: "sns"}

// stage is SNS behind AWS's front door, on the built-in world.
type stage struct {
	*opstest.Stand
	service   *Service
	published []topic.Message
}

func newStage(t testing.TB) *stage {
	s := &stage{}
	ids := 0
	newID := func() string {
		ids++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", ids)
	}
	s.Stand = opstest.Open(t, func(w *world.World) wire.Service {
		s.service = &Service{Products: w.Products, NewID: newID, Publish: func(_ string, m topic.Message) error {
			s.published = append(s.published, m)
			return nil
		}}
		return wire.Service{Name: "none"}
	})
	s.service.Topics = topic.New(topic.Options{Clock: s.Clock, NewID: newID, Base: func() string { return "http://127.0.0.1:4700" }})
	s.Register(s.service.Wire())
	return s
}

// ask makes a call; pairs are its parameters.
func (s *stage) ask(action string, pairs ...string) *httptest.ResponseRecorder {
	return tongue.Ask(s, opstest.Exchange{Body: form(action, pairs...)})
}

func form(action string, pairs ...string) string {
	b := "Action=" + action + "&Version=" + Version
	for i := 0; i < len(pairs); i += 2 {
		b += "&" + pairs[i] + "=" + url.QueryEscape(pairs[i+1])
	}
	return b
}

var (
	own     = topic.ARN(opstest.Seller, "us-east-1", "mine")
	sold    = topic.Subscriptions(opstest.Classic)
	atQueue = queue.ARN(opstest.Seller, "q")
)

// The ids of the transcript: each is the next number.
const (
	first  = ":00000000-0000-4000-8000-000000000001"
	second = ":00000000-0000-4000-8000-000000000002"
	token  = "0000000000004000800000000000000300000000000040008000000000000004"
)

// TestGolden holds the bytes of every operation fast.
func TestGolden(t *testing.T) {
	s := newStage(t)
	var list []opstest.Exchange
	add := func(name, action string, pairs ...string) {
		list = append(list, opstest.Exchange{Name: name, Body: form(action, pairs...)})
	}
	add("create", "CreateTopic", "Name", "mine", "Attributes.entry.1.key", "DisplayName", "Attributes.entry.1.value", "<Mine> & yours")
	add("create with other attributes", "CreateTopic", "Name", "mine", "Attributes.entry.1.key", "DisplayName", "Attributes.entry.1.value", "Others")
	add("list", "ListTopics")
	add("attributes", "GetTopicAttributes", "TopicArn", own)
	add("signatures with SHA256", "SetTopicAttributes", "TopicArn", sold, "AttributeName", "SignatureVersion", "AttributeValue", "2")
	add("nobody yet", "ListSubscriptions")
	add("subscribe a queue", "Subscribe", "TopicArn", sold, "Protocol", "sqs", "Endpoint", atQueue)
	add("subscribe an endpoint", "Subscribe", "TopicArn", own, "Protocol", "https", "Endpoint", "https://seller.example/sns")
	add("subscribers of a topic", "ListSubscriptionsByTopic", "TopicArn", own)
	add("confirm", "ConfirmSubscription", "TopicArn", own, "Token", token, "AuthenticateOnUnsubscribe", "true")
	add("set a filter", "SetSubscriptionAttributes", "SubscriptionArn", own+second, "AttributeName", "FilterPolicy", "AttributeValue", `{"kind":["greeting"]}`)
	add("attributes of a subscription", "GetSubscriptionAttributes", "SubscriptionArn", own+second)
	add("all subscriptions", "ListSubscriptions")
	add("publish", "Publish", "TopicArn", own, "Message", "hello", "Subject", "Greeting", "MessageAttributes.entry.1.Name", "kind",
		"MessageAttributes.entry.1.Value.DataType", "String", "MessageAttributes.entry.1.Value.StringValue", "greeting")
	add("publish a batch", "PublishBatch", "TopicArn", own, "PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", "1",
		"PublishBatchRequestEntries.member.2.Id", "b", "PublishBatchRequestEntries.member.2.Message", "")
	add("unsubscribe", "Unsubscribe", "SubscriptionArn", sold+first)
	add("delete", "DeleteTopic", "TopicArn", own)
	add("delete again", "DeleteTopic", "TopicArn", own)
	add("it is gone", "GetTopicAttributes", "TopicArn", own)
	add("another's topic", "Subscribe", "TopicArn", topic.Subscriptions("another0another0another00"), "Protocol", "sqs", "Endpoint", atQueue)
	add("unknown action", "Fly")
	tongue.Transcript(t, s, "query.golden", list)
	if len(s.published) != 2 || s.published[0].Text != "hello" || s.published[0].Attributes["kind"].Value != "greeting" || s.published[1].Text != "1" {
		t.Errorf("published %+v", s.published)
	}
}

// TestLinksGolden holds what somebody gets who follows the links of a message.
func TestLinksGolden(t *testing.T) {
	s := newStage(t)
	s.ask("CreateTopic", "Name", "mine")
	s.ask("Subscribe", "TopicArn", own, "Protocol", "http", "Endpoint", "http://seller.example/sns")
	all, err := s.service.Topics.Subscriptions(opstest.Seller, "us-east-1", own)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	for name, query := range map[string]url.Values{
		"link-wrong-token": {"Action": {"ConfirmSubscription"}, "TopicArn": {own}, "Token": {"0"}},
		"link-confirm":     {"Action": {"ConfirmSubscription"}, "TopicArn": {own}, "Token": {all[0].Token}},
		"link-no-arn":      {"Action": {"Unsubscribe"}, "SubscriptionArn": {"x"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+query.Encode(), nil)
		if !IsLink(r) {
			t.Errorf("%s is no link", name)
		}
		w := httptest.NewRecorder()
		s.service.NewID = func() string { return "00000000-0000-4000-8000-0000000000aa" }
		s.service.ServeLink(w, r)
		w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-0000000000aa")
		opstest.Golden(t, name, w)
	}
}

// TestRefusals has the name and status of everything that SNS refuses, in the words of its API reference.
func TestRefusals(t *testing.T) {
	s := newStage(t)
	s.ask("CreateTopic", "Name", "mine")
	s.ask("Subscribe", "TopicArn", own, "Protocol", "sqs", "Endpoint", atQueue)
	const invalid, unauthorized, notFound = "InvalidParameter", "AuthorizationError", "NotFound"
	long := strings.Repeat("x", maxMessage+1)
	for _, c := range []struct {
		why, code string
		status    int
		action    string
		pairs     []string
	}{
		{"no name", invalid, 400, "CreateTopic", nil},
		{"a blank in the name", invalid, 400, "CreateTopic", []string{"Name", "my topic"}},
		{"a FIFO topic", invalid, 400, "CreateTopic", []string{"Name", "f", "Attributes.entry.1.key", "FifoTopic", "Attributes.entry.1.value", "true"}},
		{"half an attribute", invalid, 400, "CreateTopic", []string{"Name", "f", "Attributes.entry.1.key", "DisplayName"}},
		{"an unknown attribute", invalid, 400, "SetTopicAttributes", []string{"TopicArn", own, "AttributeName", "Colour", "AttributeValue", "x"}},
		{"signature version 3", invalid, 400, "SetTopicAttributes", []string{"TopicArn", own, "AttributeName", "SignatureVersion", "AttributeValue", "3"}},
		{"a policy that is no JSON", invalid, 400, "SetTopicAttributes", []string{"TopicArn", own, "AttributeName", "Policy", "AttributeValue", "{"}},
		{"no ARN", invalid, 400, "GetTopicAttributes", []string{"TopicArn", "mine"}},
		{"another Region", invalid, 400, "GetTopicAttributes", []string{"TopicArn", strings.Replace(own, "us-east-1", "eu-west-1", 1)}},
		{"no such topic", notFound, 404, "GetTopicAttributes", []string{"TopicArn", own + "x"}},
		{"another account's topic", unauthorized, 403, "GetTopicAttributes", []string{"TopicArn", topic.ARN(opstest.Acme, "us-east-1", "t")}},
		{"AWS Marketplace's topic is not the seller's to delete", unauthorized, 403, "DeleteTopic", []string{"TopicArn", sold}},
		{"nor to publish to", unauthorized, 403, "Publish", []string{"TopicArn", sold, "Message", "lies"}},
		{"a product of the other generation has no topic", unauthorized, 403, "Subscribe", []string{"TopicArn", topic.Subscriptions(opstest.Inkwell), "Protocol", "sqs", "Endpoint", atQueue}},

		{"no protocol", invalid, 400, "Subscribe", []string{"TopicArn", own, "Endpoint", atQueue}},
		{"an unknown protocol", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "pigeon", "Endpoint", "coop"}},
		{"a protocol that is not played", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "email", "Endpoint", "a@seller.example"}},
		{"a queue by its URL", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "sqs", "Endpoint", "http://127.0.0.1/q"}},
		{"http for https", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "https", "Endpoint", "http://seller.example/"}},
		{"a filter that is no JSON", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "sqs", "Endpoint", queue.ARN(opstest.Seller, "r"), "Attributes.entry.1.key", "FilterPolicy", "Attributes.entry.1.value", "{"}},
		{"subscribed with other attributes", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "sqs", "Endpoint", atQueue, "Attributes.entry.1.key", "RawMessageDelivery", "Attributes.entry.1.value", "true"}},
		{"neither true nor false", invalid, 400, "Subscribe", []string{"TopicArn", own, "Protocol", "sqs", "Endpoint", atQueue, "ReturnSubscriptionArn", "perhaps"}},
		{"a wrong token", invalid, 400, "ConfirmSubscription", []string{"TopicArn", own, "Token", token}},
		{"unsubscribe by the topic's ARN", invalid, 400, "Unsubscribe", []string{"SubscriptionArn", own}},
		{"no such subscription", notFound, 404, "GetSubscriptionAttributes", []string{"SubscriptionArn", own + second}},
		{"an unknown attribute of a subscription", invalid, 400, "SetSubscriptionAttributes", []string{"SubscriptionArn", own + first, "AttributeName", "Colour", "AttributeValue", "x"}},
		{"no attribute", invalid, 400, "SetSubscriptionAttributes", []string{"SubscriptionArn", own + first}},

		{"an empty message", invalid, 400, "Publish", []string{"TopicArn", own, "Message", ""}},
		{"a message too long", invalid, 400, "Publish", []string{"TopicArn", own, "Message", long}},
		{"a message that is no text", invalid, 400, "Publish", []string{"TopicArn", own, "Message", "\xff"}},
		{"two lines of subject", invalid, 400, "Publish", []string{"TopicArn", own, "Message", "m", "Subject", "a\nb"}},
		{"texts by protocol without a default", invalid, 400, "Publish", []string{"TopicArn", own, "Message", `{"sqs":"m"}`, "MessageStructure", "json"}},
		{"an attribute of no type", "ParameterValueInvalid", 400, "Publish", []string{"TopicArn", own, "Message", "m", "MessageAttributes.entry.1.Name", "a", "MessageAttributes.entry.1.Value.StringValue", "v"}},
		{"a number that is none", "ParameterValueInvalid", 400, "Publish", []string{"TopicArn", own, "Message", "m", "MessageAttributes.entry.1.Name", "a", "MessageAttributes.entry.1.Value.DataType", "Number", "MessageAttributes.entry.1.Value.StringValue", "v"}},
		{"a short message", invalid, 400, "Publish", []string{"PhoneNumber", "+1", "Message", "m"}},
		{"an empty batch", "EmptyBatchRequest", 400, "PublishBatch", []string{"TopicArn", own}},
		{"ids twice", "BatchEntryIdsNotDistinct", 400, "PublishBatch", []string{"TopicArn", own, "PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.2.Id", "a"}},
		{"a page that was never given", invalid, 400, "ListTopics", []string{"NextToken", "x"}},
		{"a page of another list", invalid, 400, "ListSubscriptionsByTopic", []string{"TopicArn", own, "NextToken", "AAAA"}},
		{"not played", "InvalidAction", 400, "CreatePlatformEndpoint", nil},
	} {
		w := s.ask(c.action, c.pairs...)
		var told struct {
			Error struct{ Type, Code, Message string }
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &told); err != nil {
			t.Fatalf("%s: %v in %s", c.why, err, w.Body)
		}
		if w.Code != c.status || told.Error.Code != c.code || told.Error.Type != "Sender" || told.Error.Message == "" {
			t.Errorf("%s: %d %+v; want %d %s", c.why, w.Code, told.Error, c.status, c.code)
		}
	}
	if len(s.published) != 0 {
		t.Errorf("published %+v", s.published)
	}
}

// FuzzQuery feeds forms to every operation: whatever comes, there is an answer, it is XML, and not our own failure.
func FuzzQuery(f *testing.F) {
	f.Add(form("CreateTopic", "Name", "t", "Attributes.entry.1.key", "DisplayName", "Attributes.entry.1.value", "T"))
	f.Add(form("Subscribe", "TopicArn", own, "Protocol", "https", "Endpoint", "https://seller.example/", "Attributes.entry.1.key", "FilterPolicy", "Attributes.entry.1.value", `{"a":[{"prefix":"b"}]}`))
	f.Add(form("SetSubscriptionAttributes", "SubscriptionArn", own+first, "AttributeName", "RedrivePolicy", "AttributeValue", `{"deadLetterTargetArn":"`+atQueue+`"}`))
	f.Add(form("Publish", "TopicArn", own, "Message", `{"default":"m"}`, "MessageStructure", "json"))
	f.Add(form("PublishBatch", "TopicArn", own, "PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", "1"))
	f.Add(form("Unsubscribe", "SubscriptionArn", own+first))
	f.Fuzz(func(t *testing.T, body string) {
		s := newStage(t)
		s.ask("CreateTopic", "Name", "mine")
		s.ask("Subscribe", "TopicArn", own, "Protocol", "sqs", "Endpoint", atQueue)
		w := tongue.Ask(s, opstest.Exchange{Body: body})
		if w.Code >= 500 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		parsed, err := url.ParseQuery(body)
		if err != nil || parsed.Get("Version") != Version || parsed.Get("Action") == "" {
			return // the front door's answer
		}
		dec := xml.NewDecoder(w.Body)
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
		}
	})
}
