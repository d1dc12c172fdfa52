package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// Usage is the call that tells what became of a licence's usage.
type Usage struct {
	Engine    *metering.Engine
	Directory license.Directory
	Clock     clock.Clock
}

// Mount implements [Mounter].
func (h Usage) Mount(d *Door) { d.Handle("GET /v1/licenses/{id}/usage", h.get) }

// usageOut is one hour of one dimension. Quantities are exact decimals, in what the dimension's events count.
type usageOut struct {
	Hour       core.Hour      `json:"hour"`
	Dimension  core.Dimension `json:"dimension"`
	Meter      string         `json:"meter"`
	Per        usage.Quantity `json:"per"`
	Accepted   usage.Quantity `json:"accepted"`
	CarriedIn  usage.Quantity `json:"carriedIn"`
	Open       usage.Quantity `json:"open"`
	Sealed     usage.Quantity `json:"sealed"`
	Sent       usage.Quantity `json:"sent"`
	Honoured   usage.Quantity `json:"honoured"`
	Carried    usage.Quantity `json:"carried"`
	Unbillable usage.Quantity `json:"unbillable"`
	Covered    usage.Quantity `json:"covered"`
	Rounded    usage.Quantity `json:"rounded"`
	Reasons    []string       `json:"reasons,omitempty"`
	Events     int64          `json:"events"`
	Late       int64          `json:"lateEvents,omitempty"`
	Record     string         `json:"record,omitempty"`
}

// defaultSpan is how far back usage is told when ?from= is left out.
const defaultSpan = 24 * time.Hour

func (h Usage) get(w http.ResponseWriter, r *http.Request) error {
	l, err := FindLicense(h.Directory, r.PathValue("id"))
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	from, to, err := hours(r, core.HourOf(now.Add(-defaultSpan)), core.HourOf(now)+1)
	if err != nil {
		return err
	}
	rows, err := h.Engine.Usage(r.Context(), l.ID, from, to)
	if err != nil {
		return err
	}
	list := httpx.List[usageOut]{Items: make([]usageOut, len(rows))}
	for i, u := range rows {
		list.Items[i] = usageOut{u.Hour, u.Dimension, u.Meter.String(), u.Per, u.Accepted, u.CarriedIn, u.Open, u.Sealed, u.Sent, u.Honoured, u.Carried, u.Unbillable, u.Covered, u.Rounded, u.Reasons, u.Events, u.Late, u.Record}
	}
	return httpx.JSON(w, http.StatusOK, list)
}
