package topic

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tokenLife is how long a subscription can be confirmed. Source: Amazon SNS Developer Guide, "Confirm the subscription".
const tokenLife = 48 * time.Hour

// pending reports whether b waits for its confirmation, and can still have it.
func (s *Service) pending(b *sub) bool {
	return !b.Confirmed && !b.over && s.opt.Clock.Now().Before(b.Since.Add(tokenLife))
}

// Subscribe subscribes an endpoint to a topic. A queue of the caller's own account is subscribed at once; any other
// endpoint is sent a confirmation first. An endpoint that is subscribed already, with the same attributes, is left as it
// is; with others it is refused.
func (s *Service) Subscribe(account, region string, want Subscription) (Subscription, error) {
	got, confirm, err := s.subscribe(account, region, want)
	if err == nil && confirm != nil && s.opt.Confirm != nil {
		err = s.opt.Confirm(got, *confirm)
	}
	return got, err
}

func (s *Service) subscribe(account, region string, want Subscription) (got Subscription, confirm *Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(account, region, want.Topic)
	if err != nil {
		return got, nil, err
	}
	if err := checkEndpoint(want.Protocol, want.Endpoint); err != nil {
		return got, nil, err
	}
	if _, err := rulesOf(want); err != nil {
		return got, nil, err
	}
	for _, b := range t.subs {
		if b.over || b.Protocol != want.Protocol || b.Endpoint != want.Endpoint || b.Owner != account {
			continue
		}
		for name, value := range want.Attributes {
			if b.Attributes[name] != value {
				return got, nil, wrong("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		if b.Confirmed {
			return b.copy(), nil, nil
		}
		want.ARN = b.ARN // pending: it is sent its confirmation again
	}
	want.Owner, want.Since = account, s.opt.Clock.Now()
	want.Confirmed = want.Protocol == SQS && strings.HasPrefix(want.Endpoint, "arn:aws:sqs:"+region+":"+account+":")
	if want.ARN == "" {
		want.ARN = t.ARN + ":" + s.opt.NewID()
	}
	if !want.Confirmed {
		want.Token = s.newToken()
		confirm = s.confirmation(SubscriptionConfirmation, want, "You have chosen to subscribe to the topic "+t.ARN+
			".\nTo confirm the subscription, visit the SubscribeURL included in this message.")
	}
	return want, confirm, s.do(Change{Op: OpSubscribe, Subscription: &want})
}

func (s *Service) newToken() string { return strings.ReplaceAll(s.opt.NewID()+s.opt.NewID(), "-", "") }

func (s *Service) confirmation(k Kind, b Subscription, text string) *Message {
	return &Message{ID: s.opt.NewID(), Kind: k, Topic: b.Topic, Text: text, Token: b.Token, At: s.opt.Clock.Now()}
}

func checkEndpoint(protocol, endpoint string) error {
	switch protocol {
	case SQS:
		if parts := strings.Split(endpoint, ":"); len(parts) != 6 || !strings.HasPrefix(endpoint, "arn:aws:sqs:") || parts[5] == "" {
			return wrong("SQS endpoint ARN")
		}
	case HTTP, HTTPS:
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != protocol || u.Host == "" {
			return wrong("Endpoint must match the specified protocol")
		}
	case "email", "email-json", "sms", "application", "lambda", "firehose":
		return wrong("this sandbox does not play the protocol %s; use sqs, http or https", protocol)
	default:
		return wrong("Amazon SNS does not support this protocol string: %s", protocol)
	}
	return nil
}

func (b *sub) copy() Subscription {
	c := b.Subscription
	c.Attributes = maps.Clone(c.Attributes)
	return c
}

// Confirm makes a pending subscription count, by its token; authenticated says that only its owner may end it then.
func (s *Service) Confirm(arn, token string, authenticated bool) (subscription string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.subs {
		if b.Topic != arn || b.Token == "" || b.Token != token {
			continue
		}
		if b.Confirmed {
			return b.ARN, nil
		}
		next := b.Subscription
		if !s.opt.Clock.Now().Before(b.Since.Add(tokenLife)) {
			break
		}
		next.Confirmed, next.Authenticated = true, authenticated
		return b.ARN, s.do(Change{Op: OpSubscribe, Subscription: &next})
	}
	return "", wrong("Token")
}

// Unsubscribe ends a subscription; one that is not there is fine. account is empty for whoever follows the link in a
// message: then an HTTP endpoint is told, with a token that brings the subscription back.
func (s *Service) Unsubscribe(account, arn string) error {
	told, m, err := s.unsubscribe(account, arn)
	if err == nil && m != nil && s.opt.Confirm != nil {
		err = s.opt.Confirm(told, *m)
	}
	return err
}

func (s *Service) unsubscribe(account, arn string) (told Subscription, m *Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subs[arn]
	switch {
	case len(strings.Split(arn, ":")) < 7:
		return told, nil, wrong("SubscriptionArn Reason: An ARN must have at least 7 elements")
	case b == nil || b.over:
		return told, nil, nil
	case account == "" && b.Authenticated:
		return told, nil, refuse(Unauthorized, "The subscription's owner alone may end it.")
	case account != "" && account != b.Owner && account != s.topics[b.Topic].Owner:
		return told, nil, unauthorized(account, arn)
	case account == "" && b.Protocol != SQS:
		next := b.Subscription
		next.Confirmed, next.Token, next.Since = false, s.newToken(), s.opt.Clock.Now()
		m = s.confirmation(UnsubscribeConfirmation, next, "You have chosen to deactivate subscription "+arn+
			".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.")
		return next, m, s.do(Change{Op: OpSubscribe, Subscription: &next, Over: true})
	}
	return told, nil, s.do(Change{Op: OpEnd, Subscription: &Subscription{ARN: b.ARN, Topic: b.Topic}})
}

// Subscriptions lists account's subscriptions in region, or, of a topic that it may see, those to this topic; the
// pending ones too, oldest first within a topic.
func (s *Service) Subscriptions(account, region, arn string) ([]Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var topics []*topic
	if arn != "" {
		t, err := s.topic(account, region, arn)
		if err != nil {
			return nil, err
		}
		topics = []*topic{t}
	} else {
		for _, name := range slices.Sorted(maps.Keys(s.topics)) {
			if strings.HasPrefix(name, "arn:aws:sns:"+region+":") {
				topics = append(topics, s.topics[name])
			}
		}
	}
	var out []Subscription
	for _, t := range topics {
		for _, b := range t.subs {
			if (b.Owner == account || (arn != "" && t.Owner == account)) && (b.Confirmed || s.pending(b)) {
				out = append(out, b.copy())
			}
		}
	}
	return out, nil
}

// Subscription finds one of account's subscriptions; otherwise [NotFound].
func (s *Service) Subscription(account, arn string) (Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.subscription(account, arn)
	if err != nil {
		return Subscription{}, err
	}
	return b.copy(), nil
}

func (s *Service) subscription(account, arn string) (*sub, error) {
	b := s.subs[arn]
	switch {
	case b == nil || b.over:
		return nil, refuse(NotFound, "Subscription does not exist")
	case b.Owner != account:
		return nil, unauthorized(account, arn)
	}
	return b, nil
}

// SetSubscription changes an attribute of a subscription; an empty value takes it away.
func (s *Service) SetSubscription(account, arn, name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.subscription(account, arn)
	if err != nil {
		return err
	}
	next := b.copy()
	if next.Attributes == nil {
		next.Attributes = map[string]string{}
	}
	next.Attributes[name] = value
	if value == "" {
		delete(next.Attributes, name)
		if !known(name) {
			return wrong("AttributeName")
		}
	}
	if _, err := rulesOf(next); err != nil {
		return err
	}
	return s.do(Change{Op: OpSubscribe, Subscription: &next})
}
