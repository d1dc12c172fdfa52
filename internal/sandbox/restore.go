package sandbox

import (
	"errors"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/control"
)

// Restore makes a snapshot take the place of the world called name, the main one's is empty: whoever speaks to that world
// from now on speaks to the snapshot's. What waits in the old one, such as a long poll, is broken off.
//
// Errors: as [New] has for Config.Snapshot; fail.NotFound where there is no such world; fail.Conflict when a process that
// follows the world's clock would have to go back in time.
func (w *Worlds) Restore(name string, snapshot []byte) (control.Restored, error) {
	w.making.Lock()
	defer w.making.Unlock()
	w.mu.RLock()
	old := w.tenants[name]
	w.mu.RUnlock()
	if old == nil {
		return control.Restored{}, unknownWorld(name)
	}
	c := old.cfg
	c.World, c.Snapshot, c.replaces = nil, snapshot, true
	next, err := w.tenant(c)
	if err != nil {
		return control.Restored{}, err
	}
	next.cfg.Snapshot = nil // it may be large, and has done its part
	if err := next.follows(old); err != nil {
		next.end()
		return control.Restored{}, errors.Join(err, next.Sandbox.Close())
	}
	w.admit(next)
	old.end()
	if old.cfg.Mail != nil {
		_ = old.cfg.Mail.Close() // from here on, mails come to the next one; a box's Close does not fail
	}
	// The request that asks for this is one of the old world's, so it cannot be waited for here.
	w.leaving.Go(func() {
		if err := w.retire(old); err != nil {
			w.log.Warn("a world that a snapshot has replaced was not closed", "world", name, "err", err)
		}
	})
	s := next.clock.Setting()
	rate, frozen := next.time.Running()
	return control.Restored{Now: s.Now, Rate: rate, Frozen: frozen && next.fast == 0}, nil
}

// follows takes over old's place: its journal's, and its followers.
func (s *Sandbox) follows(old *tenant) error {
	if now, was := s.clock.Now(), old.clock.Now(); now.Before(was) && len(old.time.Followers()) > 0 {
		return fail.New(fail.Conflict, "followed", "The snapshot's time is %s and %q follow this clock, which stands at %s: they cannot go back in time. Stop them first.",
			now.Format(timeFormat), old.time.Followers(), was.Format(timeFormat))
	}
	s.time.Expect(old.time.Followers())
	if s.journal == nil {
		return nil
	}
	return s.journal.Succeed()
}

const timeFormat = "2006-01-02 15:04:05"
