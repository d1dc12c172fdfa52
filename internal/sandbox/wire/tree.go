package wire

import (
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"
	"time"

	"souk.dev/souk/contract"
)

// maxInput is the largest body, in bytes, that [Decode] takes.
const maxInput = 256 << 10

var (
	reflectMap  = reflect.TypeFor[map[string]any]()
	reflectTime = reflect.TypeFor[Time]()
)

// number is a JSON number's text.
type number string

// Decode reads c's body, in whichever protocol it was written, into the struct that in points to. Members are named
// by their json tags and match exactly; unknown ones are skipped, and null is as good as absent.
//
// Fields may be strings, booleans, int64s, [Time]s, structs, slices, maps with string keys, and pointers to these,
// where absent and zero differ. A value of another type is a SerializationException, as is a body that is no document.
func Decode(c *Call, in any) error {
	if len(c.Body) > maxInput {
		return &Error{Code: "RequestEntityTooLargeException", Message: "The request is larger than 256 KiB.", Status: http.StatusRequestEntityTooLarge}
	}
	tree, err := treeOf(c)
	if err != nil {
		return err
	}
	if _, ok := tree.(map[string]any); !ok {
		return &Error{Code: contract.Serialization, Message: "Start of structure or map expected"}
	}
	return bind(tree, reflect.ValueOf(in).Elem())
}

// treeOf reads c's body into maps, slices, strings, booleans, numbers, int64s, float64s and times.
func treeOf(c *Call) (any, error) {
	if c.Protocol == CBOR {
		return cborTree(c.Body)
	}
	if c.Protocol == REST && c.Body == "" {
		return map[string]any{}, nil // an input without members
	}
	r := NewReader(c.Body)
	tree := r.value(0)
	return tree, r.Err()
}

// value reads a value of any type.
func (r *Reader) value(depth int) any {
	if depth > maxDepth {
		r.fail("The document is nested too deeply")
		return nil
	}
	switch c := r.peek(); c {
	case '{':
		m := map[string]any{}
		r.Object(func(name string) { m[name] = r.value(depth + 1) })
		return m
	case '[':
		list := []any{}
		r.Array(func() { list = append(list, r.value(depth+1)) })
		return list
	case '"':
		return r.text()
	case 't', 'f', 'n':
		r.discard(depth)
		return map[byte]any{'t': true, 'f': false}[c]
	}
	return number(r.number("a value"))
}

// bind gives to what v says. A failure is a SerializationException.
func bind(v any, to reflect.Value) error {
	if v == nil {
		return nil
	}
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return bind(v, to.Elem())
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			return mismatch(v, "a String")
		}
		to.SetString(s)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return mismatch(v, "a Boolean")
		}
		to.SetBool(b)
	case reflect.Int64:
		n, err := integer(v)
		if err != nil {
			return err
		}
		to.SetInt(n)
	case reflect.Slice:
		return bindList(v, to)
	case reflect.Map:
		return bindMap(v, to)
	case reflect.Struct:
		return bindStruct(v, to)
	default:
		return fmt.Errorf("decode a request: the field's type %s is not one that Decode knows", to.Type())
	}
	return nil
}

func bindList(v any, to reflect.Value) error {
	list, ok := v.([]any)
	if !ok {
		return mismatch(v, "a list")
	}
	to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
	for i, e := range list {
		if err := bind(e, to.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func bindMap(v any, to reflect.Value) error {
	m, ok := v.(map[string]any)
	if !ok {
		return mismatch(v, "a map")
	}
	to.Set(reflect.MakeMapWithSize(to.Type(), len(m)))
	for k, e := range m {
		elem := reflect.New(to.Type().Elem()).Elem()
		if err := bind(e, elem); err != nil {
			return err
		}
		to.SetMapIndex(reflect.ValueOf(k), elem)
	}
	return nil
}

func bindStruct(v any, to reflect.Value) error {
	if to.Type() == reflectTime {
		t, err := instant(v)
		to.Set(reflect.ValueOf(Time{t}))
		return err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return mismatch(v, "a structure")
	}
	for f, field := range to.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() {
			continue // the package's own affair, whatever the document calls it
		}
		if err := bind(m[name], field); err != nil {
			return err
		}
	}
	return nil
}

func integer(v any) (int64, error) {
	switch v := v.(type) {
	case number:
		r := NewReader(string(v))
		n := r.Int()
		return n, r.Err()
	case int64:
		return v, nil
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, mismatch(v, "an Integer")
		}
		return int64(v), nil
	}
	return 0, mismatch(v, "an Integer")
}

// instant reads a timestamp: of JSON as [Reader.Time] does, of CBOR tagged.
func instant(v any) (time.Time, error) {
	switch v := v.(type) {
	case number:
		r := NewReader(string(v))
		t := r.Time()
		return t, r.Err()
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return time.Time{}, mismatch(v, "a timestamp")
		}
		return t.UTC(), nil
	case time.Time:
		if s := v.Unix(); s >= maxSeconds || s <= -maxSeconds {
			return time.Time{}, mismatch(v, "a timestamp")
		}
		return v.Round(time.Microsecond).UTC(), nil
	}
	return time.Time{}, mismatch(v, "a timestamp")
}

// mismatch is what AWS answers to a value of the wrong type.
func mismatch(v any, want string) error {
	kind := "The value"
	switch v := v.(type) {
	case string:
		kind = kindOf('"')
	case number, int64, float64:
		kind = kindOf('0')
	case bool:
		kind = kindOf("ft"[map[bool]int{true: 1}[v]])
	case []any:
		kind = kindOf('[')
	case map[string]any:
		kind = kindOf('{')
	}
	return &Error{Code: contract.Serialization, Message: kind + " can not be converted to " + want}
}
