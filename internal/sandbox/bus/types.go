package bus

import (
	"time"
)

// The JSON names below are those of the EventBridge API: the journal and the wire have the same.

// Event is one event on its way over a bus.
type Event struct {
	Account string    `json:"account"` // whose bus
	Region  string    `json:"region"`
	ID      string    `json:"id"`
	At      time.Time `json:"at"`   // when it was put on the bus
	Text    string    `json:"text"` // the event, JSON
}

// Rule is what is to become of the events that match a pattern.
type Rule struct {
	Name        string   `json:"Name"`
	Pattern     string   `json:"EventPattern"`
	Description string   `json:"Description,omitempty"`
	RoleARN     string   `json:"RoleArn,omitempty"`
	Disabled    bool     `json:"Disabled,omitempty"`
	Targets     []Target `json:"Targets,omitempty"` // in the order in which they were made
}

// Target is a receiver of a rule's events.
type Target struct {
	ID          string          `json:"Id"`
	ARN         string          `json:"Arn"` // of a queue, or of an API destination
	RoleARN     string          `json:"RoleArn,omitempty"`
	Input       string          `json:"Input,omitempty"`     // sent in the event's place
	InputPath   string          `json:"InputPath,omitempty"` // the part of the event that is sent
	Transformer *Transformer    `json:"InputTransformer,omitempty"`
	HTTP        *HTTPParameters `json:"HttpParameters,omitempty"`
	Retry       *RetryPolicy    `json:"RetryPolicy,omitempty"`
	DeadLetter  *DeadLetter     `json:"DeadLetterConfig,omitempty"`

	builtin bool // part of the built-in wiring
}

// Transformer makes what is sent out of parts of the event.
type Transformer struct {
	Paths    map[string]string `json:"InputPathsMap,omitempty"` // a variable's name → the part
	Template string            `json:"InputTemplate"`           // with <variables>
}

// HTTPParameters are what one target adds to the requests of its API destination.
type HTTPParameters struct {
	Path   []string          `json:"PathParameterValues,omitempty"` // for the stars in the endpoint
	Header map[string]string `json:"HeaderParameters,omitempty"`
	Query  map[string]string `json:"QueryStringParameters,omitempty"`
}

// RetryPolicy bounds the retries of a target.
type RetryPolicy struct {
	Attempts *int64 `json:"MaximumRetryAttempts,omitempty"`     // 0 to 185
	Age      *int64 `json:"MaximumEventAgeInSeconds,omitempty"` // 60 to 86400
}

// DeadLetter names the queue for events that a target did not take.
type DeadLetter struct {
	ARN string `json:"Arn,omitempty"`
}

// Connection is how API destinations prove who calls.
type Connection struct {
	Name        string      `json:"Name"`
	ARN         string      `json:"ConnectionArn"`
	Description string      `json:"Description,omitempty"`
	Auth        string      `json:"AuthorizationType"` // [APIKey] or [Basic]
	User        string      `json:"User"`              // the header's name, or the user's
	Secret      string      `json:"Secret"`            // the header's value, or the password
	Parameters  []Parameter `json:"Parameters,omitempty"`
	CreatedAt   time.Time   `json:"CreationTime"`
	ModifiedAt  time.Time   `json:"LastModifiedTime"`
}

// The ways to prove it that are played.
const (
	APIKey = "API_KEY"
	Basic  = "BASIC"
)

// Parameter is what a connection adds to every request.
type Parameter struct {
	In     string `json:"In"` // [InHeader], [InQuery] or [InBody]
	Key    string `json:"Key"`
	Value  string `json:"Value"`
	Secret bool   `json:"IsValueSecret,omitempty"`
}

// Where a parameter goes.
const (
	InHeader = "header"
	InQuery  = "query"
	InBody   = "body"
)

// Destination is an HTTP endpoint that can be a target.
type Destination struct {
	Name          string    `json:"Name"`
	ARN           string    `json:"ApiDestinationArn"`
	Description   string    `json:"Description,omitempty"`
	ConnectionARN string    `json:"ConnectionArn"`
	Endpoint      string    `json:"InvocationEndpoint"` // with a star for each path parameter
	Method        string    `json:"HttpMethod"`
	Rate          int64     `json:"InvocationRateLimitPerSecond,omitempty"`
	CreatedAt     time.Time `json:"CreationTime"`
	ModifiedAt    time.Time `json:"LastModifiedTime"`
}

// RuleARN names a rule of the default bus.
func RuleARN(account, region, name string) string {
	return "arn:aws:events:" + region + ":" + account + ":rule/" + name
}

// ARN names the default bus.
func ARN(account, region string) string {
	return "arn:aws:events:" + region + ":" + account + ":event-bus/default"
}

// Code is the name of an error of EventBridge.
type Code string

// The errors. Source: Amazon EventBridge API Reference, errors of each operation.
const (
	Validation     Code = "ValidationException"
	NotFound       Code = "ResourceNotFoundException"
	AlreadyExists  Code = "ResourceAlreadyExistsException"
	InvalidPattern Code = "InvalidEventPatternException"
	LimitExceeded  Code = "LimitExceededException"
)

// Error is a refusal by EventBridge: always the caller's to mend.
type Error struct {
	Code Code
	Say  string
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Say }
