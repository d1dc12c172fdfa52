package sqs

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

// The errors that the wire raises before any queue is asked. Source: Amazon SQS API Reference, errors of each operation.
const (
	invalidAddress  queue.Code = "InvalidAddress"
	serialization   queue.Code = contract.Serialization
	internalFailure queue.Code = "InternalFailure"
	emptyBatch      queue.Code = "EmptyBatchRequest"
	tooManyEntries  queue.Code = "TooManyEntriesInBatchRequest"
	idsNotDistinct  queue.Code = "BatchEntryIdsNotDistinct"
	invalidEntryID  queue.Code = "InvalidBatchEntryId"
	batchTooLong    queue.Code = "BatchRequestTooLong"
)

// named is how an error is called in the two protocols; its name in the JSON protocol is the key of [names].
type named struct {
	namespace string // before the # of the JSON protocol's __type
	query     string // the query protocol's code; empty: the same name
	status    int    // 400 if zero
}

const (
	own    = "com.amazonaws.sqs#"
	coral  = "com.amazon.coral.service#" // the front-end that all AWS JSON services share
	legacy = "AWS.SimpleQueueService."
)

// names of SQS's errors. Source: the SQS service model, traits awsQueryError and httpError.
var names = map[queue.Code]named{
	queue.QueueDoesNotExist:     {own, legacy + "NonExistentQueue", 0},
	queue.QueueNameExists:       {own, "QueueAlreadyExists", 0},
	queue.ReceiptHandleInvalid:  {own, "", http.StatusNotFound},
	queue.MessageNotInflight:    {own, legacy + "MessageNotInflight", 0},
	queue.OverLimit:             {own, "", http.StatusForbidden},
	queue.PurgeInProgress:       {own, legacy + "PurgeQueueInProgress", http.StatusForbidden},
	queue.InvalidAttributeName:  {own, "", 0},
	queue.InvalidAttributeValue: {own, "", 0},
	queue.InvalidMessage:        {own, "", 0},
	queue.InvalidParameterValue: {coral, "InvalidParameterValue", 0},
	queue.MissingParameter:      {coral, "MissingParameter", 0},
	queue.ResourceNotFound:      {own, "", http.StatusNotFound},
	invalidAddress:              {own, "", http.StatusNotFound},
	serialization:               {coral, "MalformedQueryString", 0},
	internalFailure:             {coral, "", http.StatusInternalServerError},
	emptyBatch:                  {own, legacy + "EmptyBatchRequest", 0},
	tooManyEntries:              {own, legacy + "TooManyEntriesInBatchRequest", 0},
	idsNotDistinct:              {own, legacy + "BatchEntryIdsNotDistinct", 0},
	invalidEntryID:              {own, legacy + "InvalidBatchEntryId", 0},
	batchTooLong:                {own, legacy + "BatchRequestTooLong", 0},
	contract.UnknownOperation:   {coral, "InvalidAction", 0},
}

// forms are the errors of forms.
var forms = wire.Forms{Malformed: string(serialization), Invalid: string(queue.InvalidParameterValue), Missing: string(queue.MissingParameter)}

// nameOf is how code is called. What is not SQS's own comes from the common front-end, where the query protocol leaves
// the "Exception" away.
func nameOf(code string) named {
	n, ok := names[queue.Code(code)]
	if !ok {
		n = named{namespace: coral, query: strings.TrimSuffix(code, "Exception")}
	}
	if n.query == "" {
		n.query = code
	}
	if n.status == 0 {
		n.status = http.StatusBadRequest
	}
	return n
}

func refuse(code queue.Code, say string) *wire.Error {
	return &wire.Error{Code: string(code), Message: say, Status: nameOf(string(code)).status}
}

// errorOf is err as the wire knows it; an error that nobody foresaw is left as it is, for the front door to log.
func errorOf(err error) error {
	if e, ok := errors.AsType[*queue.Error](err); ok {
		return refuse(e.Code, e.Say)
	}
	return err
}

// writeError is [wire.Service]'s Fail: e in the call's protocol.
func writeError(c *wire.Call, e *wire.Error) wire.Answer {
	n := nameOf(e.Code)
	if c.Protocol == wire.Query {
		doc := errorXML{RequestID: c.RequestID}
		doc.Error.Type, doc.Error.Code, doc.Error.Message = wire.Side(e.Status), n.query, e.Message
		return wire.AnswerXML(e.Status, doc)
	}
	a := answerJSONOf(e.Status, map[string]string{"__type": n.namespace + e.Code, "message": e.Message})
	a.Header = map[string]string{
		"x-amzn-ErrorType":   e.Code,
		"x-amzn-query-error": n.query + ";" + wire.Side(e.Status), // for clients that knew the query protocol's names
	}
	return a
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
