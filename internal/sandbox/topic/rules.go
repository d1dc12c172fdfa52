package topic

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/pattern"
)

// Attributes of subscriptions. Source: API_SetSubscriptionAttributes.
const (
	RawMessageDelivery = "RawMessageDelivery"
	FilterPolicy       = "FilterPolicy"
	FilterPolicyScope  = "FilterPolicyScope"
	RedrivePolicy      = "RedrivePolicy"
	DeliveryPolicy     = "DeliveryPolicy"
)

// Scopes of filters: the message's attributes, or its text.
const (
	ByAttributes = "MessageAttributes"
	ByBody       = "MessageBody"
)

func known(attribute string) bool {
	return slices.Contains([]string{RawMessageDelivery, FilterPolicy, FilterPolicyScope, RedrivePolicy, DeliveryPolicy}, attribute)
}

// rules are a subscription's attributes as they work.
type rules struct {
	raw         bool
	filter      *pattern.Pattern // nil: everything passes
	byBody      bool
	deadLetter  string
	retries     *retries // nil: SNS's own
	contentType string
}

func rulesOf(b Subscription) (r rules, err error) {
	for _, name := range slices.Sorted(maps.Keys(b.Attributes)) {
		value := b.Attributes[name]
		switch name {
		case RawMessageDelivery:
			if r.raw = strings.EqualFold(value, "true"); !r.raw && !strings.EqualFold(value, "false") {
				return r, wrong("RawMessageDelivery: true or false, not %q", value)
			}
		case FilterPolicy:
			if value == "{}" {
				continue // as AWS has it: no filter
			}
			if r.filter, err = pattern.Parse(value); err != nil {
				return r, wrong("FilterPolicy: %v", err)
			}
		case FilterPolicyScope:
			if r.byBody = value == ByBody; !r.byBody && value != ByAttributes {
				return r, wrong("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", value)
			}
		case RedrivePolicy:
			var policy struct{ DeadLetterTargetArn string }
			if json.Unmarshal([]byte(value), &policy) != nil || !strings.HasPrefix(policy.DeadLetterTargetArn, "arn:aws:sqs:") {
				return r, wrong("RedrivePolicy: deadLetterTargetArn must be the ARN of an SQS queue")
			}
			r.deadLetter = policy.DeadLetterTargetArn
		case DeliveryPolicy:
			if b.Protocol == SQS {
				return r, wrong("DeliveryPolicy: it is for HTTP and HTTPS only")
			}
			if r.retries, r.contentType, err = deliveryPolicy(value); err != nil {
				return r, err
			}
		default:
			return r, wrong("AttributeName")
		}
	}
	return r, nil
}

// pass reports whether the filter lets m through.
func (r rules) pass(m Message) bool {
	switch {
	case r.filter == nil || m.Kind != Notification:
		return true
	case r.byBody:
		doc, err := pattern.Decode(m.Text)
		return err == nil && r.filter.Match(doc)
	}
	doc := map[string]any{}
	for name, a := range m.Attributes {
		switch {
		case a.Type == "String.Array":
			if list, err := pattern.Decode(a.Value); err == nil {
				doc[name] = list
			}
		case strings.HasPrefix(a.Type, "Number"):
			doc[name] = json.Number(a.Value)
		case strings.HasPrefix(a.Type, "String"):
			doc[name] = a.Value
		}
	}
	return r.filter.Match(doc)
}

// retries is how often, and after which pauses, an HTTP endpoint that fails is tried again.
type retries struct {
	MinDelayTarget     *int64
	MaxDelayTarget     *int64
	NumRetries         *int64
	NumNoDelayRetries  int64
	NumMinDelayRetries int64
	NumMaxDelayRetries int64
	BackoffFunction    string
}

// Limits of a delivery policy, and what holds where it is silent.
// Source: Amazon SNS Developer Guide, "Creating an HTTP/S delivery policy".
const (
	maxDelay     = 3600
	maxRetries   = 100
	usualDelay   = 20
	usualRetries = 3
)

func deliveryPolicy(text string) (*retries, string, error) {
	var policy struct {
		HealthyRetryPolicy *retries
		RequestPolicy      struct{ HeaderContentType string }
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return nil, "", wrong("DeliveryPolicy: it is not JSON that SNS knows")
	}
	r := policy.HealthyRetryPolicy
	if r == nil {
		return nil, policy.RequestPolicy.HeaderContentType, nil
	}
	least, most, n := r.values()
	switch {
	case least < 1 || most > maxDelay || least > most:
		return nil, "", wrong("DeliveryPolicy: delays must be 1 to %d seconds, and minDelayTarget no more than maxDelayTarget", maxDelay)
	case n < 0 || n > maxRetries || r.NumNoDelayRetries < 0 || r.NumMinDelayRetries < 0 || r.NumMaxDelayRetries < 0 || r.NumNoDelayRetries+r.NumMinDelayRetries+r.NumMaxDelayRetries > n:
		return nil, "", wrong("DeliveryPolicy: numRetries must be 0 to %d, and no less than its phases together", maxRetries)
	case !slices.Contains([]string{"", "linear", "arithmetic", "geometric", "exponential"}, r.BackoffFunction):
		return nil, "", wrong("DeliveryPolicy: backoffFunction must be linear, arithmetic, geometric or exponential")
	}
	return r, policy.RequestPolicy.HeaderContentType, nil
}

func (r *retries) values() (least, most, n int64) {
	least, most, n = usualDelay, usualDelay, usualRetries
	if r == nil {
		return least, most, n
	}
	if r.MinDelayTarget != nil {
		least = *r.MinDelayTarget
		most = max(least, most)
	}
	if r.MaxDelayTarget != nil {
		most = *r.MaxDelayTarget
	}
	if r.NumRetries != nil {
		n = *r.NumRetries
	}
	return least, most, n
}

// patience is how an HTTP endpoint is tried again: at once, then at the least delay, then at growing ones, then at the
// greatest. Unless its delivery policy says otherwise, that is three times, 20 seconds apart.
func (r *retries) patience() parcel.Retry {
	least, most, n := r.values()
	var p retries
	if r != nil {
		p = *r
	}
	growing := n - p.NumNoDelayRetries - p.NumMinDelayRetries - p.NumMaxDelayRetries
	return parcel.Retry{Wait: func(failed int) (time.Duration, bool) {
		i := int64(failed) - 1
		switch {
		case i >= n:
			return 0, false
		case i < p.NumNoDelayRetries:
			return 0, true
		case i < p.NumNoDelayRetries+p.NumMinDelayRetries:
			return time.Duration(least) * time.Second, true
		case i >= n-p.NumMaxDelayRetries:
			return time.Duration(most) * time.Second, true
		}
		at := grown(p.BackoffFunction, i-p.NumNoDelayRetries-p.NumMinDelayRetries, growing)
		return time.Duration(float64(least)+at*float64(most-least)+0.5) * time.Second, true
	}}
}

// grown is how far, from 0 to 1, the delay has grown at step i of n. SNS draws its back-off functions and gives no
// formula; these have their shapes and their ends.
func grown(function string, i, n int64) float64 {
	if n < 2 {
		return 0
	}
	x := float64(i) / float64(n-1)
	switch function {
	case "arithmetic":
		return x * (x + 1) / 2
	case "geometric":
		return x * x
	case "exponential":
		return (math.Exp2(10*x) - 1) / (math.Exp2(10) - 1)
	}
	return x
}
