package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// eventOut is an event from outside, with what became of it.
type eventOut struct {
	entryOut
	License    core.LicenseID `json:"license"`
	Dimension  core.Dimension `json:"dimension"`
	Hour       core.Hour      `json:"hour"` // that it is billed in
	Unbillable string         `json:"unbillable,omitempty"`
	Why        string         `json:"why"`
	Next       string         `json:"next,omitempty"`
	By         time.Time      `json:"by,omitzero"`
	Record     *recordOut     `json:"record,omitempty"`
}

// event leads from an event to its record and to AWS's receipt.
func (h Records) event(w http.ResponseWriter, r *http.Request) error {
	from, _, err := hours(r, 0, 0)
	if err != nil {
		return err
	}
	d, err := h.Engine.Event(r.Context(), r.URL.Query().Get("source"), r.PathValue("id"), from)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, eventOf(d))
}

func eventOf(d metering.EventDetail) eventOut {
	out := eventOut{entryOut: entryOf(&d.Entry), License: d.License, Dimension: d.Dimension, Hour: d.Hour, Unbillable: d.Unbillable}
	switch {
	case d.Unbillable == usage.ReasonAfterEnd:
		out.Why = "It was used after the subscription's end, and is never billed."
	case d.Unbillable == usage.ReasonTooLate:
		out.Why = "It was used before the subscription's end and told after the last record had gone, and is never billed."
	case d.Record != nil:
		rec := detailOf(*d.Record)
		out.Record, out.Why = &rec, "Its hour was sealed into the record."
	case d.SealsAt.IsZero():
		out.Why = "Its hour was closed, and has no record: what it came to is carried to a later hour, or was written off with its reason."
	default:
		out.Why, out.Next, out.By = "Its hour is open.", "The hour is sealed into a record.", d.SealsAt
	}
	return out
}
