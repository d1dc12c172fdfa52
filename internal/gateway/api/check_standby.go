package api

import (
	"net/http"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
)

// StandbyChecks is [Checks] on a node that stands by: it answers what it remembers enough for as the owner would, and has the owner answer
// the rest.
type StandbyChecks struct {
	// Memory is what may be relied on now; ok is false where nothing may.
	Memory func() (known license.Finder, rights Judge, ok bool)
	// Counted reports whether the owner counts how much of the dimension is used up, which nobody else knows.
	Counted func(code core.ProductCode, d core.Dimension) bool
	Owner   http.Handler
	// Observe hears of every answer that was given from memory.
	Observe func()
}

// Mount implements [Mounter].
func (h StandbyChecks) Mount(d *Door) { d.Handle("GET /v1/licenses/{id}/check", h.get) }

func (h StandbyChecks) get(w http.ResponseWriter, r *http.Request) error {
	if out, ok := h.answer(r); ok {
		h.Observe()
		writeCheck(w, out)
		return nil
	}
	clear(w.Header()) // the owner's answer has its own
	h.Owner.ServeHTTP(w, r)
	return nil
}

// answer is what the owner would answer; ok is false where that cannot be known here, or is no answer but a refusal.
func (h StandbyChecks) answer(r *http.Request) (out checkOut, ok bool) {
	known, rights, ok := h.Memory()
	if !ok {
		return out, false
	}
	l, err := FindLicense(known, r.PathValue("id"))
	if err != nil {
		return out, false
	}
	d, quantity, err := checked(r)
	if err != nil {
		return out, false
	}
	v := rights.Check(&l, d, quantity)
	if v.Entitled != (entitlement.Value{}) && h.Counted(l.ProductCode, d) {
		return out, false
	}
	return checkOut{v.Allowed, v.Reason, v.Why, v.Entitled, nil, v.ExpiresAt, v.AsOf}, true
}
