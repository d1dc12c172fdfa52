package models

import (
	"maps"
	"slices"
	"strings"
)

// Model is what AWS publishes of one service.
type Model struct {
	Sources    []string // the packages it was read from
	Operations map[string]*Operation
	Shapes     map[string]*Shape
}

// Operation is one call.
type Operation struct {
	Name          string
	Path          string   // of REST protocols
	Input, Output string   // shapes; empty: none
	Errors        []string // shapes' names
}

// Shape is a type.
type Shape struct {
	Type     string // structure, list, map, string, integer, long, double, boolean, timestamp, blob
	Members  map[string]string
	Required []string
	Element  string   // of a list; a map's value
	Min, Max *float64 // of a number, or of a length
	Pattern  string
	Enum     []string
	Code     string // an error's name on the wire, where it is not the shape's
	Status   int    // an error's HTTP status
}

// names of the operations, sorted.
func (m *Model) names() []string { return slices.Sorted(maps.Keys(m.Operations)) }

// newer adds what n knows and m does not: operations, shapes and members. Limits are m's.
func (m *Model) newer(n *Model) {
	m.Sources = append(m.Sources, n.Sources...)
	for name, op := range n.Operations {
		if m.Operations[name] == nil {
			m.Operations[name] = op
		}
	}
	for name, s := range n.Shapes {
		mine := m.Shapes[name]
		if mine == nil {
			m.Shapes[name] = s
			continue
		}
		for member, shape := range s.Members {
			if _, ok := mine.Members[member]; !ok && mine.Type == "structure" && s.Type == "structure" {
				mine.Members[member] = shape
			}
		}
	}
}

// A step leads from a value to one inside it.
type step struct {
	kind byte   // '.', '[' or '{': a member, an element of a list, a value of a map
	name string // the member's
}

// place is where a value stands in a request or answer, and of which shape it is.
type place struct {
	steps    []step
	shape    *Shape
	required bool
}

// String writes a place as UsageRecords[].Tags[].Key; the value of a map is {}.
func (p place) String() string {
	var b strings.Builder
	for i, s := range p.steps {
		switch s.kind {
		case '.':
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.name)
		case '[':
			b.WriteString("[]")
		case '{':
			b.WriteString("{}")
		}
	}
	return b.String()
}

// places lists all values that a shape can hold, without following a shape into itself.
func (m *Model) places(shape string) []place {
	var all []place
	var walk func(name string, at []step, required bool, over []string)
	walk = func(name string, at []step, required bool, over []string) {
		s := m.Shapes[name]
		if s == nil || slices.Contains(over, name) {
			return
		}
		if len(at) > 0 {
			all = append(all, place{steps: slices.Clone(at), shape: s, required: required})
		}
		over = append(slices.Clone(over), name)
		switch s.Type {
		case "structure":
			for _, member := range slices.Sorted(maps.Keys(s.Members)) {
				walk(s.Members[member], append(slices.Clone(at), step{'.', member}), slices.Contains(s.Required, member), over)
			}
		case "list":
			walk(s.Element, append(slices.Clone(at), step{kind: '['}), false, over)
		case "map":
			walk(s.Element, append(slices.Clone(at), step{kind: '{'}), false, over)
		}
	}
	walk(shape, nil, false, nil)
	return all
}

// outermost leaves out the places that are inside others of the list.
func outermost(all []place) []place {
	var kept []place
	for _, p := range all {
		if len(kept) == 0 || !p.inside(kept[len(kept)-1]) {
			kept = append(kept, p)
		}
	}
	return kept
}

// inside reports whether p is part of the value at q.
func (p place) inside(q place) bool {
	return len(p.steps) > len(q.steps) && slices.Equal(p.steps[:len(q.steps)], q.steps)
}
