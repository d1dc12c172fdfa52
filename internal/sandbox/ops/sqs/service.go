package sqs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

// Version is the API version that a query request names.
const Version = "2012-11-05"

// Service plays SQS.
type Service struct {
	Queues *queue.Service
	// Base is the sandbox's own address, without a slash at the end. Clients send their calls to the queue's address.
	Base func() string
}

// operation is one call of the API, from its encoded input to its output.
type operation func(s *Service, ctx context.Context, c *wire.Call) (any, error)

// op makes an operation of a method that takes a decoded input.
func op[I any](f func(s *Service, ctx context.Context, c *wire.Call, in *I) (any, error)) operation {
	return func(s *Service, ctx context.Context, c *wire.Call) (any, error) {
		in := new(I)
		if err := decode(c, in); err != nil {
			return nil, err
		}
		return f(s, ctx, c, in)
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
	"ListDeadLetterSourceQueues":   op((*Service).listDeadLetterSourceQueues),
	"TagQueue":                     op((*Service).tagQueue),
	"UntagQueue":                   op((*Service).untagQueue),
	"ListQueueTags":                op((*Service).listQueueTags),
	"StartMessageMoveTask":         op((*Service).startMessageMoveTask),
	"ListMessageMoveTasks":         op((*Service).listMessageMoveTasks),
	"CancelMessageMoveTask":        op((*Service).cancelMessageMoveTask),
	"AddPermission":                op((*Service).addPermission),
	"RemovePermission":             op((*Service).removePermission),
}

// Wire is the service as the front door takes it.
func (s *Service) Wire() wire.Service {
	ops := make(map[string]wire.Op, len(operations))
	for name, o := range operations {
		ops[name] = func(ctx context.Context, c *wire.Call) (wire.Answer, error) {
			out, err := o(s, ctx, c)
			switch {
			case err != nil:
				return wire.Answer{}, errorOf(err)
			case c.Protocol == wire.Query:
				if _, none := out.(*empty); none {
					out = nil
				}
				return wire.AnswerQuery(c, namespace, out), nil
			default:
				return answerJSONOf(http.StatusOK, out), nil
			}
		}
	}
	return wire.Service{Name: "Amazon SQS", Target: "AmazonSQS", Scope: "sqs", Version: Version, ContentType: contentJSON, Outage: string(internalFailure), Ops: ops, Fail: writeError}
}

// decode reads the call's input in its protocol.
func decode(c *wire.Call, in any) error {
	if c.Protocol == wire.Query {
		return forms.Decode(c.Form, in)
	}
	if c.Body == "" { // an empty body is an empty input
		return nil
	}
	if err := json.Unmarshal([]byte(c.Body), in); err != nil {
		return refuse(serialization, "The request's body is not what "+c.Operation+" takes.")
	}
	return nil
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
func (q onQueue) queue(c *wire.Call) (account, name string, err error) {
	path := c.Path
	if q.QueueUrl != "" {
		u, err := url.Parse(q.QueueUrl)
		if err != nil {
			return "", "", refuse(invalidAddress, "The address "+q.QueueUrl+" is not valid for this endpoint.")
		}
		path = u.Path
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if n := len(parts); n >= 2 && isAccount(parts[n-2]) {
		return parts[n-2], parts[n-1], nil
	}
	if q.QueueUrl == "" {
		return "", "", refuse(queue.MissingParameter, "The request must contain the parameter QueueUrl.")
	}
	return "", "", refuse(invalidAddress, "The address "+q.QueueUrl+" is not valid for this endpoint.")
}

// isAccount reports whether s has the form of an AWS account id: twelve digits.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
