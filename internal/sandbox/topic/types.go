package topic

import (
	"fmt"
	"time"

	"souk.dev/souk/contract"
)

// Marketplace is AWS Marketplace's account, in the ARNs of its topics as sellers see them.
const Marketplace = "287250355862"

// Region is where AWS Marketplace's topics are.
const Region = "us-east-1"

// ARN names a topic.
func ARN(account, region, name string) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name
}

// Subscriptions is the ARN of a product's topic for subscribe- and unsubscribe- messages.
func Subscriptions(productCode string) string { return contract.SubscriptionTopic(productCode) }

// Entitlements is the ARN of a product's topic for entitlement-updated.
func Entitlements(productCode string) string { return contract.EntitlementTopic(productCode) }

// Topic is a topic as its owner, or a subscriber, sees it.
type Topic struct {
	ARN        string            `json:"arn"`
	Owner      string            `json:"owner"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Subscription is one subscriber of a topic.
type Subscription struct {
	ARN        string            `json:"arn"`
	Topic      string            `json:"topic"`
	Owner      string            `json:"owner"`
	Protocol   string            `json:"protocol"` // [SQS], [HTTP] or [HTTPS]
	Endpoint   string            `json:"endpoint"` // ARN of a queue, or a URL
	Attributes map[string]string `json:"attributes,omitempty"`
	Confirmed  bool              `json:"confirmed,omitempty"`
	Token      string            `json:"token,omitempty"` // that confirms it
	Since      time.Time         `json:"since"`
	// Authenticated says that only its owner may end it, as its owner asked for when confirming it.
	Authenticated bool `json:"authenticated,omitempty"`
}

// The protocols that are played.
const (
	SQS   = "sqs"
	HTTP  = "http"
	HTTPS = "https"
)

// Kind is the type of a message.
type Kind string

// The types. Source: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats".
const (
	Notification             Kind = "Notification"
	SubscriptionConfirmation Kind = "SubscriptionConfirmation"
	UnsubscribeConfirmation  Kind = "UnsubscribeConfirmation"
)

// Attribute is a message attribute. Of binary data, Value is base64.
type Attribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// Message is a message on its way over a topic.
type Message struct {
	ID         string               `json:"id"`
	Kind       Kind                 `json:"kind"`
	Topic      string               `json:"topic"`
	Subject    string               `json:"subject,omitempty"`
	Text       string               `json:"text"`
	PerWay     map[string]string    `json:"perProtocol,omitempty"` // another text for a protocol
	Attributes map[string]Attribute `json:"attributes,omitempty"`
	Token      string               `json:"token,omitempty"` // of a confirmation
	At         time.Time            `json:"at"`
	// Forged says that it is a lie, for trying out receivers: nothing that proves AWS as its sender is right.
	Forged bool `json:"-"`
}

// Code is the name of an error of SNS.
type Code string

// The errors. Source: Amazon SNS API Reference, errors of each operation.
const (
	InvalidParameter Code = "InvalidParameter"
	NotFound         Code = "NotFound"
	Unauthorized     Code = "AuthorizationError"
)

// Error is a refusal by SNS: always the caller's to mend.
type Error struct {
	Code Code
	Say  string
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Say }

func refuse(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Say: fmt.Sprintf(format, args...)}
}

func wrong(format string, args ...any) *Error {
	return refuse(InvalidParameter, "Invalid parameter: "+format, args...)
}
