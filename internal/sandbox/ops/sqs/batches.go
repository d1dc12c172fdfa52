package sqs

import (
	"context"
	"errors"
	"regexp"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

// batchError is an entry of a batch that failed by itself.
type batchError struct {
	Id          string
	SenderFault bool
	Code        string
	Message     string
}

func failed(id string, err error) batchError {
	e, ok := errors.AsType[*wire.Error](errorOf(err))
	if !ok { // such as a journal that cannot be written
		e = refuse(internalFailure, "The request processing has failed because of an unknown error.")
	}
	return batchError{Id: id, SenderFault: wire.Side(e.Status) == "Sender", Code: nameOf(e.Code).query, Message: e.Message}
}

// batchID is an entry that succeeded and has no more to say.
type batchID struct {
	Id string
}

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// distinct checks the ids of a batch's entries.
func distinct[E any](entries []E, id func(E) string) error {
	switch {
	case len(entries) == 0:
		return refuse(emptyBatch, "There should be at least one entry in the request.")
	case len(entries) > 10:
		return refuse(tooManyEntries, "Maximum number of entries per request are 10.")
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch n := id(e); {
		case !entryID.MatchString(n):
			return refuse(invalidEntryID, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		case seen[n]:
			return refuse(idsNotDistinct, "Id "+n+" repeated.")
		default:
			seen[n] = true
		}
	}
	return nil
}

type deleteEntry struct {
	Id            string
	ReceiptHandle string
}

type deleteMessageBatchInput struct {
	onQueue
	Entries []deleteEntry `query:"DeleteMessageBatchRequestEntry"`
}

type deleteMessageBatchOutput struct {
	Successful []batchID    `xml:"DeleteMessageBatchResultEntry"`
	Failed     []batchError `json:",omitempty" xml:"BatchResultErrorEntry"`
}

func (s *Service) deleteMessageBatch(_ context.Context, c *wire.Call, in *deleteMessageBatchInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if err := distinct(in.Entries, func(e deleteEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	handles := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		handles[i] = e.ReceiptHandle
	}
	wrong, err := s.Queues.Delete(account, name, handles...)
	if err != nil {
		return nil, err
	}
	out := &deleteMessageBatchOutput{Successful: []batchID{}}
	for i, e := range in.Entries {
		if wrong[i] != nil {
			out.Failed = append(out.Failed, failed(e.Id, wrong[i]))
		} else {
			out.Successful = append(out.Successful, batchID{e.Id})
		}
	}
	return out, nil
}

type visibilityEntry struct {
	Id                string
	ReceiptHandle     string
	VisibilityTimeout *int32
}

type changeMessageVisibilityBatchInput struct {
	onQueue
	Entries []visibilityEntry `query:"ChangeMessageVisibilityBatchRequestEntry"`
}

type changeMessageVisibilityBatchOutput struct {
	Successful []batchID    `xml:"ChangeMessageVisibilityBatchResultEntry"`
	Failed     []batchError `json:",omitempty" xml:"BatchResultErrorEntry"`
}

func (s *Service) changeMessageVisibilityBatch(_ context.Context, c *wire.Call, in *changeMessageVisibilityBatchInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if err := distinct(in.Entries, func(e visibilityEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	if !s.Queues.Exists(account, name) {
		return nil, refuse(queue.QueueDoesNotExist, "The specified queue does not exist.")
	}
	out := &changeMessageVisibilityBatchOutput{Successful: []batchID{}}
	for _, e := range in.Entries {
		if err := s.hide(account, name, e.ReceiptHandle, e.VisibilityTimeout); err != nil {
			out.Failed = append(out.Failed, failed(e.Id, err))
		} else {
			out.Successful = append(out.Successful, batchID{e.Id})
		}
	}
	return out, nil
}

type sendEntry struct {
	Id string
	sent
}

type sendMessageBatchInput struct {
	onQueue
	Entries []sendEntry `query:"SendMessageBatchRequestEntry"`
}

type sentEntry struct {
	Id string
	sendMessageOutput
}

type sendMessageBatchOutput struct {
	Successful []sentEntry  `xml:"SendMessageBatchResultEntry"`
	Failed     []batchError `json:",omitempty" xml:"BatchResultErrorEntry"`
}

func (s *Service) sendMessageBatch(_ context.Context, c *wire.Call, in *sendMessageBatchInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if err := distinct(in.Entries, func(e sendEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	size := 0
	for _, e := range in.Entries {
		size += len(e.MessageBody)
	}
	switch {
	case size > queue.MaxMessageBytes:
		return nil, refuse(batchTooLong, "Batch requests cannot be longer than 1048576 bytes.")
	case !s.Queues.Exists(account, name):
		return nil, refuse(queue.QueueDoesNotExist, "The specified queue does not exist.")
	}
	out := &sendMessageBatchOutput{Successful: []sentEntry{}}
	for _, e := range in.Entries {
		if one, err := s.send(c, account, name, e.sent); err != nil {
			out.Failed = append(out.Failed, failed(e.Id, err))
		} else {
			out.Successful = append(out.Successful, sentEntry{e.Id, *one})
		}
	}
	return out, nil
}
