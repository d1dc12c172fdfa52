package wire

import (
	"encoding"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxParameters bounds a form: the largest legal request, ten messages with ten attributes each, has far fewer.
const maxParameters = 2000

// Forms names what a service answers to a form of the query protocol that it cannot read.
type Forms struct {
	Malformed string // it is no such form
	Invalid   string // a value is none of its type
	Missing   string // half of a pair is not there
}

func (f Forms) refuse(code, message string) error { return &Error{Code: code, Message: message} }

// tree is a form of the query protocol: "Entry.1.Id=a" is the value "a" at Entry, 1, Id.
type tree struct {
	value string
	set   bool
	sub   map[string]*tree
}

func (f Forms) grow(form url.Values) (*tree, error) {
	if len(form) > maxParameters {
		return nil, f.refuse(f.Malformed, "The request has too many parameters.")
	}
	root := &tree{}
	for name, values := range form {
		parts := strings.Split(name, ".")
		if len(parts) > 8 {
			continue // no parameter is nested as deeply
		}
		at := root
		for _, p := range parts {
			if at.sub == nil {
				at.sub = map[string]*tree{}
			}
			next := at.sub[p]
			if next == nil {
				next = &tree{}
				at.sub[p] = next
			}
			at = next
		}
		at.value, at.set = values[0], true
	}
	return root, nil
}

// numbered are t's members of a list, in the order of their numbers. Gaps are allowed, as AWS allows them.
func (t *tree) numbered() []*tree {
	type member struct {
		n int
		t *tree
	}
	var all []member
	for name, sub := range t.sub {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && strconv.Itoa(n) == name { // 01 is no number: there would be two first ones
			all = append(all, member{n, sub})
		}
	}
	slices.SortFunc(all, func(a, b member) int { return a.n - b.n })
	out := make([]*tree, len(all))
	for i, m := range all {
		out[i] = m.t
	}
	return out
}

// Decode fills in, a pointer to an input, from a form. A field is found by its tag `query`, else by its name; a tag may
// lead further down: "Topics.member". Lists and maps are flattened: Name.1, and Name.1.Name with Name.1.Value; a tag
// "Name,Key,Val" says other words for the last two. Fields may be strings, structs, slices, maps with string keys,
// pointers to int32 and bool, and what reads itself from text.
func (f Forms) Decode(form url.Values, in any) error {
	root, err := f.grow(form)
	if err != nil {
		return err
	}
	return f.fill(root, reflect.ValueOf(in).Elem())
}

// naming is what a field's tag says.
type naming struct {
	path       []string
	key, value string
}

func namingOf(f reflect.StructField) naming {
	tag := append(strings.Split(f.Tag.Get("query"), ","), "", "")
	n := naming{strings.Split(tag[0], "."), tag[1], tag[2]}
	if tag[0] == "" {
		n.path = []string{f.Name}
	}
	if n.key == "" {
		n.key = "Name"
	}
	if n.value == "" {
		n.value = "Value"
	}
	return n
}

func (n naming) name() string { return strings.Join(n.path, ".") }

// at is what stands in t where n leads; nil if there is nothing.
func (n naming) at(t *tree) *tree {
	for _, name := range n.path {
		if t = t.sub[name]; t == nil {
			return nil
		}
	}
	return t
}

// fill sets the struct v from t's members.
func (f Forms) fill(t *tree, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			if err := f.fill(t, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		n := namingOf(field)
		if sub := n.at(t); sub != nil {
			if err := f.set(sub, v.Field(i), n); err != nil {
				return err
			}
		}
	}
	return nil
}

// set sets one field from t, which is called n in the form.
func (f Forms) set(t *tree, v reflect.Value, n naming) error {
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := text.UnmarshalText([]byte(t.value)); err != nil {
			return f.refuse(f.Malformed, n.name()+" cannot be read: "+err.Error())
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(t.value)
	case reflect.Pointer:
		return f.setOptional(t, v, n)
	case reflect.Struct:
		return f.fill(t, v)
	case reflect.Slice:
		for _, m := range t.numbered() {
			one := reflect.New(v.Type().Elem()).Elem()
			if err := f.set(m, one, n); err != nil {
				return err
			}
			v.Set(reflect.Append(v, one))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, m := range t.numbered() {
			k, val := m.sub[n.key], m.sub[n.value]
			if k == nil || val == nil {
				return f.refuse(f.Missing, "The request must contain the parameter "+n.name()+".n."+n.key+" and "+n.name()+".n."+n.value+".")
			}
			one := reflect.New(v.Type().Elem()).Elem()
			if err := f.set(val, one, n); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(k.value), one)
		}
	}
	return nil
}

// setOptional sets a number or a boolean that may be absent.
func (f Forms) setOptional(t *tree, v reflect.Value, n naming) error {
	if _, ok := v.Interface().(*bool); ok {
		b, err := strconv.ParseBool(t.value)
		if err != nil {
			return f.refuse(f.Invalid, "Value "+t.value+" for parameter "+n.name()+" is invalid. Reason: Must be true or false.")
		}
		v.Set(reflect.ValueOf(&b))
		return nil
	}
	number, err := strconv.ParseInt(t.value, 10, 32)
	if err != nil {
		return f.refuse(f.Invalid, "Value "+t.value+" for parameter "+n.name()+" is invalid. Reason: Must be an integer.")
	}
	v.Set(reflect.ValueOf(new(int32(number))))
	return nil
}
