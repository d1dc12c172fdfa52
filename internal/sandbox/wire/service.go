package wire

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/sandbox/fault"
)

// Protocol is how a request is written, and how its answer must be.
type Protocol uint8

// The protocols.
const (
	JSON  Protocol = iota // AWS JSON, named by X-Amz-Target
	Query                 // a form with Action and Version; XML answers
	CBOR                  // Smithy RPC v2 CBOR, named by the path
	REST                  // REST-JSON, named by the path; only POST, and all members in the body
)

// Call is one request for an operation.
type Call struct {
	RequestID string
	Service   *Service
	Operation string
	Protocol  Protocol
	Path      string
	Header    http.Header
	Body      string
	Form      url.Values // of the query protocol

	AccessKey string
	Account   string // whose key it is
	Region    string // of the signature's scope
	At        time.Time
	// Fault disturbs this call; its Kind is empty when nothing does. Those of fault.Within are the operation's to play.
	Fault fault.Rule
}

// Answer is what is sent back. A zero Status is 200; without ContentType it is the service's.
type Answer struct {
	Status      int
	ContentType string
	Header      map[string]string
	Body        []byte
}

// Op performs an operation. An error that is an [*Error] or a *world.Refusal is the client's to see; any other is
// logged, and answered with InternalFailure.
type Op func(ctx context.Context, c *Call) (Answer, error)

// Service is an AWS API that [Front] can route to.
type Service struct {
	Name        string         // as AWS's documentation has it
	Target      string         // what X-Amz-Target says before the dot; also the service's name in CBOR paths
	Scope       string         // the service in the signature's credential scope
	Version     string         // of the query protocol; empty if the service does not speak it
	ContentType string         // of its JSON answers
	REST        string         // of REST-JSON: what its paths have before the operation, such as /2026-02-05/; empty if it does not speak it
	CBOR        bool           // whether it speaks RPC v2 CBOR beside JSON; see [Decode] and [Encode]
	Outage      string         // its name for an internal failure; empty: InternalServiceErrorException
	Region      string         // the only one in which it has an endpoint; empty: its operations look at the Region themselves
	Status      map[string]int // HTTP statuses of its errors that are not the usual ones
	Ops         map[string]Op
	// Fail writes an error in the service's own way; nil: as AWS JSON services do.
	Fail func(c *Call, e *Error) Answer
}

// Error is an error as AWS names it.
type Error struct {
	Code    string
	Message string
	Status  int // 400 if zero
	// Members are what the error's shape has beside its message: strings, and lists of maps of strings.
	Members map[string]any
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }
