package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
)

func init() {
	maps.Copy(base, channels)
	maps.Copy(further, furtherChannels)
}

const (
	queueARN  = "arn:aws:sqs:us-east-1:444455556666:marketplace-notices"
	soldTopic = "arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-1nkwe11c1ass1c0abcdefghij"
	endpoint  = "http://127.0.0.1:9/notices" // nobody listens there
	forRule   = `{"source":["aws.agreement-marketplace"]}`
)

// counted is what has been made, so that no name comes twice.
var counted int

func another(kind string) string {
	counted++
	return fmt.Sprintf("%s-%d", kind, counted)
}

// channels has a valid request for each operation of SNS and EventBridge that is served.
var channels = map[string]func(t *testing.T, s *stage, c caller) asked{
	"sns CreateTopic": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"Name": another("topic"), "Attributes": object{"SignatureVersion": "2"}}}
	},
	"sns DeleteTopic":              onTopic(nil),
	"sns ListTopics":               fixed(object{}),
	"sns GetTopicAttributes":       fixed(object{"TopicArn": soldTopic}),
	"sns SetTopicAttributes":       onTopic(object{"AttributeName": "DisplayName", "AttributeValue": "Notices"}),
	"sns Publish":                  onTopic(object{"Message": "hello", "Subject": "Greeting"}),
	"sns PublishBatch":             onTopic(object{"PublishBatchRequestEntries": []any{object{"Id": "one", "Message": "hello"}, object{"Id": "two", "Message": "hello", "MessageStructure": "json"}}}),
	"sns ListSubscriptions":        fixed(object{}),
	"sns ListSubscriptionsByTopic": fixed(object{"TopicArn": soldTopic}),
	"sns Subscribe": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"TopicArn": soldTopic, "Protocol": "http", "Endpoint": endpoint + another("/"), "Attributes": object{"RawMessageDelivery": "true"}, "ReturnSubscriptionArn": true}}
	},
	"sns ConfirmSubscription": func(t *testing.T, s *stage, c caller) asked {
		must(t, s, c, "Subscribe", object{"TopicArn": soldTopic, "Protocol": "http", "Endpoint": endpoint + another("/")})
		var list struct {
			Items []struct{ Kind, Body string }
			Next  string
		}
		body := ""
		for cursor := ""; ; cursor = list.Next {
			list.Next, list.Items = "", nil
			s.Get("/_sandbox/deliveries?channel=sns&kind=SubscriptionConfirmation&cursor="+cursor, &list)
			for _, d := range list.Items {
				body = d.Body
			}
			if list.Next == "" {
				break
			}
		}
		return asked{s.seller, object{"TopicArn": soldTopic, "Token": member(t, body, "Token"), "AuthenticateOnUnsubscribe": "true"}}
	},
	"sns Unsubscribe":               onSubscription(nil),
	"sns GetSubscriptionAttributes": onSubscription(nil),
	"sns SetSubscriptionAttributes": onSubscription(object{"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}),

	"events PutRule":               fixed(object{"Name": "mine", "EventPattern": forRule, "State": "ENABLED", "Description": "Ours.", "RoleArn": "arn:aws:iam::444455556666:role/events", "EventBusName": "default"}),
	"events DescribeRule":          onRule("Name", object{"EventBusName": "default"}),
	"events ListRules":             fixed(object{"NamePrefix": "m", "EventBusName": "default", "Limit": 1}),
	"events DeleteRule":            onRule("Name", object{"EventBusName": "default"}),
	"events EnableRule":            onRule("Name", object{"EventBusName": "default"}),
	"events DisableRule":           onRule("Name", object{"EventBusName": "default"}),
	"events PutTargets":            onRule("Rule", object{"EventBusName": "default", "Targets": []any{target("q")}}),
	"events RemoveTargets":         onRule("Rule", object{"EventBusName": "default", "Ids": []any{"q"}}),
	"events ListTargetsByRule":     targeted("Rule", object{"EventBusName": "default", "Limit": 10}),
	"events ListRuleNamesByTarget": fixed(object{"TargetArn": queueARN, "EventBusName": "default", "Limit": 10}),
	"events TestEventPattern":      fixed(object{"EventPattern": forRule, "Event": `{"id":"1","account":"1","source":"x","time":"2026-11-10T12:00:00Z","region":"us-east-1","resources":[],"detail-type":"x","detail":{}}`}),
	"events PutEvents": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"Entries": []any{object{"Time": s.Now(), "Source": "our.app", "Resources": []any{"arn:x"}, "DetailType": "greeting", "Detail": "{}", "EventBusName": "default"},
			object{"Source": "aws.ours", "DetailType": "greeting", "Detail": "{}"}}}}
	},
	"events DescribeEventBus": fixed(object{"Name": "default"}),
	"events ListEventBuses":   fixed(object{"NamePrefix": "d", "Limit": 1}),

	"events CreateConnection": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, connection(another("connection"))}
	},
	"events UpdateConnection":   connected(func(name string) object { return connection(name) }),
	"events DescribeConnection": connected(func(name string) object { return object{"Name": name} }),
	"events DeleteConnection":   connected(func(name string) object { return object{"Name": name} }),
	"events ListConnections": connected(func(string) object {
		return object{"NamePrefix": "connection", "ConnectionState": "AUTHORIZED", "Limit": 1}
	}),
	"events CreateApiDestination": func(t *testing.T, s *stage, c caller) asked {
		return asked{s.seller, destination(t, s, c)}
	},
	"events UpdateApiDestination":   destined(func(made object) object { return made }),
	"events DescribeApiDestination": destined(func(made object) object { return object{"Name": made["Name"]} }),
	"events DeleteApiDestination":   destined(func(made object) object { return object{"Name": made["Name"]} }),
	"events ListApiDestinations": destined(func(made object) object {
		return object{"NamePrefix": "destination", "ConnectionArn": made["ConnectionArn"], "Limit": 1}
	}),
}

var furtherChannels = map[string][]func(t *testing.T, s *stage, c caller) asked{
	"events ListRules": {fixed(object{"Limit": 1}), func(t *testing.T, s *stage, c caller) asked {
		name := another("rule")
		must(t, s, c, "PutRule", object{"Name": name, "EventPattern": forRule, "RoleArn": "arn:aws:iam::444455556666:role/events"})
		return asked{s.seller, object{"NamePrefix": name}}
	}},
	"events ListConnections":     {connected(func(string) object { return object{"Limit": 1} })},
	"events ListApiDestinations": {destined(func(object) object { return object{"Limit": 1} })},
	"events ListTargetsByRule":   {targeted("Rule", object{"Limit": 1})},
	"events ListRuleNamesByTarget": {func(t *testing.T, s *stage, c caller) asked {
		ruleOf(t, s, c)
		return asked{s.seller, object{"TargetArn": queueARN, "Limit": 1}}
	}},
	"events DescribeConnection": {func(t *testing.T, s *stage, c caller) asked {
		name := another("connection")
		must(t, s, c, "CreateConnection", object{"Name": name, "AuthorizationType": "BASIC", "AuthParameters": object{"BasicAuthParameters": object{"Username": "u", "Password": "p"}}})
		return asked{s.seller, object{"Name": name}}
	}},
}

// onTopic is a request about a topic of the seller's own.
func onTopic(input object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := object{}
		maps.Copy(in, input)
		in["TopicArn"] = must(t, s, c, "CreateTopic", object{"Name": another("topic")})["TopicArn"]
		return asked{s.seller, in}
	}
}

// onSubscription is one about a subscription of the seller's queue.
func onSubscription(input object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := object{}
		maps.Copy(in, input)
		in["SubscriptionArn"] = must(t, s, c, "Subscribe", object{"TopicArn": soldTopic, "Protocol": "sqs", "Endpoint": queueARN + another("x")})["SubscriptionArn"]
		return asked{s.seller, in}
	}
}

// onRule is one about a rule that is made for it; member is what the operation calls its name.
func onRule(member string, input object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := clone(input).(object)
		in[member] = another("rule")
		must(t, s, c, "PutRule", object{"Name": in[member], "EventPattern": forRule, "Description": "Ours.", "RoleArn": "arn:aws:iam::444455556666:role/events"})
		return asked{s.seller, in}
	}
}

// targeted is one about a rule with two targets.
func targeted(member string, input object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := clone(input).(object)
		in[member] = ruleOf(t, s, c)
		return asked{s.seller, in}
	}
}

func ruleOf(t *testing.T, s *stage, c caller) string {
	t.Helper()
	name := another("rule")
	must(t, s, c, "PutRule", object{"Name": name, "EventPattern": forRule})
	path := target("path")
	delete(path, "InputTransformer")
	path["InputPath"] = "$.detail"
	fixed := target("fixed")
	delete(fixed, "InputTransformer")
	fixed["Input"] = "{}"
	must(t, s, c, "PutTargets", object{"Rule": name, "Targets": []any{target("q"), path, fixed}})
	return name
}

func target(id string) object {
	return object{"Id": id, "Arn": queueARN, "RoleArn": "arn:aws:iam::444455556666:role/events", "InputTransformer": object{"InputPathsMap": object{"id": "$.detail.agreement.id"}, "InputTemplate": `{"id": <id>}`},
		"HttpParameters": object{"PathParameterValues": []any{"a"}, "HeaderParameters": object{"X-A": "b"}, "QueryStringParameters": object{"c": "d"}},
		"RetryPolicy":    object{"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}, "DeadLetterConfig": object{"Arn": queueARN}}
}

func connection(name string) object {
	params := func() []any { return []any{object{"Key": "X-A", "Value": "b", "IsValueSecret": false}} }
	return object{"Name": name, "Description": "Ours.", "AuthorizationType": "API_KEY", "AuthParameters": object{"ApiKeyAuthParameters": object{"ApiKeyName": "X-Key", "ApiKeyValue": "secret"},
		"InvocationHttpParameters": object{"HeaderParameters": params(), "QueryStringParameters": params(), "BodyParameters": params()}}}
}

// connected is a request about a connection that is made for it.
func connected(input func(name string) object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		t.Helper()
		name := another("connection")
		must(t, s, c, "CreateConnection", connection(name))
		return asked{s.seller, input(name)}
	}
}

func destination(t *testing.T, s *stage, c caller) object {
	t.Helper()
	made := must(t, s, c, "CreateConnection", connection(another("connection")))
	return object{"Name": another("destination"), "Description": "Ours.", "ConnectionArn": made["ConnectionArn"], "InvocationEndpoint": "https://seller.example/events", "HttpMethod": "POST", "InvocationRateLimitPerSecond": 10}
}

// destined is a request about an API destination that is made for it.
func destined(input func(made object) object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		t.Helper()
		made := destination(t, s, c)
		must(t, s, c, "CreateApiDestination", made)
		return asked{s.seller, input(made)}
	}
}

// member is a string in a JSON document.
func member(t *testing.T, text, name string) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	s, _ := doc[name].(string)
	return s
}
