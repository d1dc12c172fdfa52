package sandbox

import (
	"encoding/json"
	"io"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/journal"
)

// ofSnapshot is the kind of the entry that ends a snapshot.
const ofSnapshot = "snapshot"

// snapshotEntry is what a snapshot has beyond its journal.
type snapshotEntry struct {
	Clock  clockEntry `json:"clock"` // its System is zero: no time passes between a snapshot and the sandbox that is made from it
	Faults *fault.Set `json:"faults"`
}

// Snapshot writes down everything that it takes to make this sandbox again, as [Config.Snapshot] does: its world and all
// that happened in it, its queues, its profiles, its clock, and its faults with the draws they have made. What a restart
// does not bring back, a snapshot does not either: messages in flight are visible again, and the log of calls is empty.
//
// fail.Conflict: it keeps no journal, because it has no data folder.
func (s *Sandbox) Snapshot(w io.Writer) error {
	if s.journal == nil {
		return fail.New(fail.Conflict, "no_journal", "This sandbox keeps nothing that a snapshot could be made of; start it with --data DIR.")
	}
	rate, frozen := s.time.Running()
	return s.journal.Copy(w, ofSnapshot, snapshotEntry{clockEntry{Now: s.clock.Now(), Rate: rate, Frozen: frozen}, s.faults})
}

// openSnapshot begins with the snapshot that the configuration has, in its data folder if there is one.
func (s *Sandbox) openSnapshot() error {
	if s.cfg.World != nil {
		return fail.New(fail.Invalid, "snapshot_world", "A snapshot has its own world; leave the world file out.")
	}
	snap, err := journal.ReadSnapshot(s.cfg.Snapshot, ofSnapshot)
	if err != nil {
		return err
	}
	s.snapshot = snap
	if s.cfg.Data != "" {
		unpack := snap.Unpack
		if s.cfg.replaces {
			unpack = snap.Successor
		}
		if s.journal, err = unpack(s.cfg.Data); err != nil {
			return err
		}
	}
	return s.adopt(snap.Header, nil)
}

// againSnapshot takes over what the entry that ends a snapshot says.
func (s *Sandbox) againSnapshot(data []byte, last *clockEntry) (at time.Time, err error) {
	e := snapshotEntry{Faults: s.faults}
	if err := json.Unmarshal(data, &e); err != nil {
		return at, err
	}
	*last = e.Clock
	return e.Clock.Now, nil
}

// away is how much of the sandbox's time has passed since last: a clock that runs at the system's rate runs on while
// its sandbox is away, unless it is that of a snapshot.
func (last clockEntry) away() time.Duration {
	if last.Frozen || last.Rate != 1 || last.System.IsZero() {
		return 0
	}
	return max(0, clock.System{}.Now().Sub(last.System))
}
