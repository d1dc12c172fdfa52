package pattern

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// Pattern is what a document must be like. It is safe for concurrent use.
type Pattern struct{ root object }

// object is what an object must be like: in every field, and in one of the alternatives of every $or.
type object struct {
	fields []field
	ors    [][]object
}

// field is what the field called name must be like: one of leaf, or an object.
type field struct {
	name string
	leaf []matcher
	sub  *object
}

// Limits of a pattern: its length in bytes, as EventBridge has it, and how deep it is nested, which no real one reaches.
const (
	MaxLength = 4096
	maxDepth  = 64
)

// Parse reads a pattern. Its error says, for the pattern's author, what cannot be.
func Parse(text string) (*Pattern, error) {
	if len(text) > MaxLength {
		return nil, bad("it is longer than %d bytes", MaxLength)
	}
	doc, err := Decode(text)
	if err != nil {
		return nil, bad("it is not JSON: %v", err)
	}
	fields, ok := doc.(map[string]any)
	if !ok {
		return nil, bad("it must be an object")
	}
	root, err := objectOf(fields, "", 0)
	if err != nil {
		return nil, err
	}
	return &Pattern{*root}, nil
}

// Decode reads a JSON document as [Pattern.Match] takes it: with numbers as they were written.
func Decode(text string) (doc any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	return doc, nil
}

func objectOf(fields map[string]any, at string, depth int) (*object, error) {
	if len(fields) == 0 {
		return nil, bad("empty objects are not allowed%s", where(at))
	}
	if depth > maxDepth {
		return nil, bad("it is nested deeper than %d objects", maxDepth)
	}
	o := &object{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		here := strings.TrimPrefix(at+"."+name, ".")
		switch v := fields[name].(type) {
		case map[string]any:
			sub, err := objectOf(v, here, depth+1)
			if err != nil {
				return nil, err
			}
			o.fields = append(o.fields, field{name: name, sub: sub})
		case []any:
			if name == "$or" {
				if err := o.addOr(v, at, depth); err != nil {
					return nil, err
				}
				continue
			}
			leaf, err := leafOf(v, here)
			if err != nil {
				return nil, err
			}
			o.fields = append(o.fields, field{name: name, leaf: leaf})
		default:
			return nil, bad("%q must be an object or an array", here)
		}
	}
	return o, nil
}

func (o *object) addOr(list []any, at string, depth int) error {
	if len(list) == 0 {
		return bad("$or must have alternatives%s", where(at))
	}
	var all []object
	for _, one := range list {
		fields, ok := one.(map[string]any)
		if !ok {
			return bad("the alternatives of $or must be objects%s", where(at))
		}
		alternative, err := objectOf(fields, at, depth+1)
		if err != nil {
			return err
		}
		all = append(all, *alternative)
	}
	o.ors = append(o.ors, all)
	return nil
}

func leafOf(list []any, at string) ([]matcher, error) {
	if len(list) == 0 {
		return nil, bad("empty arrays are not allowed%s", where(at))
	}
	var leaf []matcher
	for _, one := range list {
		m, err := matcherOf(one)
		if err != nil {
			return nil, bad("%v%s", err, where(at))
		}
		leaf = append(leaf, m)
	}
	return leaf, nil
}

// Match reports whether doc, which [Decode] gave, is as p wants it.
func (p *Pattern) Match(doc any) bool { return p.root.match(doc) }

// match compares v. Of a list, one element must be right in everything; what is no object has no fields.
func (o *object) match(v any) bool {
	if list, ok := v.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, o.match)
	}
	fields, _ := v.(map[string]any)
	for _, f := range o.fields {
		have, there := fields[f.name]
		if f.sub != nil && !f.sub.match(have) {
			return false
		}
		if f.leaf != nil && !matchLeaf(f.leaf, have, there) {
			return false
		}
	}
	for _, alternatives := range o.ors {
		if !slices.ContainsFunc(alternatives, func(a object) bool { return a.match(v) }) {
			return false
		}
	}
	return true
}

// matchLeaf compares the value of a field. Of a list, any element will do; objects are no values, and empty lists none
// at all.
func matchLeaf(leaf []matcher, v any, there bool) bool {
	switch v := v.(type) {
	case map[string]any:
		there = false
	case []any:
		if len(v) > 0 {
			return slices.ContainsFunc(v, func(e any) bool { return matchLeaf(leaf, e, true) })
		}
		there = false
	}
	for _, m := range leaf {
		if m.match(v, there) {
			return true
		}
	}
	return false
}
