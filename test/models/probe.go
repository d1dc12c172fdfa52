package models

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// clone copies what a test is going to spoil.
func clone(v any) any {
	switch v := v.(type) {
	case object:
		c := make(object, len(v))
		for k, e := range v {
			c[k] = clone(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = clone(e)
		}
		return c
	}
	return v
}

// gone is the value that [put] removes a member for.
type gone struct{}

// put sets the value at a place inside v, which is of the given shape, and returns v. What is missing on the way is
// filled in with values that the model allows.
func (m *Model) put(v any, shape string, at []step, value any) any {
	if len(at) == 0 {
		return value
	}
	s := m.Shapes[shape]
	switch at[0].kind {
	case '.':
		o, ok := v.(object)
		if !ok {
			o, _ = m.sample("", shape).(object)
			if o == nil {
				o = object{}
			}
		}
		name := at[0].name
		if _, remove := value.(gone); remove && len(at) == 1 {
			delete(o, name)
			return o
		}
		o[name] = m.put(o[name], s.Members[name], at[1:], value)
		return o
	case '[':
		l, _ := v.([]any)
		if len(l) == 0 {
			l = []any{nil}
		}
		l[0] = m.put(l[0], s.Element, at[1:], value)
		return l
	}
	o, _ := v.(object)
	if len(o) == 0 {
		o = object{"key": nil}
	}
	key := slices.Min(slices.Collect(maps.Keys(o)))
	o[key] = m.put(o[key], s.Element, at[1:], value)
	return o
}

// get is the value at a place inside v; ok is false where there is none.
func get(v any, at []step) (found any, ok bool) {
	for _, s := range at {
		switch c := v.(type) {
		case object:
			name := s.name
			if s.kind == '{' && len(c) > 0 {
				name = slices.Min(slices.Collect(maps.Keys(c)))
			}
			if v, ok = c[name]; !ok {
				return nil, false
			}
		case []any:
			if len(c) == 0 {
				return nil, false
			}
			v = c[0]
		default:
			return nil, false
		}
	}
	return v, true
}

// wrong is a value of another type than the shape's.
func wrong(s *Shape) any {
	switch s.Type {
	case "string", "blob", "timestamp":
		return object{}
	}
	return "a text"
}

// words are what [Model.sample] tries for a string.
var words = []string{"a", "1", "A", "P1D", "https://a.example/", "ar-1", "ch-1", "pr-1", "acr-1", "ba-1", "ap-1", "at-1", "AWSMarketplace",
	"arn:aws:license-manager::294406891311:license:l-00000000000000000000000000000000"}

// sample is a value that the model allows, for a member of that name.
func (m *Model) sample(member, shape string) any {
	s := m.Shapes[shape]
	if s == nil {
		return "a"
	}
	switch s.Type {
	case "structure":
		o := object{}
		for _, r := range s.Required {
			o[r] = m.sample(r, s.Members[r])
		}
		return o
	case "list":
		return slices.Repeat([]any{m.sample(member, s.Element)}, max(1, bound(s.Min, 1)))
	case "map":
		return object{"key": m.sample(member, s.Element)}
	case "integer", "long", "double":
		return max(1, bound(s.Min, 1))
	case "boolean":
		return true
	case "timestamp":
		return time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	for _, w := range words {
		if least := bound(s.Min, 0); len(w) < least {
			w += strings.Repeat(w[len(w)-1:], least-len(w))
		}
		if matches(s.Pattern, w) {
			return w
		}
	}
	return "a"
}

func bound(b *float64, otherwise int) int {
	if b == nil {
		return otherwise
	}
	return int(*b)
}

// matches reports whether a pattern of a model holds for all of text. What Go cannot compile holds always.
func matches(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	re, err := regexp.Compile(`^(?:` + strings.ReplaceAll(pattern, "{0,1023}", "{0,1000}") + `)$`)
	return err != nil || re.MatchString(text)
}

// limit is one that a model sets, with a value that breaks it.
type limit struct {
	kind string // required, min, max, pattern, enum
	bad  any
}

// largest is how long a text or list may get to break a limit; requests have a limit of their own.
const largest = 300_000

// limits are those of the value at p, whose valid value is given.
func (m *Model) limits(p place, valid any) []limit {
	var all []limit
	add := func(kind string, bad any) { all = append(all, limit{kind, bad}) }
	s := p.shape
	if p.required {
		add("required", gone{})
	}
	switch v := valid.(type) {
	case string:
		if least := bound(s.Min, 0); least > 0 && len(v) > 0 {
			add("min", strings.Repeat(v[:1], least-1))
		}
		if s.Max != nil && *s.Max < largest && len(v) > 0 {
			last, _ := utf8.DecodeLastRuneInString(v)
			add("max", v+strings.Repeat(string(last), bound(s.Max, 0)+1-utf8.RuneCountInString(v)))
		}
		if s.Pattern != "" {
			for _, bad := range []string{"~", "!", " ", "\n", "é", "\x01"} {
				if least := bound(s.Min, 1); !matches(s.Pattern, bad) && matches("[^\\x00-\\x1f]*", bad) {
					add("pattern", strings.Repeat(bad, max(least, 1)))
					break
				}
			}
		}
		if len(s.Enum) > 0 {
			add("enum", "NOBODYS_VALUE")
		}
	case []any:
		if bound(s.Min, 0) > 0 {
			add("min", slices.Repeat(v[:1], bound(s.Min, 0)-1))
		}
		if s.Max != nil && *s.Max < largest && len(v) > 0 {
			add("max", slices.Repeat(v[:1], bound(s.Max, 0)+1))
		}
	case int:
		if s.Min != nil {
			add("min", bound(s.Min, 0)-1)
		}
		if s.Max != nil {
			add("max", bound(s.Max, 0)+1)
		}
	}
	return all
}

// native turns instants into the seconds that AWS JSON has for them.
func native(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Unix()
	case object:
		o := make(object, len(v))
		for k, e := range v {
			o[k] = native(e)
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = native(e)
		}
		return l
	}
	return v
}
