package topic

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Attributes of topics that mean something here; others are kept and given back.
const (
	SignatureVersion = "SignatureVersion" // 1 (SHA1) or 2 (SHA256)
	DisplayName      = "DisplayName"
	Policy           = "Policy"
)

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// settable are the attributes that a topic's owner may set. Source: API_SetTopicAttributes.
var settable = []string{SignatureVersion, DisplayName, Policy, "DeliveryPolicy", "KmsMasterKeyId", "TracingConfig"}

func checkTopicAttribute(name, value string) error {
	switch {
	case name == "FifoTopic" || name == "ContentBasedDeduplication":
		if value == "true" {
			return wrong("this sandbox has no FIFO topics")
		}
	case !slices.Contains(settable, name) && !strings.HasSuffix(name, "SuccessFeedbackRoleArn") && !strings.HasSuffix(name, "FailureFeedbackRoleArn") && !strings.HasSuffix(name, "SuccessFeedbackSampleRate"):
		return wrong("AttributeName")
	case name == SignatureVersion && value != "1" && value != "2":
		return wrong("SignatureVersion Reason: it is 1 or 2")
	case name == Policy && !json.Valid([]byte(value)):
		return wrong("Policy Error: null")
	}
	return nil
}

// Create makes a topic of account's own, or finds the one that has this name, and gives its ARN.
func (s *Service) Create(account, region, name string, attrs map[string]string) (arn string, err error) {
	if !topicName.MatchString(name) {
		return "", wrong("Topic Name")
	}
	for _, n := range slices.Sorted(maps.Keys(attrs)) {
		if err := checkTopicAttribute(n, attrs[n]); err != nil {
			return "", err
		}
	}
	arn = ARN(account, region, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[arn]; t != nil {
		for n, v := range attrs {
			if t.Attributes[n] != v {
				return "", wrong("Attributes Reason: Topic already exists with different attributes")
			}
		}
		return arn, nil
	}
	return arn, s.do(Change{Op: OpCreate, Topic: &Topic{ARN: arn, Owner: account, Attributes: maps.Clone(attrs)}})
}

// topic finds a topic that account may see in region: its own, or one of AWS Marketplace's for a product that it sells.
func (s *Service) topic(account, region, arn string) (*topic, error) {
	t := s.topics[arn]
	parts := strings.Split(arn, ":")
	switch {
	case len(parts) != 6 || !strings.HasPrefix(arn, "arn:aws:sns:") || parts[3] != region:
		return nil, wrong("TopicArn")
	case t == nil && parts[4] != account:
		return nil, unauthorized(account, arn)
	case t == nil:
		return nil, refuse(NotFound, "Topic does not exist")
	case t.Owner != account && t.seller != account:
		return nil, unauthorized(account, arn)
	}
	return t, nil
}

func unauthorized(account, arn string) error {
	return refuse(Unauthorized, "User: arn:aws:iam::%s:root is not authorized to perform this operation on resource: %s", account, arn)
}

// own is [Service.topic] for what only the topic's owner may do.
func (s *Service) own(account, region, arn string) (*topic, error) {
	t, err := s.topic(account, region, arn)
	if err == nil && t.Owner != account {
		return nil, unauthorized(account, arn)
	}
	return t, err
}

// Drop deletes a topic of account's own, with its subscriptions. One that is not there is fine.
func (s *Service) Drop(account, region, arn string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.own(account, region, arn)
	if e, ok := err.(*Error); ok && e.Code == NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.do(Change{Op: OpDrop, Topic: &Topic{ARN: t.ARN}})
}

// Topics lists the ARNs of account's own topics in region, sorted.
func (s *Service) Topics(account, region string) (arns []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for arn := range s.topics {
		if strings.HasPrefix(arn, ARN(account, region, "")) {
			arns = append(arns, arn)
		}
	}
	slices.Sort(arns)
	return arns
}

// Attributes gives a topic's attributes, those that count its subscriptions included.
func (s *Service) Attributes(account, region, arn string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(account, region, arn)
	if err != nil {
		return nil, err
	}
	out := map[string]string{DisplayName: ""}
	maps.Copy(out, t.Attributes)
	confirmed, pending := 0, 0
	for _, b := range t.subs {
		switch {
		case b.Confirmed:
			confirmed++
		case s.pending(b):
			pending++
		}
	}
	out["TopicArn"], out["Owner"], out[SignatureVersion] = t.ARN, t.Owner, t.version()
	out["SubscriptionsConfirmed"], out["SubscriptionsPending"], out["SubscriptionsDeleted"] = strconv.Itoa(confirmed), strconv.Itoa(pending), "0"
	if out[Policy] == "" {
		out[Policy] = t.policy()
	}
	return out, nil
}

// policy is the access policy that a topic has by itself: of AWS Marketplace's, that the seller may subscribe.
func (t *topic) policy() string {
	who, what := t.Owner, `["SNS:Publish","SNS:Subscribe","SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:DeleteTopic","SNS:ListSubscriptionsByTopic"]`
	if t.seller != "" {
		who, what = t.seller, `["SNS:Subscribe","SNS:GetTopicAttributes","SNS:ListSubscriptionsByTopic"]`
	}
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"` + who +
		`"},"Action":` + what + `,"Resource":"` + t.ARN + `"}]}`
}

// SetAttribute changes an attribute of a topic. The seller may set the signature version of AWS Marketplace's topics,
// which AWS would not let it do: so a receiver can be tried with both.
func (s *Service) SetAttribute(account, region, arn, name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	find := s.own
	if name == SignatureVersion {
		find = s.topic
	}
	t, err := find(account, region, arn)
	if err != nil {
		return err
	}
	if err := checkTopicAttribute(name, value); err != nil {
		return err
	}
	next := t.Topic
	next.Attributes = maps.Clone(next.Attributes)
	if next.Attributes == nil {
		next.Attributes = map[string]string{}
	}
	next.Attributes[name] = value
	return s.do(Change{Op: OpSet, Topic: &next})
}

// MayPublish reports whether account may publish to a topic: to its own only.
func (s *Service) MayPublish(account, region, arn string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.own(account, region, arn)
	return err
}
