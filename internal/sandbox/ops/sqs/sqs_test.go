package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

const account = "444455556666"

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// stage is SQS behind AWS's front door.
type stage struct {
	*Service
	clk   *clock.Virtual
	front http.Handler
	url   string
}

// seller is whose every access key is.
type seller struct{}

func (seller) Account(string) (world.AccessKey, bool) { return world.AccessKey{}, false }
func (seller) DefaultSeller() string                  { return account }
func (seller) Strict() bool                           { return false }

func newStage(t *testing.T) *stage {
	st := &stage{clk: clock.NewVirtual(noon)}
	ids := 0
	st.Service = &Service{
		Queues: queue.New(queue.Options{Clock: st.clk, NewID: func() string {
			ids++
			return fmt.Sprintf("00000000-0000-4000-8000-%012d", ids)
		}}),
		Base: func() string { return st.url },
	}
	front := &wire.Front{Clock: st.clk, Accounts: seller{}, Faults: &fault.Set{}, Calls: &wire.Calls{}, Log: slog.New(slog.DiscardHandler)}
	front.Register(st.Service.Wire())
	st.front = front
	srv := httptest.NewServer(front)
	t.Cleanup(srv.Close)
	st.url = srv.URL
	return st
}

func (st *stage) client() *awssqs.Client {
	return awssqs.New(awssqs.Options{Region: "us-east-1", BaseEndpoint: &st.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		})})
}

func TestGoSDKSendReceiveDelete(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	made, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"VisibilityTimeout": "60"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := st.url + "/" + account + "/q"; *made.QueueUrl != want {
		t.Fatalf("the queue is at %s, want %s", *made.QueueUrl, want)
	}
	sent, err := c.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String("héllo"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"kind": {DataType: aws.String("String"), StringValue: aws.String("greeting")},
			"raw":  {DataType: aws.String("Binary.gif"), BinaryValue: []byte{0, 1, 255}},
		}})
	if err != nil { // the SDK compares the body's digest with its own
		t.Fatal(err)
	}
	got, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
	if err != nil || len(got.Messages) != 1 {
		t.Fatal(got, err)
	}
	m := got.Messages[0]
	if *m.MessageId != *sent.MessageId || *m.Body != "héllo" || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SentTimestamp"] != "1793534400000" {
		t.Errorf("received %q with %v", *m.Body, m.Attributes)
	}
	if !bytes.Equal(m.MessageAttributes["raw"].BinaryValue, []byte{0, 1, 255}) || *m.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes {
		t.Errorf("attributes %v, digest %s, sent with %s", m.MessageAttributes, *m.MD5OfMessageAttributes, *sent.MD5OfMessageAttributes)
	}
	deleted, err := c.DeleteMessageBatch(ctx, &awssqs.DeleteMessageBatchInput{QueueUrl: made.QueueUrl, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("right"), ReceiptHandle: m.ReceiptHandle}, {Id: aws.String("wrong"), ReceiptHandle: aws.String("nonsense")}}})
	if err != nil || len(deleted.Successful) != 1 || len(deleted.Failed) != 1 || *deleted.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Fatalf("%+v, %v", deleted, err)
	}
	st.clk.Set(noon.Add(time.Hour))
	if got, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: made.QueueUrl}); err != nil || len(got.Messages) != 0 {
		t.Error("it was deleted", got, err)
	}
}

// The digest that AWS's documents print for no example, checked against one that clients have in their own tests.
func TestAttributesDigest(t *testing.T) {
	got := md5OfAttributes(map[string]queue.Attribute{"timestamp": {DataType: "Number", String: "1493147359900"}})
	if want := "235c5c510d26fb653d073faed50ae77c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGoSDKVisibilityFollowsTheSandboxClock(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	q, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	receive := func() []types.Message {
		t.Helper()
		got, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl})
		if err != nil {
			t.Fatal(err)
		}
		return got.Messages
	}
	first := receive()
	st.clk.Set(noon.Add(29 * time.Second))
	if len(receive()) != 0 {
		t.Fatal("seen within its timeout")
	}
	if _, err := c.ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{QueueUrl: q.QueueUrl, ReceiptHandle: first[0].ReceiptHandle, VisibilityTimeout: 600}); err != nil {
		t.Fatal(err)
	}
	st.clk.Set(noon.Add(629*time.Second - time.Millisecond))
	if len(receive()) != 0 {
		t.Fatal("seen within its new timeout")
	}
	st.clk.Set(noon.Add(629 * time.Second))
	if len(receive()) != 1 {
		t.Fatal("not seen after it")
	}
}

func TestGoSDKLongPollReturnsWithTheMessage(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	q, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *awssqs.ReceiveMessageOutput, 1)
	elapsed := clock.Stopwatch()
	go func() {
		out, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
		if err != nil {
			t.Error(err)
		}
		got <- out
	}()
	_ = clock.Sleep(ctx, 100*time.Millisecond)
	if _, err := c.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	if out := <-got; out == nil || len(out.Messages) != 1 || elapsed() > 5*time.Second {
		t.Errorf("%v after %v", out, elapsed())
	}
}

func TestGoSDKTypedErrors(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	q, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	missing := aws.String(st.url + "/" + account + "/nowhere")
	_, err = c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: missing})
	if _, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok {
		t.Errorf("receive from nowhere: %v", err)
	}
	_, err = c.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("nowhere")})
	if _, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok {
		t.Errorf("address of nowhere: %v", err)
	}
	_, err = c.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: q.QueueUrl, ReceiptHandle: aws.String("x")})
	if _, ok := errors.AsType[*types.ReceiptHandleIsInvalid](err); !ok {
		t.Errorf("delete by nonsense: %v", err)
	}
	if _, err = c.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	got, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl})
	if err != nil {
		t.Fatal(err)
	}
	st.clk.Set(noon.Add(time.Minute))
	_, err = c.ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{QueueUrl: q.QueueUrl, ReceiptHandle: got.Messages[0].ReceiptHandle, VisibilityTimeout: 5})
	if _, ok := errors.AsType[*types.MessageNotInflight](err); !ok {
		t.Errorf("hide what is not in flight: %v", err)
	}
	_, err = c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 11})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "InvalidParameterValue" {
		t.Errorf("eleven at once: %v", err)
	}
	_, err = c.RemovePermission(ctx, &awssqs.RemovePermissionInput{QueueUrl: q.QueueUrl, Label: aws.String("l")})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "InvalidParameterValue" {
		t.Errorf("take away what nobody gave: %v", err)
	}
}

func TestGoSDKQueues(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	for _, n := range []string{"a1", "a2", "b"} {
		if _, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: &n}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	pages := awssqs.NewListQueuesPaginator(c, &awssqs.ListQueuesInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.QueueUrls {
			names = append(names, u[strings.LastIndex(u, "/")+1:])
		}
	}
	if fmt.Sprint(names) != "[a1 a2 b]" {
		t.Errorf("listed %v", names)
	}
	at := aws.String(st.url + "/" + account + "/a1")
	if _, err := c.SetQueueAttributes(ctx, &awssqs.SetQueueAttributesInput{QueueUrl: at, Attributes: map[string]string{"DelaySeconds": "7"}}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: at, AttributeNames: []types.QueueAttributeName{"DelaySeconds", "QueueArn"}})
	if err != nil || len(got.Attributes) != 2 || got.Attributes["DelaySeconds"] != "7" {
		t.Error(got, err)
	}
	if _, err := c.PurgeQueue(ctx, &awssqs.PurgeQueueInput{QueueUrl: at}); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteQueue(ctx, &awssqs.DeleteQueueInput{QueueUrl: at}); err != nil {
		t.Error(err)
	}
}

// tongue is how SQS is spoken to.
var tongue = opstest.Tongue{Scope: "sqs", Target: "AmazonSQS", JSON: "application/x-amz-json-1.0"}

// TestGolden holds every operation's bytes fast in both protocols. The requests are those that the clients send.
func TestGolden(t *testing.T) {
	for protocol, list := range map[string][]opstest.Exchange{"json": jsonExchanges, "query": queryExchanges} {
		t.Run(protocol, func(t *testing.T) {
			st := newStage(t)
			st.Service.Base = func() string { return "http://127.0.0.1:4700" }
			tongue.Transcript(t, st.front, protocol+".golden", list)
		})
	}
}

// handleOf is the receipt handle that the first receive of the first message gives.
const handleOf = "ZmU3NGZmOWVxCjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMQox"

var jsonExchanges = []opstest.Exchange{
	{Name: "no such queue", Target: "GetQueueUrl", Body: `{"QueueName":"q"}`},
	{Name: "create", Target: "CreateQueue", Body: `{"QueueName":"q","Attributes":{"VisibilityTimeout":"45"},"tags":{"a":"b"}}`},
	{Name: "create with other attributes", Target: "CreateQueue", Body: `{"QueueName":"q","Attributes":{"VisibilityTimeout":"46"}}`},
	{Name: "address", Target: "GetQueueUrl", Body: `{"QueueName":"q"}`},
	{Name: "empty receive", Target: "ReceiveMessage", Body: `{"QueueUrl":"http://localhost:4700/444455556666/q","WaitTimeSeconds":0}`},
	{Name: "send", Target: "SendMessage", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","MessageBody":"<a & \"b\">","MessageAttributes":{"n":{"DataType":"Number","StringValue":"7"}}}`},
	{Name: "receive", Target: "ReceiveMessage", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","MaxNumberOfMessages":10,"MessageSystemAttributeNames":["All"],"MessageAttributeNames":["n"]}`},
	{Name: "hide longer", Target: "ChangeMessageVisibility", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","ReceiptHandle":"` + handleOf + `","VisibilityTimeout":90}`},
	{Name: "delete", Target: "DeleteMessage", Path: "/444455556666/q", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","ReceiptHandle":"` + handleOf + `"}`},
	{Name: "delete by nonsense", Target: "DeleteMessage", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","ReceiptHandle":"x"}`},
	{Name: "delete without a queue", Target: "DeleteMessage", Body: `{"ReceiptHandle":"x"}`},
	{Name: "batch", Target: "SendMessageBatch", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Entries":[{"Id":"a","MessageBody":"1"},{"Id":"b","MessageBody":""}]}`},
	{Name: "ids twice", Target: "SendMessageBatch", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Entries":[{"Id":"a","MessageBody":"1"},{"Id":"a","MessageBody":"2"}]}`},
	{Name: "empty batch", Target: "DeleteMessageBatch", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Entries":[]}`},
	{Name: "attributes", Target: "GetQueueAttributes", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","AttributeNames":["All"]}`},
	{Name: "list", Target: "ListQueues", Body: `{}`},
	{Name: "tag", Target: "TagQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Tags":{"team":"press","a":"c"}}`},
	{Name: "a reserved tag", Target: "TagQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Tags":{"AWS:team":"press"}}`},
	{Name: "tags", Target: "ListQueueTags", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q"}`},
	{Name: "untag", Target: "UntagQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","TagKeys":["team","a","none"]}`},
	{Name: "no tags", Target: "ListQueueTags", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q"}`},
	{Name: "a queue with dead letters", Target: "CreateQueue", Body: `{"QueueName":"r","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:444455556666:q\",\"maxReceiveCount\":3}"}}`},
	{Name: "whose they are", Target: "ListDeadLetterSourceQueues", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","MaxResults":10}`},
	{Name: "nobody's", Target: "ListDeadLetterSourceQueues", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/r"}`},
	{Name: "move what is dead", Target: "StartMessageMoveTask", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:444455556666:q","DestinationArn":"arn:aws:sqs:us-east-1:444455556666:r","MaxNumberOfMessagesPerSecond":500}`},
	{Name: "what was moved", Target: "ListMessageMoveTasks", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:444455556666:q","MaxResults":10}`},
	{Name: "move what is not dead", Target: "StartMessageMoveTask", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:444455556666:r"}`},
	{Name: "move from nowhere", Target: "StartMessageMoveTask", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:444455556666:nowhere"}`},
	{Name: "move none a second", Target: "StartMessageMoveTask", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:444455556666:q","MaxNumberOfMessagesPerSecond":0}`},
	{Name: "cancel nonsense", Target: "CancelMessageMoveTask", Body: `{"TaskHandle":"x"}`},
	{Name: "cancel what nobody began", Target: "CancelMessageMoveTask", Body: `{"TaskHandle":"eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6dXMtZWFzdC0xOjQ0NDQ1NTU1NjY2NjpxIn0="}`},
	{Name: "permit", Target: "AddPermission", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Label":"friends","AWSAccountIds":["111122223333","222233334444"],"Actions":["SendMessage"]}`},
	{Name: "permit again", Target: "AddPermission", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Label":"friends","AWSAccountIds":["111122223333"],"Actions":["*"]}`},
	{Name: "permit to fly", Target: "AddPermission", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Label":"birds","AWSAccountIds":["111122223333"],"Actions":["Fly"]}`},
	{Name: "the policy", Target: "GetQueueAttributes", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","AttributeNames":["Policy"]}`},
	{Name: "permit no more", Target: "RemovePermission", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q","Label":"friends"}`},
	{Name: "wrong type", Target: "ReceiveMessage", Body: `{"QueueUrl":7}`},
	{Name: "unknown operation", Target: "Fly", Body: `{}`},
	{Name: "purge", Target: "PurgeQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q"}`},
	{Name: "purge again", Target: "PurgeQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q"}`},
	{Name: "drop", Target: "DeleteQueue", Body: `{"QueueUrl":"http://127.0.0.1:4700/444455556666/q"}`},
}

var queryExchanges = []opstest.Exchange{
	{Name: "no such queue", Body: `Action=GetQueueUrl&Version=2012-11-05&QueueName=q`},
	{Name: "create", Body: `Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=45&Tag.1.Key=a&Tag.1.Value=b`},
	{Name: "address", Body: `Action=GetQueueUrl&Version=2012-11-05&QueueName=q`},
	{Name: "empty receive", Body: `Action=ReceiveMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Flocalhost%3A4700%2F444455556666%2Fq&MaxNumberOfMessages=1`},
	{Name: "send", Body: `Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&MessageBody=%3Ca+%26+%22b%22%3E&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number&MessageAttribute.1.Value.StringValue=7&MessageAttribute.2.Name=r&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AAH%2F`},
	{Name: "receive", Path: "/444455556666/q", Body: `Action=ReceiveMessage&Version=2012-11-05&MaxNumberOfMessages=10&AttributeName.1=All&MessageAttributeName.1=.%2A`},
	{Name: "hide longer", Body: `Action=ChangeMessageVisibilityBatch&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&ChangeMessageVisibilityBatchRequestEntry.1.Id=a&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=` + handleOf + `&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=90`},
	{Name: "delete", Body: `Action=DeleteMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&ReceiptHandle=` + handleOf},
	{Name: "batch of deletes", Body: `Action=DeleteMessageBatch&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=x&DeleteMessageBatchRequestEntry.2.Id=b&DeleteMessageBatchRequestEntry.2.ReceiptHandle=` + handleOf},
	{Name: "batch of sends", Body: `Action=SendMessageBatch&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=1&SendMessageBatchRequestEntry.1.DelaySeconds=3`},
	{Name: "attributes", Body: `Action=GetQueueAttributes&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&AttributeName.1=QueueArn&AttributeName.2=ApproximateNumberOfMessagesDelayed`},
	{Name: "set", Body: `Action=SetQueueAttributes&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&Attribute.1.Name=DelaySeconds&Attribute.1.Value=1`},
	{Name: "not a number", Body: `Action=ReceiveMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq&WaitTimeSeconds=soon`},
	{Name: "list", Body: `Action=ListQueues&Version=2012-11-05`},
	{Name: "tag", Path: "/444455556666/q", Body: `Action=TagQueue&Version=2012-11-05&Tag.1.Key=team&Tag.1.Value=press`},
	{Name: "tags", Path: "/444455556666/q", Body: `Action=ListQueueTags&Version=2012-11-05`},
	{Name: "untag", Path: "/444455556666/q", Body: `Action=UntagQueue&Version=2012-11-05&TagKey.1=team`},
	{Name: "a queue with dead letters", Body: `Action=CreateQueue&Version=2012-11-05&QueueName=r&Tag.1.Key=team&Tag.1.Value=press&Attribute.1.Name=RedrivePolicy&Attribute.1.Value=%7B%22deadLetterTargetArn%22%3A%22arn%3Aaws%3Asqs%3Aus-east-1%3A444455556666%3Aq%22%2C%22maxReceiveCount%22%3A3%7D`},
	{Name: "its tags", Path: "/444455556666/r", Body: `Action=ListQueueTags&Version=2012-11-05`},
	{Name: "whose dead letters", Path: "/444455556666/q", Body: `Action=ListDeadLetterSourceQueues&Version=2012-11-05`},
	{Name: "move what is dead", Body: `Action=StartMessageMoveTask&Version=2012-11-05&SourceArn=arn%3Aaws%3Asqs%3Aus-east-1%3A444455556666%3Aq&DestinationArn=arn%3Aaws%3Asqs%3Aus-east-1%3A444455556666%3Ar`},
	{Name: "what was moved", Body: `Action=ListMessageMoveTasks&Version=2012-11-05&SourceArn=arn%3Aaws%3Asqs%3Aus-east-1%3A444455556666%3Aq`},
	{Name: "cancel what is over", Body: `Action=CancelMessageMoveTask&Version=2012-11-05&TaskHandle=eyJ0YXNrSWQiOiIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDMiLCJzb3VyY2VBcm4iOiJhcm46YXdzOnNxczp1cy1lYXN0LTE6NDQ0NDU1NTU2NjY2OnEifQ%3D%3D`},
	{Name: "permit", Path: "/444455556666/q", Body: `Action=AddPermission&Version=2012-11-05&Label=friends&AWSAccountId.1=111122223333&ActionName.1=SendMessage&ActionName.2=ReceiveMessage`},
	{Name: "the policy", Path: "/444455556666/q", Body: `Action=GetQueueAttributes&Version=2012-11-05&AttributeName.1=Policy`},
	{Name: "permit no more", Path: "/444455556666/q", Body: `Action=RemovePermission&Version=2012-11-05&Label=friends`},
	{Name: "permit no more again", Path: "/444455556666/q", Body: `Action=RemovePermission&Version=2012-11-05&Label=friends`},
	{Name: "unknown action", Body: `Action=Fly&Version=2012-11-05`},
	{Name: "drop", Body: `Action=DeleteQueue&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4700%2F444455556666%2Fq`},
}

// FuzzQuery feeds forms to every operation: whatever comes, there is an answer, it is XML, and not our own failure.
func FuzzQuery(f *testing.F) {
	for _, x := range queryExchanges {
		f.Add(x.Body)
	}
	f.Add("Action=SendMessageBatch&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name.2.3=x&a.b.c.d.e.f.g.h.i=1")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil || form.Get("WaitTimeSeconds") != "" {
			return // waiting is tested elsewhere
		}
		clk := clock.NewVirtual(noon)
		s := &Service{Queues: queue.New(queue.Options{Clock: clk, NewID: func() string { return "id" }}), Base: func() string { return "http://h" }}
		if err := s.Queues.Create(account, "q", nil); err != nil {
			t.Fatal(err)
		}
		c := &wire.Call{Account: account, Path: "/" + account + "/q", Protocol: wire.Query, Form: form, Operation: form.Get("Action")}
		a := s.perform(t, c)
		if a.Status >= 500 {
			t.Errorf("%q: %d %s", body, a.Status, a.Body)
		}
		if err := wellFormed(a.Body); err != nil {
			t.Errorf("%q: %v in %s", body, err, a.Body)
		}
	})
}

// FuzzJSON does the same for the JSON protocol.
func FuzzJSON(f *testing.F) {
	for _, x := range jsonExchanges {
		f.Add(x.Target, x.Body)
	}
	f.Fuzz(func(t *testing.T, name, body string) {
		if strings.Contains(strings.ToLower(body), "waittimeseconds") {
			return
		}
		s := &Service{Queues: queue.New(queue.Options{Clock: clock.NewVirtual(noon), NewID: func() string { return "id" }}), Base: func() string { return "http://h" }}
		if err := s.Queues.Create(account, "q", nil); err != nil {
			t.Fatal(err)
		}
		a := s.perform(t, &wire.Call{Account: account, Path: "/", Operation: name, Body: body})
		if a.Status >= 500 || !json.Valid(a.Body) {
			t.Errorf("%s %q: %d %s", name, body, a.Status, a.Body)
		}
	})
}

// perform does what the front door does with a call that it has admitted.
func (s *Service) perform(t *testing.T, c *wire.Call) wire.Answer {
	w := s.Wire()
	o, ok := w.Ops[c.Operation]
	if !ok {
		return w.Fail(c, refuse(contract.UnknownOperation, "no"))
	}
	a, err := o(t.Context(), c)
	if err == nil {
		return a
	}
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		t.Fatalf("%s: a failure of our own: %v", c.Operation, err)
	}
	return w.Fail(c, e)
}
