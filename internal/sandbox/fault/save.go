package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// saved is a Set in a snapshot: what each rule has used and drawn is in it, so that the run goes on as it would have.
type saved struct {
	Made  int         `json:"made"`
	Rules []savedRule `json:"rules,omitempty"`
}

type savedRule struct {
	Rule
	Dice []byte `json:"dice"` // where its source of draws stands
}

// MarshalJSON implements json.Marshaler.
func (s *Set) MarshalJSON() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.saved())
}

// saved is the set's state. s is locked.
func (s *Set) saved() saved {
	out := saved{Made: s.made}
	for _, r := range s.rules {
		dice, err := r.dice.MarshalBinary()
		if err != nil {
			panic(err) // a PCG has no error
		}
		out.Rules = append(out.Rules, savedRule{r.Rule, dice})
	}
	return out
}

// UnmarshalJSON implements json.Unmarshaler: the set becomes the one that was saved.
func (s *Set) UnmarshalJSON(text []byte) error {
	var in saved
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	rules := make([]*live, len(in.Rules))
	for i, r := range in.Rules {
		if err := check(r.Rule); err != nil {
			return err
		}
		dice := &rand.PCG{}
		if err := dice.UnmarshalBinary(r.Dice); err != nil {
			return fmt.Errorf("bring back the draws of %s: %w", r.ID, err)
		}
		rules[i] = &live{r.Rule, dice}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made, s.rules = in.Made, rules
	return nil
}
