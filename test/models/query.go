package models

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

var mapType = reflect.TypeFor[object]()

// form writes an input as the query protocol does: Attributes.entry.1.key and Tags.member.2.Value.
func (m *Model) form(op *Operation, input any) url.Values {
	form := url.Values{}
	var walk func(at, shape string, v any)
	walk = func(at, shape string, v any) {
		s := m.Shapes[shape]
		switch v := v.(type) {
		case object:
			for i, k := range slices.Sorted(maps.Keys(v)) {
				if s != nil && s.Type == "map" {
					entry := fmt.Sprintf("%s.entry.%d", at, i+1)
					form.Set(entry+".key", k)
					walk(entry+".value", s.Element, v[k])
					continue
				}
				inner := ""
				if s != nil {
					inner = s.Members[k]
				}
				walk(strings.TrimPrefix(at+"."+k, "."), inner, v[k])
			}
		case []any:
			for i, e := range v {
				element := ""
				if s != nil {
					element = s.Element
				}
				walk(fmt.Sprintf("%s.member.%d", at, i+1), element, e)
			}
		default:
			form.Set(at, fmt.Sprint(v))
		}
	}
	walk("", op.Input, input)
	return form
}

// element is one of XML.
type element struct {
	name     string
	text     string
	children []element
}

// readXML reads an answer of the query protocol into what it would be in JSON: all values are strings.
func (m *Model) readXML(op *Operation, text []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if start, ok := t.(xml.StartElement); ok {
			root, err := read(d, start)
			if err != nil {
				return nil, err
			}
			for _, c := range root.children {
				switch c.name {
				case "Error":
					return m.fromXML("", c), nil
				case op.Name + "Result":
					return m.fromXML(op.Output, c), nil
				}
			}
			return object{}, nil
		}
	}
}

func read(d *xml.Decoder, start xml.StartElement) (element, error) {
	e := element{name: start.Name.Local}
	for {
		t, err := d.Token()
		if err != nil {
			return e, err
		}
		switch t := t.(type) {
		case xml.CharData:
			e.text += string(t)
		case xml.StartElement:
			c, err := read(d, t)
			if err != nil {
				return e, err
			}
			e.children = append(e.children, c)
		case xml.EndElement:
			return e, nil
		}
	}
}

func (m *Model) fromXML(shape string, e element) any {
	s := m.Shapes[shape]
	if s == nil {
		s = &Shape{Type: "structure"}
		if len(e.children) == 0 {
			return e.text
		}
	}
	switch s.Type {
	case "structure":
		o := object{}
		for _, c := range e.children {
			o[c.name] = m.fromXML(s.Members[c.name], c)
		}
		return o
	case "list":
		l := []any{}
		for _, c := range e.children {
			l = append(l, m.fromXML(s.Element, c))
		}
		return l
	case "map":
		o := object{}
		for _, entry := range e.children {
			if len(entry.children) == 2 {
				o[entry.children[0].text] = m.fromXML(s.Element, entry.children[1])
			}
		}
		return o
	}
	return e.text
}
