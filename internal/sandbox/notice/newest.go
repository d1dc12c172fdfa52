package notice

import (
	"maps"
	"slices"

	"souk.dev/souk/internal/sandbox/fault"
)

// Query chooses deliveries for people, who want the newest first; what is empty chooses all.
type Query struct {
	AgreementID string
	Seller      string // the account
	Channel     string // [EventBridge] or [SNS]
	Kind        string
	Outcome     Outcome
	Fault       fault.Kind
	// Before is the Number of the last delivery of the page before; 0: from the newest. Limit is the most to return.
	Before int64
	Limit  int
}

// Newest tells the deliveries that q chooses, newest first, and whether there are more.
func (d *Desk) Newest(q Query) (page []Delivery, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := len(d.list)
	if q.Before > 0 {
		end, _ = slices.BinarySearchFunc(d.list, q.Before, func(del *Delivery, seq int64) int { return int(del.seq - seq) })
	}
	for _, del := range slices.Backward(d.list[:end]) {
		if q.AgreementID != "" && q.AgreementID != del.AgreementID || q.Kind != "" && q.Kind != del.Kind ||
			q.Seller != "" && q.Seller != del.Seller || q.Channel != "" && q.Channel != del.Channel ||
			q.Outcome != "" && q.Outcome != del.outcome() || q.Fault != "" && q.Fault != del.Fault {
			continue
		}
		if len(page) == q.Limit {
			return page, true
		}
		page = append(page, del.shown())
	}
	return page, false
}

// Kinds lists the kinds of notices that there were, sorted.
func (d *Desk) Kinds() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.kinds))
}

// Number is the delivery's place among all since the start or the last reset, from 1.
func (del Delivery) Number() int64 { return del.seq }
