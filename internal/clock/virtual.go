package clock

import (
	"sync"
	"time"
)

// Virtual is a clock that a program moves: it can be set, frozen, or run at any rate of real time.
//
// Its time never goes backwards unless [Virtual.Set] is told an earlier instant. It is safe for concurrent use.
type Virtual struct {
	mu     sync.Mutex
	anchor time.Time // business time at the moment real was read
	real   time.Time // real time (with Go's monotonic reading) of the anchor
	rate   float64   // seconds of business time per second of real time
	frozen bool
	alarms map[*alarm]struct{}
}

type alarm struct {
	at    time.Time
	rung  chan struct{}
	timer *time.Timer // wakes a running clock; nil while it is frozen
}

// NewVirtual returns a clock that stands at now, frozen, with rate 1.
func NewVirtual(now time.Time) *Virtual {
	return &Virtual{anchor: now.UTC(), real: time.Now(), rate: 1, frozen: true, alarms: map[*alarm]struct{}{}}
}

// Now implements [Clock].
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now()
}

func (v *Virtual) now() time.Time {
	if v.frozen {
		return v.anchor
	}
	return v.anchor.Add(time.Duration(float64(time.Since(v.real)) * v.rate))
}

// Setting is everything that can be told about a [Virtual] clock.
type Setting struct {
	Now    time.Time
	Rate   float64 // seconds of business time per real second; meaningful, and kept, while frozen too
	Frozen bool
}

// Setting reads the clock whole.
func (v *Virtual) Setting() Setting {
	v.mu.Lock()
	defer v.mu.Unlock()
	return Setting{Now: v.now(), Rate: v.rate, Frozen: v.frozen}
}

// Apply replaces the clock's setting and rings the alarms that it makes due. A Rate of 0 or less keeps the present one.
func (v *Virtual) Apply(s Setting) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.anchor, v.real, v.frozen = s.Now.UTC(), time.Now(), s.Frozen
	if s.Rate > 0 {
		v.rate = s.Rate
	}
	for a := range v.alarms {
		v.arm(a)
	}
}

// Set moves the clock to t and leaves rate and freezing as they are.
func (v *Virtual) Set(t time.Time) {
	s := v.Setting()
	s.Now = t
	v.Apply(s)
}

// Alarm implements [Clock].
func (v *Virtual) Alarm(t time.Time) (<-chan struct{}, func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a := &alarm{at: t, rung: make(chan struct{})}
	v.alarms[a] = struct{}{}
	v.arm(a)
	return a.rung, func() { v.release(a) }
}

// arm rings a if it is due, and otherwise sets the real timer that looks again when it should be. Called with the lock held.
func (v *Virtual) arm(a *alarm) {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	wait := a.at.Sub(v.now())
	if wait <= 0 {
		close(a.rung)
		delete(v.alarms, a)
		return
	}
	if !v.frozen {
		// One microsecond more, so that rounding does not wake us just before the instant.
		a.timer = time.AfterFunc(time.Duration(float64(wait)/v.rate)+time.Microsecond, func() { v.look(a) })
	}
}

func (v *Virtual) look(a *alarm) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, waiting := v.alarms[a]; waiting {
		v.arm(a)
	}
}

func (v *Virtual) release(a *alarm) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
	delete(v.alarms, a)
}
