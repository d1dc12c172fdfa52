package sandbox

import "souk.dev/souk/internal/sandbox/notice"

// reset makes everything as the world's file says: agreements, usage, queues, deliveries, calls, mails and faults are
// gone. The clock stays where it is, because followers could not go back.
func (s *Sandbox) reset() error {
	s.faults.Clear() // first, so that none disturbs what follows
	if err := s.world.Reset(s.clock.Now()); err != nil {
		return err
	}
	if err := s.desk.Reset(); err != nil {
		return err
	}
	if err := s.queues.Reset(notice.DefaultQueue); err != nil {
		return err
	}
	for _, seller := range s.world.Sellers() { // somebody may have deleted one
		if err := s.queues.Create(seller.AccountID, notice.DefaultQueue, nil); err != nil {
			return err
		}
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
