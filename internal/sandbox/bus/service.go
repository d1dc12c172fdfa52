package bus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/sandbox/pattern"
)

// Options are what a Service needs of its surroundings. Log and Builtin may be nil.
type Options struct {
	Clock interface{ Now() time.Time }
	NewID func() string // a UUID, for the ARNs of connections and API destinations
	Log   Log
	// Builtin are the rules that are there by themselves, with the account whose they are; in us-east-1.
	Builtin map[string]Rule
}

// Service is EventBridge: the default buses of all accounts and regions. Its methods are safe for concurrent use.
type Service struct {
	opt Options

	mu           sync.Mutex
	rules        map[key]*rule
	connections  map[key]*Connection
	destinations map[key]*Destination
}

// key names a rule, a connection or an API destination.
type key struct{ account, region, name string }

type rule struct {
	key
	Rule
	pattern *pattern.Pattern
}

func (r *rule) arn() string { return RuleARN(r.account, r.region, r.name) }

// homeRegion is where AWS Marketplace's events are, and the built-in rules.
const homeRegion = "us-east-1"

// New makes a service with the built-in rules.
func New(o Options) (*Service, error) {
	s := &Service{opt: o}
	return s, s.reset()
}

func (s *Service) reset() error {
	s.rules, s.connections, s.destinations = map[key]*rule{}, map[key]*Connection{}, map[key]*Destination{}
	for account, r := range s.opt.Builtin {
		r.Targets = slices.Clone(r.Targets)
		for i := range r.Targets {
			r.Targets[i].builtin = true
		}
		if err := s.apply(Change{Op: OpPutRule, Account: account, Region: homeRegion, Name: r.Name, Rule: &r}); err != nil {
			return fmt.Errorf("make the built-in rule of %s: %w", account, err)
		}
		s.rules[key{account, homeRegion, r.Name}].Targets = r.Targets
	}
	return nil
}

// Reset makes everything as it was at the start.
func (s *Service) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.do(Change{Op: OpReset})
}

// Op is a kind of [Change].
type Op string

// The lasting changes.
const (
	OpPutRule         Op = "put-rule"         // Rule, without its targets
	OpDropRule        Op = "drop-rule"        // Name
	OpSwitchRule      Op = "switch-rule"      // Name, On
	OpPutTargets      Op = "put-targets"      // Name, Targets
	OpDropTargets     Op = "drop-targets"     // Name, IDs
	OpPutConnection   Op = "put-connection"   // Connection
	OpDropConnection  Op = "drop-connection"  // Name
	OpPutDestination  Op = "put-destination"  // Destination
	OpDropDestination Op = "drop-destination" // Name
	OpReset           Op = "reset"
)

// Change is one lasting change: small, JSON, and safe to apply twice.
type Change struct {
	Op          Op           `json:"op"`
	At          time.Time    `json:"at"`
	Account     string       `json:"account,omitempty"`
	Region      string       `json:"region,omitempty"`
	Name        string       `json:"name,omitempty"`
	On          bool         `json:"on,omitempty"`
	Rule        *Rule        `json:"rule,omitempty"`
	Targets     []Target     `json:"targets,omitempty"`
	IDs         []string     `json:"ids,omitempty"`
	Connection  *Connection  `json:"connection,omitempty"`
	Destination *Destination `json:"destination,omitempty"`
}

// Log writes a change down before it takes effect. When it fails, the change does not happen and the caller gets the error.
type Log func(Change) error

// do writes c down and lets it happen. Called with the lock held.
func (s *Service) do(c Change) error {
	c.At = s.opt.Clock.Now()
	if s.opt.Log != nil {
		if err := s.opt.Log(c); err != nil {
			return fmt.Errorf("write down a change of the bus of %s: %w", c.Account, err)
		}
	}
	return s.apply(c)
}

// Replay applies a change that was logged before, without logging it again.
func (s *Service) Replay(c Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(c)
}

func (s *Service) apply(c Change) error {
	k := key{c.Account, c.Region, c.Name}
	switch {
	case c.Op == OpReset:
		return s.reset()
	case c.Op == OpPutRule && c.Rule != nil:
		p, err := pattern.Parse(c.Rule.Pattern)
		if err != nil {
			return fmt.Errorf("make rule %s: %w", c.Name, err)
		}
		next := &rule{key: k, Rule: *c.Rule, pattern: p}
		next.Targets = nil
		if have := s.rules[k]; have != nil {
			next.Targets = have.Targets
		}
		s.rules[k] = next
	case c.Op == OpDropRule:
		delete(s.rules, k)
	case c.Op == OpPutConnection && c.Connection != nil:
		s.connections[k] = c.Connection
	case c.Op == OpDropConnection:
		delete(s.connections, k)
	case c.Op == OpPutDestination && c.Destination != nil:
		s.destinations[k] = c.Destination
	case c.Op == OpDropDestination:
		delete(s.destinations, k)
	default:
		return s.applyToRule(c, s.rules[k])
	}
	return nil
}

func (s *Service) applyToRule(c Change, r *rule) error {
	if r == nil {
		return nil // it was deleted later on
	}
	switch c.Op {
	case OpSwitchRule:
		r.Disabled = !c.On
	case OpPutTargets:
		next := slices.Clone(r.Targets)
		for _, t := range c.Targets {
			if i := slices.IndexFunc(next, func(have Target) bool { return have.ID == t.ID }); i >= 0 {
				next[i] = t
			} else {
				next = append(next, t)
			}
		}
		r.Targets = next
	case OpDropTargets:
		r.Targets = slices.DeleteFunc(slices.Clone(r.Targets), func(t Target) bool { return slices.Contains(c.IDs, t.ID) })
	default:
		return fmt.Errorf("a change of the bus of %s has the unknown kind %q", c.Account, c.Op)
	}
	return nil
}

// named lists what account has in region under names that begin with prefix, sorted by name.
func named[T any](all map[key]T, account, region, prefix string) []T {
	var out []T
	for _, k := range slices.SortedFunc(maps.Keys(all), func(a, b key) int { return strings.Compare(a.name, b.name) }) {
		if k.account == account && k.region == region && strings.HasPrefix(k.name, prefix) {
			out = append(out, all[k])
		}
	}
	return out
}

func refuse(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Say: fmt.Sprintf(format, args...)}
}
