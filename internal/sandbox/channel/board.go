package channel

import (
	"errors"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// Region is where all of it is.
const Region = topic.Region

// Options are what a Board stands on.
type Options struct {
	World  *world.World
	Topics *topic.Service
	Bus    *bus.Service
	Queues *queue.Service
	Desk   *notice.Desk
}

// Board shows and changes the channels of all sellers. Its methods are safe for concurrent use. Each takes the seller's
// account.
type Board struct{ opt Options }

// New makes a board.
func New(o Options) *Board { return &Board{o} }

// NameIn is the name of the queue or the topic that an ARN is of: what stands behind its last colon.
func NameIn(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }

// said sorts what a channel refuses by what the caller can do about it.
func said(err error) error {
	if e, ok := errors.AsType[*topic.Error](err); ok {
		switch e.Code {
		case topic.NotFound:
			return fail.Wrap(fail.NotFound, err, "unknown_topic", "%s.", e.Say)
		case topic.Unauthorized:
			return fail.Wrap(fail.NotFound, err, "not_yours", "%s.", e.Say)
		}
		return fail.Wrap(fail.Invalid, err, "sns", "SNS says: %s", e.Say)
	}
	if e, ok := errors.AsType[*bus.Error](err); ok {
		switch e.Code {
		case bus.NotFound:
			return fail.Wrap(fail.NotFound, err, "unknown_rule", "%s", e.Say)
		case bus.AlreadyExists, bus.LimitExceeded:
			return fail.Wrap(fail.Conflict, err, "eventbridge", "EventBridge says: %s", e.Say)
		}
		return fail.Wrap(fail.Invalid, err, "eventbridge", "EventBridge says: %s", e.Say)
	}
	if e, ok := errors.AsType[*queue.Error](err); ok {
		switch e.Code {
		case queue.QueueDoesNotExist, queue.ResourceNotFound:
			return fail.Wrap(fail.NotFound, err, "unknown_queue", "%s", e.Say)
		case queue.QueueNameExists, queue.PurgeInProgress:
			return fail.Wrap(fail.Conflict, err, "sqs", "SQS says: %s", e.Say)
		}
		return fail.Wrap(fail.Invalid, err, "sqs", "SQS says: %s", e.Say)
	}
	return err
}
