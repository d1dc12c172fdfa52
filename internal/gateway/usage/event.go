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

// check looks at everything about e that needs no memory and turns it into what is stored.
func (in *Intake) check(e Event, source string, now time.Time) (prepared, error) {
	if e.Source == "" {
		e.Source = source
	}
	if e.ID == "" || len(e.ID) > MaxID || !utf8.ValidString(e.ID) {
		return prepared{}, fail.New(fail.Invalid, "bad_id", "An event needs an id of 1 to %d bytes, so that sending it again is safe.", MaxID)
	}
	if len(e.Source) > MaxSource || !utf8.ValidString(e.Source) {
		return prepared{}, fail.New(fail.Invalid, "bad_id", "The source may have at most %d bytes.", MaxSource)
	}
	lic, err := in.resolve(e.License)
	if err != nil {
		return prepared{}, err
	}
	meter, err := in.meter(lic.ProductCode, e.Dimension)
	if err != nil {
		return prepared{}, err
	}
	if err := checkTags(e.Tags); err != nil {
		return prepared{}, err
	}
	q, err := quantity(meter, e)
	if err != nil {
		return prepared{}, err
	}
	if ahead := e.Time.Sub(now); ahead > in.cfg.MaxAhead {
		return prepared{}, fail.New(fail.Invalid, "bad_time", "The time %s lies in the future; check the sender's clock.", e.Time.UTC().Format(time.RFC3339))
	}
	if !e.Time.IsZero() && now.Sub(e.Time) > in.cfg.MaxAge {
		return prepared{}, fail.New(fail.Invalid, "bad_time", "The time %s is more than %d days ago; such usage cannot be told from a repetition any more.", e.Time.UTC().Format(time.RFC3339), int(in.cfg.MaxAge.Hours()/24))
	}
	p := prepared{standing: lic.Standing, Entry: Entry{Source: e.Source, ID: e.ID, License: lic.ID, Dimension: e.Dimension,
		Quantity: q, Time: e.Time.UnixMicro(), Received: now.UnixMicro(), Tags: e.Tags, Meter: meter}}
	if e.Time.IsZero() {
		p.Time, p.Untimed = p.Received, true
	}
	p.key, p.print = identify(&p.Entry)
	return p, nil
}

// meter is what usage of the dimension is counted with.
func (in *Intake) meter(code core.ProductCode, d core.Dimension) (core.Meter, error) {
	if d == "" || len(d) > contract.MaxDimension || !utf8.ValidString(string(d)) {
		return "", fail.New(fail.Invalid, "unknown_dimension", "An event needs a dimension: the API name of one of the product's metered dimensions.")
	}
	m, ok := in.cfg.Products.Metered(code, d)
	if !ok {
		return "", fail.New(fail.Invalid, "unknown_dimension", "The product %s has no metered dimension %q.", code, d)
	}
	return m.Meter, nil
}

// quantity is e's quantity. Where events are counted, or the values of a tag, it may be left out: then it is 1.
func quantity(meter core.Meter, e Event) (Quantity, error) {
	kind, tag := meter.Parts()
	if kind == core.Unique && e.Tags[tag] == "" {
		return Quantity{}, fail.New(fail.Invalid, "missing_tag", "%s is the number of different values of the tag %q, and the event has none.", e.Dimension, tag)
	}
	if e.Quantity == "" && (kind == core.Count || kind == core.Unique) {
		return Whole(1), nil
	}
	return ParseQuantity(e.Quantity)
}

func checkTags(tags map[string]string) error {
	if len(tags) > MaxTags {
		return fail.New(fail.Invalid, "bad_tags", "An event may have at most %d tags.", MaxTags)
	}
	for k, v := range tags {
		if k == "" || len(k) > contract.MaxTagKey || len(v) > contract.MaxTagValue || !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fail.New(fail.Invalid, "bad_tags", "A tag's key has 1 to %d bytes and its value at most %d.", contract.MaxTagKey, contract.MaxTagValue)
		}
	}
	return nil
}

// resolve finds the one licence that r names.
func (in *Intake) resolve(r Ref) (license.License, error) {
	dir := in.cfg.Licenses
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
