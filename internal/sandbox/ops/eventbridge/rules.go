package eventbridge

import (
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/pattern"
	"souk.dev/souk/internal/sandbox/wire"
)

type putRuleInput struct {
	Name               string `json:"Name"`
	EventPattern       string `json:"EventPattern"`
	ScheduleExpression string `json:"ScheduleExpression"`
	State              string `json:"State"`
	Description        string `json:"Description"`
	RoleArn            string `json:"RoleArn"`
	EventBusName       string `json:"EventBusName"`
}

type putRuleOutput struct {
	RuleArn string `json:"RuleArn"`
}

func (s *Service) putRule(c *wire.Call, in *putRuleInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	switch {
	case in.ScheduleExpression != "":
		return nil, invalid("This sandbox does not play scheduled rules.")
	case in.EventPattern == "":
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case in.State != "" && in.State != "ENABLED" && in.State != "DISABLED":
		return nil, invalid("Value '" + in.State + "' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]")
	}
	arn, err := s.Bus.PutRule(c.Account, c.Region, bus.Rule{Name: in.Name, Pattern: in.EventPattern, Description: in.Description, RoleARN: in.RoleArn, Disabled: in.State == "DISABLED"})
	return &putRuleOutput{arn}, err
}

type onRule struct {
	Name         string `json:"Name"`
	EventBusName string `json:"EventBusName"`
}

// rule is a rule as it is told.
type rule struct {
	Name         string `json:"Name"`
	Arn          string `json:"Arn"`
	EventPattern string `json:"EventPattern"`
	State        string `json:"State"`
	Description  string `json:"Description,omitempty"`
	RoleArn      string `json:"RoleArn,omitempty"`
	EventBusName string `json:"EventBusName"`
	CreatedBy    string `json:"CreatedBy,omitempty"` // of DescribeRule only
}

func told(c *wire.Call, r bus.Rule) rule {
	state := "ENABLED"
	if r.Disabled {
		state = "DISABLED"
	}
	return rule{Name: r.Name, Arn: bus.RuleARN(c.Account, c.Region, r.Name), EventPattern: r.Pattern, State: state, Description: r.Description, RoleArn: r.RoleARN, EventBusName: "default"}
}

func (s *Service) describeRule(c *wire.Call, in *onRule) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	r, err := s.Bus.Rule(c.Account, c.Region, in.Name)
	if err != nil {
		return nil, err
	}
	out := told(c, r)
	out.CreatedBy = c.Account
	return &out, nil
}

type listRulesInput struct {
	NamePrefix   string  `json:"NamePrefix"`
	EventBusName string  `json:"EventBusName"`
	NextToken    *string `json:"NextToken"`
	Limit        *int64  `json:"Limit"`
}

type listRulesOutput struct {
	Rules     []rule  `json:"Rules"`
	NextToken *string `json:"NextToken,omitempty"`
}

func (s *Service) listRules(c *wire.Call, in *listRulesInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	t, err := listed{in.Limit, in.NextToken}.turn("rules", c.Account, c.Region, in.NamePrefix)
	if err != nil {
		return nil, err
	}
	out := &listRulesOutput{Rules: []rule{}}
	part, next := page.Cut(s.Bus.Rules(c.Account, c.Region, in.NamePrefix), func(r bus.Rule) page.Key { return byName(r.Name) }, false, t)
	for _, r := range part {
		out.Rules = append(out.Rules, told(c, r))
	}
	out.NextToken = next
	return out, nil
}

func (s *Service) deleteRule(c *wire.Call, in *onRule) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	return nil, s.Bus.DropRule(c.Account, c.Region, in.Name)
}

func (s *Service) enableRule(c *wire.Call, in *onRule) (any, error) { return s.switchRule(c, in, true) }
func (s *Service) disableRule(c *wire.Call, in *onRule) (any, error) {
	return s.switchRule(c, in, false)
}

func (s *Service) switchRule(c *wire.Call, in *onRule, on bool) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	return nil, s.Bus.SwitchRule(c.Account, c.Region, in.Name, on)
}

type putTargetsInput struct {
	Rule         string       `json:"Rule"`
	EventBusName string       `json:"EventBusName"`
	Targets      []bus.Target `json:"Targets"`
}

// failedEntries is what did not work of a list. What is wrong with one target refuses the request, as AWS has it for all
// that it looks at beforehand; so there is never any.
type failedEntries struct {
	FailedEntryCount int64      `json:"FailedEntryCount"`
	FailedEntries    []struct{} `json:"FailedEntries"`
}

var noneFailed = &failedEntries{FailedEntries: []struct{}{}}

func (s *Service) putTargets(c *wire.Call, in *putTargetsInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	if len(in.Targets) == 0 || len(in.Targets) > 100 {
		return nil, invalid("Value at 'targets' failed to satisfy constraint: Member must have length between 1 and 100")
	}
	return noneFailed, s.Bus.PutTargets(c.Account, c.Region, in.Rule, in.Targets)
}

type removeTargetsInput struct {
	Rule         string   `json:"Rule"`
	EventBusName string   `json:"EventBusName"`
	Ids          []string `json:"Ids"`
}

func (s *Service) removeTargets(c *wire.Call, in *removeTargetsInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	if len(in.Ids) == 0 || len(in.Ids) > 100 {
		return nil, invalid("Value at 'ids' failed to satisfy constraint: Member must have length between 1 and 100")
	}
	return noneFailed, s.Bus.DropTargets(c.Account, c.Region, in.Rule, in.Ids)
}

type listTargetsByRuleInput struct {
	Rule         string  `json:"Rule"`
	EventBusName string  `json:"EventBusName"`
	NextToken    *string `json:"NextToken"`
	Limit        *int64  `json:"Limit"`
}

type listTargetsByRuleOutput struct {
	Targets   []bus.Target `json:"Targets"`
	NextToken *string      `json:"NextToken,omitempty"`
}

func (s *Service) listTargetsByRule(c *wire.Call, in *listTargetsByRuleInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	t, err := listed{in.Limit, in.NextToken}.turn("targets", c.Account, c.Region, in.Rule)
	if err != nil {
		return nil, err
	}
	r, err := s.Bus.Rule(c.Account, c.Region, in.Rule)
	if err != nil {
		return nil, err
	}
	out := &listTargetsByRuleOutput{}
	part, next := page.Cut(r.Targets, func(t bus.Target) page.Key { return byName(t.ID) }, false, t)
	out.Targets, out.NextToken = append([]bus.Target{}, part...), next
	return out, nil
}

type listRuleNamesByTargetInput struct {
	TargetArn    string  `json:"TargetArn"`
	EventBusName string  `json:"EventBusName"`
	NextToken    *string `json:"NextToken"`
	Limit        *int64  `json:"Limit"`
}

type listRuleNamesByTargetOutput struct {
	RuleNames []string `json:"RuleNames"`
	NextToken *string  `json:"NextToken,omitempty"`
}

func (s *Service) listRuleNamesByTarget(c *wire.Call, in *listRuleNamesByTargetInput) (any, error) {
	if err := onlyDefault(c, in.EventBusName); err != nil {
		return nil, err
	}
	t, err := listed{in.Limit, in.NextToken}.turn("names", c.Account, c.Region, in.TargetArn)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range s.Bus.Rules(c.Account, c.Region, "") {
		for _, target := range r.Targets {
			if target.ARN == in.TargetArn {
				names = append(names, r.Name)
				break
			}
		}
	}
	part, next := page.Cut(names, byName, false, t)
	return &listRuleNamesByTargetOutput{append([]string{}, part...), next}, nil
}

type testEventPatternInput struct {
	EventPattern string `json:"EventPattern"`
	Event        string `json:"Event"`
}

type testEventPatternOutput struct {
	Result bool `json:"Result"`
}

// needed are the members that an event to be tested must have. Source: API_TestEventPattern.
var needed = []string{"id", "account", "source", "time", "region", "resources", "detail-type"}

func (s *Service) testEventPattern(_ *wire.Call, in *testEventPatternInput) (any, error) {
	if err := bus.CheckPattern(in.EventPattern); err != nil {
		return nil, err
	}
	p, err := pattern.Parse(in.EventPattern)
	if err != nil {
		return nil, err // it was just checked
	}
	doc, err := pattern.Decode(in.Event)
	event, ok := doc.(map[string]any)
	if err != nil || !ok {
		return nil, invalid("Parameter Event is not valid. Reason: it must be a JSON object.")
	}
	for _, name := range needed {
		if _, ok := event[name]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: " + name + " is a required member.")
		}
	}
	return &testEventPatternOutput{p.Match(doc)}, nil
}
