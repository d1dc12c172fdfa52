package core

import (
	"fmt"
	"strings"
)

// Meter is how the events of an hour become the hour's quantity: the name of a kind and, for [Unique] and there only, the tag
// whose values are counted, as in "unique:user". The zero value adds quantities up.
type Meter string

// The kinds of meter.
const (
	Sum     Meter = ""        // the quantities together
	Count   Meter = "count"   // the number of events, whatever their quantities
	Max     Meter = "max"     // the greatest quantity
	Last    Meter = "last"    // the quantity of the newest event, by its own time
	Unique  Meter = "unique"  // the number of different values of a tag
	Average Meter = "average" // of a level that each event sets until the next one, weighted by time
)

// MaxAllocateBy is how many tags one allocation may have. Source: AWS Marketplace Metering Service API, UsageAllocation.
const MaxAllocateBy = 5

// MaxMeterTag is the length, in bytes, that the name of the tag of a [Unique] meter may have.
const MaxMeterTag = 100

// ParseMeter reads a meter as it is configured: one of the kinds, "sum" for [Sum], or "unique:TAG".
func ParseMeter(text string) (Meter, error) {
	m := Meter(text)
	if text == "sum" {
		m = Sum
	}
	kind, tag := m.Parts()
	switch {
	case kind == Unique && tag == "":
		return "", fmt.Errorf("the meter %q does not say what is counted; write unique:TAG, such as unique:user", text)
	case kind == Unique && len(tag) <= MaxMeterTag:
		return m, nil
	case tag == "" && m == kind:
		switch kind {
		case Sum, Count, Max, Last, Average:
			return m, nil
		}
	}
	return "", fmt.Errorf("there is no meter %q; it is sum, count, max, last, average or unique:TAG", text)
}

// Parts splits a meter into its kind and the tag that it counts.
func (m Meter) Parts() (kind Meter, tag string) {
	k, tag, _ := strings.Cut(string(m), ":")
	return Meter(k), tag
}

// Additive reports whether an hour's quantity is what its events add to it one by one, so that an event which comes too
// late for its hour adds as much to a later one.
func (m Meter) Additive() bool { return m == Sum || m == Count }

// String is the meter as it is configured.
func (m Meter) String() string {
	if m == Sum {
		return "sum"
	}
	return string(m)
}

// Rounding is what becomes of a part of a unit that is left at a licence's end. Until then it is carried from hour to hour.
type Rounding string

// The ways to round.
const (
	RoundDown    Rounding = ""        // it is not billed
	RoundUp      Rounding = "up"      // it is billed as a unit
	RoundNearest Rounding = "nearest" // it is billed as a unit if it is half a unit or more
)

// ParseRounding reads a rounding as it is configured: down, up or nearest.
func ParseRounding(text string) (Rounding, error) {
	switch text {
	case "", "down":
		return RoundDown, nil
	case string(RoundUp), string(RoundNearest):
		return Rounding(text), nil
	}
	return "", fmt.Errorf("there is no rounding %q; it is down, up or nearest", text)
}

// Allowed is for how long what was bought in advance of a metered dimension can be used: only what exceeds it is metered.
type Allowed string

// The allowances.
const (
	AllowTerm    Allowed = ""      // once in a contract's term
	AllowMonthly Allowed = "month" // anew in every calendar month, in UTC
	AllowHourly  Allowed = "hour"  // anew in every hour: so many at the same time
	AllowNothing Allowed = "none"  // the application reports only what exceeds it
)

// ParseAllowed reads an allowance as it is configured: term, month, hour or none.
func ParseAllowed(text string) (Allowed, error) {
	switch text {
	case "", "term":
		return AllowTerm, nil
	case string(AllowMonthly), string(AllowHourly), string(AllowNothing):
		return Allowed(text), nil
	}
	return "", fmt.Errorf("there is no allowance %q; it is term, month, hour or none", text)
}
