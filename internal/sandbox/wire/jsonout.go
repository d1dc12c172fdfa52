package wire

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendString appends s to b as a JSON string.
func AppendString(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // what is not UTF-8 becomes U+FFFD
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}

// AppendTime appends t to b as seconds since the epoch, with as many decimals (to the microsecond) as it needs. All
// clients take numbers; some fail on text.
func AppendTime(b []byte, t time.Time) []byte {
	us := t.UnixMicro()
	if us < 0 {
		b = append(b, '-')
		us = -us
	}
	b = strconv.AppendInt(b, us/1e6, 10)
	frac := us % 1e6
	if frac == 0 {
		return b
	}
	digits := strconv.AppendInt(nil, frac+1e6, 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(append(b, '.'), digits...)
}

// AppendInt appends v to b.
func AppendInt(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

func itoa(v int64) string { return strconv.FormatInt(v, 10) }
