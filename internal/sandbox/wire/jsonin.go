package wire

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"souk.dev/souk/contract"
)

// Reader reads a JSON body member by member, in the way of AWS's services: member names match exactly, unknown
// members are skipped, null is as good as absent, the last of two equal members counts, and a value of another type
// than the model's is a SerializationException. encoding/json takes names in any case and is slower; that is why
// there is this one.
//
// The first failure sticks: every later read gives zero values, and [Reader.Err] tells it.
type Reader struct {
	s   string
	i   int
	err *Error
}

// maxDepth bounds nesting, so that a body of brackets cannot exhaust the stack.
const maxDepth = 100

// NewReader reads body, whose strings it shares.
func NewReader(body string) *Reader { return &Reader{s: body} }

// Err is the first failure, including what follows the document; nil if the whole body was read as expected.
func (r *Reader) Err() error {
	if r.peek(); r.err == nil && r.i < len(r.s) {
		r.fail("Unexpected characters after the end of the document")
	}
	if r.err == nil {
		return nil
	}
	return r.err
}

func (r *Reader) fail(message string) {
	if r.err == nil {
		r.err = &Error{Code: contract.Serialization, Message: message}
		r.i = len(r.s)
	}
}

// peek skips white space and gives the next byte; 0 at the end.
func (r *Reader) peek() byte {
	for r.i < len(r.s) {
		switch c := r.s[r.i]; c {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return c
		}
	}
	return 0
}

// take skips c, if it comes next.
func (r *Reader) take(c byte) bool {
	if r.peek() == c && r.i < len(r.s) {
		r.i++
		return true
	}
	return false
}

// Null skips a null, if one comes next.
func (r *Reader) Null() bool {
	if r.peek() == 'n' && strings.HasPrefix(r.s[r.i:], "null") {
		r.i += 4
		return true
	}
	return false
}

// Object reads an object, giving each member's name to member, which must read the value (or [Reader.Discard] it).
// Members that are null are left out. It reports whether there was an object; null is none.
func (r *Reader) Object(member func(name string)) bool {
	if r.Null() {
		return false
	}
	if !r.take('{') {
		r.fail("Start of structure or map expected")
		return false
	}
	if r.take('}') {
		return true
	}
	for r.err == nil {
		if r.peek() != '"' {
			r.fail("Expected a member's name")
			return false
		}
		name := r.text()
		if !r.take(':') {
			r.fail("Expected a colon after a member's name")
			return false
		}
		if !r.Null() {
			member(name)
		}
		if r.take('}') {
			return true
		}
		if !r.take(',') {
			r.fail("Expected a comma or the end of the structure")
		}
	}
	return false
}

// Array reads an array, calling element for each of its elements, which must read it. null is an empty array.
func (r *Reader) Array(element func()) {
	if r.Null() {
		return
	}
	if !r.take('[') {
		r.fail("Start of list expected")
		return
	}
	if r.take(']') {
		return
	}
	for r.err == nil {
		element()
		if r.take(']') {
			return
		}
		if !r.take(',') {
			r.fail("Expected a comma or the end of the list")
		}
	}
}

// String reads a string.
func (r *Reader) String() string {
	if c := r.peek(); c != '"' {
		r.fail(kindOf(c) + " can not be converted to a String")
		return ""
	}
	return r.text()
}

// text reads a string whose quote comes next.
func (r *Reader) text() string {
	r.i++
	start, plain := r.i, true
	for r.i < len(r.s) {
		switch c := r.s[r.i]; {
		case c == '"':
			raw := r.s[start:r.i]
			r.i++
			if plain {
				return raw
			}
			return r.unescape(raw)
		case c == '\\':
			plain = false
			r.i += 2
		case c < ' ':
			r.fail("Unescaped control character in a string")
			return ""
		default:
			plain = plain && c < utf8.RuneSelf
			r.i++
		}
	}
	r.fail("Unterminated string")
	return ""
}

func (r *Reader) unescape(raw string) string {
	if !strings.Contains(raw, `\`) {
		return valid(raw)
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		i++ // there is a byte: text() skipped it together with the backslash
		if at := strings.IndexByte(`"\/bfnrt`, raw[i]); at >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[at])
			continue
		}
		c, n := codePoint(raw[i:])
		if n == 0 {
			r.fail("Unknown escape in a string")
			return ""
		}
		b.WriteRune(c)
		i += n - 1
	}
	return valid(b.String())
}

// valid is s with U+FFFD for each byte that is not UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// codePoint reads the uXXXX that s begins with, and the second half of a pair; n is 0 if there is none.
func codePoint(s string) (c rune, n int) {
	hi, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if hi >= 0xD800 && hi < 0xDC00 && len(s) > 5 && s[5] == '\\' {
		if lo, ok := hex4(s[6:]); ok && lo >= 0xDC00 && lo < 0xE000 {
			return (hi-0xD800)<<10 + (lo - 0xDC00) + 0x10000, 11
		}
	}
	if hi >= 0xD800 && hi < 0xE000 {
		hi = utf8.RuneError
	}
	return hi, 5
}

func hex4(s string) (rune, bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[1:5], 16, 16)
	return rune(v), err == nil
}

// number reads a number's text.
func (r *Reader) number(want string) string {
	c := r.peek()
	if c != '-' && (c < '0' || c > '9') {
		r.fail(kindOf(c) + " can not be converted to " + want)
		return ""
	}
	start := r.i
	for r.i < len(r.s) && strings.IndexByte("+-.eE0123456789", r.s[r.i]) >= 0 {
		r.i++
	}
	text := r.s[start:r.i]
	if !wellFormed(text) {
		r.fail("Malformed number")
		return ""
	}
	return text
}

// wellFormed reports whether text is a number as JSON has it.
func wellFormed(text string) bool {
	t := strings.TrimPrefix(text, "-")
	digits := func() bool {
		n := 0
		for n < len(t) && t[n] >= '0' && t[n] <= '9' {
			n++
		}
		t = t[n:]
		return n > 0
	}
	if len(t) > 1 && t[0] == '0' && t[1] >= '0' && t[1] <= '9' {
		return false
	}
	if !digits() {
		return false
	}
	if rest, ok := strings.CutPrefix(t, "."); ok {
		if t = rest; !digits() {
			return false
		}
	}
	if t != "" && (t[0] == 'e' || t[0] == 'E') {
		t = strings.TrimLeft(t[1:], "+-")
		return digits() && t == ""
	}
	return t == ""
}

// Int reads a whole number. What is out of the range of 64 bits is given as its end.
func (r *Reader) Int() int64 {
	text := r.number("an Integer")
	if text == "" {
		return 0
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return v
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err == nil && f != math.Trunc(f):
		r.fail("A number with a fraction can not be converted to an Integer")
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// Time reads an instant: seconds since the epoch, whole or with a fraction, kept to the microsecond. Text in ISO 8601
// is taken too, which real services may refuse.
func (r *Reader) Time() time.Time {
	if r.peek() == '"' {
		text := r.text()
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			r.fail("STRING_VALUE can not be converted to a timestamp")
		}
		return t.UTC()
	}
	text := r.number("a timestamp")
	if v, err := strconv.ParseInt(text, 10, 64); err == nil && v < maxSeconds && v > -maxSeconds {
		return time.Unix(v, 0).UTC()
	}
	f, err := strconv.ParseFloat(text, 64)
	if r.err == nil && (err != nil || math.Abs(f) >= maxSeconds) {
		r.fail("A number that large can not be converted to a timestamp")
	}
	if r.err != nil {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
}

// maxSeconds keeps instants where their microseconds fit into 64 bits.
const maxSeconds = 1 << 43

// Bool reads a boolean.
func (r *Reader) Bool() bool {
	if r.Null() {
		return false
	}
	switch c := r.peek(); c {
	case 't', 'f':
		r.discard(0)
		return c == 't'
	default:
		r.fail(kindOf(c) + " can not be converted to a Boolean")
		return false
	}
}

// Discard reads a value of any type and forgets it.
func (r *Reader) Discard() { r.discard(0) }

func (r *Reader) discard(depth int) {
	if depth > maxDepth {
		r.fail("The document is nested too deeply")
		return
	}
	switch c := r.peek(); c {
	case '{':
		r.Object(func(string) { r.discard(depth + 1) })
	case '[':
		r.Array(func() { r.discard(depth + 1) })
	case '"':
		r.text()
	case 't', 'f', 'n':
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(r.s[r.i:], word) {
				r.i += len(word)
				return
			}
		}
		r.fail("Unexpected word")
	default:
		r.number("a value")
	}
}

// kindOf is AWS's name for the type of value that begins with c.
func kindOf(c byte) string {
	switch {
	case c == '"':
		return "STRING_VALUE"
	case c == '{':
		return "START_OBJECT"
	case c == '[':
		return "START_ARRAY"
	case c == 't':
		return "TRUE_VALUE"
	case c == 'f':
		return "FALSE_VALUE"
	case c == '-' || (c >= '0' && c <= '9'):
		return "NUMBER_VALUE"
	}
	return "Unexpected input"
}
