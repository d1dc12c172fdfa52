package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/sandbox/queue"
)

// Version is the API version that a query request names.
const Version = "2012-11-05"

// TargetPrefix begins the X-Amz-Target of every SQS call in the JSON protocol.
const TargetPrefix = "AmazonSQS."

// Service plays SQS.
type Service struct {
	Queues *queue.Service
	// Base is the sandbox's own address, without a slash at the end. Clients send their calls to the queue's address.
	Base func() string
}

// Call is who calls, and where.
type Call struct {
	Account string // of the caller; a queue that is only named is this account's
	Path    string // of the request: the query protocol may address a queue by it alone
}

// operation is one call of the API, from decoded input to output.
type operation struct {
	input func() any
	run   func(s *Service, ctx context.Context, c Call, in any) (any, error)
}

func op[I any](f func(s *Service, ctx context.Context, c Call, in *I) (any, error)) operation {
	return operation{
		input: func() any { return new(I) },
		run:   func(s *Service, ctx context.Context, c Call, in any) (any, error) { return f(s, ctx, c, in.(*I)) },
	}
}

var operations = map[string]operation{
	"ReceiveMessage":               op((*Service).receiveMessage),
	"DeleteMessage":                op((*Service).deleteMessage),
	"DeleteMessageBatch":           op((*Service).deleteMessageBatch),
	"ChangeMessageVisibility":      op((*Service).changeMessageVisibility),
	"ChangeMessageVisibilityBatch": op((*Service).changeMessageVisibilityBatch),
	"SendMessage":                  op((*Service).sendMessage),
	"SendMessageBatch":             op((*Service).sendMessageBatch),
	"GetQueueUrl":                  op((*Service).getQueueURL),
	"GetQueueAttributes":           op((*Service).getQueueAttributes),
	"SetQueueAttributes":           op((*Service).setQueueAttributes),
	"CreateQueue":                  op((*Service).createQueue),
	"DeleteQueue":                  op((*Service).deleteQueue),
	"ListQueues":                   op((*Service).listQueues),
	"PurgeQueue":                   op((*Service).purgeQueue),
}

// Operations names what is played, sorted.
func Operations() []string {
	names := make([]string, 0, len(operations))
	for n := range operations {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// JSON performs operation name with a body of AWS JSON 1.0. Errors are for [FailureOf].
func (s *Service) JSON(ctx context.Context, c Call, name string, body []byte) (any, error) {
	o, ok := operations[name]
	if !ok {
		return nil, refuse("UnknownOperation", "The action "+name+" is not valid for this endpoint.")
	}
	in := o.input()
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(in); err != nil && err != io.EOF { // an empty body is an empty input
		return nil, refuse("Serialization", "The request body is not what "+name+" takes.")
	}
	return o.run(s, ctx, c, in)
}

// Query performs the operation that a form of the query protocol names, and returns its name too.
func (s *Service) Query(ctx context.Context, c Call, form url.Values) (name string, out any, err error) {
	name = form.Get("Action")
	o, ok := operations[name]
	switch {
	case name == "":
		return name, nil, refuse("MissingAction", "The request must contain the parameter Action.")
	case !ok:
		return name, nil, refuse("UnknownOperation", "The action "+name+" is not valid for this endpoint.")
	}
	in := o.input()
	if err := decodeForm(form, in); err != nil {
		return name, nil, err
	}
	out, err = o.run(s, ctx, c, in)
	return name, out, err
}

// QueueURL is the address of a queue.
func (s *Service) QueueURL(account, name string) string {
	return s.Base() + "/" + account + "/" + name
}

// onQueue is the input's member that says which queue is meant.
type onQueue struct {
	QueueUrl string
}

// queue finds account and name in the QueueUrl, or, for the query protocol, in the request's path. The host is not
// looked at: the same sandbox may be called 127.0.0.1, localhost or by a container's name.
func (q onQueue) queue(c Call) (account, name string, err error) {
	path := c.Path
	if q.QueueUrl != "" {
		u, err := url.Parse(q.QueueUrl)
		if err != nil {
			return "", "", refuse("InvalidAddress", "The address "+q.QueueUrl+" is not valid for this endpoint.")
		}
		path = u.Path
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if n := len(parts); n >= 2 && IsAccount(parts[n-2]) {
		return parts[n-2], parts[n-1], nil
	}
	if q.QueueUrl == "" {
		return "", "", refuse(queue.MissingParameter, "The request must contain the parameter QueueUrl.")
	}
	return "", "", refuse("InvalidAddress", "The address "+q.QueueUrl+" is not valid for this endpoint.")
}

// IsAccount reports whether s has the form of an AWS account id: twelve digits.
func IsAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
