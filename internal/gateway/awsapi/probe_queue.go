package awsapi

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/contract"
)

// QueueFacts are a queue's settings, and what waits in it.
type QueueFacts struct {
	ARN        string
	Policy     Policy
	Retention  time.Duration
	Visibility time.Duration
	Waiting    int
}

// Policy is who may send to a queue.
type Policy struct {
	Events bool // EventBridge
	SNS    bool
}

// Queue asks for a queue's settings.
func (p *Prober) Queue(ctx context.Context, queueURL string) (f QueueFacts, a Answer, err error) {
	q, err := NewQueue(p.cfg, queueURL)
	if err != nil {
		return f, a, err
	}
	var out *sqs.GetQueueAttributesOutput
	a, err = try(ctx, func(ctx context.Context) (err error) {
		out, err = q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		return err
	})
	if err != nil || a.Code != "" {
		return f, a, err
	}
	seconds := func(name types.QueueAttributeName) time.Duration {
		n, _ := strconv.Atoi(out.Attributes[string(name)]) // absent: 0
		return time.Duration(n) * time.Second
	}
	f.ARN = out.Attributes[string(types.QueueAttributeNameQueueArn)]
	f.Policy = policyOf(out.Attributes[string(types.QueueAttributeNamePolicy)])
	f.Retention, f.Visibility = seconds(types.QueueAttributeNameMessageRetentionPeriod), seconds(types.QueueAttributeNameVisibilityTimeout)
	f.Waiting, _ = strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)])
	return f, a, nil
}

// policyOf reads who a queue's policy lets in. It looks at principals alone: conditions are between the queue's owner and AWS.
func policyOf(text string) (p Policy) {
	var doc struct {
		Statement oneOrMore[struct {
			Effect    string
			Principal json.RawMessage
		}]
	}
	if json.Unmarshal([]byte(text), &doc) != nil {
		return p
	}
	for _, s := range doc.Statement {
		if s.Effect != "Allow" {
			continue
		}
		var all string
		var who struct{ Service, AWS oneOrMore[string] }
		everybody := json.Unmarshal(s.Principal, &all) == nil && all == "*"
		if !everybody && json.Unmarshal(s.Principal, &who) != nil {
			continue
		}
		everybody = everybody || slices.Contains(who.AWS, "*")
		p.Events = p.Events || everybody || slices.Contains(who.Service, "events.amazonaws.com")
		p.SNS = p.SNS || everybody || slices.Contains(who.Service, "sns.amazonaws.com")
	}
	return p
}

// oneOrMore is a list that a policy may write as its only member.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	var many []T
	if json.Unmarshal(text, &many) == nil {
		*l = many
		return nil
	}
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*l = []T{one}
	return nil
}

// RuleFacts are a rule of EventBridge's that leads to the queue.
type RuleFacts struct {
	Name        string
	Enabled     bool
	Marketplace bool     // its pattern names AWS Marketplace's source
	DetailTypes []string // those that alone it lets through; empty: all
}

// Rules finds the rules of the default bus that lead to a queue, in the queue's region.
func (p *Prober) Rules(ctx context.Context, queueURL, queueARN string) (rules []RuleFacts, a Answer, err error) {
	region := regionOf(queueURL)
	c := eventbridge.NewFromConfig(p.cfg, func(o *eventbridge.Options) {
		if region != "" {
			o.Region = region
		}
	})
	var names *eventbridge.ListRuleNamesByTargetOutput
	a, err = try(ctx, func(ctx context.Context) (err error) {
		names, err = c.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: &queueARN})
		return err
	})
	if err != nil || a.Code != "" {
		return nil, a, err
	}
	for _, name := range names.RuleNames {
		var rule *eventbridge.DescribeRuleOutput
		a, err = try(ctx, func(ctx context.Context) (err error) {
			rule, err = c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name})
			return err
		})
		if err != nil || a.Code != "" {
			return nil, a, err
		}
		rules = append(rules, ruleOf(name, string(rule.State), aws.ToString(rule.EventPattern)))
	}
	return rules, a, nil
}

func ruleOf(name, state, pattern string) RuleFacts {
	r := RuleFacts{Name: name, Enabled: state != "DISABLED"}
	var doc struct {
		Source     []any `json:"source"`
		DetailType []any `json:"detail-type"`
	}
	if json.Unmarshal([]byte(pattern), &doc) != nil {
		return r
	}
	r.Marketplace = slices.Contains(doc.Source, any(contract.EventSource))
	for _, t := range doc.DetailType {
		if s, ok := t.(string); ok { // what is matched in another way cannot be judged here
			r.DetailTypes = append(r.DetailTypes, s)
		}
	}
	return r
}
