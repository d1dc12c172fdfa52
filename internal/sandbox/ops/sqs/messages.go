package sqs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

// empty is the output of operations that answer nothing.
type empty struct{}

var nothing = &empty{}

type receiveMessageInput struct {
	onQueue
	MaxNumberOfMessages         *int32
	WaitTimeSeconds             *int32
	VisibilityTimeout           *int32
	AttributeNames              []string `query:"AttributeName"` // the older name of the next
	MessageSystemAttributeNames []string `query:"MessageSystemAttributeName"`
	MessageAttributeNames       []string `query:"MessageAttributeName"`
}

type receiveMessageOutput struct {
	Messages []message `json:",omitempty" xml:"Message"`
}

type message struct {
	MessageId              string
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             attributes        `json:",omitempty" xml:"Attribute,omitempty"`
	MD5OfMessageAttributes string            `json:",omitempty" xml:",omitempty"`
	MessageAttributes      messageAttributes `json:",omitempty" xml:"MessageAttribute,omitempty"`
}

func (s *Service) receiveMessage(ctx context.Context, c *wire.Call, in *receiveMessageInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	how := queue.Receiving{Visibility: duration(in.VisibilityTimeout), Wait: duration(in.WaitTimeSeconds)}
	if in.MaxNumberOfMessages != nil {
		how.Max = int(*in.MaxNumberOfMessages)
		if how.Max == 0 {
			how.Max = -1 // 0 means "not given" to the queue; here it was given, and is refused
		}
	}
	got, err := s.Queues.Receive(ctx, account, name, how)
	if err != nil {
		return nil, err
	}
	out := &receiveMessageOutput{}
	for _, r := range got {
		attrs := chosen(r.Attributes, in.MessageAttributeNames)
		out.Messages = append(out.Messages, message{
			MessageId: r.ID, ReceiptHandle: r.Handle, Body: r.Body, MD5OfBody: md5Of(r.Body),
			Attributes:        systemAttributes(r, slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)),
			MessageAttributes: given(attrs), MD5OfMessageAttributes: md5OfAttributes(attrs),
		})
	}
	return out, nil
}

// systemAttributes are those of r that names asks for.
func systemAttributes(r queue.Received, names []string) attributes {
	have := attributes{
		"SenderId":                         r.SenderID,
		"SentTimestamp":                    millis(r.SentAt),
		"ApproximateReceiveCount":          strconv.Itoa(r.Receives),
		"ApproximateFirstReceiveTimestamp": millis(r.FirstReceivedAt),
	}
	if r.TraceHeader != "" {
		have["AWSTraceHeader"] = r.TraceHeader
	}
	if r.DeadLetterOf != "" {
		have["DeadLetterQueueSourceArn"] = r.DeadLetterOf
	}
	if slices.Contains(names, "All") {
		return have
	}
	for name := range have {
		if !slices.Contains(names, name) {
			delete(have, name)
		}
	}
	return have
}

type deleteMessageInput struct {
	onQueue
	ReceiptHandle string
}

func (s *Service) deleteMessage(_ context.Context, c *wire.Call, in *deleteMessageInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if in.ReceiptHandle == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter ReceiptHandle.")
	}
	wrong, err := s.Queues.Delete(account, name, in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	return nothing, wrong[0]
}

type changeMessageVisibilityInput struct {
	onQueue
	ReceiptHandle     string
	VisibilityTimeout *int32
}

func (s *Service) changeMessageVisibility(_ context.Context, c *wire.Call, in *changeMessageVisibilityInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	return nothing, s.hide(account, name, in.ReceiptHandle, in.VisibilityTimeout)
}

func (s *Service) hide(account, name, handle string, seconds *int32) error {
	if handle == "" {
		return refuse(queue.MissingParameter, "The request must contain the parameter ReceiptHandle.")
	}
	d := duration(seconds)
	if d == nil {
		return refuse(queue.MissingParameter, "The request must contain the parameter VisibilityTimeout.")
	}
	return s.Queues.ChangeVisibility(account, name, handle, *d)
}

// sent is what a sender gives of one message.
type sent struct {
	MessageBody             string
	DelaySeconds            *int32
	MessageAttributes       messageAttributes         `query:"MessageAttribute"`
	MessageSystemAttributes map[string]attributeValue `query:"MessageSystemAttribute"`
}

type sendMessageInput struct {
	onQueue
	sent
}

type sendMessageOutput struct {
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty" xml:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty" xml:",omitempty"`
}

func (s *Service) sendMessage(_ context.Context, c *wire.Call, in *sendMessageInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	out, err := s.send(c, account, name, in.sent)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) send(c *wire.Call, account, name string, in sent) (*sendMessageOutput, error) {
	attrs, err := in.MessageAttributes.taken()
	if err != nil {
		return nil, err
	}
	system, err := messageAttributes(in.MessageSystemAttributes).taken()
	if err != nil {
		return nil, err
	}
	for n := range system {
		if n != "AWSTraceHeader" {
			return nil, refuse(queue.InvalidParameterValue, "Message system attribute name '"+n+"' is invalid.")
		}
	}
	id, err := s.Queues.Send(account, name, queue.Message{Body: in.MessageBody, Attributes: attrs,
		TraceHeader: system["AWSTraceHeader"].String, SenderID: c.Account}, duration(in.DelaySeconds))
	if err != nil {
		return nil, err
	}
	return &sendMessageOutput{MessageId: id, MD5OfMessageBody: md5Of(in.MessageBody),
		MD5OfMessageAttributes: md5OfAttributes(attrs), MD5OfMessageSystemAttributes: md5OfAttributes(system)}, nil
}

func duration(seconds *int32) *time.Duration {
	if seconds == nil {
		return nil
	}
	return new(time.Duration(*seconds) * time.Second)
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
