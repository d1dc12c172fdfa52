package portal

import (
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
)

// gate bounds how many registration tokens are sent to AWS. Anybody can post rubbish to the landing page; AWS allows a
// seller some ten calls a second, which metering needs as well. It runs on real time, as floods do.
type gate struct {
	now func() time.Duration

	mu   sync.Mutex
	all  bucket
	from map[string]*bucket // by client address
}

// bucket holds up to burst passes and gains rate a second.
type bucket struct {
	passes float64
	at     time.Duration
}

const (
	allBurst, allRate   = 20, 4
	fromBurst, fromRate = 10, 0.2
	gateMemory          = 10_000 // addresses; beyond it the rested ones are forgotten, and then all
)

func newGate() *gate {
	return &gate{now: clock.Stopwatch(), all: bucket{passes: allBurst}, from: map[string]*bucket{}}
}

// pass reports whether a token from address may go to AWS now. Whoever is on this machine always may.
func (g *gate) pass(address string) bool {
	if address == "127.0.0.1" || address == "::/64" {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	one := g.from[address]
	if one == nil {
		g.makeRoom(now)
		one = &bucket{passes: fromBurst, at: now}
		g.from[address] = one
	}
	one.fill(now, fromBurst, fromRate)
	g.all.fill(now, allBurst, allRate)
	if one.passes < 1 || g.all.passes < 1 {
		return false
	}
	one.passes--
	g.all.passes--
	return true
}

func (b *bucket) fill(now time.Duration, burst, rate float64) {
	b.passes = min(burst, b.passes+(now-b.at).Seconds()*rate)
	b.at = now
}

func (g *gate) makeRoom(now time.Duration) {
	if len(g.from) < gateMemory {
		return
	}
	for address, b := range g.from {
		if b.fill(now, fromBurst, fromRate); b.passes >= fromBurst {
			delete(g.from, address)
		}
	}
	if len(g.from) >= gateMemory {
		clear(g.from)
	}
}
