package threshold

import "sync/atomic"

// Bell is rung when usage has grown. Its zero value has been rung: what came before the process began is looked at.
type Bell struct {
	Wake  func() // makes the job look again at what is due; may be nil
	still atomic.Bool
}

// Ring says that usage has grown. It returns at once, and may be called from anywhere.
func (b *Bell) Ring() {
	if b.still.Load() && b.still.CompareAndSwap(true, false) && b.Wake != nil {
		b.Wake()
	}
}

func (b *Bell) rung() bool { return !b.still.Load() }
func (b *Bell) quiet()     { b.still.Store(true) }
