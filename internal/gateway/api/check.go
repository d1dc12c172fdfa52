package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// Checks is the call that a seller's app makes before it serves: it is answered from memory.
type Checks struct {
	Directory    license.Finder
	Entitlements Judge
	// Used tells how much of what was bought in advance of a metered dimension is used up, as [metering.Engine.Used] does.
	Used  func(l *license.License, d core.Dimension, until, now time.Time) (used usage.Quantity, known bool)
	Clock clock.Clock
}

// Judge tells what a licence entitles to. [entitlement.Keeper] does.
type Judge interface {
	Check(l *license.License, d core.Dimension, quantity usage.Quantity) entitlement.Verdict
}

// Mount implements [Mounter].
func (h Checks) Mount(d *Door) { d.Handle("GET /v1/licenses/{id}/check", h.get) }

// checkOut is the answer. It is written by appendCheck, which costs a tenth of encoding/json.
type checkOut struct {
	Allowed   bool               `json:"allowed"`
	Reason    entitlement.Reason `json:"reason"`
	Why       string             `json:"why"`
	Entitled  entitlement.Value  `json:"entitled,omitzero"`
	Used      *decimal           `json:"used,omitempty"`
	ExpiresAt time.Time          `json:"expiresAt,omitzero"`
	AsOf      time.Time          `json:"asOf,omitzero"`
}

// decimal is an exact quantity, written as a JSON number.
type decimal usage.Quantity

// MarshalJSON implements json.Marshaler.
func (d decimal) MarshalJSON() ([]byte, error) { return []byte(usage.Quantity(d).String()), nil }

// one is the quantity of a check that names none: may any more be used?
var one = usage.Whole(1)

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
	buffers  = sync.Pool{New: func() any { return new([]byte) }}
)

func (h Checks) get(w http.ResponseWriter, r *http.Request) error {
	l, err := FindLicense(h.Directory, r.PathValue("id"))
	if err != nil {
		return err
	}
	d, quantity, err := checked(r)
	if err != nil {
		return err
	}
	writeCheck(w, h.check(&l, d, quantity))
	return nil
}

// checked reads of what, and how much, is asked.
func checked(r *http.Request) (d core.Dimension, quantity usage.Quantity, err error) {
	dimension, err := queryValue(r.URL.RawQuery, "dimension")
	if err != nil {
		return "", quantity, err
	}
	text, err := queryValue(r.URL.RawQuery, "quantity")
	if err != nil {
		return "", quantity, err
	}
	if quantity = one; text != "" {
		quantity, err = usage.ParseQuantity(text)
	}
	return core.Dimension(dimension), quantity, err
}

func writeCheck(w http.ResponseWriter, out checkOut) {
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	*b = append(appendCheck((*b)[:0], out), '\n')
	header := w.Header()
	header["Content-Type"], header["Cache-Control"] = jsonType, noStore
	_, _ = w.Write(*b) // the client may have gone; nobody is left to tell
}

// check judges whether quantity may be used besides what is used already, where that is known.
func (h Checks) check(l *license.License, d core.Dimension, quantity usage.Quantity) checkOut {
	v := h.Entitlements.Check(l, d, quantity)
	var used *decimal
	if v.Entitled != (entitlement.Value{}) {
		if q, known := h.Used(l, d, v.ExpiresAt, h.Clock.Now()); known {
			used = (*decimal)(&q)
			if !q.IsZero() {
				v = h.Entitlements.Check(l, d, q.Add(quantity))
			}
		}
	}
	return checkOut{v.Allowed, v.Reason, v.Why, v.Entitled, used, v.ExpiresAt, v.AsOf}
}

// appendCheck appends c as encoding/json would write it.
func appendCheck(b []byte, c checkOut) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), c.Allowed)
	b = appendText(append(b, `,"reason":`...), string(c.Reason))
	b = appendText(append(b, `,"why":`...), c.Why)
	if c.Entitled != (entitlement.Value{}) {
		b = c.Entitled.AppendJSON(append(b, `,"entitled":`...))
	}
	if c.Used != nil {
		b = append(append(b, `,"used":`...), usage.Quantity(*c.Used).String()...)
	}
	if !c.ExpiresAt.IsZero() {
		b = appendInstant(append(b, `,"expiresAt":`...), c.ExpiresAt)
	}
	if !c.AsOf.IsZero() {
		b = appendInstant(append(b, `,"asOf":`...), c.AsOf)
	}
	return append(b, '}')
}

func appendInstant(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // not reached: a string can be encoded
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// queryValue is the first value of a query's member, "" if there is none: as url.Values.Get, without making a map.
func queryValue(raw, name string) (string, error) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(pair, "=")
		if key != name {
			continue
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			return "", fail.New(fail.Invalid, "bad_query", "The query's %s cannot be read; escape it as URLs are.", name)
		}
		return text, nil
	}
	return "", nil
}
