package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/journal"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// Kinds of journal entries.
const (
	ofWorld  = "world"
	ofNotice = "notice"
	ofQueue  = "queue"
	ofTopic  = "topic"
	ofBus    = "bus"
	ofClock  = "clock"
	ofFaults = "faults" // all of them, as they are after a change
)

// clockEntry is how the clock stood when somebody had changed it.
type clockEntry struct {
	Now    time.Time `json:"now"`
	System time.Time `json:"system"` // the system's time at that moment
	Rate   float64   `json:"rate"`
	Frozen bool      `json:"frozen"`
}

// adopt takes over what the journal's world was made from. given is the world that the configuration asks for; nil:
// whichever there is.
func (s *Sandbox) adopt(h journal.Header, given *world.File) error {
	if given != nil && string(given.Source) != h.World {
		return fail.New(fail.Conflict, "other_world", "The data folder %s holds a sandbox that was made from another world file; choose another folder, or leave the world file out.", s.cfg.Data)
	}
	s.cfg.Seed = h.Seed
	f, err := world.ParseFile([]byte(h.World))
	if err != nil {
		return fmt.Errorf("read the world file that %s was made from: %w", s.cfg.Data, err)
	}
	s.cfg.World = f
	return nil
}

// startClock sets the clock to where the configuration says, and running unless it says otherwise.
func (s *Sandbox) startClock() {
	now := s.cfg.Now
	if now.IsZero() {
		now = clock.System{}.Now()
	}
	s.clock = clock.NewVirtual(now)
	s.clock.Apply(clock.Setting{Now: now, Rate: 1, Frozen: s.cfg.Frozen})
}

// restore begins a new world, or does again what the journal tells.
func (s *Sandbox) restore() error {
	switch {
	case s.journal != nil && !s.journal.Fresh:
		return s.replay(s.journal.Replay)
	case s.snapshot != nil:
		return s.replay(s.snapshot.Replay)
	}
	s.keeping = s.journal != nil
	if err := notice.MakeQueues(s.queues, s.world.Sellers()); err != nil {
		return err
	}
	if s.cfg.Shuffle != 0 {
		if err := s.world.ShuffleProfiles(s.clock.Now(), s.cfg.Shuffle, nil); err != nil {
			return err
		}
	}
	return s.keepClock()
}

// replay does again what the journal, or the snapshot, tells, and sets the clock to where it would be: time that ran at the system's
// rate has run on while the sandbox was away; any other stands where it was last seen.
func (s *Sandbox) replay(each func(do func(kind string, data []byte) error) error) error {
	s.desk.BeginReplay()
	last, seen := clockEntry{}, time.Time{}
	err := each(func(kind string, data []byte) error {
		at, err := s.again(kind, data, &last)
		if at.After(seen) {
			seen = at
		}
		return err
	})
	if err != nil {
		return err
	}
	now := last.Now.Add(last.away())
	if now.Before(seen) {
		now = seen
	}
	if !last.Frozen && last.Rate != 1 {
		s.fast = last.Rate
	}
	s.clock.Apply(clock.Setting{Now: now, Rate: last.Rate, Frozen: last.Frozen || s.fast > 0})
	s.keeping = s.journal != nil
	s.desk.EndReplay()
	if s.snapshot == nil {
		return nil
	}
	return s.append(ofClock, clockEntry{Now: now, System: clock.System{}.Now(), Rate: last.Rate, Frozen: last.Frozen}) // from here on it passes
}

// again does one entry of the journal and tells when it happened first.
func (s *Sandbox) again(kind string, data []byte, last *clockEntry) (at time.Time, err error) {
	switch kind {
	case ofWorld:
		var c world.Command
		if err := json.Unmarshal(data, &c); err != nil {
			return at, err
		}
		return c.At, s.world.Apply(c)
	case ofNotice:
		var c notice.Change
		if err := json.Unmarshal(data, &c); err != nil {
			return at, err
		}
		return c.At, s.desk.Replay(c)
	case ofQueue:
		var c queue.Change
		if err := json.Unmarshal(data, &c); err != nil {
			return at, err
		}
		s.desk.ReplayTo(c.At)
		return c.At, s.queues.Replay(c)
	case ofTopic:
		var c topic.Change
		if err := json.Unmarshal(data, &c); err != nil {
			return at, err
		}
		s.desk.ReplayTo(c.At)
		return c.At, s.topics.Replay(c)
	case ofBus:
		var c bus.Change
		if err := json.Unmarshal(data, &c); err != nil {
			return at, err
		}
		s.desk.ReplayTo(c.At)
		return c.At, s.bus.Replay(c)
	case ofFaults:
		return at, json.Unmarshal(data, s.faults)
	case ofClock:
		return last.Now, json.Unmarshal(data, last)
	case ofSnapshot:
		return s.againSnapshot(data, last)
	}
	return at, fmt.Errorf("the entry has the unknown kind %q", kind)
}

// keepWorld is the world's Record. Like its siblings below it is called with the part locked, and wakes the part's job,
// which looks at what is due once the part is unlocked.
func (s *Sandbox) keepWorld(c world.Command) error {
	if c.Plans() {
		s.wake(marketJob)
	}
	return s.append(ofWorld, c)
}

func (s *Sandbox) keepNotice(c notice.Change) error {
	s.wake(noticesJob)
	return s.append(ofNotice, c)
}

func (s *Sandbox) keepQueue(c queue.Change) error {
	s.wake(queuesJob)
	return s.append(ofQueue, c)
}

func (s *Sandbox) keepTopic(c topic.Change) error { return s.append(ofTopic, c) }

func (s *Sandbox) keepBus(c bus.Change) error { return s.append(ofBus, c) }

// keepFaults keeps the faults with the draws that they have made.
func (s *Sandbox) keepFaults(state any) {
	if err := s.append(ofFaults, state); err != nil {
		s.log.Error("the faults were not kept: a restart brings back those before", "err", err)
	}
}

func (s *Sandbox) wake(name string) {
	if s.runner != nil { // else it is being assembled, and its jobs have not begun
		s.runner.Wake(name)
	}
}

func (s *Sandbox) keepClock() error {
	rate, frozen := s.time.Running()
	return s.append(ofClock, clockEntry{Now: s.clock.Now(), System: clock.System{}.Now(), Rate: rate, Frozen: frozen})
}

func (s *Sandbox) append(kind string, data any) error {
	s.kept.Add(1)
	if !s.keeping {
		return nil
	}
	return s.journal.Append(kind, data)
}

// timekeeper moves the clock in lock-step, and keeps how it was left.
type timekeeper struct {
	*lockstep.Leader
	keep func() error
	log  *slog.Logger
}

// Advance implements what lockstep.Leader does, and keeps where the clock came to.
func (t timekeeper) Advance(ctx context.Context, target time.Time) (silent []string, err error) {
	if silent, err = t.Leader.Advance(ctx, target); err != nil {
		return silent, err
	}
	return silent, t.keep()
}

// Change implements what lockstep.Leader does, and keeps how the clock runs.
func (t timekeeper) Change(ctx context.Context, rate float64, frozen bool) {
	t.Leader.Change(ctx, rate, frozen)
	if err := t.keep(); err != nil {
		t.log.Error("the clock's setting was not kept: a restart brings back the one before", "err", err)
	}
}

// nudge tells the followers that there may be work for them, once there is a leader.
func (t timekeeper) nudge() {
	if t.Leader != nil {
		t.Nudge()
	}
}

func newUUID() string { return uuid.NewString() }
