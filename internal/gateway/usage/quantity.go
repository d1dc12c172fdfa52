package usage

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"souk.dev/souk/internal/fail"
)

// Quantity is an exact amount of usage, 0 or more, in units of 10^-12 (128 bits). It is a value: compare with ==.
// Sums of fewer than 2^37 events of the greatest size cannot overflow.
type Quantity struct{ hi, lo uint64 }

const (
	wholeDigits    = 15 // of one event, before the point
	fractionDigits = 12 // of one event, after the point
	scale          = 1_000_000_000_000
)

// Whole is n units of the dimension. n must not be negative.
func Whole(n int64) Quantity {
	hi, lo := bits.Mul64(uint64(n), scale)
	return Quantity{hi, lo}
}

// ParseQuantity reads an exact decimal such as 12, 12.5 or 1.25e3.
//
// Errors are fail.Invalid with the codes negative_quantity, too_large (more than 15 digits before the point) and
// bad_quantity (not a number, or more than 12 digits after the point: nothing is rounded away silently).
func ParseQuantity(text string) (Quantity, error) {
	s := text
	bad := func() (Quantity, error) {
		return Quantity{}, fail.New(fail.Invalid, "bad_quantity", "The quantity %.40q is not a number; send a decimal such as 12.5, with at most %d digits after the point.", text, fractionDigits)
	}
	if len(s) == 0 || len(s) > 60 {
		return bad()
	}
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e < -60 || e > 60 {
			return bad()
		}
		exp, s = e, s[:i]
	}
	whole, frac, point := strings.Cut(s, ".")
	if whole == "" || (point && frac == "") {
		return bad()
	}
	digits := whole + frac
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return bad()
		}
	}
	at := len(whole) + exp // where the point stands in digits
	for len(digits) > 0 && digits[0] == '0' {
		digits, at = digits[1:], at-1
	}
	digits = strings.TrimRight(digits, "0")
	switch {
	case digits == "":
		return Quantity{}, nil
	case negative:
		return Quantity{}, fail.New(fail.Invalid, "negative_quantity", "The quantity %.40q is negative; AWS takes no negative usage. Of what was billed too much, propose a correction: POST /v1/corrections with the kind over_billed.", text)
	case at > wholeDigits:
		return Quantity{}, fail.New(fail.Invalid, "too_large", "The quantity %.40q has more than %d digits before the point; send it in parts.", text, wholeDigits)
	case len(digits)-at > fractionDigits:
		return bad()
	}
	var q Quantity
	for i := range at + fractionDigits {
		d := uint64(0)
		if i < len(digits) {
			d = uint64(digits[i] - '0')
		}
		q = q.times10(d)
	}
	return q, nil
}

func (q Quantity) times10(plus uint64) Quantity {
	carry, lo := bits.Mul64(q.lo, 10)
	lo, c := bits.Add64(lo, plus, 0)
	return Quantity{q.hi*10 + carry + c, lo}
}

// Add is q + r.
func (q Quantity) Add(r Quantity) Quantity {
	lo, c := bits.Add64(q.lo, r.lo, 0)
	return Quantity{q.hi + r.hi + c, lo}
}

// Sub is q - r. It panics when r is more than q: a sum that would turn negative is a bug that must not be billed.
func (q Quantity) Sub(r Quantity) Quantity {
	if q.Less(r) {
		panic(fmt.Sprintf("usage: %s - %s is negative", q, r))
	}
	lo, b := bits.Sub64(q.lo, r.lo, 0)
	return Quantity{q.hi - r.hi - b, lo}
}

// Less reports q < r.
func (q Quantity) Less(r Quantity) bool { return q.hi < r.hi || (q.hi == r.hi && q.lo < r.lo) }

// IsZero reports whether q is nothing.
func (q Quantity) IsZero() bool { return q == Quantity{} }

// Floor is the number of whole units in q, but no more than most.
func (q Quantity) Floor(most int64) int64 {
	if q.hi >= scale {
		return most
	}
	n, _ := bits.Div64(q.hi, q.lo, scale)
	return int64(min(n, uint64(most)))
}

// String is q as an exact decimal without needless zeros.
func (q Quantity) String() string {
	var buf [52]byte
	return string(q.append(buf[:0]))
}

func (q Quantity) append(b []byte) []byte {
	// 128 bits by 10^12 twice: the quotient of the first division may exceed 64 bits.
	q1, r := q.hi/scale, q.hi%scale
	q0, frac := bits.Div64(r, q.lo, scale)
	if q1 == 0 {
		b = strconv.AppendUint(b, q0, 10)
	} else {
		top, rest := bits.Div64(q1%scale, q0, scale) // q1 < 2^25: fits
		b = strconv.AppendUint(b, top, 10)
		b = appendPadded(b, rest)
	}
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	b = appendPadded(b, frac)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendPadded writes v with its leading zeros, 12 digits.
func appendPadded(b []byte, v uint64) []byte {
	for d := uint64(scale / 10); d > 0; d /= 10 {
		b = append(b, byte('0'+v/d%10))
	}
	return b
}

// MarshalText writes the decimal.
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads a decimal that [Quantity.String] wrote; it may be larger than one event's.
func (q *Quantity) UnmarshalText(text []byte) error {
	whole, frac, _ := strings.Cut(string(text), ".")
	if len(frac) > fractionDigits || whole == "" || len(whole) > 26 {
		return fmt.Errorf("usage: %q is no quantity", text)
	}
	var v Quantity
	for _, c := range whole + frac + strings.Repeat("0", fractionDigits-len(frac)) {
		if c < '0' || c > '9' {
			return fmt.Errorf("usage: %q is no quantity", text)
		}
		v = v.times10(uint64(c - '0'))
	}
	*q = v
	return nil
}
