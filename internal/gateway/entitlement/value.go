package entitlement

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"souk.dev/souk/internal/gateway/usage"
)

// Kind is which of AWS's four members holds a value.
type Kind string

// The kinds, as AWS names them.
const (
	IntegerValue Kind = "IntegerValue"
	DoubleValue  Kind = "DoubleValue"
	BooleanValue Kind = "BooleanValue"
	StringValue  Kind = "StringValue"
)

// Value is how much, or what, was bought of a dimension. Make it with [Integer] and its kin; values are equal when
// they are ==. The zero Value is one that AWS gave in none of the four members: it entitles to nothing.
type Value struct {
	kind   Kind
	text   string
	amount usage.Quantity // of the numeric kinds; less than nothing counts as nothing
}

// Integer is a quantity contract's value.
func Integer(n int32) Value {
	return Value{IntegerValue, strconv.Itoa(int(n)), usage.Whole(int64(max(n, 0)))}
}

// Double is a value that need not be whole; what is finer than usage can be told is cut off.
func Double(f float64) Value {
	v := Value{kind: DoubleValue, text: strconv.FormatFloat(f, 'f', -1, 64)}
	switch {
	case !(f > 0): // NaN among them
	case f >= 1e15: // more than any event can hold
		v.amount = usage.Whole(math.MaxInt64)
	default:
		v.amount, _ = usage.ParseQuantity(strconv.FormatFloat(f, 'f', 12, 64)) // in range: cannot fail
	}
	return v
}

// Boolean is a feature that was bought, or was not.
func Boolean(b bool) Value { return Value{kind: BooleanValue, text: strconv.FormatBool(b)} }

// String is a word that the seller gave a meaning to.
func String(s string) Value { return Value{kind: StringValue, text: s} }

// Kind tells which kind the value is; "" for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Text is the value as a decimal, true or false, or the word itself.
func (v Value) Text() string { return v.text }

// Amount is how much a numeric value is; unlimited is true for one that entitles without being an amount.
func (v Value) Amount() (q usage.Quantity, unlimited bool) {
	return v.amount, !v.numeric() && v.holds()
}

// numeric reports whether the value is an amount.
func (v Value) numeric() bool { return v.kind == IntegerValue || v.kind == DoubleValue }

// holds reports whether a value that is no amount entitles at all.
func (v Value) holds() bool {
	return (v.kind == BooleanValue && v.text == "true") || (v.kind == StringValue && v.text != "")
}

// AppendJSON appends the value as JSON has it: a number, true or false, a string; null for the zero Value, and for a
// number that JSON has not.
func (v Value) AppendJSON(b []byte) []byte {
	switch {
	case v.kind == StringValue:
		text, err := json.Marshal(v.text)
		if err != nil {
			return append(b, "null"...) // not reached: a string can be encoded
		}
		return append(b, text...)
	case v.kind == "", v.text == "NaN", v.text == "+Inf", v.text == "-Inf":
		return append(b, "null"...)
	default:
		return append(b, v.text...)
	}
}

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// ParseValue is the value of kind whose text is given: what [Value.Kind] and [Value.Text] tell, read back.
func ParseValue(kind Kind, text string) (Value, error) {
	switch kind {
	case IntegerValue:
		n, err := strconv.ParseInt(text, 10, 32)
		return Integer(int32(n)), wrap(kind, text, err)
	case DoubleValue:
		f, err := strconv.ParseFloat(text, 64)
		return Double(f), wrap(kind, text, err)
	case BooleanValue:
		b, err := strconv.ParseBool(text)
		return Boolean(b), wrap(kind, text, err)
	case StringValue:
		return String(text), nil
	case "":
		return Value{}, nil
	}
	return Value{}, fmt.Errorf("there is no kind of value %q", kind)
}

func wrap(kind Kind, text string, err error) error {
	if err != nil {
		return fmt.Errorf("%q is no %s: %w", text, kind, err)
	}
	return nil
}
