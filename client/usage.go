package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Usage is what the gateway has counted for a license.
type Usage struct {
	Items []HourUsage `json:"items"`
}

// HourUsage is one dimension in one clock hour (UTC).
type HourUsage struct {
	Dimension string    `json:"dimension"`
	Hour      time.Time `json:"hour"`      // the hour's start
	Accepted  Quantity  `json:"accepted"`  // that events brought for this hour
	CarriedIn Quantity  `json:"carriedIn"` // that earlier hours left over
	Events    int64     `json:"events"`

	// What became of it:
	Open       Quantity `json:"open"`       // the hour has not been closed yet
	Sealed     Quantity `json:"sealed"`     // in a record, which never changes
	Sent       Quantity `json:"sent"`       // of that: AWS was told
	Honoured   Quantity `json:"honoured"`   // of that: AWS has taken it, and bills it
	Carried    Quantity `json:"carried"`    // goes into a later hour: fractions of a unit, for one
	Unbillable Quantity `json:"unbillable"` // cannot be billed
	Reasons    []string `json:"reasons"`    // why it cannot
	Record     string   `json:"record"`     // the record's id; empty while there is none
}

// Usage asks what was counted for a license in the hours from one instant to another. Left zero, from is a day ago
// and to is now; no more than 31 days are told.
func (c *Client) Usage(ctx context.Context, licenseID string, from, to time.Time) (Usage, error) {
	path := "/v1/licenses/" + url.PathEscape(licenseID) + "/usage"
	if v := (query{"from": stamp(from), "to": stamp(to)}).values(); len(v) > 0 {
		path += "?" + v.Encode()
	}
	var u Usage
	err := c.call(ctx, http.MethodGet, path, nil, &u)
	return u, err
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Record is a metering record: what was, or will be, sent to AWS for one dimension and hour.
type Record struct {
	ID               string    `json:"id"`
	License          string    `json:"license"`
	Dimension        string    `json:"dimension"`
	Hour             time.Time `json:"hour"`
	Quantity         int64     `json:"quantity"`
	State            string    `json:"state"`
	Why              string    `json:"why"`
	MeteringRecordID string    `json:"meteringRecordId"` // AWS's receipt
}

// Records goes through the metering records of a license, or of all where licenseID is empty. It ends after an error.
func (c *Client) Records(ctx context.Context, licenseID string) iter.Seq2[Record, error] {
	return list[Record](ctx, c, "/v1/records", query{"license": licenseID})
}
