package api

import (
	"time"
	"unicode/utf8"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// scanner reads plain events that are written as nearly all are: the known fields once each, and strings without
// escapes. Whatever is written otherwise it leaves to encoding/json, so it never has to refuse anything; what it does
// read, it reads as encoding/json would, several times as fast. The events' strings are parts of text.
type scanner struct {
	text string
	at   int
}

// scanPlain reads one event or an array of events. ok is false when encoding/json must look.
func scanPlain(text string) (events []usage.Event, ok bool) {
	s := scanner{text: text}
	if !s.skip('[') {
		e, ok := s.event()
		return []usage.Event{e}, ok && s.end()
	}
	events = make([]usage.Event, 0, len(text)/128+1)
	if s.skip(']') {
		return events, s.end()
	}
	for {
		e, ok := s.event()
		if !ok {
			return nil, false
		}
		events = append(events, e)
		if !s.skip(',') {
			return events, s.skip(']') && s.end()
		}
	}
}

// space moves on to the next byte that means something.
func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// skip moves over c and the space before it, if c comes next.
func (s *scanner) skip(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// end reports that nothing but space is left.
func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.text)
}

func (s *scanner) event() (e usage.Event, ok bool) {
	var seen byte // one bit a field
	ok = s.object(func(name string) bool {
		var bit byte
		var ok bool
		switch name {
		case "id":
			bit = 1
			e.ID, ok = s.str()
		case "source":
			bit = 2
			e.Source, ok = s.str()
		case "license":
			bit = 4
			e.License, ok = s.license()
		case "dimension":
			bit = 8
			var d string
			d, ok = s.str()
			e.Dimension = core.Dimension(d)
		case "quantity":
			bit = 16
			e.Quantity, ok = s.quantity()
		case "time":
			bit = 32
			e.Time, ok = s.time()
		case "tags":
			bit = 64
			e.Tags, ok = s.tags()
		}
		first := seen&bit == 0
		seen |= bit
		return ok && first
	})
	return e, ok
}

// object calls value for each name, with the scanner before its value.
func (s *scanner) object(value func(name string) bool) bool {
	if !s.skip('{') {
		return false
	}
	if s.skip('}') {
		return true
	}
	for {
		name, ok := s.str()
		if !ok || !s.skip(':') || !value(name) {
			return false
		}
		if !s.skip(',') {
			return s.skip('}')
		}
	}
}

// str reads a string without escapes.
func (s *scanner) str() (text string, ok bool) {
	if !s.skip('"') {
		return "", false
	}
	from, ascii := s.at, true
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			text = s.text[from:s.at]
			s.at++
			return text, ascii || utf8.ValidString(text)
		case c == '\\' || c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

func (s *scanner) license() (r usage.Ref, ok bool) {
	if s.space(); s.at < len(s.text) && s.text[s.at] == '"' {
		r.Name, ok = s.str()
		return r, ok
	}
	ok = s.object(func(name string) bool {
		v, ok := s.str()
		switch name {
		case "account":
			first := r.Account == ""
			r.Account = v
			return ok && first
		case "product":
			first := r.Product == ""
			r.Product = core.ProductCode(v)
			return ok && first
		}
		return false
	})
	return r, ok
}

func (s *scanner) tags() (tags map[string]string, ok bool) {
	tags = map[string]string{}
	ok = s.object(func(name string) bool {
		v, ok := s.str()
		tags[name] = v
		return ok
	})
	return tags, ok
}

func (s *scanner) time() (time.Time, bool) {
	text, ok := s.str()
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}

// quantity reads a string, or a number as JSON writes it.
func (s *scanner) quantity() (text string, ok bool) {
	s.space()
	from := s.at
	if from < len(s.text) && s.text[from] == '"' {
		return s.str()
	}
	s.one("-")
	if !s.one("0") && s.digits() == 0 {
		return "", false
	}
	if s.one(".") && s.digits() == 0 {
		return "", false
	}
	if s.one("eE") {
		s.one("+-")
		if s.digits() == 0 {
			return "", false
		}
	}
	return s.text[from:s.at], true
}

// one moves over the next byte if it is one of any.
func (s *scanner) one(any string) bool {
	for i := range len(any) {
		if s.at < len(s.text) && s.text[s.at] == any[i] {
			s.at++
			return true
		}
	}
	return false
}

// digits moves over digits and counts them.
func (s *scanner) digits() int {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - from
}
