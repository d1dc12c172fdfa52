package world

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// misplaced is what is wrong with one entry of a world file.
type misplaced struct {
	error
	path string // of the entry, as YAML paths are written: $.products[2]
}

func (m *misplaced) Unwrap() error { return m.error }

// in says that err is about the entry i of one of the file's lists. No error stays none.
func in(list string, i int, err error) error {
	if err == nil {
		return nil
	}
	return &misplaced{err, fmt.Sprintf("$.%s[%d]", list, i)}
}

// about says that err is about one of the file's fields. No error stays none.
func about(field string, err error) error {
	if err == nil {
		return nil
	}
	return &misplaced{err, "$." + field}
}

// located is err with the line where the entry begins that it is about. Where that is not known, it is err itself.
func located(err error, text []byte) error {
	m, ok := errors.AsType[*misplaced](err)
	if !ok {
		return err
	}
	e, ok := errors.AsType[*fail.Error](m.error)
	line := lineOf(m.path, text)
	if !ok || line == 0 {
		return m.error
	}
	return fail.New(e.Kind, e.Code, "Line %d of the world file: %s", line, e.Say)
}

// lineOf is the line of what path names in text; 0 when it is not there.
func lineOf(path string, text []byte) int {
	p, err := yaml.PathString(path)
	if err != nil {
		return 0
	}
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		return 0
	}
	n, err := p.FilterFile(f)
	if err != nil || n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

var unknownField = regexp.MustCompile(`unknown field "([^"]*)"`)

// hinted is what the YAML decoder said, with the field that an unknown one was likely to be.
func hinted(said string) string {
	at := unknownField.FindStringSubmatchIndex(said)
	if at == nil {
		return said
	}
	known := map[string]bool{}
	fieldsOf(reflect.TypeFor[File](), known)
	delete(known, "") // embedded
	return said[:at[1]] + profile.Nearest(said[at[2]:at[3]], slices.Sorted(maps.Keys(known))) + said[at[1]:]
}

// fieldsOf adds the names of all fields of t, and of what it is made of, to known.
func fieldsOf(t reflect.Type, known map[string]bool) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Map:
		fieldsOf(t.Elem(), known)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.IsExported() && name != "-" && !known[name] {
				known[name] = true
				fieldsOf(f.Type, known)
			}
		}
	}
}
