package sqs

import (
	"encoding/xml"
	"errors"
	"net/http"

	"souk.dev/souk/internal/sandbox/queue"
)

// Failure is an error as both protocols write it.
type Failure struct {
	Type      string // of the JSON protocol's __type, with its namespace
	QueryCode string // of the query protocol, and of the header x-amzn-query-error
	Status    int
	Message   string
}

// Error implements error.
func (f *Failure) Error() string { return f.QueryCode + ": " + f.Message }

// Fault says whose fault it is: "Sender" or "Receiver".
func (f *Failure) Fault() string {
	if f.Status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

const (
	own   = "com.amazonaws.sqs#"
	coral = "com.amazon.coral.service#" // the front-end that all AWS JSON services share
)

// modelled are the errors whose code in the query protocol, or whose status, is not the rule.
// Source: the SQS service model, traits awsQueryError and httpError.
var modelled = map[queue.Code]Failure{
	queue.QueueDoesNotExist:        {Type: own + "QueueDoesNotExist", QueryCode: "AWS.SimpleQueueService.NonExistentQueue"},
	queue.QueueNameExists:          {Type: own + "QueueNameExists", QueryCode: "QueueAlreadyExists"},
	queue.MessageNotInflight:       {Type: own + "MessageNotInflight", QueryCode: "AWS.SimpleQueueService.MessageNotInflight"},
	queue.PurgeInProgress:          {Type: own + "PurgeQueueInProgress", QueryCode: "AWS.SimpleQueueService.PurgeQueueInProgress", Status: http.StatusForbidden},
	queue.OverLimit:                {Type: own + "OverLimit", QueryCode: "OverLimit", Status: http.StatusForbidden},
	queue.ReceiptHandleInvalid:     {Type: own + "ReceiptHandleIsInvalid", QueryCode: "ReceiptHandleIsInvalid", Status: http.StatusNotFound},
	queue.InvalidParameterValue:    {Type: coral + "InvalidParameterValueException", QueryCode: "InvalidParameterValue"},
	queue.MissingParameter:         {Type: coral + "MissingRequiredParameterException", QueryCode: "MissingParameter"},
	"UnknownOperation":             {Type: coral + "UnknownOperationException", QueryCode: "InvalidAction"},
	"Serialization":                {Type: coral + "SerializationException", QueryCode: "MalformedQueryString"},
	"InvalidAddress":               {Type: own + "InvalidAddress", QueryCode: "InvalidAddress", Status: http.StatusNotFound},
	"InternalFailure":              {Type: coral + "InternalFailure", QueryCode: "InternalFailure", Status: http.StatusInternalServerError},
	"EmptyBatchRequest":            {Type: own + "EmptyBatchRequest", QueryCode: "AWS.SimpleQueueService.EmptyBatchRequest"},
	"TooManyEntriesInBatchRequest": {Type: own + "TooManyEntriesInBatchRequest", QueryCode: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
	"BatchEntryIdsNotDistinct":     {Type: own + "BatchEntryIdsNotDistinct", QueryCode: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
	"InvalidBatchEntryId":          {Type: own + "InvalidBatchEntryId", QueryCode: "AWS.SimpleQueueService.InvalidBatchEntryId"},
	"BatchRequestTooLong":          {Type: own + "BatchRequestTooLong", QueryCode: "AWS.SimpleQueueService.BatchRequestTooLong"},
}

func refuse(code queue.Code, say string) *Failure {
	f, ok := modelled[code]
	if !ok { // by the rule: one name in both protocols
		f = Failure{Type: own + string(code), QueryCode: string(code)}
	}
	if f.Status == 0 {
		f.Status = http.StatusBadRequest
	}
	f.Message = say
	return &f
}

// FailureOf is how err looks to a client: an error that nobody foresaw shows nothing of its cause.
func FailureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*queue.Error](err); ok {
		return refuse(e.Code, e.Say)
	}
	return refuse("InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
}

// errorXML is an error in the query protocol.
type errorXML struct {
	XMLName xml.Name `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ErrorResponse"`
	Error   struct {
		Type    string
		Code    string
		Message string
		Detail  string
	}
	RequestID string `xml:"RequestId"`
}
