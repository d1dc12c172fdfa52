package notice

import (
	"time"

	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/parcel"
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
	At     time.Time `json:"at"`
	Way    Way       `json:"way"`
	Via    string    `json:"via,omitempty"`    // the subscription's ARN, or the rule's with the target's id
	Target string    `json:"target,omitempty"` // the queue's ARN, or the URL
	Try    int       `json:"try,omitempty"`    // how many attempts at the same failed before
	Since  time.Time `json:"since,omitzero"`   // when the first of those was made
}

// noFault is the rule that disturbs nothing.
var noFault fault.Rule

// plan says how a notice of now is delivered under a fault; the zero Rule disturbs nothing.
func plan(now time.Time, f fault.Rule) []Planned {
	later := func(otherwise time.Duration) time.Time {
		if f.Delay != "" {
			return now.Add(f.Wait())
		}
		return now.Add(otherwise)
	}
	at := func(t time.Time, w Way) Planned { return Planned{At: t, Way: w} }
	switch f.Kind {
	case fault.Duplicate:
		return []Planned{at(now, Deliver), at(later(0), Copy)}
	case fault.Reorder:
		return []Planned{at(later(behindAtMost), Behind)}
	case fault.Delay:
		return []Planned{at(now.Add(f.Wait()), Deliver)}
	case fault.LoseRedeliver:
		return []Planned{at(now, Lose), at(later(redeliverAfter), Deliver)}
	case fault.Lose:
		return []Planned{at(now, Lose)}
	case fault.Forge:
		return []Planned{at(now, Deliver), at(later(0), Forge)}
	}
	return []Planned{at(now, Deliver)}
}

// planned is a plan for each of the receivers that del has at present.
func (d *Desk) planned(del *Delivery, each []Planned) (all []Planned) {
	stops := d.stops(del.letter)
	if del.only != nil {
		stops = []parcel.Stop{*del.only}
	}
	for _, s := range stops {
		for _, p := range each {
			p.Via, p.Target = s.Via, s.To
			all = append(all, p)
		}
	}
	return all
}
