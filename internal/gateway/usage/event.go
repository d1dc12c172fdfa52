package usage

import (
	"slices"
	"time"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Event is one report of usage, as a caller tells it.
type Event struct {
	Source    string // who counts; with ID it names the event. May be empty in the plain form
	ID        string
	License   Ref
	Dimension core.Dimension
	Quantity  string    // an exact decimal, see [ParseQuantity]
	Time      time.Time // when it was used; zero: at arrival
	Tags      map[string]string
}

// Ref names a licence in one of three ways: by the gateway's id, by license ARN, or as the one licence that a buyer
// has for a product.
type Ref struct {
	Name    string // a license ARN or the gateway's id
	Account string // with Product: an AWS account id, a customer identifier or an account of the gateway
	Product core.ProductCode
}

// Limits of one event's fields, in bytes unless said otherwise.
const (
	MaxID     = 256
	MaxSource = 512
	MaxTags   = 20 // pairs
)

// Rejection says why one event was not taken.
type Rejection struct {
	Index   int // in the caller's list
	ID      string
	Code    string // unknown_license, ambiguous_license, unknown_dimension, bad_id, bad_quantity, negative_quantity, too_large, bad_time, bad_tags, missing_tag, conflict
	Message string
}

// Result is the answer to one call of [Intake.Accept]. Every event is counted once in it.
type Result struct {
	Accepted   int
	Duplicates int
	Rejected   []Rejection
}

// Rules say which events count, as far as that can be said without knowing other events.
type Rules struct {
	Licenses license.Directory
	Products core.Catalogue

	MaxAhead time.Duration // how far in the future an event's time may lie, for clocks that differ
	MaxAge   time.Duration // how old an event may be at arrival
}

// Checker checks the events of one call against rules. Neighbours often name the same licence, so it remembers the last.
type Checker struct {
	*Rules
	Source string    // of events that name none
	Now    time.Time // their arrival

	ref   Ref
	found bool
	id    core.LicenseID
	code  core.ProductCode
	end   time.Time // see prepared

	dimension core.Dimension // the last one that was right for code; one text for all events of it, so that comparing them reads none
	meter     core.Meter     // of dimension

	allocateBy []string // of code
}

// Check writes what is stored of t to e, but for its hour; end is the instant after which the licence's usage is not
// AWS's to bill, or zero while no end is in sight. Its errors are fail.Invalid or fail.NotFound, with the codes of [Rejection].
func (c *Checker) Check(t *Event, e *Entry) (end time.Time, err error) {
	source := t.Source
	if source == "" {
		source = c.Source
	}
	if t.ID == "" || len(t.ID) > MaxID || !utf8.ValidString(t.ID) {
		return end, fail.New(fail.Invalid, "bad_id", "An event needs an id of 1 to %d bytes, so that sending it again is safe.", MaxID)
	}
	if len(source) > MaxSource || !utf8.ValidString(source) {
		return end, fail.New(fail.Invalid, "bad_id", "The source may have at most %d bytes.", MaxSource)
	}
	if !c.found || c.ref != t.License {
		if err := c.find(t.License); err != nil {
			return end, err
		}
	}
	if t.Dimension == "" || t.Dimension != c.dimension {
		m, err := c.measure(c.code, t.Dimension)
		if err != nil {
			return end, err
		}
		c.dimension, c.meter = m.Key, m.Meter
	}
	if err := c.checkTags(t.Tags); err != nil {
		return end, err
	}
	q, err := quantity(c.meter, t)
	if err != nil {
		return end, err
	}
	*e = Entry{Source: source, ID: t.ID, License: c.id, Dimension: c.dimension, Quantity: q, Received: c.Now.UnixMicro(), Tags: t.Tags, Meter: c.meter}
	if t.Time.IsZero() {
		e.Time, e.Untimed = e.Received, true
		return c.end, nil
	}
	e.Time = t.Time.UnixMicro()
	switch late := c.Now.Sub(t.Time); {
	case -late > c.MaxAhead:
		return end, fail.New(fail.Invalid, "bad_time", "The time %s lies in the future; check the sender's clock.", t.Time.UTC().Format(time.RFC3339))
	case late > c.MaxAge:
		return end, fail.New(fail.Invalid, "bad_time", "The time %s is more than %d days ago; such usage cannot be told from a repetition any more.", t.Time.UTC().Format(time.RFC3339), int(c.MaxAge.Hours()/24))
	}
	return c.end, nil
}

// find remembers the licence that r names.
func (c *Checker) find(r Ref) error {
	c.found = false
	l, err := c.resolve(r)
	if err != nil {
		return err
	}
	c.ref, c.found, c.id = r, true, l.ID
	if c.code != l.ProductCode {
		c.code, c.dimension = l.ProductCode, ""
		c.allocateBy = c.Products.Product(c.code).AllocateBy
	}
	c.end, _ = EndOf(l.Standing)
	return nil
}

// measure is how usage of the dimension is counted.
func (r *Rules) measure(code core.ProductCode, d core.Dimension) (core.Measure, error) {
	if d == "" || len(d) > contract.MaxDimension || !utf8.ValidString(string(d)) {
		return core.Measure{}, fail.New(fail.Invalid, "unknown_dimension", "An event needs a dimension: the API name of one of the product's metered dimensions.")
	}
	m, ok := r.Products.Metered(code, d)
	if !ok {
		return core.Measure{}, fail.New(fail.Invalid, "unknown_dimension", "The product %s has no metered dimension %q.", code, d)
	}
	return m, nil
}

// quantity is e's quantity. Where events are counted, or the values of a tag, it may be left out: then it is 1.
func quantity(meter core.Meter, e *Event) (Quantity, error) {
	kind, tag := meter.Parts()
	if kind == core.Unique && e.Tags[tag] == "" {
		return Quantity{}, fail.New(fail.Invalid, "missing_tag", "%s is the number of different values of the tag %q, and the event has none.", e.Dimension, tag)
	}
	if e.Quantity == "" && (kind == core.Count || kind == core.Unique) {
		return Whole(1), nil
	}
	return ParseQuantity(e.Quantity)
}

func (c *Checker) checkTags(tags map[string]string) error {
	if len(tags) > MaxTags {
		return fail.New(fail.Invalid, "bad_tags", "An event may have at most %d tags.", MaxTags)
	}
	for k, v := range tags {
		if k == "" || len(k) > contract.MaxTagKey || len(v) > contract.MaxTagValue || !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fail.New(fail.Invalid, "bad_tags", "A tag's key has 1 to %d bytes and its value at most %d.", contract.MaxTagKey, contract.MaxTagValue)
		}
	}
	for _, k := range c.allocateBy {
		if v := tags[k]; v != "" && !Allocatable(v) {
			return fail.New(fail.Invalid, "bad_tags", "The tag %s goes to AWS, which takes letters, digits, spaces and + - = . _ : / @ in its value, and no %q.", k, v)
		}
	}
	return nil
}

// resolve finds the one licence that r names.
func (rules *Rules) resolve(r Ref) (license.License, error) {
	dir := rules.Licenses
	if r.Name != "" {
		if l, ok := dir.ByARN(core.LicenseARN(r.Name)); ok {
			return l, nil
		}
		if l, ok := dir.ByID(core.LicenseID(r.Name)); ok {
			return l, nil
		}
		return license.License{}, fail.New(fail.NotFound, "unknown_license", "No license is known as %.80q; send its ARN or the gateway's id once the buyer has arrived.", r.Name)
	}
	if r.Account == "" || r.Product == "" {
		return license.License{}, fail.New(fail.Invalid, "unknown_license", "An event names its license: an ARN, the gateway's id, or account and product.")
	}
	all := dir.ByBuyer(r.Account, r.Product)
	if len(all) > 1 { // an older licence that has ended does not make the living one ambiguous
		all = slices.DeleteFunc(slices.Clone(all), func(l license.License) bool {
			return l.Standing.State == license.Ended || l.Standing.State == license.Failed
		})
	}
	switch len(all) {
	case 1:
		return all[0], nil
	case 0:
		return license.License{}, fail.New(fail.NotFound, "unknown_license", "The buyer %.40q has no license for the product %.40q here.", r.Account, r.Product)
	}
	return license.License{}, fail.New(fail.Invalid, "ambiguous_license", "The buyer %.40q has %d licenses for the product %.40q; name one by its ARN.", r.Account, len(all), r.Product)
}

// EndOf is the instant after which a licence's usage is not AWS's to bill: the final window's end while it runs, and
// then the instant at which the subscription ended. ends is false while no end is in sight.
func EndOf(s license.Standing) (end time.Time, ends bool) {
	switch s.State {
	case license.WindingDown:
		return s.ClosesAt, true
	case license.Ended:
		return s.Since, true
	}
	return time.Time{}, false
}
