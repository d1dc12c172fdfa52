package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	topics "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queues "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// integration is a seller's program, with the AWS SDK as its only means.
type integration struct {
	*Sandbox
	t      *testing.T
	events *eventbridge.Client
	topics *sns.Client
	queues *sqs.Client
	posted []string // bodies that its endpoint was sent
}

func newIntegration(t *testing.T) (*integration, string) {
	f, err := world.ParseFile(append(world.Builtin().Source, "wiring: own\n"...))
	if err != nil {
		t.Fatal(err)
	}
	in := &integration{t: t}
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	in.Sandbox, _ = start(t, Config{World: f, BaseURL: srv.URL})
	handler = in.Handler()
	keys := credentials.NewStaticCredentialsProvider("any", "secret", "")
	// An answer may overtake the last of its own request, and the client then closes the connection: the SDK tries again.
	in.events = eventbridge.New(eventbridge.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", Credentials: keys, RetryMaxAttempts: 3})
	in.topics = sns.New(sns.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", Credentials: keys, RetryMaxAttempts: 3})
	in.queues = sqs.New(sqs.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", Credentials: keys, RetryMaxAttempts: 3})
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.posted = append(in.posted, string(body)) // only while the test moves the clock and waits
	}))
	t.Cleanup(endpoint.Close)
	return in, endpoint.URL
}

func (in *integration) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// received takes everything out of a queue.
func (in *integration) received(url *string) (bodies []string) {
	in.t.Helper()
	for {
		out, err := in.queues.ReceiveMessage(in.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []queues.MessageSystemAttributeName{"All"}})
		in.must(err)
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			_, err := in.queues.DeleteMessage(in.t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle})
			in.must(err)
		}
	}
}

// What a seller's set-up script does on AWS, it does here: queue, policy, rule, target; subscription, its confirmation by
// link; an API destination.
func TestASellerSetsItsChannelsUp(t *testing.T) {
	in, endpoint := newIntegration(t)
	ctx := t.Context()
	made, err := in.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("mine")})
	in.must(err)
	arn := queue.ARN(seller, "mine")
	_, err = in.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: made.QueueUrl, Attributes: map[string]string{"Policy": queue.Open(arn)}})
	in.must(err)
	_, err = in.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("marketplace"), EventPattern: aws.String(`{"source":["aws.agreement-marketplace"],"detail-type":[{"prefix":"License "}]}`)})
	in.must(err)
	connection, err := in.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{Name: aws.String("door"), AuthorizationType: events.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &events.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &events.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("X-Secret"), ApiKeyValue: aws.String("s")}}})
	in.must(err)
	door, err := in.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{Name: aws.String("door"), ConnectionArn: connection.ConnectionArn, HttpMethod: events.ApiDestinationHttpMethodPost, InvocationEndpoint: aws.String(endpoint)})
	in.must(err)
	put, err := in.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("marketplace"), Targets: []events.Target{{Id: aws.String("queue"), Arn: &arn}, {Id: aws.String("door"), Arn: door.ApiDestinationArn}}})
	in.must(err)
	if put.FailedEntryCount != 0 {
		t.Errorf("%+v", put)
	}

	product := topic.Subscriptions(classic)
	sub, err := in.topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &product, Protocol: aws.String("http"), Endpoint: &endpoint, ReturnSubscriptionArn: true})
	in.must(err)
	advance(t, in.Sandbox, 0)
	if len(in.posted) != 1 {
		t.Fatalf("the endpoint was sent %q", in.posted)
	}
	var confirmation struct{ Type, SubscribeURL, Token string }
	in.must(json.Unmarshal([]byte(in.posted[0]), &confirmation))
	answer, err := http.Get(confirmation.SubscribeURL)
	in.must(err)
	text, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if confirmation.Type != "SubscriptionConfirmation" || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "<SubscriptionArn>"+*sub.SubscriptionArn) {
		t.Fatalf("%+v: %d %s", confirmation, answer.StatusCode, text)
	}
	attrs, err := in.topics.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub.SubscriptionArn})
	in.must(err)
	if attrs.Attributes["PendingConfirmation"] != "false" {
		t.Errorf("%+v", attrs.Attributes)
	}

	in.posted = nil
	buy(t, in.Sandbox, inkwell)
	buy(t, in.Sandbox, classic)
	advance(t, in.Sandbox, 10*time.Minute)
	if got := in.received(made.QueueUrl); len(got) != 1 || !strings.Contains(got[0], `"License Updated - Manufacturer"`) {
		t.Errorf("in the queue: %q", got)
	}
	if len(in.posted) != 2 || !strings.Contains(in.posted[0]+in.posted[1], "subscribe-success") || !strings.Contains(in.posted[0]+in.posted[1], `"License Updated - Manufacturer"`) {
		t.Errorf("at the endpoint: %q", in.posted)
	}
}

func TestTypedErrorsOfTheChannels(t *testing.T) {
	in, _ := newIntegration(t)
	ctx := t.Context()
	_, err := in.events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("none")})
	if _, ok := errors.AsType[*events.ResourceNotFoundException](err); !ok {
		t.Errorf("no rule: %v", err)
	}
	_, err = in.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":"x"}`)})
	if _, ok := errors.AsType[*events.InvalidEventPatternException](err); !ok {
		t.Errorf("no pattern: %v", err)
	}
	foreign := topic.Subscriptions("another0another0another00")
	_, err = in.topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &foreign, Protocol: aws.String("sqs"), Endpoint: aws.String(queue.ARN(seller, "q"))})
	if _, ok := errors.AsType[*topics.AuthorizationErrorException](err); !ok {
		t.Errorf("another's topic: %v", err)
	}
	_, err = in.topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(topic.ARN(seller, "us-east-1", "none"))})
	if _, ok := errors.AsType[*topics.NotFoundException](err); !ok {
		t.Errorf("no topic: %v", err)
	}
	_, err = in.topics.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(topic.Subscriptions(classic)), Message: aws.String("lies")})
	if _, ok := errors.AsType[*topics.AuthorizationErrorException](err); !ok {
		t.Errorf("publish for AWS Marketplace: %v", err)
	}
	put, err := in.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []events.PutEventsRequestEntry{{Source: aws.String("aws.agreement-marketplace"), DetailType: aws.String("x"), Detail: aws.String("{}")}}})
	if err != nil || put.FailedEntryCount != 1 || *put.Entries[0].ErrorCode != "NotAuthorizedForSourceException" {
		t.Errorf("an event in AWS's name: %+v, %v", put, err)
	}
}

// Every list is told whole, page by page.
func TestListsOfTheChannels(t *testing.T) {
	in, _ := newIntegration(t)
	ctx := t.Context()
	const many = 130
	for i := range many {
		name := aws.String("n" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String())
		_, err := in.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: name, EventPattern: aws.String(`{"source":["x"]}`)})
		in.must(err)
		own, err := in.topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: name})
		in.must(err)
		_, err = in.topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: own.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(queue.ARN(seller, "q"))})
		in.must(err)
	}
	rules := map[string]bool{}
	for token := (*string)(nil); ; {
		out, err := in.events.ListRules(ctx, &eventbridge.ListRulesInput{Limit: aws.Int32(50), NextToken: token})
		in.must(err)
		for _, r := range out.Rules {
			rules[*r.Name] = true
		}
		if token = out.NextToken; token == nil {
			break
		}
	}
	own, subs := map[string]bool{}, map[string]bool{}
	for p := sns.NewListTopicsPaginator(in.topics, &sns.ListTopicsInput{}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		in.must(err)
		for _, one := range out.Topics {
			own[*one.TopicArn] = true
		}
	}
	for p := sns.NewListSubscriptionsPaginator(in.topics, &sns.ListSubscriptionsInput{}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		in.must(err)
		for _, one := range out.Subscriptions {
			subs[*one.SubscriptionArn] = true
		}
	}
	if len(rules) != many || len(own) != many || len(subs) != many {
		t.Errorf("%d rules, %d topics, %d subscriptions; want %d of each", len(rules), len(own), len(subs), many)
	}
}
