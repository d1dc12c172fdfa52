package relay

import (
	"sync"
	"time"
)

// windowSize is how many requests of one sender may have overtaken another until that is taken for a repetition. It is more
// than a node can have under way.
const windowSize = 1 << 16

// window is which numbers of one sender have come: all below it count as come (RFC 4303, section 3.4.3).
type window struct {
	top  uint64 // the largest that has come
	bits [windowSize / 64]uint64
	last time.Time // when the youngest was sent
}

// take reports whether number n comes for the first time, and remembers it.
func (w *window) take(n uint64) bool {
	bit := func(n uint64) (word *uint64, mask uint64) {
		return &w.bits[n%windowSize/64], 1 << (n % 64)
	}
	if n > w.top {
		if n-w.top >= windowSize {
			clear(w.bits[:])
		} else {
			for i := w.top + 1; i < n; i++ {
				word, mask := bit(i)
				*word &^= mask
			}
		}
		w.top = n
		word, mask := bit(n)
		*word |= mask
		return true
	}
	word, mask := bit(n)
	if w.top-n >= windowSize || *word&mask != 0 {
		return false
	}
	*word |= mask
	return true
}

// windows are those of all senders that have proven themselves lately.
type windows struct {
	mu sync.Mutex
	of map[string]*window
}

// take reports whether a request comes for the first time. It was sent at, and now is the time; both by the database's clock.
// Of requests that are older than mostAge nothing is remembered: they are refused for their age.
func (ws *windows) take(sender string, n uint64, at, now time.Time) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.of[sender]
	if w == nil {
		for other, w := range ws.of {
			if now.Sub(w.last) > mostAge {
				delete(ws.of, other)
			}
		}
		if ws.of == nil {
			ws.of = map[string]*window{}
		}
		w = new(window)
		ws.of[sender] = w
	}
	if at.After(w.last) {
		w.last = at
	}
	return w.take(n)
}
