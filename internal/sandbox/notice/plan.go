package notice

import (
	"time"

	"souk.dev/souk/internal/sandbox/fault"
)

// Way is how one attempt to deliver goes.
type Way string

// The ways.
const (
	Deliver Way = "deliver"
	Copy    Way = "copy"   // as Deliver, with another envelope id: EventBridge sent the event twice
	Lose    Way = "lose"   // sent, and never arrives
	Forge   Way = "forge"  // not from AWS: a lie about the same agreement, without AWS's proof
	Behind  Way = "behind" // waits for the next notice to the same seller, and comes after it
)

// How long a notice is held up, in the sandbox's time, when the fault's rule does not say.
const (
	redeliverAfter = time.Minute
	behindAtMost   = 10 * time.Minute // when no other notice comes
)

// Planned is one attempt that a plan has.
type Planned struct {
	At  time.Time `json:"at"`
	Way Way       `json:"way"`
}

// plan says how a notice of now is delivered under a fault; the zero Rule disturbs nothing.
func plan(now time.Time, f fault.Rule) []Planned {
	later := func(otherwise time.Duration) time.Time {
		if f.Delay != "" {
			return now.Add(f.Wait())
		}
		return now.Add(otherwise)
	}
	switch f.Kind {
	case fault.Duplicate:
		return []Planned{{now, Deliver}, {later(0), Copy}}
	case fault.Reorder:
		return []Planned{{later(behindAtMost), Behind}}
	case fault.Delay:
		return []Planned{{now.Add(f.Wait()), Deliver}}
	case fault.LoseRedeliver:
		return []Planned{{now, Lose}, {later(redeliverAfter), Deliver}}
	case fault.Forge:
		return []Planned{{now, Deliver}, {later(0), Forge}}
	}
	return []Planned{{now, Deliver}}
}
