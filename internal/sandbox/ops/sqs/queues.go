package sqs

import (
	"context"
	"encoding/base64"
	"slices"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

type createQueueInput struct {
	QueueName  string
	Attributes attributes `query:"Attribute"`
	Tags       tags       `json:"tags" query:"Tag,Key"`
}

type queueURLOutput struct {
	QueueUrl string
}

func (s *Service) createQueue(_ context.Context, c *wire.Call, in *createQueueInput) (any, error) {
	if in.QueueName == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter QueueName.")
	}
	if err := s.Queues.CreateTagged(c.Account, in.QueueName, in.Attributes, in.Tags); err != nil {
		return nil, err
	}
	return &queueURLOutput{s.QueueURL(c.Account, in.QueueName)}, nil
}

type getQueueURLInput struct {
	QueueName              string
	QueueOwnerAWSAccountId string
}

func (s *Service) getQueueURL(_ context.Context, c *wire.Call, in *getQueueURLInput) (any, error) {
	account := c.Account
	if in.QueueOwnerAWSAccountId != "" {
		account = in.QueueOwnerAWSAccountId
	}
	if in.QueueName == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter QueueName.")
	}
	if !s.Queues.Exists(account, in.QueueName) {
		return nil, refuse(queue.QueueDoesNotExist, "The specified queue does not exist.")
	}
	return &queueURLOutput{s.QueueURL(account, in.QueueName)}, nil
}

type listQueuesInput struct {
	QueueNamePrefix string
	MaxResults      *int32
	NextToken       string
}

type listQueuesOutput struct {
	QueueUrls []string `json:",omitempty" xml:"QueueUrl"`
	NextToken string   `json:",omitempty" xml:",omitempty"`
}

// listQueues answers up to 1,000 queues, or MaxResults of them.
func (s *Service) listQueues(_ context.Context, c *wire.Call, in *listQueuesInput) (any, error) {
	names, next, err := part(s.Queues.List(c.Account, in.QueueNamePrefix), in.MaxResults, in.NextToken)
	return &listQueuesOutput{s.urls(c.Account, names), next}, err
}

// part is the page of names that token asks for: of most, or of 1,000. The token of a next page is the name that it begins
// after.
func part(names []string, most *int32, token string) (page []string, next string, err error) {
	size := 1000
	if most != nil {
		size = int(*most)
		if size < 1 || size > 1000 {
			return nil, "", refuse(queue.InvalidParameterValue, "Value for parameter MaxResults is invalid. Reason: Must be an integer from 1 to 1000.")
		}
	}
	if token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return nil, "", refuse(queue.InvalidParameterValue, "Value for parameter NextToken is invalid. Reason: It was not given by this service.")
		}
		i, found := slices.BinarySearch(names, string(after))
		if found {
			i++
		}
		names = names[i:]
	}
	if len(names) <= size {
		return names, "", nil
	}
	names = names[:size]
	if most != nil { // SQS pages only for those who ask for pages
		next = base64.RawURLEncoding.EncodeToString([]byte(names[size-1]))
	}
	return names, next, nil
}

func (s *Service) urls(account string, names []string) []string {
	urls := make([]string, len(names))
	for i, n := range names {
		urls[i] = s.QueueURL(account, n)
	}
	return urls
}

type getQueueAttributesInput struct {
	onQueue
	AttributeNames []string `query:"AttributeName"`
}

type getQueueAttributesOutput struct {
	Attributes attributes `json:",omitempty" xml:"Attribute"`
}

// readable are the attributes that may be asked for. Source: API_GetQueueAttributes.
var readable = []string{"Policy", "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "ApproximateNumberOfMessages",
	"ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn", "ApproximateNumberOfMessagesDelayed",
	"DelaySeconds", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy", "FifoQueue", "ContentBasedDeduplication", "KmsMasterKeyId",
	"KmsDataKeyReusePeriodSeconds", "DeduplicationScope", "FifoThroughputLimit", "RedriveAllowPolicy", "SqsManagedSseEnabled"}

func (s *Service) getQueueAttributes(_ context.Context, c *wire.Call, in *getQueueAttributesInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	have, err := s.Queues.Attributes(account, name)
	if err != nil {
		return nil, err
	}
	out := &getQueueAttributesOutput{Attributes: attributes{}}
	for _, want := range in.AttributeNames {
		switch value, ok := have[want]; {
		case want == "All":
			out.Attributes = have
			return out, nil
		case ok:
			out.Attributes[want] = value
		case !slices.Contains(readable, want):
			return nil, refuse(queue.InvalidAttributeName, "Unknown Attribute "+want+".")
		}
	}
	return out, nil
}

type setQueueAttributesInput struct {
	onQueue
	Attributes attributes `query:"Attribute"`
}

func (s *Service) setQueueAttributes(_ context.Context, c *wire.Call, in *setQueueAttributesInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if len(in.Attributes) == 0 {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter Attribute.Name.")
	}
	return nothing, s.Queues.Set(account, name, in.Attributes)
}

func (s *Service) deleteQueue(_ context.Context, c *wire.Call, in *onQueue) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	return nothing, s.Queues.Drop(account, name)
}

func (s *Service) purgeQueue(_ context.Context, c *wire.Call, in *onQueue) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	return nothing, s.Queues.Purge(account, name)
}
