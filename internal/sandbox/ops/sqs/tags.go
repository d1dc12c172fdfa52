package sqs

import (
	"context"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

type listDeadLetterSourceQueuesInput struct {
	onQueue
	MaxResults *int32
	NextToken  string
}

// In this output alone, the list's name begins with a small letter. Source: the service's model.
type listDeadLetterSourceQueuesOutput struct {
	QueueUrls []string `json:"queueUrls" xml:"QueueUrl"`
	NextToken string   `json:",omitempty" xml:",omitempty"`
}

func (s *Service) listDeadLetterSourceQueues(_ context.Context, c *wire.Call, in *listDeadLetterSourceQueuesInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	names, err := s.Queues.Sources(account, name)
	if err != nil {
		return nil, err
	}
	names, next, err := part(names, in.MaxResults, in.NextToken)
	return &listDeadLetterSourceQueuesOutput{s.urls(account, names), next}, err
}

type tagQueueInput struct {
	onQueue
	Tags tags `query:"Tag,Key"`
}

func (s *Service) tagQueue(_ context.Context, c *wire.Call, in *tagQueueInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter Tags.")
	}
	return nothing, s.Queues.Tag(account, name, in.Tags)
}

type untagQueueInput struct {
	onQueue
	TagKeys []string `query:"TagKey"`
}

func (s *Service) untagQueue(_ context.Context, c *wire.Call, in *untagQueueInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter TagKeys.")
	}
	return nothing, s.Queues.Untag(account, name, in.TagKeys)
}

type listQueueTagsOutput struct {
	Tags tags `json:",omitempty" xml:"Tag"`
}

func (s *Service) listQueueTags(_ context.Context, c *wire.Call, in *onQueue) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	have, err := s.Queues.Tags(account, name)
	return &listQueueTagsOutput{have}, err
}
