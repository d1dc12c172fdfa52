package wire

// Newest tells the newest calls of an operation (of all, if it is empty), newest first, at most limit of them.
func (l *Calls) Newest(operation string, limit int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var items []Entry
	for n := l.next; n > l.first && len(items) < limit; n-- {
		if k := l.ring[(n-1)%maxEntries]; operation == "" || operation == k.call.Operation {
			items = append(items, k.entry(n-1))
		}
	}
	return items
}
