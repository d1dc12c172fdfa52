package metering

import (
	"encoding/json"
	"fmt"

	"souk.dev/souk/internal/gateway/usage"
)

// Allocations say which part of a record's quantity carried which tags, as AWS is told: a JSON array of [Allocation], or
// empty for none. It is text so that records can be compared, and sent again to the letter.
type Allocations string

// Allocation is one of them, in AWS's names.
type Allocation struct {
	AllocatedUsageQuantity int64
	Tags                   []Tag `json:",omitempty"` // none: the rest
}

// Tag is a key and a value, in AWS's names.
type Tag struct{ Key, Value string }

// List reads them.
func (a Allocations) List() (all []Allocation, err error) {
	if a == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(a), &all); err != nil {
		return nil, fmt.Errorf("read the allocations of a record: %w", err)
	}
	return all, nil
}

// MarshalJSON writes the array itself.
func (a Allocations) MarshalJSON() ([]byte, error) { return []byte(a), nil }

// UnmarshalJSON keeps the array.
func (a *Allocations) UnmarshalJSON(text []byte) error {
	*a = Allocations(text)
	return nil
}

// size is roughly how long a line is, in bytes, when it is sent.
func (l Line) size() int { return 1000 + 5*len(l.UsageAllocations)/4 }

// allocate splits quantity in proportion to the hour's usage by tags. What does not come out in whole units, and what
// carries no tags, is one allocation without tags, so that all together are the quantity. No tags: no allocations.
func allocate(quantity int64, t usage.Total) Allocations {
	var all []Allocation
	rest := quantity
	for _, s := range t.Shares() {
		n := s.Amount.Portion(t.Sum, quantity)
		if n == 0 || len(s.Tags) == 0 {
			continue
		}
		a := Allocation{AllocatedUsageQuantity: n}
		for _, tag := range s.Tags {
			a.Tags = append(a.Tags, Tag(tag))
		}
		all = append(all, a)
		rest -= n
	}
	if len(all) == 0 {
		return ""
	}
	if rest > 0 {
		all = append(all, Allocation{AllocatedUsageQuantity: rest})
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return Allocations(text)
}
