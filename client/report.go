package client

import (
	"context"
	"net/http"
	"slices"
)

// Receipt is the gateway's answer to a report: what it says is on its disk.
type Receipt struct {
	Accepted   int         `json:"accepted"`   // counted now
	Duplicates int         `json:"duplicates"` // had been counted before
	Rejected   []Rejection `json:"rejected"`   // can never be counted as they are
}

// Rejection says why one event was refused. The others of its report are counted all the same.
type Rejection struct {
	Index   int    `json:"index"` // its place in the report
	ID      string `json:"id"`
	Code    string `json:"code"`    // for a program: "unknown_license", "unknown_dimension", …
	Message string `json:"message"` // for a person
}

// maxBatch is how many events travel in one request; more are sent in several.
const maxBatch = 500

// Report delivers events and returns when the gateway has them on its disk. It repeats what fails for a while (see
// [WithRetries]), with the same IDs.
//
// Look at the receipt's Rejected even when the error is nil. The error is an [UndeliveredError] with the events that
// are not certainly delivered, whatever the cause; a [Problem] inside it that is not temporary (a wrong key, say) will
// not go away by repeating. The events given are not changed.
func (c *Client) Report(ctx context.Context, events ...Event) (Receipt, error) {
	events = slices.Clone(events)
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = c.newID()
		}
	}
	var total Receipt
	for start := 0; start < len(events); start += maxBatch {
		batch := events[start:min(start+maxBatch, len(events))]
		var r Receipt
		if err := c.call(ctx, http.MethodPost, "/v1/events", batch, &r); err != nil {
			return total, &UndeliveredError{Events: slices.Clone(events[start:]), Err: err}
		}
		total.Accepted += r.Accepted
		total.Duplicates += r.Duplicates
		for _, no := range r.Rejected {
			no.Index += start
			total.Rejected = append(total.Rejected, no)
		}
	}
	return total, nil
}
