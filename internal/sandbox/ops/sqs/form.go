package sqs

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"souk.dev/souk/internal/sandbox/queue"
)

// maxParameters bounds a form: the largest legal request, ten messages with ten attributes each, has far fewer.
const maxParameters = 2000

// tree is a form of the query protocol: "Entry.1.Id=a" is the value "a" at Entry, 1, Id.
type tree struct {
	value string
	set   bool
	sub   map[string]*tree
}

func grow(form url.Values) (*tree, error) {
	if len(form) > maxParameters {
		return nil, refuse(serialization, "The request has too many parameters.")
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
		if n, err := strconv.Atoi(name); err == nil && n > 0 {
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

// decodeForm fills in, a pointer to an input, from a form. A field is found by its tag `query`, else by its name; lists
// and maps are flattened: Name.1, and Name.1.Name with Name.1.Value (or Key, in a tag "Name,Key").
func decodeForm(form url.Values, in any) error {
	root, err := grow(form)
	if err != nil {
		return err
	}
	return root.fill(reflect.ValueOf(in).Elem())
}

// fill sets the struct v from t's members.
func (t *tree) fill(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if err := t.fill(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		name, key, _ := strings.Cut(f.Tag.Get("query"), ",")
		if name == "" {
			name = f.Name
		}
		if sub := t.sub[name]; sub != nil {
			if err := sub.set1(v.Field(i), name, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// set1 sets one field from t, which is called name in the form.
func (t *tree) set1(v reflect.Value, name, key string) error {
	if b, ok := v.Addr().Interface().(*blob); ok {
		if b.UnmarshalText([]byte(t.value)) != nil {
			return refuse(serialization, name+" must be base64.")
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(t.value)
	case reflect.Pointer: // the optional numbers are the only ones
		n, err := strconv.ParseInt(t.value, 10, 32)
		if err != nil {
			return refuse(queue.InvalidParameterValue, "Value "+t.value+" for parameter "+name+" is invalid. Reason: Must be an integer.")
		}
		v.Set(reflect.ValueOf(new(int32(n))))
	case reflect.Struct:
		return t.fill(v)
	case reflect.Slice:
		for _, m := range t.numbered() {
			one := reflect.New(v.Type().Elem()).Elem()
			if err := m.set1(one, name, key); err != nil {
				return err
			}
			v.Set(reflect.Append(v, one))
		}
	case reflect.Map:
		if key == "" {
			key = "Name"
		}
		v.Set(reflect.MakeMap(v.Type()))
		for _, m := range t.numbered() {
			k, val := m.sub[key], m.sub["Value"]
			if k == nil || val == nil {
				return refuse(queue.MissingParameter, "The request must contain the parameter "+name+".n."+key+" and "+name+".n.Value.")
			}
			one := reflect.New(v.Type().Elem()).Elem()
			if err := val.set1(one, name, key); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(k.value), one)
		}
	}
	return nil
}
