package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// told is what a request says: the events that could be read, and what is wrong with the others.
type told struct {
	events []usage.Event
	places []int // of each event in the request; nil: as they stand
	bad    []rejectedOut
}

func (t *told) add(e usage.Event, err *fail.Error) {
	place := len(t.events) + len(t.bad)
	if err == nil {
		if t.events = append(t.events, e); t.places != nil {
			t.places = append(t.places, place)
		}
		return
	}
	if t.places == nil {
		t.places = make([]int, len(t.events), cap(t.events))
		for i := range t.places {
			t.places[i] = i
		}
	}
	t.bad = append(t.bad, rejectedOut{Index: place, ID: e.ID, Code: err.Code, Message: err.Say})
}

// place is where the i-th event stood in the request.
func (t *told) place(i int) int {
	if t.places == nil {
		return i
	}
	return t.places[i]
}

// plainEvent is an event in the plain form.
type plainEvent struct {
	ID        string            `json:"id"`
	Source    string            `json:"source"`
	License   licenseRef        `json:"license"`
	Dimension core.Dimension    `json:"dimension"`
	Quantity  decimalText       `json:"quantity"`
	Time      instant           `json:"time"`
	Tags      map[string]string `json:"tags"`
}

func (p plainEvent) event() usage.Event {
	return usage.Event{Source: p.Source, ID: p.ID, License: usage.Ref(p.License), Dimension: p.Dimension, Quantity: string(p.Quantity), Time: time.Time(p.Time), Tags: p.Tags}
}

// licenseRef is a license ARN or the gateway's id, or {"account","product"}.
type licenseRef usage.Ref

// UnmarshalJSON implements [json.Unmarshaler].
func (l *licenseRef) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &l.Name)
	}
	var by struct {
		Account string           `json:"account"`
		Product core.ProductCode `json:"product"`
	}
	if err := strict(b, &by); err != nil {
		return fail.New(fail.Invalid, "unknown_license", `The license is not written as an ARN, as the gateway's id, or as {"account":"…","product":"…"}.`)
	}
	l.Account, l.Product = by.Account, by.Product
	return nil
}

// decimalText is a quantity exactly as it was written, whether as a number or as a string: it never becomes a float.
type decimalText string

// UnmarshalJSON implements [json.Unmarshaler].
func (d *decimalText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(d))
	}
	if bytes.ContainsAny(b, "{[tfn") { // an object, an array, true, false, null
		return fail.New(fail.Invalid, "bad_quantity", "The quantity is neither a number nor a decimal string.")
	}
	*d = decimalText(b)
	return nil
}

// instant is an RFC 3339 time.
type instant time.Time

// UnmarshalJSON implements [json.Unmarshaler].
func (i *instant) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil && s != "" {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			*i = instant(t)
			return nil
		}
	}
	if string(b) == "null" {
		return nil
	}
	return fail.New(fail.Invalid, "bad_time", "The time %.60s is not written like 2026-11-01T10:15:00Z.", b)
}

// strict reads one JSON document without fields that v does not know, and with nothing behind it.
func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err == nil {
		return errors.New("there is more behind it")
	}
	return nil
}

// unreadable says why one event could not be read.
func unreadable(err error) *fail.Error {
	if e, ok := errors.AsType[*fail.Error](err); ok {
		return e
	}
	return fail.New(fail.Invalid, "bad_event", "The event is not what this call takes: %v. See /openapi.json.", err)
}

func noJSON(err error) error {
	return fail.New(fail.Invalid, "bad_json", "The body is not JSON (%v); nothing was taken.", err)
}

// decodePlain reads one event or an array of events.
func decodePlain(body []byte) (told, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return told{}, fail.New(fail.Invalid, "empty_body", "The body is empty; send an event, or an array of events.")
	}
	if events, ok := scanPlain(string(body)); ok { // nearly always
		return told{events: events}, nil
	}
	return parsePlain(body)
}

// parsePlain reads with encoding/json what [scanPlain] leaves to it, and says what is wrong with it.
func parsePlain(body []byte) (t told, err error) {
	if body[0] != '[' {
		if !json.Valid(body) {
			return told{}, noJSON(errors.New("it cannot be parsed"))
		}
		t.add(readPlain(body))
		return t, nil
	}
	var all []plainEvent
	if strict(body, &all) == nil { // nothing is malformed, only unusual
		for _, p := range all {
			t.add(p.event(), nil)
		}
		return t, nil
	}
	return eachOf(body, readPlain)
}

// eachOf reads the elements of an array one by one, so that a bad one does not sink its neighbours.
func eachOf(body []byte, read func([]byte) (usage.Event, *fail.Error)) (t told, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(body, &parts); err != nil {
		return told{}, noJSON(err)
	}
	for _, p := range parts {
		t.add(read(p))
	}
	return t, nil
}

func readPlain(b []byte) (usage.Event, *fail.Error) {
	var p plainEvent
	if err := strict(b, &p); err != nil {
		return usage.Event{ID: p.ID}, unreadable(err)
	}
	return p.event(), nil
}

// decodeLines reads one plain event a line; empty lines do not count.
func decodeLines(body []byte) (told, error) {
	t := told{events: make([]usage.Event, 0, len(body)/128+1)}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		s := scanner{text: line}
		if e, ok := s.event(); ok && s.end() {
			t.add(e, nil)
		} else {
			t.add(readPlain([]byte(line)))
		}
	}
	if len(t.events)+len(t.bad) == 0 {
		return told{}, fail.New(fail.Invalid, "empty_body", "The body is empty; send an event a line.")
	}
	return t, nil
}

// cloudEvent is an event as a CloudEvent 1.0. Attributes that are not named here are extensions and say nothing to us.
type cloudEvent struct {
	SpecVersion string  `json:"specversion"`
	ID          string  `json:"id"`
	Source      string  `json:"source"`
	Type        string  `json:"type"`
	Subject     string  `json:"subject"`
	Time        instant `json:"time"`
	Data        struct {
		Dimension core.Dimension    `json:"dimension"`
		Quantity  decimalText       `json:"quantity"`
		Tags      map[string]string `json:"tags"`
	} `json:"data"`
}

// usageType is the type of CloudEvents that report usage.
const usageType = "souk.usage"

func readCloudEvent(b []byte) (usage.Event, *fail.Error) {
	var c cloudEvent
	if err := json.Unmarshal(b, &c); err != nil {
		return usage.Event{ID: c.ID}, unreadable(err)
	}
	e := usage.Event{Source: c.Source, ID: c.ID, License: usage.Ref{Name: c.Subject}, Dimension: c.Data.Dimension,
		Quantity: string(c.Data.Quantity), Time: time.Time(c.Time), Tags: c.Data.Tags}
	switch {
	case c.SpecVersion != "1.0":
		return e, unreadable(fmt.Errorf("its specversion is %.20q and must be 1.0", c.SpecVersion))
	case c.Type != usageType:
		return e, unreadable(fmt.Errorf("its type is %.60q and must be %s", c.Type, usageType))
	case c.Source == "":
		return e, unreadable(errors.New("a CloudEvent needs a source"))
	}
	return e, nil
}

func decodeCloudEvent(body []byte) (t told, err error) {
	if !json.Valid(body) {
		return told{}, noJSON(errors.New("it cannot be parsed"))
	}
	t.add(readCloudEvent(body))
	return t, nil
}

func decodeCloudEvents(body []byte) (told, error) { return eachOf(body, readCloudEvent) }
