package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event says that a license used a quantity of a dimension.
type Event struct {
	// ID makes the event itself: another with the same ID is a repetition and counts nothing. Left empty, [Client.Report]
	// makes one; set it yourself, best from something that you store with the work done, where a crash of your
	// program between the work and the report must not count it twice. At most 255 characters. IDs that grow with
	// time, such as [NewID] makes, are the cheapest for the gateway to keep.
	ID string

	// License is the license ARN or the gateway's own id. Leave it empty to name the license by Account and Product.
	License string
	// Account and Product name the license of an account (the gateway's id of it) for a product code, where there is one.
	Account, Product string

	// Dimension is the API name of the metered unit, as the product's listing has it.
	Dimension string
	// Quantity is how much was used: 0 or more, fractions allowed; the gateway bills whole units and carries the rest.
	Quantity Quantity
	// Time is when it was used. The zero time leaves it to the gateway, which takes the time of arrival.
	Time time.Time
	// Tags split the usage for the buyer's cost reports.
	Tags map[string]string
}

// Quantity is a decimal number, written as one: "12.5". It is a string so that no rounding of floating point ever
// reaches a bill.
type Quantity string

// Whole is the quantity of n whole units.
func Whole(n int64) Quantity { return Quantity(strconv.FormatInt(n, 10)) }

type eventJSON struct {
	ID        string            `json:"id"`
	License   any               `json:"license"`
	Dimension string            `json:"dimension"`
	Quantity  Quantity          `json:"quantity"`
	Time      *time.Time        `json:"time,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
}

type accountProduct struct {
	Account string `json:"account"`
	Product string `json:"product"`
}

// MarshalJSON writes the gateway's plain form of a usage event.
func (e Event) MarshalJSON() ([]byte, error) {
	out := eventJSON{ID: e.ID, License: e.License, Dimension: e.Dimension, Quantity: e.Quantity, Tags: e.Tags}
	if e.License == "" {
		out.License = accountProduct{e.Account, e.Product}
	}
	if !e.Time.IsZero() {
		t := e.Time.UTC()
		out.Time = &t
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads the plain form, so that a program can keep events that wait, and report them later.
func (e *Event) UnmarshalJSON(data []byte) error {
	var in struct {
		eventJSON
		License json.RawMessage `json:"license"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*e = Event{ID: in.ID, Dimension: in.Dimension, Quantity: in.Quantity, Tags: in.Tags}
	if in.Time != nil {
		e.Time = *in.Time
	}
	if json.Unmarshal(in.License, &e.License) == nil {
		return nil
	}
	var pair accountProduct
	if err := json.Unmarshal(in.License, &pair); err != nil {
		return fmt.Errorf("a license is a string or an account and a product: %w", err)
	}
	e.Account, e.Product = pair.Account, pair.Product
	return nil
}

// UndeliveredError comes from [Client.Report] when some events did not certainly reach the gateway. They may have: an
// answer can get lost. Report Events again, as they are: their IDs are set.
type UndeliveredError struct {
	Events []Event
	Err    error // what went wrong last
}

// Error says how many events wait, and why.
func (e *UndeliveredError) Error() string {
	return fmt.Sprintf("souk: %d events not delivered: %v", len(e.Events), e.Err)
}

// Unwrap gives the cause.
func (e *UndeliveredError) Unwrap() error { return e.Err }

// Undelivered is the events that err, from [Client.Report], gives back.
func Undelivered(err error) []Event {
	if u, ok := errors.AsType[*UndeliveredError](err); ok {
		return u.Events
	}
	return nil
}

// Int64 is the quantity as a whole number; one with a fraction, or too large, is an error.
func (q Quantity) Int64() (int64, error) {
	whole, fraction, _ := strings.Cut(string(q), ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("souk: the quantity %s is not a whole number", q)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("souk: the quantity %q is not a number that fits: %w", q, err)
	}
	return n, nil
}
