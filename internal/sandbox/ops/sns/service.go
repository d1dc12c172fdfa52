package sns

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Version is the API version that a request names.
const Version = "2010-03-31"

const namespace = "http://sns.amazonaws.com/doc/" + Version + "/"

// Service plays SNS.
type Service struct {
	Topics *topic.Service
	// Products lists what is sold: products of the legacy generation have topics.
	Products func() []world.Product
	// Publish delivers what account publishes to a topic of its own.
	Publish func(account string, m topic.Message) error
	NewID   func() string // a UUID, for messages
}

// operation is one call of the API, from its form to its output; nil is an output without members.
type operation func(s *Service, c *wire.Call) (any, error)

// op makes an operation of a method that takes a decoded input.
func op[I any](f func(s *Service, c *wire.Call, in *I) (any, error)) operation {
	return func(s *Service, c *wire.Call) (any, error) {
		in := new(I)
		if err := forms.Decode(c.Form, in); err != nil {
			return nil, err
		}
		return f(s, c, in)
	}
}

var operations = map[string]operation{
	"CreateTopic":               op((*Service).createTopic),
	"DeleteTopic":               op((*Service).deleteTopic),
	"ListTopics":                op((*Service).listTopics),
	"GetTopicAttributes":        op((*Service).getTopicAttributes),
	"SetTopicAttributes":        op((*Service).setTopicAttributes),
	"Subscribe":                 op((*Service).subscribe),
	"ConfirmSubscription":       op((*Service).confirmSubscription),
	"Unsubscribe":               op((*Service).unsubscribe),
	"ListSubscriptions":         op((*Service).listSubscriptions),
	"ListSubscriptionsByTopic":  op((*Service).listSubscriptionsByTopic),
	"GetSubscriptionAttributes": op((*Service).getSubscriptionAttributes),
	"SetSubscriptionAttributes": op((*Service).setSubscriptionAttributes),
	"Publish":                   op((*Service).publish),
	"PublishBatch":              op((*Service).publishBatch),
}

// internalError is SNS's name for an internal failure.
const internalError = "InternalError"

// Wire is the service as the front door takes it.
func (s *Service) Wire() wire.Service {
	ops := make(map[string]wire.Op, len(operations))
	for name, o := range operations {
		ops[name] = func(_ context.Context, c *wire.Call) (wire.Answer, error) {
			s.offer()
			out, err := o(s, c)
			if err != nil {
				return wire.Answer{}, errorOf(err)
			}
			return wire.AnswerQuery(c, namespace, out), nil
		}
	}
	return wire.Service{Name: "Amazon SNS", Target: "AmazonSimpleNotificationService", Scope: "sns", Version: Version, Outage: internalError,
		Status: statuses,
		Ops:    ops, Fail: writeError}
}

// statuses are those of errors that are not 400. Source: the service's model; only faults raise most of them.
var statuses = map[string]int{string(topic.NotFound): http.StatusNotFound, string(topic.Unauthorized): http.StatusForbidden, internalError: http.StatusInternalServerError,
	"FilterPolicyLimitExceeded": http.StatusForbidden, "ReplayLimitExceeded": http.StatusForbidden, "SubscriptionLimitExceeded": http.StatusForbidden,
	"TopicLimitExceeded": http.StatusForbidden, "InvalidSecurity": http.StatusForbidden, "KMSOptInRequired": http.StatusForbidden}

// offer makes the topics of the products that there are by now.
func (s *Service) offer() {
	for _, p := range s.Products() {
		if p.Identity.ByTopics() {
			s.Topics.Offer(p.ProductCode, p.SellerAccount)
		}
	}
}

var forms = wire.Forms{Malformed: contract.Serialization, Invalid: string(topic.InvalidParameter), Missing: string(topic.InvalidParameter)}

func refuse(code topic.Code, message string) error {
	return &wire.Error{Code: string(code), Message: message}
}

// errorOf is err as the wire knows it; an error that nobody foresaw is left as it is, for the front door to log.
func errorOf(err error) error {
	if e, ok := errors.AsType[*topic.Error](err); ok {
		return refuse(e.Code, e.Say)
	}
	return err
}

// writeError is [wire.Service]'s Fail. What is not SNS's own comes from the common front-end, where the query protocol
// has names of its own.
func writeError(c *wire.Call, e *wire.Error) wire.Answer {
	code := strings.TrimSuffix(e.Code, "Exception")
	switch e.Code {
	case contract.UnknownOperation:
		code = "InvalidAction"
	case contract.Serialization:
		code = "MalformedQueryString"
	case contract.Validation:
		code = contract.Validation // SNS's own has the name whole
	}
	return wire.QueryError(c, namespace, code, e)
}

// perPage is how many items a page of any list has. Source: API_ListTopics, API_ListSubscriptions.
const perPage = 100

// turn is the page that token asks for.
func turn(token string, question ...any) (page.Turn, error) {
	var given *string
	if token != "" {
		given = &token
	}
	t, ok := page.Of(perPage, given, question...)
	if !ok {
		return t, refuse(topic.InvalidParameter, "Invalid parameter: NextToken")
	}
	return t, nil
}

// required refuses a request that lacks a parameter.
func required(name, value string) error {
	if value == "" {
		return refuse(topic.InvalidParameter, "Invalid parameter: "+name+" Reason: no value for required parameter")
	}
	return nil
}
