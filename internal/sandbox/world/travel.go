package world

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"souk.dev/souk/internal/sandbox/profile"
)

// Travel is what becomes of a notice on its way, as the profile notice-delivery has it. The zero Travel is prompt.
type Travel struct {
	Twice bool          // it comes twice
	Held  time.Duration // how long the notice, or where it comes twice its second coming, takes
}

// longestHeld is how long a notice may take, with a profile that lets some: long enough to come behind the next one, and
// much shorter than the last hour.
const longestHeld = 3 * time.Minute

// travel draws how the notice called id travels. The same notice of the same world and shuffle always travels alike.
func (w *World) travel(id string) (t Travel) {
	how := w.profiles.Get(profile.NoticeDelivery)
	if how == profile.Prompt {
		return t
	}
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, w.shuffle)) // never fails
	_, _ = h.Write([]byte(id))
	dice := rand.New(rand.NewPCG(h.Sum64(), 0))
	twice, late, held := dice.IntN(2) == 0, dice.IntN(2) == 0, time.Duration(1+dice.IntN(int(longestHeld/time.Second)))*time.Second
	t.Twice = twice && how != profile.Unordered
	if late && how != profile.AtLeastOnce {
		t.Held = held
	}
	return t
}
