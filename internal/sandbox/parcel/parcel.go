// Package parcel is what leaves a channel of notices (a topic of SNS, the bus of EventBridge) for one receiver.
//
// It owns: what a parcel consists of, and how a channel's patience is counted. It does not own: who gets one (packages
// bus and topic) and how it comes there (package notice).
package parcel

import (
	"time"

	"github.com/google/uuid"

	"souk.dev/souk/internal/sandbox/queue"
)

// Parcel is one message to one receiver: a queue, or an HTTP endpoint.
type Parcel struct {
	Queue      string                     // ARN; empty: it goes to URL
	Attributes map[string]queue.Attribute // of the queue's message

	URL     string
	Method  string
	Header  map[string]string
	Timeout time.Duration // of real time, for the endpoint's answer

	Body string

	Service string // the AWS service that delivers it, as a queue's policy names it
	Source  string // ARN of the topic or rule that it comes from, for the same policy
	Trusted bool   // the queue's policy is not asked: part of the built-in wiring

	// Final tells of an HTTP status that is no success whether it is the receiver's last word. Without answer, or when
	// Final is nil, it is not.
	Final func(status int) bool
	Retry Retry

	DeadLetter string // ARN of the queue for what cannot be delivered; empty: it is dropped
	DeadBody   string // what goes there
	// DeadAttributes are what the message there says of the failure.
	DeadAttributes func(f Failure) map[string]queue.Attribute
}

// Failure is why a parcel was given up.
type Failure struct {
	Code      string // such as NO_RESOURCE; the service's own word
	Message   string
	Attempts  int    // that were made
	Exhausted string // which limit was reached; empty: the receiver's last word
}

// Codes of failures, as EventBridge writes them into dead letters.
// Source: Amazon EventBridge User Guide, "Using dead-letter queues to process undelivered events".
const (
	NoPermissions = "NO_PERMISSIONS"
	NoResource    = "NO_RESOURCE"
	Unreachable   = "SDK_CLIENT_ERROR"
	Refused       = "HTTP_ERROR"
	Timeout       = "TIMEOUT"
)

// Retry is a channel's patience with an endpoint that fails.
type Retry struct {
	// Wait is the pause after the failed attempt number n, from 1; ok is false when that was the last one.
	Wait func(n int) (pause time.Duration, ok bool)
	// MaxAge is how old a message becomes before it is given up; 0: it may be as old as it takes.
	MaxAge time.Duration
}

// Next is when, from now, to try again after n failed attempts at a message of the given age. Otherwise exhausted says
// which limit was reached.
func (r Retry) Next(n int, age time.Duration) (pause time.Duration, exhausted string) {
	if r.Wait == nil {
		return 0, MaximumAttempts
	}
	pause, ok := r.Wait(n)
	switch {
	case !ok:
		return 0, MaximumAttempts
	case r.MaxAge > 0 && age+pause > r.MaxAge:
		return 0, MaximumAge
	}
	return pause, ""
}

// The limits of a channel's patience, as EventBridge writes them into dead letters.
const (
	MaximumAttempts = "MaximumRetryAttempts"
	MaximumAge      = "MaximumEventAgeInSeconds"
)

// Text is a queue message's attribute that is text.
func Text(s string) queue.Attribute { return queue.Attribute{DataType: "String", String: s} }

// Stop is one way from a channel to a receiver.
type Stop struct {
	Via string // names the way: a subscription's ARN, or that of a rule with the target's id behind it
	To  string // the receiver, for people to read: the ARN of a queue, or a URL
}

// UUID is the UUID that the parts stand for, always the same.
func UUID(parts ...string) string {
	name := ""
	for _, p := range parts {
		name += p + "\n"
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}
