package sandbox

import (
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/world"
)

// disturb tells what becomes of a notice on its way: a fault that is switched on, or else what the profile
// notice-delivery has drawn for it.
func (s *Sandbox) disturb(n world.Notice) (fault.Rule, bool) {
	if r, ok := s.faults.Draw(fault.Notification); ok {
		return r, true
	}
	switch t := n.Subject().Travel; {
	case t.Twice:
		return fault.Rule{Operation: fault.Notification, Kind: fault.Duplicate, Delay: t.Held.String()}, true
	case t.Held > 0:
		return fault.Rule{Operation: fault.Notification, Kind: fault.Delay, Delay: t.Held.String()}, true
	}
	return fault.Rule{}, false
}
