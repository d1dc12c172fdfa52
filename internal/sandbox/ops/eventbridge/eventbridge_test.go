package eventbridge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var tongue = opstest.Tongue{Scope: "events", Target: "AWSEvents", JSON: "application/x-amz-json-1.1"}

// stage is EventBridge behind AWS's front door.
type stage struct {
	*opstest.Stand
	put []bus.Event
}

func newStage(t testing.TB) *stage {
	s := &stage{}
	s.Stand = opstest.Open(t, func(*world.World) wire.Service { return wire.Service{Name: "none"} })
	ids := 0
	newID := func() string {
		ids++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", ids)
	}
	b, err := bus.New(bus.Options{Clock: s.Clock, NewID: newID})
	if err != nil {
		t.Fatal(err)
	}
	service := &Service{Bus: b, NewID: newID, Put: func(e bus.Event, _ string) error {
		s.put = append(s.put, e)
		return nil
	}}
	s.Register(service.Wire())
	return s
}

var (
	atQueue = queue.ARN(opstest.Seller, "q")
	link    = "arn:aws:events:us-east-1:" + opstest.Seller + ":connection/door/00000000-0000-4000-8000-000000000001"
	door    = "arn:aws:events:us-east-1:" + opstest.Seller + ":api-destination/door/00000000-0000-4000-8000-000000000002"
)

// event is one that TestEventPattern takes, of a source.
func event(source string) string {
	return `{\"id\":\"1\",\"account\":\"444455556666\",\"source\":\"` + source + `\",\"time\":\"2026-11-10T12:00:00Z\",\"region\":\"us-east-1\",\"resources\":[],\"detail-type\":\"x\",\"detail\":{}}`
}

// setUp makes everything that the calls after it are about.
var setUp = []opstest.Exchange{
	{Name: "make a rule", Target: "PutRule", Body: `{"Name":"r","EventPattern":"{\"source\":[\"aws.agreement-marketplace\"]}","Description":"<notices>"}`},
	{Name: "make a connection", Target: "CreateConnection", Body: `{"Name":"door","AuthorizationType":"API_KEY","AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"X-Key","ApiKeyValue":"opensesame"},"InvocationHttpParameters":{"HeaderParameters":[{"Key":"X-A","Value":"a","IsValueSecret":false},{"Key":"X-B","Value":"b","IsValueSecret":true}]}}}`},
	{Name: "make an API destination", Target: "CreateApiDestination", Body: `{"Name":"door","ConnectionArn":"` + link + `","InvocationEndpoint":"https://seller.example/*","HttpMethod":"POST"}`},
	{Name: "make targets", Target: "PutTargets", Body: `{"Rule":"r","Targets":[{"Id":"queue","Arn":"` + atQueue + `","DeadLetterConfig":{"Arn":"` + atQueue + `"},"RetryPolicy":{"MaximumRetryAttempts":3}},{"Id":"door","Arn":"` + door + `","HttpParameters":{"PathParameterValues":["a"]},"InputTransformer":{"InputPathsMap":{"id":"$.id"},"InputTemplate":"\"<id>\""}}]}`},
}

// TestGolden holds the bytes of every operation fast.
func TestGolden(t *testing.T) {
	s := newStage(t)
	tongue.Transcript(t, s, "json.golden", append(setUp, []opstest.Exchange{
		{Name: "a rule", Target: "DescribeRule", Body: `{"Name":"r","EventBusName":"default"}`},
		{Name: "switch it off", Target: "DisableRule", Body: `{"Name":"r"}`},
		{Name: "rules", Target: "ListRules", Body: `{"NamePrefix":"r","Limit":1}`},
		{Name: "switch it on", Target: "EnableRule", Body: `{"Name":"r"}`},
		{Name: "targets", Target: "ListTargetsByRule", Body: `{"Rule":"r"}`},
		{Name: "rules of a target", Target: "ListRuleNamesByTarget", Body: `{"TargetArn":"` + atQueue + `"}`},
		{Name: "a pattern that matches", Target: "TestEventPattern", Body: `{"EventPattern":"{\"source\":[\"a\"]}","Event":"` + event("a") + `"}`},
		{Name: "a pattern that does not", Target: "TestEventPattern", Body: `{"EventPattern":"{\"source\":[\"a\"]}","Event":"` + event("b") + `"}`},
		{Name: "put events", Target: "PutEvents", Body: `{"Entries":[{"Source":"mine","DetailType":"x","Detail":"{\"a\":1}"},{"Source":"aws.mine","DetailType":"x","Detail":"{}"},{"Source":"mine","DetailType":"x","Detail":"no"},{"Source":"mine","Detail":"{}"}]}`},
		{Name: "a bus", Target: "DescribeEventBus", Body: `{}`},
		{Name: "buses", Target: "ListEventBuses", Body: `{}`},
		{Name: "a connection, without its secrets", Target: "DescribeConnection", Body: `{"Name":"door"}`},
		{Name: "another way to prove it", Target: "UpdateConnection", Body: `{"Name":"door","AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":{"Username":"u","Password":"p"}}}`},
		{Name: "connections", Target: "ListConnections", Body: `{"NamePrefix":"d"}`},
		{Name: "an API destination", Target: "DescribeApiDestination", Body: `{"Name":"door"}`},
		{Name: "another endpoint", Target: "UpdateApiDestination", Body: `{"Name":"door","InvocationEndpoint":"https://seller.example/other/*"}`},
		{Name: "API destinations", Target: "ListApiDestinations", Body: `{}`},
		{Name: "take the targets away", Target: "RemoveTargets", Body: `{"Rule":"r","Ids":["queue","door"]}`},
		{Name: "delete the rule", Target: "DeleteRule", Body: `{"Name":"r"}`},
		{Name: "delete it again", Target: "DeleteRule", Body: `{"Name":"r"}`},
		{Name: "delete the API destination", Target: "DeleteApiDestination", Body: `{"Name":"door"}`},
		{Name: "delete the connection", Target: "DeleteConnection", Body: `{"Name":"door"}`},
		{Name: "it is gone", Target: "DescribeConnection", Body: `{"Name":"door"}`},
	}...))
	if len(s.put) != 1 || !strings.Contains(s.put[0].Text, `"detail":{"a":1}`) {
		t.Errorf("on the bus: %+v", s.put)
	}
}

// TestRefusals has the name of everything that EventBridge refuses, in the words of its API reference.
func TestRefusals(t *testing.T) {
	s := newStage(t)
	for _, x := range setUp {
		if w := tongue.Ask(s, x); w.Code != 200 {
			t.Fatalf("%s: %s", x.Name, w.Body)
		}
	}
	const validation, notFound, exists, pattern, limit = "ValidationException", "ResourceNotFoundException", "ResourceAlreadyExistsException", "InvalidEventPatternException", "LimitExceededException"
	six := ""
	for i := range 6 {
		six += fmt.Sprintf(`,{"Id":"t%d","Arn":"%s"}`, i, atQueue)
	}
	for _, c := range []struct{ why, code, target, body string }{
		{"no name", validation, "PutRule", `{"EventPattern":"{\"source\":[\"a\"]}"}`},
		{"a blank in the name", validation, "PutRule", `{"Name":"a rule","EventPattern":"{\"source\":[\"a\"]}"}`},
		{"neither pattern nor schedule", validation, "PutRule", `{"Name":"x"}`},
		{"a schedule, which is not played", validation, "PutRule", `{"Name":"x","ScheduleExpression":"rate(1 day)"}`},
		{"an unknown state", validation, "PutRule", `{"Name":"x","State":"ASLEEP","EventPattern":"{\"source\":[\"a\"]}"}`},
		{"a pattern whose leaf is no list", pattern, "PutRule", `{"Name":"x","EventPattern":"{\"source\":\"a\"}"}`},
		{"a pattern with an unknown word", pattern, "PutRule", `{"Name":"x","EventPattern":"{\"source\":[{\"sounds-like\":\"a\"}]}"}`},
		{"another bus", notFound, "PutRule", `{"Name":"x","EventBusName":"own","EventPattern":"{\"source\":[\"a\"]}"}`},
		{"no such rule", notFound, "DescribeRule", `{"Name":"x"}`},
		{"switch on what is not there", notFound, "EnableRule", `{"Name":"x"}`},
		{"a rule that still has targets", validation, "DeleteRule", `{"Name":"r"}`},
		{"a page of nothing", validation, "ListRules", `{"Limit":0}`},
		{"a page too long", validation, "ListRules", `{"Limit":101}`},
		{"a page that was never given", validation, "ListRules", `{"NextToken":"x"}`},

		{"no targets", validation, "PutTargets", `{"Rule":"r","Targets":[]}`},
		{"targets of no rule", notFound, "PutTargets", `{"Rule":"x","Targets":[{"Id":"a","Arn":"` + atQueue + `"}]}`},
		{"a kind of target that is not played", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"arn:aws:lambda:us-east-1:444455556666:function:f"}]}`},
		{"a target in another Region", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"arn:aws:sqs:eu-west-1:444455556666:q"}]}`},
		{"an id twice", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"` + atQueue + `"},{"Id":"a","Arn":"` + atQueue + `"}]}`},
		{"more than five targets", limit, "PutTargets", `{"Rule":"r","Targets":[` + six[1:] + `]}`},
		{"two kinds of input", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"` + atQueue + `","Input":"{}","InputPath":"$.detail"}]}`},
		{"more retries than there are", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"` + atQueue + `","RetryPolicy":{"MaximumRetryAttempts":186}}]}`},
		{"dead letters to a topic", validation, "PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"` + atQueue + `","DeadLetterConfig":{"Arn":"arn:aws:sns:us-east-1:444455556666:t"}}]}`},
		{"take away nothing", validation, "RemoveTargets", `{"Rule":"r","Ids":[]}`},

		{"an event that is no object", validation, "TestEventPattern", `{"EventPattern":"{\"source\":[\"a\"]}","Event":"[]"}`},
		{"an event without a source", validation, "TestEventPattern", `{"EventPattern":"{\"source\":[\"a\"]}","Event":"{\"id\":\"1\"}"}`},
		{"test no pattern", pattern, "TestEventPattern", `{"EventPattern":"[]","Event":"` + event("a") + `"}`},
		{"put nothing", validation, "PutEvents", `{"Entries":[]}`},

		{"a connection of the same name", exists, "CreateConnection", `{"Name":"door","AuthorizationType":"API_KEY","AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"k","ApiKeyValue":"v"}}}`},
		{"an unknown way to prove it", validation, "CreateConnection", `{"Name":"x","AuthorizationType":"PASSPORT","AuthParameters":{}}`},
		{"OAuth, which is not played", validation, "CreateConnection", `{"Name":"x","AuthorizationType":"OAUTH_CLIENT_CREDENTIALS","AuthParameters":{"OAuthParameters":{}}}`},
		{"no such connection", notFound, "DeleteConnection", `{"Name":"x"}`},
		{"an API destination of the same name", exists, "CreateApiDestination", `{"Name":"door","ConnectionArn":"` + link + `","InvocationEndpoint":"https://seller.example/","HttpMethod":"POST"}`},
		{"an API destination of no connection", notFound, "CreateApiDestination", `{"Name":"x","ConnectionArn":"` + strings.Replace(link, "/door/", "/none/", 1) + `","InvocationEndpoint":"https://seller.example/","HttpMethod":"POST"}`},
		{"an unknown method", validation, "CreateApiDestination", `{"Name":"x","ConnectionArn":"` + link + `","InvocationEndpoint":"https://seller.example/","HttpMethod":"BREW"}`},
		{"no such API destination", notFound, "DescribeApiDestination", `{"Name":"x"}`},

		{"a number for a string", "SerializationException", "PutRule", `{"Name":7}`},
		{"not JSON", "SerializationException", "PutRule", `{"Name":`},
		{"not played", "UnknownOperationException", "CreateArchive", `{}`},
	} {
		w := tongue.Ask(s, opstest.Exchange{Target: c.target, Body: c.body})
		if f := s.Failure(w); w.Code != 400 || f.Type != c.code {
			t.Errorf("%s: %d %s; want %s", c.why, w.Code, w.Body, c.code)
		}
	}
}

// FuzzJSON feeds bodies to every operation: whatever comes, there is an answer, it is JSON, and not our own failure.
func FuzzJSON(f *testing.F) {
	for _, x := range setUp {
		f.Add(x.Target, x.Body)
	}
	f.Add("TestEventPattern", `{"EventPattern":"{\"source\":[{\"prefix\":\"a\"}]}","Event":"`+event("a")+`"}`)
	f.Add("UpdateConnection", `{"Name":"door","AuthParameters":{"InvocationHttpParameters":{"BodyParameters":[{"Key":"a.b","Value":"c"}]}}}`)
	f.Add("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}","Time":1.5e9}]}`)
	f.Fuzz(func(t *testing.T, target, body string) {
		s := newStage(t)
		for _, x := range setUp {
			tongue.Ask(s, x)
		}
		if w := tongue.Ask(s, opstest.Exchange{Target: "x" + target, Body: body}); w.Code >= 500 {
			t.Errorf("%s %q: %d %s", target, body, w.Code, w.Body)
		}
		w := tongue.Ask(s, opstest.Exchange{Target: target, Body: body})
		if target != "" && (w.Code >= 500 || !json.Valid(w.Body.Bytes())) {
			t.Errorf("%s %q: %d %s", target, body, w.Code, w.Body)
		}
	})
}
