package channel

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/queue"
)

// Queue is one of the seller's queues.
type Queue struct {
	Name string `json:"name"`
	ARN  string `json:"queueArn"`
	// How many messages can be received, are with somebody who received them, and have not come yet.
	Waiting  int `json:"waiting"`
	InFlight int `json:"inFlight"`
	Delayed  int `json:"delayed"`
	// DeadLetterQueue is the name of the queue that gets what was received MaxReceives times and never deleted.
	DeadLetterQueue string `json:"deadLetterQueue,omitempty"`
	MaxReceives     int    `json:"maxReceiveCount,omitempty"`
	// DeadLettersOf names the queues whose dead letters come here, and Moves the tasks that sent some back, newest first.
	DeadLettersOf []string `json:"deadLettersOf"`
	Moves         []Move   `json:"moves"`
}

// NewQueue is a queue to make. EventBridge and SNS may send to it, as to the one that every seller has.
type NewQueue struct {
	Name            string `json:"name"`
	DeadLetterQueue string `json:"deadLetterQueue,omitempty"` // the name of another of the seller's queues
	MaxReceives     int    `json:"maxReceiveCount,omitempty"` // 1 to 1000; 0: 5
}

// usualReceives is how often a message is received before it becomes a dead letter, where nobody says.
const usualReceives = 5

// Move is a task that moves messages out of a dead-letter queue: a [queue.Move], in the words of SQS's API.
type Move struct {
	Handle      string           `json:"taskHandle"`
	Source      string           `json:"sourceArn"`
	Destination string           `json:"destinationArn,omitempty"`
	PerSecond   int              `json:"maxNumberOfMessagesPerSecond,omitempty"`
	Status      queue.MoveStatus `json:"status"`
	Moved       int              `json:"moved"`
	ToMove      int              `json:"toMove"`
	Why         string           `json:"failureReason,omitempty"`
	StartedAt   time.Time        `json:"startedAt"`
	Next        time.Time        `json:"nextAt,omitzero"`
}

// Message is a message in a queue, to be looked at: nothing is received.
type Message struct {
	ID           string                     `json:"messageId"`
	Body         string                     `json:"body"`
	Attributes   map[string]queue.Attribute `json:"attributes,omitempty"`
	SentAt       time.Time                  `json:"sentAt"`
	Receives     int                        `json:"receives"`               // since the sandbox was started
	DeadLetterOf string                     `json:"deadLetterOf,omitempty"` // the ARN of the queue that gave it up
}

// Queues lists the seller's queues, by name.
func (b *Board) Queues(seller string) ([]Queue, error) {
	all := []Queue{}
	for _, name := range b.opt.Queues.List(seller, "") {
		q, err := b.Queue(seller, name)
		if fail.Is(err, fail.NotFound) {
			continue // it was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}

// Queue finds one of the seller's queues.
func (b *Board) Queue(seller, name string) (Queue, error) {
	attrs, err := b.opt.Queues.Attributes(seller, name)
	if err != nil {
		return Queue{}, said(err)
	}
	number := func(attribute string) int {
		n, _ := strconv.Atoi(attrs[attribute]) // the queue wrote it
		return n
	}
	q := Queue{Name: name, ARN: queue.ARN(seller, name), Waiting: number("ApproximateNumberOfMessages"), InFlight: number("ApproximateNumberOfMessagesNotVisible"),
		Delayed: number("ApproximateNumberOfMessagesDelayed"), DeadLettersOf: []string{}, Moves: []Move{}}
	if dead, most, ok := queue.ReadRedrive(attrs["RedrivePolicy"]); ok {
		q.DeadLetterQueue, q.MaxReceives = NameIn(dead), most
	}
	sources, err := b.opt.Queues.Sources(seller, name)
	if err != nil {
		return Queue{}, said(err)
	}
	moves, err := b.opt.Queues.Moves(q.ARN)
	if err != nil {
		return Queue{}, said(err)
	}
	q.DeadLettersOf = append(q.DeadLettersOf, sources...)
	for _, m := range moves {
		q.Moves = append(q.Moves, Move(m))
	}
	return q, nil
}

// CreateQueue makes a queue that EventBridge and SNS may send to. One that is there already, just so, is left as it is.
func (b *Board) CreateQueue(seller string, in NewQueue) (Queue, error) {
	attrs := map[string]string{"Policy": queue.Open(queue.ARN(seller, in.Name))}
	if in.DeadLetterQueue != "" {
		dead, err := b.queueARN(seller, in.DeadLetterQueue)
		if err != nil {
			return Queue{}, err
		}
		most := in.MaxReceives
		if most == 0 {
			most = usualReceives
		}
		policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": dead, "maxReceiveCount": most})
		if err != nil {
			return Queue{}, err
		}
		attrs["RedrivePolicy"] = string(policy)
	}
	if err := b.opt.Queues.Create(seller, in.Name, attrs); err != nil {
		return Queue{}, said(err)
	}
	return b.Queue(seller, in.Name)
}

// DropQueue deletes a queue with all that is in it.
func (b *Board) DropQueue(seller, name string) error { return said(b.opt.Queues.Drop(seller, name)) }

// Messages shows up to limit messages of a queue after the first from, oldest first, and how many there are.
func (b *Board) Messages(seller, name string, from, limit int) (page []Message, all int, err error) {
	if !b.opt.Queues.Exists(seller, name) {
		return nil, 0, fail.New(fail.NotFound, "unknown_queue", "There is no queue %q; it may have been deleted.", name)
	}
	items, all := b.opt.Queues.Peek(seller, name, from, limit)
	page = []Message{}
	for _, it := range items {
		page = append(page, Message{it.ID, it.Body, it.Attributes, it.SentAt, it.Receives, it.DeadLetterOf})
	}
	return page, all, nil
}

// Redrive is how to send dead letters back.
type Redrive struct {
	// To is the ARN or the name of the queue that gets them; empty: each goes back to the queue that gave it up.
	To        string `json:"to,omitempty"`
	PerSecond int    `json:"maxNumberOfMessagesPerSecond,omitempty"` // 1 to 500; 0: all at once
}

// Redrive begins to send the dead letters in a queue back. fail.Invalid: it is no dead-letter queue of another queue's, or
// a task runs already.
func (b *Board) Redrive(seller, name string, in Redrive) (Move, error) {
	want := queue.Move{Source: queue.ARN(seller, name), PerSecond: in.PerSecond}
	if in.To != "" {
		arn, err := b.queueARN(seller, in.To)
		if err != nil {
			return Move{}, err
		}
		want.Destination = arn
	}
	m, err := b.opt.Queues.StartMove(want)
	return Move(m), said(err)
}

// CancelRedrive ends the task that runs out of a queue; fail.NotFound if none does.
func (b *Board) CancelRedrive(seller, name string) (Move, error) {
	moves, err := b.opt.Queues.Moves(queue.ARN(seller, name))
	if err != nil {
		return Move{}, said(err)
	}
	for _, m := range moves {
		if m.Status == queue.MoveRunning {
			m, err = b.opt.Queues.CancelMove(m.Handle)
			return Move(m), said(err)
		}
	}
	return Move{}, fail.New(fail.NotFound, "no_task", "No task moves messages out of %q.", name)
}

// queueARN is the ARN of the queue that s names: by its ARN, or by its name where it is the seller's own.
func (b *Board) queueARN(seller, s string) (string, error) {
	if strings.HasPrefix(s, "arn:") {
		return s, nil
	}
	if !b.opt.Queues.Exists(seller, s) {
		return "", fail.New(fail.NotFound, "unknown_queue", "There is no queue %q of the seller %s; give its ARN if it is somebody else's.", s, seller)
	}
	return queue.ARN(seller, s), nil
}
