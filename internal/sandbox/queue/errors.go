package queue

import "fmt"

// Code is the name of an SQS error as the JSON protocol writes it.
type Code string

// The errors of SQS that this package raises. Source: Amazon SQS API Reference, errors of each operation.
const (
	QueueDoesNotExist     Code = "QueueDoesNotExist"
	QueueNameExists       Code = "QueueNameExists"
	ReceiptHandleInvalid  Code = "ReceiptHandleIsInvalid"
	MessageNotInflight    Code = "MessageNotInflight"
	OverLimit             Code = "OverLimit"
	InvalidAttributeName  Code = "InvalidAttributeName"
	InvalidAttributeValue Code = "InvalidAttributeValue"
	InvalidParameterValue Code = "InvalidParameterValueException"
	InvalidMessage        Code = "InvalidMessageContents"
	PurgeInProgress       Code = "PurgeQueueInProgress"
	AccessDenied          Code = "AccessDenied"
	MissingParameter      Code = "MissingRequiredParameterException"
	ResourceNotFound      Code = "ResourceNotFoundException"
)

// Error is a refusal by SQS: always the caller's to mend.
type Error struct {
	Code Code
	Say  string
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Say }

func refuse(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Say: fmt.Sprintf(format, args...)}
}
