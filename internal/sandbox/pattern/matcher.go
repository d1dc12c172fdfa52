package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// matcher is one element of a leaf. v is a string, a json.Number, a bool or nil; there is false when the field is not.
type matcher interface{ match(v any, there bool) bool }

func bad(format string, args ...any) error { return fmt.Errorf(format, args...) }

func where(at string) string {
	if at == "" {
		return ""
	}
	return fmt.Sprintf(" (at %q)", at)
}

type (
	exact  struct{ want any } // string, bool or nil
	equals struct{ want float64 }
	text   struct{ is func(string) bool } // of strings only
	exists struct{ want bool }
	within struct {
		low, high         float64
		openLow, openHigh bool
	}
	network struct{ prefix netip.Prefix }
	// not matches what is there and is none of these.
	not struct{ these []matcher }
)

func (m exact) match(v any, there bool) bool { return there && v == m.want }
func (m equals) match(v any, there bool) bool {
	n, ok := numberOf(v)
	return there && ok && n == m.want
}
func (m text) match(v any, there bool) bool {
	s, ok := v.(string)
	return there && ok && m.is(s)
}
func (m exists) match(_ any, there bool) bool { return there == m.want }
func (m within) match(v any, there bool) bool {
	n, ok := numberOf(v)
	return there && ok && (n > m.low || (n == m.low && !m.openLow)) && (n < m.high || (n == m.high && !m.openHigh))
}
func (m network) match(v any, there bool) bool {
	s, _ := v.(string)
	ip, err := netip.ParseAddr(s)
	return there && err == nil && m.prefix.Contains(ip)
}
func (m not) match(v any, there bool) bool {
	return there && !slices.ContainsFunc(m.these, func(one matcher) bool { return one.match(v, there) })
}

func numberOf(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// matcherOf reads one element of a leaf: a value, or an object of one operator.
func matcherOf(v any) (matcher, error) {
	operators, ok := v.(map[string]any)
	if !ok {
		return valueOf(v)
	}
	if len(operators) != 1 {
		return nil, errors.New("an operator stands alone in its object")
	}
	for name, arg := range operators {
		switch name {
		case "exists":
			want, ok := arg.(bool)
			if !ok {
				return nil, errors.New("exists takes true or false")
			}
			return exists{want}, nil
		case "numeric":
			return numericOf(arg)
		case "cidr":
			s, _ := arg.(string)
			p, err := netip.ParsePrefix(s)
			if err != nil {
				return nil, fmt.Errorf("cidr takes a network such as 10.0.0.0/24, not %v", arg)
			}
			return network{p.Masked()}, nil
		case "anything-but":
			return notOf(arg)
		}
		return textOf(name, arg)
	}
	panic("an object of length 1 has an element")
}

// valueOf is the matcher of exactly v.
func valueOf(v any) (matcher, error) {
	switch v := v.(type) {
	case nil, string, bool:
		return exact{v}, nil
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("the number %s is too large", v)
		}
		return equals{f}, nil
	}
	return nil, errors.New("a list in a list cannot be matched")
}

// textOf reads the operators that look at strings.
func textOf(name string, arg any) (matcher, error) {
	want, ok := arg.(string)
	if !ok && (name == "prefix" || name == "suffix") {
		if inner, is := arg.(map[string]any); is && len(inner) == 1 {
			if want, ok = inner["equals-ignore-case"].(string); ok {
				name += "-ignore-case"
			}
		}
	}
	if !ok {
		switch name {
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
			return nil, fmt.Errorf("%s takes a string", name)
		}
		return nil, fmt.Errorf("unrecognized match type %s", name)
	}
	switch name {
	case "prefix":
		return text{func(s string) bool { return strings.HasPrefix(s, want) }}, nil
	case "suffix":
		return text{func(s string) bool { return strings.HasSuffix(s, want) }}, nil
	case "prefix-ignore-case":
		return text{func(s string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(want)) }}, nil
	case "suffix-ignore-case":
		return text{func(s string) bool { return strings.HasSuffix(strings.ToLower(s), strings.ToLower(want)) }}, nil
	case "equals-ignore-case":
		return text{func(s string) bool { return strings.EqualFold(s, want) }}, nil
	case "wildcard":
		parts, err := wildcardOf(want)
		if err != nil {
			return nil, err
		}
		return text{func(s string) bool { return wild(parts, s) }}, nil
	}
	return nil, fmt.Errorf("unrecognized match type %s", name)
}

// notOf reads what anything-but excludes: a value, several, or one operator on one string or several.
func notOf(arg any) (matcher, error) {
	operator, of := "", arg
	if inner, ok := arg.(map[string]any); ok {
		if len(inner) != 1 {
			return nil, errors.New("anything-but takes one operator")
		}
		for operator, of = range inner {
		}
		if operator == "anything-but" || operator == "exists" || operator == "numeric" || operator == "cidr" {
			return nil, fmt.Errorf("anything-but does not take %s", operator)
		}
	}
	list, ok := of.([]any)
	if !ok {
		list = []any{of}
	}
	if len(list) == 0 {
		return nil, errors.New("anything-but excludes nothing")
	}
	var n not
	for _, one := range list {
		var m matcher
		var err error
		if operator == "" {
			switch one.(type) {
			case string, json.Number:
			default:
				return nil, errors.New("anything-but takes strings and numbers")
			}
			m, err = valueOf(one)
		} else {
			m, err = textOf(operator, one)
		}
		if err != nil {
			return nil, err
		}
		n.these = append(n.these, m)
	}
	return n, nil
}

// numericOf reads a comparison or two, such as [">", 0, "<=", 5].
func numericOf(arg any) (matcher, error) {
	wrong := errors.New(`numeric takes one comparison or two, such as [">", 0, "<=", 5]`)
	list, ok := arg.([]any)
	if !ok || (len(list) != 2 && len(list) != 4) {
		return nil, wrong
	}
	const most = 5e9 // in either direction, as EventBridge has it
	m := within{low: -most, high: most}
	sides := map[byte]bool{}
	for i := 0; i < len(list); i += 2 {
		op, _ := list[i].(string)
		n, ok := numberOf(list[i+1])
		if !ok || op == "" || n < -most || n > most {
			return nil, wrong
		}
		switch op {
		case "=":
			if len(list) != 2 {
				return nil, wrong
			}
			return equals{n}, nil
		case ">", ">=":
			m.low, m.openLow = n, op == ">"
		case "<", "<=":
			m.high, m.openHigh = n, op == "<"
		default:
			return nil, wrong
		}
		if sides[op[0]] {
			return nil, wrong
		}
		sides[op[0]] = true
	}
	if m.low > m.high {
		return nil, fmt.Errorf("no number is above %s and below %s", ftoa(m.low), ftoa(m.high))
	}
	return m, nil
}

func ftoa(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// wildcardOf splits a wildcard at its stars. A backslash takes the star, or the backslash, after it as it stands.
func wildcardOf(s string) (parts []string, err error) {
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			if i+1 == len(s) || (s[i+1] != '*' && s[i+1] != '\\') {
				return nil, errors.New(`in a wildcard, \ stands before * or \ only`)
			}
			i++
			part.WriteByte(s[i])
		case s[i] == '*':
			if i > 0 && s[i-1] == '*' && part.Len() == 0 && len(parts) > 0 {
				return nil, errors.New("a wildcard has no two stars in a row")
			}
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	return append(parts, part.String()), nil
}

// wild reports whether s is parts with anything between them.
func wild(parts []string, s string) bool {
	last := len(parts) - 1
	if last == 0 {
		return s == parts[0]
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1:last] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[last])
}
