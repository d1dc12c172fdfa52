package bus

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"souk.dev/souk/internal/sandbox/pattern"
)

// maxTargets is how many targets a rule may have. Source: Amazon EventBridge quotas.
const maxTargets = 5

var (
	ruleName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)
	arnForm  = regexp.MustCompile(`^arn:aws:(sqs|events):([a-z0-9-]+):([0-9]{12}):(.+)$`)
)

// PutRule makes a rule, or replaces everything of it but its targets, and gives its ARN.
func (s *Service) PutRule(account, region string, r Rule) (arn string, err error) {
	if !ruleName.MatchString(r.Name) {
		return "", refuse(Validation, "1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+", r.Name)
	}
	if err := CheckPattern(r.Pattern); err != nil {
		return "", err
	}
	r.Targets = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	return RuleARN(account, region, r.Name), s.do(Change{Op: OpPutRule, Account: account, Region: region, Name: r.Name, Rule: &r})
}

// CheckPattern refuses what is no event pattern.
func CheckPattern(text string) error {
	if _, err := pattern.Parse(text); err != nil {
		return refuse(InvalidPattern, "Event pattern is not valid. Reason: %v", err)
	}
	return nil
}

// Rule finds a rule; otherwise [NotFound].
func (s *Service) Rule(account, region, name string) (Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(account, region, name)
	if err != nil {
		return Rule{}, err
	}
	return r.copy(), nil
}

func (r *rule) copy() Rule {
	c := r.Rule
	c.Targets = slices.Clone(c.Targets)
	return c
}

func (s *Service) rule(account, region, name string) (*rule, error) {
	if r := s.rules[key{account, region, name}]; r != nil {
		return r, nil
	}
	return nil, refuse(NotFound, "Rule %s does not exist on EventBus default.", name)
}

// Rules lists the rules whose names begin with prefix, sorted.
func (s *Service) Rules(account, region, prefix string) []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Rule
	for _, r := range named(s.rules, account, region, prefix) {
		out = append(out, r.copy())
	}
	return out
}

// DropRule deletes a rule, which must have no targets any more. One that is not there is fine.
func (s *Service) DropRule(account, region, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rules[key{account, region, name}]
	switch {
	case r == nil:
		return nil
	case len(r.Targets) > 0:
		return refuse(Validation, "Rule can't be deleted since it has targets.")
	}
	return s.do(Change{Op: OpDropRule, Account: account, Region: region, Name: name})
}

// SwitchRule enables or disables a rule.
func (s *Service) SwitchRule(account, region, name string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.rule(account, region, name); err != nil {
		return err
	}
	return s.do(Change{Op: OpSwitchRule, Account: account, Region: region, Name: name, On: on})
}

// PutTargets gives a rule targets, or replaces those of the same ids.
func (s *Service) PutTargets(account, region, name string, targets []Target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(account, region, name)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, t := range r.Targets {
		ids[t.ID] = true
	}
	for i, t := range targets {
		if err := t.check(region); err != nil {
			return err
		}
		if slices.ContainsFunc(targets[:i], func(other Target) bool { return other.ID == t.ID }) {
			return refuse(Validation, "Target ids must be unique; %s is there twice.", t.ID)
		}
		ids[t.ID] = true
	}
	if len(ids) > maxTargets {
		return refuse(LimitExceeded, "The requested resource exceeds the maximum number allowed: a rule has at most %d targets.", maxTargets)
	}
	return s.do(Change{Op: OpPutTargets, Account: account, Region: region, Name: name, Targets: targets})
}

func (t Target) check(region string) error {
	arn := arnForm.FindStringSubmatch(t.ARN)
	switch {
	case !ruleName.MatchString(t.ID):
		return refuse(Validation, "The target's Id %q must be 1 to 64 letters, digits, dots, hyphens and underscores.", t.ID)
	case arn == nil || (arn[1] == "events" && !strings.HasPrefix(arn[4], "api-destination/")):
		return refuse(Validation, "Parameter %s is not valid. Reason: This sandbox delivers to SQS queues and API destinations only.", t.ARN)
	case arn[2] != region:
		return refuse(Validation, "Parameter %s is not valid. Reason: The target must be in the rule's Region, %s.", t.ARN, region)
	case t.DeadLetter != nil && t.DeadLetter.ARN != "" && !strings.HasPrefix(t.DeadLetter.ARN, "arn:aws:sqs:"):
		return refuse(Validation, "Parameter %s is not valid. Reason: A dead-letter queue is an SQS queue.", t.DeadLetter.ARN)
	}
	inputs := 0
	for _, given := range []bool{t.Input != "", t.InputPath != "", t.Transformer != nil} {
		if given {
			inputs++
		}
	}
	if inputs > 1 {
		return refuse(Validation, "Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	}
	if r := t.Retry; r != nil {
		if a := r.Attempts; a != nil && (*a < 0 || *a > maxRetries) {
			return refuse(Validation, "MaximumRetryAttempts must be between 0 and %d.", maxRetries)
		}
		if a := r.Age; a != nil && (*a < 60 || *a > 86400) {
			return refuse(Validation, "MaximumEventAgeInSeconds must be between 60 and 86400.")
		}
	}
	return t.checkInput()
}

func (t Target) checkInput() error {
	if t.Input != "" {
		if _, err := pattern.Decode(t.Input); err != nil {
			return refuse(Validation, "Invalid Input for target %s: it must be JSON.", t.ID)
		}
	}
	if t.InputPath != "" {
		if _, err := pathOf(t.InputPath); err != nil {
			return refuse(Validation, "Invalid InputPath for target %s: %v.", t.ID, err)
		}
	}
	if t.Transformer == nil {
		return nil
	}
	if t.Transformer.Template == "" {
		return refuse(Validation, "Invalid InputTemplate for target %s: it is empty.", t.ID)
	}
	for name, p := range t.Transformer.Paths {
		if strings.HasPrefix(name, "AWS") || strings.HasPrefix(name, "aws") || name == "" {
			return refuse(Validation, "Invalid InputPathsMap for target %s: the variable %q has a reserved name.", t.ID, name)
		}
		if _, err := pathOf(p); err != nil {
			return refuse(Validation, "Invalid InputPathsMap for target %s: %v.", t.ID, err)
		}
	}
	return nil
}

// DropTargets takes targets away from a rule; those that are not there are fine.
func (s *Service) DropTargets(account, region, name string, ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.rule(account, region, name); err != nil {
		return err
	}
	return s.do(Change{Op: OpDropTargets, Account: account, Region: region, Name: name, IDs: ids})
}

// checkEndpoint refuses an address that nothing can be sent to. AWS takes https only; for a laptop's sake, http is taken.
func checkEndpoint(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return refuse(Validation, "The InvocationEndpoint %q must be an absolute https URL.", s)
	}
	return nil
}
