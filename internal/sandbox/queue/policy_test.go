package queue

import (
	"strings"
	"testing"
)

func TestPolicies(t *testing.T) {
	const (
		q     = "arn:aws:sqs:us-east-1:444455556666:mine"
		rule  = "arn:aws:events:us-east-1:444455556666:rule/mine"
		topic = "arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-abc"
		head  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + q + `"`
	)
	for name, c := range map[string]struct {
		policy      string
		rule, topic bool
	}{
		"none":               {"", false, false},
		"open":               {Open(q), true, true},
		"another queue":      {Open(q + "s"), false, false},
		"one service":        {head + `}]}`, true, false},
		"one statement":      {`{"Statement":{"Effect":"Allow","Principal":"*","Action":["SQS:*"],"Resource":["*"]}}`, true, true},
		"everybody's":        {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sqs:Send*","Resource":"` + q + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}]}`, false, true},
		"another action":     {strings.Replace(Open(q), "sqs:SendMessage", "sqs:ReceiveMessage", 1), false, false},
		"for this rule":      {head + `,"Condition":{"ArnEquals":{"aws:SourceArn":"` + rule + `"}}}]}`, true, false},
		"for another rule":   {head + `,"Condition":{"ArnEquals":{"aws:SourceArn":"` + rule + `s"}}}]}`, false, false},
		"for rules like it":  {head + `,"Condition":{"ArnLike":{"aws:SourceArn":["x","arn:aws:events:*:444455556666:rule/*"]}}}]}`, true, false},
		"for its account":    {head + `,"Condition":{"StringEquals":{"AWS:SourceAccount":"444455556666"}}}]}`, true, false},
		"for another":        {head + `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}`, false, false},
		"what nobody knows":  {head + `,"Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01"}}}]}`, false, false},
		"denied":             {strings.Replace(Open(q), `}]}`, `},{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}`, 1), false, false},
		"denied without TLS": {strings.Replace(Open(q), `}]}`, `},{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}]}`, 1), true, true},
		"brackets":           {strings.Replace(Open(q), `"Resource":"`+q, `"Resource":"[`, 1), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := parsePolicy(c.policy)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.admits("events.amazonaws.com", rule, q); got != c.rule {
				t.Errorf("the rule is let in: %v", got)
			}
			if got := p.admits("sns.amazonaws.com", topic, q); got != c.topic {
				t.Errorf("the topic is let in: %v", got)
			}
		})
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(Open("arn:aws:sqs:us-east-1:444455556666:mine"))
	f.Add(`{"Statement":{"Principal":"*","Action":["*"],"Resource":"[a-","Condition":{"Bool":{"aws:SecureTransport":true}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if err != nil {
			return
		}
		if text != "" && !strings.Contains(strings.ToLower(text), "allow") && p.admits("sns.amazonaws.com", "arn:aws:sns:us-east-1:1:t", "arn:aws:sqs:us-east-1:1:q") && !strings.Contains(text, `\u`) {
			t.Errorf("nothing is allowed, and it is let in: %s", text)
		}
	})
}
