package sns

import (
	"strconv"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
)

type subscribeInput struct {
	TopicArn              string
	Protocol              string
	Endpoint              string
	Attributes            map[string]string `query:"Attributes.entry,key,value"`
	ReturnSubscriptionArn *bool
}

type subscriptionOutput struct {
	SubscriptionArn string
}

func (s *Service) subscribe(c *wire.Call, in *subscribeInput) (any, error) {
	if err := required("Protocol", in.Protocol); err != nil {
		return nil, err
	}
	b, err := s.Topics.Subscribe(c.Account, c.Region, topic.Subscription{Topic: in.TopicArn, Protocol: in.Protocol, Endpoint: in.Endpoint, Attributes: in.Attributes})
	if err != nil {
		return nil, err
	}
	if !b.Confirmed && (in.ReturnSubscriptionArn == nil || !*in.ReturnSubscriptionArn) {
		return &subscriptionOutput{"pending confirmation"}, nil
	}
	return &subscriptionOutput{b.ARN}, nil
}

type confirmSubscriptionInput struct {
	TopicArn                  string
	Token                     string
	AuthenticateOnUnsubscribe string
}

func (s *Service) confirmSubscription(_ *wire.Call, in *confirmSubscriptionInput) (any, error) {
	arn, err := s.Topics.Confirm(in.TopicArn, in.Token, in.AuthenticateOnUnsubscribe == "true")
	return &subscriptionOutput{arn}, err
}

type onSubscription struct {
	SubscriptionArn string
}

func (s *Service) unsubscribe(c *wire.Call, in *onSubscription) (any, error) {
	return nil, s.Topics.Unsubscribe(c.Account, in.SubscriptionArn)
}

type subscription struct {
	SubscriptionArn string
	Owner           string
	Protocol        string
	Endpoint        string
	TopicArn        string
}

type listSubscriptionsOutput struct {
	Subscriptions members[subscription]
	NextToken     *string `xml:",omitempty"`
}

func (s *Service) listSubscriptions(c *wire.Call, in *nextInput) (any, error) {
	return s.list(c, "", in.NextToken)
}

type listSubscriptionsByTopicInput struct {
	TopicArn  string
	NextToken string
}

func (s *Service) listSubscriptionsByTopic(c *wire.Call, in *listSubscriptionsByTopicInput) (any, error) {
	if err := required("TopicArn", in.TopicArn); err != nil {
		return nil, err
	}
	return s.list(c, in.TopicArn, in.NextToken)
}

func (s *Service) list(c *wire.Call, arn, token string) (any, error) {
	t, err := turn(token, "subscriptions", c.Account, c.Region, arn)
	if err != nil {
		return nil, err
	}
	all, err := s.Topics.Subscriptions(c.Account, c.Region, arn)
	if err != nil {
		return nil, err
	}
	out := &listSubscriptionsOutput{}
	part, next := page.Cut(all, func(b topic.Subscription) page.Key { return page.Key{ID: b.ARN} }, false, t)
	for _, b := range part {
		one := subscription{b.ARN, b.Owner, b.Protocol, b.Endpoint, b.Topic}
		if !b.Confirmed {
			one.SubscriptionArn = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, one)
	}
	out.NextToken = next
	return out, nil
}

func (s *Service) getSubscriptionAttributes(c *wire.Call, in *onSubscription) (any, error) {
	if err := required("SubscriptionArn", in.SubscriptionArn); err != nil {
		return nil, err
	}
	b, err := s.Topics.Subscription(c.Account, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	attrs := entries{"SubscriptionArn": b.ARN, "TopicArn": b.Topic, "Owner": b.Owner, "Protocol": b.Protocol, "Endpoint": b.Endpoint,
		"PendingConfirmation": strconv.FormatBool(!b.Confirmed), "ConfirmationWasAuthenticated": strconv.FormatBool(b.Confirmed && (b.Authenticated || b.Token == "")),
		"SubscriptionPrincipal": "arn:aws:iam::" + b.Owner + ":root", topic.RawMessageDelivery: "false"}
	for name, value := range b.Attributes {
		attrs[name] = value
	}
	if attrs[topic.FilterPolicy] != "" && attrs[topic.FilterPolicyScope] == "" {
		attrs[topic.FilterPolicyScope] = topic.ByAttributes
	}
	return &attributesOutput{attrs}, nil
}

type setSubscriptionAttributesInput struct {
	SubscriptionArn string
	AttributeName   string
	AttributeValue  string
}

func (s *Service) setSubscriptionAttributes(c *wire.Call, in *setSubscriptionAttributesInput) (any, error) {
	if err := required("SubscriptionArn", in.SubscriptionArn); err != nil {
		return nil, err
	}
	if err := required("AttributeName", in.AttributeName); err != nil {
		return nil, err
	}
	return nil, s.Topics.SetSubscription(c.Account, in.SubscriptionArn, in.AttributeName, in.AttributeValue)
}
