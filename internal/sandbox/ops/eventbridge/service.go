package eventbridge

import (
	"context"
	"errors"

	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
)

// Service plays EventBridge.
type Service struct {
	Bus *bus.Service
	// Put delivers an event that a client puts on its bus.
	Put   func(e bus.Event, detailType string) error
	NewID func() string // a UUID, for events
}

// operation is one call of the API, from its body to its output; nil is an output without members.
type operation func(s *Service, c *wire.Call) (any, error)

// op makes an operation of a method that takes a decoded input.
func op[I any](f func(s *Service, c *wire.Call, in *I) (any, error)) operation {
	return func(s *Service, c *wire.Call) (any, error) {
		in := new(I)
		if err := wire.Decode(c, in); err != nil {
			return nil, err
		}
		if err := checkLimits(c.Operation, in); err != nil {
			return nil, err
		}
		return f(s, c, in)
	}
}

var operations = map[string]operation{
	"PutRule":                op((*Service).putRule),
	"DescribeRule":           op((*Service).describeRule),
	"ListRules":              op((*Service).listRules),
	"DeleteRule":             op((*Service).deleteRule),
	"EnableRule":             op((*Service).enableRule),
	"DisableRule":            op((*Service).disableRule),
	"PutTargets":             op((*Service).putTargets),
	"RemoveTargets":          op((*Service).removeTargets),
	"ListTargetsByRule":      op((*Service).listTargetsByRule),
	"ListRuleNamesByTarget":  op((*Service).listRuleNamesByTarget),
	"TestEventPattern":       op((*Service).testEventPattern),
	"PutEvents":              op((*Service).putEvents),
	"DescribeEventBus":       op((*Service).describeEventBus),
	"ListEventBuses":         op((*Service).listEventBuses),
	"CreateConnection":       op((*Service).createConnection),
	"UpdateConnection":       op((*Service).updateConnection),
	"DescribeConnection":     op((*Service).describeConnection),
	"ListConnections":        op((*Service).listConnections),
	"DeleteConnection":       op((*Service).deleteConnection),
	"CreateApiDestination":   op((*Service).createAPIDestination),
	"UpdateApiDestination":   op((*Service).updateAPIDestination),
	"DescribeApiDestination": op((*Service).describeAPIDestination),
	"ListApiDestinations":    op((*Service).listAPIDestinations),
	"DeleteApiDestination":   op((*Service).deleteAPIDestination),
}

// Wire is the service as the front door takes it.
func (s *Service) Wire() wire.Service {
	ops := make(map[string]wire.Op, len(operations))
	for name, o := range operations {
		ops[name] = func(_ context.Context, c *wire.Call) (wire.Answer, error) {
			out, err := o(s, c)
			if e, ok := errors.AsType[*bus.Error](err); ok {
				return wire.Answer{}, refuse(e.Code, e.Say)
			}
			if err != nil {
				return wire.Answer{}, err
			}
			if out == nil {
				out = struct{}{}
			}
			return wire.Encode(c, out)
		}
	}
	return wire.Service{Name: "Amazon EventBridge", Target: "AWSEvents", Scope: "events", Outage: "InternalException", Status: map[string]int{"InternalException": 500}, Ops: ops}
}

func refuse(code bus.Code, message string) error {
	return &wire.Error{Code: string(code), Message: message}
}

func invalid(message string) error { return refuse(bus.Validation, message) }

// onlyDefault refuses every bus but the default one, which may be named, or be meant by its ARN.
func onlyDefault(c *wire.Call, name string) error {
	if name == "" || name == "default" || name == bus.ARN(c.Account, c.Region) {
		return nil
	}
	return refuse(bus.NotFound, "Event bus "+name+" does not exist.")
}

// listed is how a list is asked for.
type listed struct {
	limit *int64
	token *string
}

// turn is the page that l asks for: of at most 100 items. Source: the API reference, LimitMax100.
func (l listed) turn(question ...any) (page.Turn, error) {
	size := 100
	if l.limit != nil {
		if *l.limit < 1 || *l.limit > 100 {
			return page.Turn{}, invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value between 1 and 100")
		}
		size = int(*l.limit)
	}
	t, ok := page.Of(size, l.token, question...)
	if !ok {
		return t, invalid("The NextToken is not valid.")
	}
	return t, nil
}

func byName(name string) page.Key { return page.Key{ID: name} }
