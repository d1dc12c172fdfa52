// Package profile names every behaviour of AWS Marketplace that its documents leave open, or state in two ways, and
// says which reading the sandbox plays.
//
// It owns: the table of disputed behaviours with their allowed values, default and source, and a checked choice from
// it ([Set]). It does not own the behaviours: package world and package ops ask a Set and act on it.
package profile

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
)

// Name is the name of a disputed behaviour, as in the world file and in /_sandbox/profiles.
type Name string

// Behaviour is one disputed behaviour.
type Behaviour struct {
	Name    Name     `json:"name"`
	About   string   `json:"about"`   // the question, in a sentence
	Allowed []string `json:"allowed"` // the answers that the sandbox can play
	Default string   `json:"default"`
	Source  string   `json:"source"` // who says what
}

// Behaviours lists the table.
func Behaviours() []Behaviour { return slices.Clone(behaviours) }

// Set is a choice for every behaviour. The zero Set is not valid; see [Defaults].
type Set struct{ values map[Name]string }

// Defaults is the choice of every default.
func Defaults() Set {
	s := Set{make(map[Name]string, len(behaviours))}
	for _, b := range behaviours {
		s.values[b.Name] = b.Default
	}
	return s
}

// With is s with some choices replaced; s itself stays as it is. An unknown name or value is fail.Invalid, naming
// what is allowed.
func (s Set) With(choices map[string]string) (Set, error) {
	next := Set{maps.Clone(s.values)}
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		value := choices[name]
		i := slices.IndexFunc(behaviours, func(b Behaviour) bool { return string(b.Name) == name })
		if i < 0 {
			return s, fail.New(fail.Invalid, "unknown_profile", "There is no profile %q%s GET /_sandbox/profiles lists them.", name, cmp.Or(Nearest(name, names()), ";"))
		}
		if !slices.Contains(behaviours[i].Allowed, value) {
			return s, fail.New(fail.Invalid, "profile_value", "The profile %q cannot be %q%s Choose one of %q.", name, value, cmp.Or(Nearest(value, behaviours[i].Allowed), "."), behaviours[i].Allowed)
		}
		next.values[Name(name)] = value
	}
	return next, nil
}

// names are those of all behaviours.
func names() (all []string) {
	for _, b := range behaviours {
		all = append(all, string(b.Name))
	}
	return all
}

// Shuffled is a choice for every behaviour, drawn from seed: the same for the same seed. Each is drawn by its name, so that
// a behaviour that is added changes no other's draw.
func Shuffled(seed uint64) map[string]string {
	choices := make(map[string]string, len(behaviours))
	for _, b := range behaviours {
		h := fnv.New64a()
		_, _ = h.Write([]byte(b.Name)) // never fails
		choices[string(b.Name)] = b.Allowed[rand.New(rand.NewPCG(seed, h.Sum64())).IntN(len(b.Allowed))]
	}
	return choices
}

// Get is the choice for n.
func (s Set) Get(n Name) string { return s.values[n] }

// Is reports whether the choice for n is value.
func (s Set) Is(n Name, value string) bool { return s.values[n] == value }

// Duration is the choice for n, whose values are durations.
func (s Set) Duration(n Name) time.Duration {
	d, err := time.ParseDuration(s.values[n])
	if err != nil { // the table is checked by a test
		panic(fmt.Sprintf("profile %s is not a duration: %v", n, err))
	}
	return d
}

// Int is the choice for n, whose values are numbers.
func (s Set) Int(n Name) int {
	i, err := strconv.Atoi(s.values[n])
	if err != nil { // the table is checked by a test
		panic(fmt.Sprintf("profile %s is not a number: %v", n, err))
	}
	return i
}

// Map is the whole choice, for showing and for keeping.
func (s Set) Map() map[string]string {
	m := make(map[string]string, len(s.values))
	for n, v := range s.values {
		m[string(n)] = v
	}
	return m
}
