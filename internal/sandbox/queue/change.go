package queue

import (
	"fmt"
	"time"
)

// Op is a kind of [Change].
type Op string

// The lasting changes.
const (
	OpCreate  Op = "create"  // Attributes, Tags
	OpSet     Op = "set"     // Attributes
	OpTag     Op = "tag"     // Tags
	OpUntag   Op = "untag"   // IDs, which are keys of tags
	OpDrop    Op = "drop"    // the queue itself
	OpSend    Op = "send"    // Messages
	OpDelete  Op = "delete"  // IDs
	OpPurge   Op = "purge"   // everything in it
	OpForward Op = "forward" // IDs, to the dead-letter queue Target
	OpMove    Op = "move"    // Move, the task as it is then; Moved, out of this dead-letter queue
	OpReset   Op = "reset"   // every queue of every account but those called Queue, which are emptied
)

// Change is one lasting change of a queue: small, JSON, and safe to apply twice.
type Change struct {
	Op         Op                `json:"op"`
	Account    string            `json:"account"`
	Queue      string            `json:"queue"`
	At         time.Time         `json:"at"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Messages   []Message         `json:"messages,omitempty"`
	IDs        []string          `json:"ids,omitempty"`
	Target     string            `json:"target,omitempty"`
	Move       *Move             `json:"move,omitempty"`
	Moved      []moved           `json:"moved,omitempty"`
}

// Log writes a change down before it takes effect. When it fails, the change does not happen and the caller gets the error.
type Log func(Change) error

// record logs c. Called with the lock held, so that the log's order is the order of what happened.
func (s *Service) record(c Change) error {
	if s.log == nil {
		return nil
	}
	if err := s.log(c); err != nil {
		return fmt.Errorf("write down a change of queue %s: %w", c.Queue, err)
	}
	return nil
}

// Replay applies a change that was logged before, without logging it again or waking anybody.
func (s *Service) Replay(c Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Op == OpReset {
		s.reset(c.Queue)
		return nil
	}
	k := key{c.Account, c.Queue}
	q := s.queues[k]
	if c.Op == OpCreate {
		if q != nil {
			return nil
		}
		set, err := defaults().with(c.Attributes)
		if err != nil {
			return fmt.Errorf("create queue %s again: %w", c.Queue, err)
		}
		s.queues[k] = newQueue(k, set, c.Tags, c.At)
		return nil
	}
	if q == nil {
		return nil // it was dropped later on, or never was
	}
	switch c.Op {
	case OpSet:
		set, err := q.set.with(c.Attributes)
		if err != nil {
			return fmt.Errorf("set attributes of queue %s again: %w", c.Queue, err)
		}
		q.set, q.modified = set, c.At
	case OpTag:
		q.tag(c.Tags)
	case OpUntag:
		q.untag(c.IDs)
	case OpDrop:
		delete(s.queues, k)
	case OpSend:
		for _, m := range c.Messages {
			s.add(q, m, "", c.At)
		}
	case OpDelete:
		for _, id := range c.IDs {
			q.forget(id)
		}
	case OpPurge:
		q.clear()
	case OpForward:
		target := s.byARN(c.Target)
		for _, id := range c.IDs {
			s.forward(q, target, id, c.At)
		}
	case OpMove:
		if c.Move == nil {
			return fmt.Errorf("a change of queue %s moves messages without a task", c.Queue)
		}
		s.move(q, *c.Move, c.Moved, c.At)
	default:
		return fmt.Errorf("a change of queue %s has the unknown kind %q", c.Queue, c.Op)
	}
	return nil
}
