package metering

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/gateway/core"
)

// Meter sends usage records to AWS.
type Meter interface {
	// Send makes one BatchMeterUsage call and does not retry by itself. An error is a *[Fault] that says what is known
	// of the records afterwards; any other error counts as Lost.
	Send(ctx context.Context, r Request) (Answer, error)
}

// Request is one call of BatchMeterUsage: at most 25 records of one product, in AWS's names. A record is at most about
// 2 KB, so a request stays far below AWS's 1 MB.
type Request struct {
	ProductCode  core.ProductCode `json:"ProductCode,omitempty"` // empty when the records carry license ARNs
	UsageRecords []Line           `json:"UsageRecords"`
}

// Answer is what AWS said to a request.
type Answer struct {
	RequestID          string   `json:"RequestId,omitempty"`
	Results            []Result `json:"Results"`
	UnprocessedRecords []Line   `json:"UnprocessedRecords"`
}

// Result is what AWS said of one record.
type Result struct {
	UsageRecord      Line   `json:"UsageRecord"`
	Status           string `json:"Status"` // contract.Success and its kin
	MeteringRecordID string `json:"MeteringRecordId,omitempty"`
}

// Class sorts failed calls by what is known of the records afterwards.
type Class string

// The classes.
const (
	Lost        Class = "lost"          // nothing is known: a 5xx, no answer, an answer that makes no sense
	Unreached   Class = "unreached"     // nothing was done: no connection was made
	Throttled   Class = "throttled"     // nothing was done: too many calls
	Denied      Class = "denied"        // nothing was done: credentials, permission or region are wrong, not the records
	Refused     Class = "refused"       // nothing was done: one of the records spoils the request
	OutOfBounds Class = "out_of_bounds" // nothing was done: the timestamp of one of the records is too old, or in the future
)

// Fault is a failed call.
type Fault struct {
	Class     Class
	Code      string // AWS's name of the error, or "network"
	Message   string // AWS's own words
	RequestID string
	Err       error // for the log; may be nil
}

// Error implements error.
func (f *Fault) Error() string { return fmt.Sprintf("BatchMeterUsage: %s: %s", f.Code, f.Message) }

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }
