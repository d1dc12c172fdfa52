package sandbox

import (
	"errors"

	"souk.dev/souk/internal/sandbox/notice"
)

// reset makes everything as the world's file says: agreements, usage, queues, rules, subscriptions, deliveries, calls, mails and faults are
// gone. The clock stays where it is, because followers could not go back.
func (s *Sandbox) reset() error {
	s.faults.Clear() // first, so that none disturbs what follows
	if err := s.world.Reset(s.clock.Now()); err != nil {
		return err
	}
	if err := s.desk.Reset(); err != nil {
		return err
	}
	if err := errors.Join(s.topics.Reset(), s.bus.Reset()); err != nil {
		return err
	}
	if err := s.queues.Reset(notice.DefaultQueue); err != nil {
		return err
	}
	if err := notice.MakeQueues(s.queues, s.world.Sellers()); err != nil { // somebody may have deleted one
		return err
	}
	s.calls.Clear()
	if s.inbox != nil {
		s.inbox.Clear()
	}
	return nil
}

// changes counts what has changed, whatever it was, so that who looks on knows when to look again. Acts that may yet be
// refused count too: a look too many shows the same.
func (s *Sandbox) changes() uint64 {
	n := s.kept.Load() + s.calls.Made() + s.faults.Changes()
	if s.inbox != nil {
		n += s.inbox.Made()
	}
	return n
}
