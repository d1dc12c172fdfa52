package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"souk.dev/souk/internal/fail"
)

// Rule is one fault that is switched on. Without Times and Probability it applies to every call until it is removed.
type Rule struct {
	ID        string `json:"id"`
	Operation string `json:"operation"` // an AWS operation, "*" for every call, or "Notification"
	Kind      Kind   `json:"kind"`
	// Times is how often it applies in all; nil: without end.
	Times *int `json:"times,omitempty"`
	// Probability is that of applying to a call, above 0 and at most 1; nil: always.
	Probability *float64 `json:"probability,omitempty"`
	// Seed makes the draws of Probability repeatable; 0 is a seed like any other.
	Seed uint64 `json:"seed,omitempty"`
	// Code is the AWS error that an exception raises; Message its text.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Delay is how long slow (in real time) and delay (in the sandbox's time) take; such as "3s", their default.
	Delay string `json:"delay,omitempty"`
	// Records is how many of a request's records are unprocessed, the first ones; 0: all.
	Records int `json:"records,omitempty"`
	// Used is how often it has applied.
	Used int `json:"used"`
}

// Wait is the rule's delay.
func (r Rule) Wait() time.Duration {
	d, err := time.ParseDuration(r.Delay)
	if err != nil {
		return defaultDelay
	}
	return d
}

const defaultDelay = 3 * time.Second

// Error is the name and message of the AWS error that the rule raises; ok is false if it raises none.
func (r Rule) Error() (code, message string, ok bool) {
	code = specs[r.Kind].Code
	if r.Kind == Exception {
		code = r.Code
	}
	message = r.Message
	if message == "" {
		message = fmt.Sprintf("A fault of this sandbox: %s (%s).", r.Kind, r.ID)
	}
	return code, message, code != ""
}

// Set is the faults that are switched on. The zero Set has none. It is safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	rules []*live
	made  int
	turns uint64 // counts what changed
	keep  func(state any)
}

// Keep gives the set's state to keep whenever it changes, from now on: with a rule that is added or removed, and with each
// draw, so that a set that is brought back from it goes on as this one would have. keep is called with the set locked, and
// makes JSON of the state, which [Set.UnmarshalJSON] reads.
func (s *Set) Keep(keep func(state any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = keep
}

// changed counts a change, and keeps the state after it. s is locked.
func (s *Set) changed() {
	s.turns++
	if s.keep != nil {
		s.keep(s.saved())
	}
}

type live struct {
	Rule
	dice *rand.PCG
}

// roll draws a number from 0 up to 1.
func (l *live) roll() float64 { return rand.New(l.dice).Float64() }

// Add switches a fault on and returns it with its ID. fail.Invalid: an unknown kind, one that does not fit the
// operation, or a number that cannot be.
func (s *Set) Add(r Rule) (Rule, error) {
	if err := check(r); err != nil {
		return Rule{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	r.ID, r.Used = "fault-"+strconv.Itoa(s.made), 0
	if r.Kind == Slow || r.Kind == Delay {
		r.Delay = r.Wait().String()
	}
	s.rules = append(s.rules, &live{Rule: r, dice: rand.NewPCG(r.Seed, 0)})
	s.changed()
	return r, nil
}

func check(r Rule) error {
	bad := func(code, format string, args ...any) error { return fail.New(fail.Invalid, code, format, args...) }
	s, ok := specs[r.Kind]
	switch {
	case !ok:
		return bad("fault_kind", "There is no fault %q; choose one of %q.", r.Kind, Kinds())
	case r.Operation == "":
		return bad("fault_operation", `Say which operation is to fail, such as "BatchMeterUsage", "*" or "Notification".`)
	case !s.suits(r.Operation):
		return bad("fault_operation", "The fault %q does not fit the operation %q%s.", r.Kind, r.Operation, hint(s))
	case r.Times != nil && *r.Times < 1:
		return bad("fault_times", "times must be 1 or more.")
	case r.Probability != nil && !(*r.Probability > 0 && *r.Probability <= 1):
		return bad("fault_probability", "probability must be above 0 and at most 1.")
	case r.Records < 0:
		return bad("fault_records", "records must be 0 (all) or more.")
	case r.Kind == Exception && r.Code == "":
		return bad("fault_code", `An exception needs a code, such as "InvalidTagException".`)
	case r.Kind != Exception && r.Code != "":
		return bad("fault_code", "Only an exception has a code.")
	case r.Kind == Exception && !raises(r.Operation, r.Code):
		return bad("fault_code", "%s does not raise %s.", r.Operation, r.Code)
	}
	if r.Delay != "" {
		if d, err := time.ParseDuration(r.Delay); err != nil || d < 0 {
			return bad("fault_delay", `The delay %q must be a duration such as "3s".`, r.Delay)
		}
	}
	return nil
}

func hint(s spec) string {
	if len(s.Only) > 0 {
		return fmt.Sprintf("; it is for %v", s.Only)
	}
	return ""
}

// List is what is switched on, as it was made, used-up rules included.
func (s *Set) List() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		all[i] = r.Rule
	}
	return all
}

// Remove switches one fault off. fail.NotFound: there is none with this id.
func (s *Set) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rules, func(r *live) bool { return r.ID == id })
	if i < 0 {
		return fail.New(fail.NotFound, "unknown_fault", "There is no fault %q.", id)
	}
	s.rules = slices.Delete(s.rules, i, i+1)
	s.changed()
	return nil
}

// Clear switches all faults off.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) > 0 {
		s.rules = nil
		s.changed()
	}
}

// Changes counts what has changed: a rule that was added, removed or drawn.
func (s *Set) Changes() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turns
}

// Draw tells which fault, if any, disturbs this one call of operation, or this one [Notification].
func (s *Set) Draw(operation string) (drawn Rule, any bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rolled := false
	for _, r := range s.rules {
		if r.Operation != operation && (r.Operation != "*" || operation == Notification) {
			continue
		}
		if r.Times != nil && r.Used >= *r.Times {
			continue
		}
		if r.Probability != nil {
			rolled = true
			if r.roll() >= *r.Probability {
				continue
			}
		}
		r.Used++
		drawn, any = r.Rule, true
		break
	}
	if any || rolled {
		s.changed()
	}
	return drawn, any
}
