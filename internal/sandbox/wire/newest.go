package wire

import "strconv"

// NewestQuery chooses calls for people, who want the newest first; what is empty chooses all.
type NewestQuery struct {
	Operation string
	// Disturbed and Failed choose calls that a fault has disturbed, and those that were answered with an error.
	Disturbed, Failed bool
	// Before is the ID of the last call of the page before; Limit the most to return.
	Before uint64
	Limit  int
}

func (q NewestQuery) wants(k *kept) bool {
	return (q.Operation == "" || q.Operation == k.call.Operation) && (!q.Disturbed || k.call.Fault.Kind != "") && (!q.Failed || k.status == 0 || k.status >= 400)
}

// Newest tells the calls that q chooses, newest first, and whether there are more.
func (l *Calls) Newest(q NewestQuery) (items []Entry, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.next
	if q.Before > 0 {
		from = min(from, q.Before-1) // the number of a call is one less than its ID
	}
	for n := from; n > l.first; n-- {
		k := &l.ring[(n-1)%maxEntries]
		if !q.wants(k) {
			continue
		}
		if len(items) == q.Limit {
			return items, true
		}
		items = append(items, k.entry(n-1))
	}
	return items, false
}

// find is the call with an ID, if it is still kept.
func (l *Calls) find(id string) (k kept, n uint64, ok bool) {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || number == 0 || strconv.FormatUint(number, 10) != id {
		return k, 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n = number - 1; n < l.first || n >= l.next {
		return k, 0, false
	}
	return l.ring[n%maxEntries], n, true
}

// Get finds one call; ok is false when there is none, or it was forgotten.
func (l *Calls) Get(id string) (e Entry, ok bool) {
	k, n, ok := l.find(id)
	if !ok {
		return e, false
	}
	return k.entry(n), true
}
