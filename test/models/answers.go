package models

import (
	"fmt"
	"time"
)

// observe notes which members of a shape an answer has, and what of it the model does not allow. xml says that all
// simple values are texts.
func (m *Model) observe(shape string, v any, xml bool, seen map[string]bool, amiss func(string)) {
	var walk func(at, shape string, v any)
	walk = func(at, shape string, v any) {
		s := m.Shapes[shape]
		if s == nil {
			return
		}
		if at != "" {
			seen[at] = true
		}
		switch v := v.(type) {
		case object:
			for k, e := range v {
				switch {
				case s.Type == "map":
					walk(at+"{}", s.Element, e)
				case s.Type != "structure":
				case s.Members[k] == "":
					amiss("answer has " + join(at, k))
				default:
					walk(join(at, k), s.Members[k], e)
				}
			}
		case []any:
			for _, e := range v {
				walk(at+"[]", s.Element, e)
			}
		}
		if !xml && v != nil && !isOf(s.Type, v) {
			amiss(fmt.Sprintf("answer %s is a %T", at, v))
		}
	}
	walk("", shape, v)
}

func join(at, member string) string {
	if at == "" {
		return member
	}
	return at + "." + member
}

// isOf reports whether a decoded value can be of a model's type.
func isOf(kind string, v any) bool {
	switch v := v.(type) {
	case string:
		return kind == "string" || kind == "blob"
	case []byte:
		return kind == "blob"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "double" || kind == "float" || kind == "timestamp" || (kind == "integer" || kind == "long") && v == float64(int64(v))
	case uint64, int64:
		return kind == "integer" || kind == "long" || kind == "double"
	case time.Time:
		return kind == "timestamp"
	case []any:
		return kind == "list"
	case object:
		return kind == "structure" || kind == "map"
	}
	return false
}
