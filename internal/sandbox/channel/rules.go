package channel

import (
	"cmp"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/pattern"
)

// Rule is a rule of the seller's default bus.
type Rule struct {
	Name        string   `json:"name"`
	ARN         string   `json:"ruleArn"`
	Pattern     string   `json:"eventPattern"`
	Description string   `json:"description,omitempty"`
	Enabled     bool     `json:"enabled"`
	Targets     []Target `json:"targets"`
}

// Target is who gets a rule's events.
type Target struct {
	ID  string `json:"targetId"`
	ARN string `json:"targetArn"`     // of a queue, or of an API destination
	URL string `json:"url,omitempty"` // of the API destination
	// DeadLetterQueue is the ARN of the queue for events that it did not take; empty: they are dropped.
	DeadLetterQueue string `json:"deadLetterQueueArn,omitempty"`
}

// NewRule is which events a rule is to catch.
type NewRule struct {
	Name        string `json:"name"`
	Pattern     string `json:"eventPattern"`
	Description string `json:"description,omitempty"`
}

// NewTarget is who is to get a rule's events: a queue, or an HTTP endpoint.
type NewTarget struct {
	ID    string `json:"targetId,omitempty"` // empty: the queue's name, or "endpoint"
	Queue string `json:"queue,omitempty"`    // its ARN, or its name where it is the seller's own
	URL   string `json:"url,omitempty"`
	// Header and Secret are what the endpoint knows EventBridge by.
	Header string `json:"header,omitempty"`
	Secret string `json:"secret,omitempty"`
	// DeadLetterQueue gets the events that the target did not take: as Queue; empty: none does.
	DeadLetterQueue string `json:"deadLetterQueue,omitempty"`
}

// Rules lists the seller's rules, by name.
func (b *Board) Rules(seller string) []Rule {
	var all []Rule
	for _, r := range b.opt.Bus.Rules(seller, Region, "") {
		all = append(all, b.shown(seller, r))
	}
	return all
}

// Rule finds one of the seller's rules.
func (b *Board) Rule(seller, name string) (Rule, error) {
	r, err := b.opt.Bus.Rule(seller, Region, name)
	if err != nil {
		return Rule{}, said(err)
	}
	return b.shown(seller, r), nil
}

func (b *Board) shown(seller string, r bus.Rule) Rule {
	v := Rule{Name: r.Name, ARN: bus.RuleARN(seller, Region, r.Name), Pattern: r.Pattern, Description: r.Description, Enabled: !r.Disabled, Targets: []Target{}}
	for _, t := range r.Targets {
		one := Target{ID: t.ID, ARN: t.ARN}
		if d, _, err := b.opt.Bus.Destination(seller, Region, destinationName(t.ARN)); err == nil && d.ARN == t.ARN {
			one.URL = d.Endpoint
		}
		if t.DeadLetter != nil {
			one.DeadLetterQueue = t.DeadLetter.ARN
		}
		v.Targets = append(v.Targets, one)
	}
	return v
}

// destinationName is the name in the ARN of an API destination; empty if it is none.
func destinationName(arn string) string {
	_, name, _ := strings.Cut(arn, ":api-destination/")
	name, _, _ = strings.Cut(name, "/")
	return name
}

// PutRule makes a rule, or changes the pattern and description of the one that has the name.
func (b *Board) PutRule(seller string, in NewRule) (Rule, error) {
	want := bus.Rule{Name: in.Name, Pattern: in.Pattern, Description: in.Description}
	if have, err := b.opt.Bus.Rule(seller, Region, in.Name); err == nil {
		want.Disabled, want.RoleARN = have.Disabled, have.RoleARN
	}
	if _, err := b.opt.Bus.PutRule(seller, Region, want); err != nil {
		return Rule{}, said(err)
	}
	return b.Rule(seller, in.Name)
}

// SwitchRule enables or disables a rule.
func (b *Board) SwitchRule(seller, name string, on bool) (Rule, error) {
	if err := b.opt.Bus.SwitchRule(seller, Region, name, on); err != nil {
		return Rule{}, said(err)
	}
	return b.Rule(seller, name)
}

// DropRule deletes a rule with its targets.
func (b *Board) DropRule(seller, name string) error {
	r, err := b.Rule(seller, name)
	if err != nil {
		return err
	}
	for _, t := range r.Targets {
		if err := b.DropTarget(seller, name, t.ID); err != nil {
			return err
		}
	}
	return said(b.opt.Bus.DropRule(seller, Region, name))
}

// AddTarget gives a rule a target. For an endpoint it makes the connection and the API destination that EventBridge wants
// for one; both are called after the rule and the target, and [Board.DropTarget] takes them away.
func (b *Board) AddTarget(seller, rule string, in NewTarget) (Rule, error) {
	r, err := b.Rule(seller, rule)
	if err != nil {
		return Rule{}, err
	}
	t := bus.Target{ID: in.ID}
	switch {
	case (in.Queue == "") == (in.URL == ""):
		return Rule{}, fail.New(fail.Invalid, "target", "A target is a queue or an endpoint: give one of queue and url.")
	case in.Queue != "":
		if t.ARN, err = b.queueARN(seller, in.Queue); err != nil {
			return Rule{}, err
		}
		t.ID = cmp.Or(t.ID, NameIn(t.ARN))
	default:
		t.ID = cmp.Or(t.ID, "endpoint")
	}
	if slices.ContainsFunc(r.Targets, func(have Target) bool { return have.ID == t.ID }) {
		return Rule{}, fail.New(fail.Conflict, "target_exists", "The rule %s has a target %s already; give this one another id.", rule, t.ID)
	}
	if in.DeadLetterQueue != "" {
		arn, err := b.queueARN(seller, in.DeadLetterQueue)
		if err != nil {
			return Rule{}, err
		}
		t.DeadLetter = &bus.DeadLetter{ARN: arn}
	}
	if in.URL != "" {
		if t.ARN, err = b.destination(seller, endpointName(rule, t.ID), in); err != nil {
			return Rule{}, said(err)
		}
	}
	if err := b.opt.Bus.PutTargets(seller, Region, rule, []bus.Target{t}); err != nil {
		return Rule{}, said(err)
	}
	return b.Rule(seller, rule)
}

// maxName is how long the names of connections and API destinations may be. Source: API_CreateApiDestination.
const maxName = 64

// endpointName is what the connection and the API destination of a target are called. A name that would be too long is
// cut, and told from others that begin like it.
func endpointName(rule, target string) string {
	name := rule + "-" + target
	if len(name) > maxName {
		mark := "-" + parcel.UUID(rule, target)[:8]
		name = name[:maxName-len(mark)] + mark
	}
	return name
}

// destination makes an API destination with a connection of the same name, and gives its ARN. What an earlier attempt
// has left of the same is used again.
func (b *Board) destination(seller, name string, in NewTarget) (arn string, err error) {
	if in.Header == "" || in.Secret == "" {
		return "", fail.New(fail.Invalid, "secret", "EventBridge calls an endpoint with a secret in a header: give both, such as X-Souk-Events-Secret and the value that the endpoint expects.")
	}
	known := func(c *bus.Connection) { c.Auth, c.User, c.Secret = bus.APIKey, in.Header, in.Secret }
	c, err := b.opt.Bus.UpdateConnection(seller, Region, name, known)
	if isNotFound(err) {
		c = bus.Connection{Name: name, Description: "Made by the seller's desk."}
		known(&c)
		c, err = b.opt.Bus.CreateConnection(seller, Region, c)
	}
	if err != nil {
		return "", err
	}
	where := func(d *bus.Destination) { d.ConnectionARN, d.Endpoint, d.Method = c.ARN, in.URL, "POST" }
	d, err := b.opt.Bus.UpdateDestination(seller, Region, name, where)
	if isNotFound(err) {
		d = bus.Destination{Name: name, Description: "Made by the seller's desk."}
		where(&d)
		d, err = b.opt.Bus.CreateDestination(seller, Region, d)
	}
	return d.ARN, err
}

func isNotFound(err error) bool { return fail.Is(said(err), fail.NotFound) }

// DropTarget takes a target away from a rule, and the API destination that [Board.AddTarget] made for it.
func (b *Board) DropTarget(seller, rule, id string) error {
	r, err := b.Rule(seller, rule)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.Targets, func(t Target) bool { return t.ID == id })
	if i < 0 {
		return fail.New(fail.NotFound, "unknown_target", "The rule %s has no target %q.", rule, id)
	}
	if err := b.opt.Bus.DropTargets(seller, Region, rule, []string{id}); err != nil {
		return said(err)
	}
	name := endpointName(rule, id)
	if destinationName(r.Targets[i].ARN) != name {
		return nil
	}
	if err := b.opt.Bus.DropDestination(seller, Region, name); err != nil && !isNotFound(err) {
		return said(err)
	}
	if _, err := b.opt.Bus.DropConnection(seller, Region, name); err != nil && !isNotFound(err) {
		return said(err)
	}
	return nil
}

// Trial is a pattern and what it is tried on.
type Trial struct {
	Pattern  string `json:"eventPattern"`
	Event    string `json:"event,omitempty"`      // JSON; or else:
	Delivery string `json:"deliveryId,omitempty"` // of a delivery over EventBridge, whose event it is
}

// Tried is what came of a trial.
type Tried struct {
	Matches bool   `json:"matches"`
	Event   string `json:"event"`
}

// Try tells whether a pattern matches an event. fail.Invalid: one of them is none.
func (b *Board) Try(in Trial) (Tried, error) {
	if in.Delivery != "" {
		d, err := b.opt.Desk.Get(in.Delivery)
		if err != nil {
			return Tried{}, err
		}
		if d.Channel != notice.EventBridge {
			return Tried{}, fail.New(fail.Invalid, "no_event", "%s went over SNS; patterns are for events of EventBridge.", d.Kind)
		}
		in.Event = d.Body
	}
	p, err := pattern.Parse(in.Pattern)
	if err != nil {
		return Tried{}, fail.Wrap(fail.Invalid, err, "event_pattern", "This is no event pattern: %v.", err)
	}
	doc, err := pattern.Decode(in.Event)
	if err != nil {
		return Tried{}, fail.Wrap(fail.Invalid, err, "event", "This is no event: %v.", err)
	}
	return Tried{p.Match(doc), in.Event}, nil
}
