package world

import (
	"cmp"
	"slices"
)

// tally is what a meter has of a month's usage of one dimension.
type tally struct {
	month    int32 // since year 0
	dim      uint8
	free     bool // within a free trial
	quantity int64
}

// tallies are a meter's. They are few, and searched one by one: a product has some dimensions, and a month's close takes
// its tallies away.
type tallies []tally

// count adds quantity to a tally.
func (all *tallies) count(month int32, dim uint8, free bool, quantity int64) {
	for i := range *all {
		if t := &(*all)[i]; t.month == month && t.dim == dim && t.free == free {
			t.quantity += quantity
			return
		}
	}
	*all = append(*all, tally{month, dim, free, quantity})
}

// close takes away what is to be billed when month closes, by month, dimension, and what was free first.
func (all *tallies) close(month int32) (due tallies) {
	*all = slices.DeleteFunc(*all, func(t tally) bool {
		if t.month <= month {
			due = append(due, t)
		}
		return t.month <= month
	})
	slices.SortFunc(due, func(x, y tally) int {
		return cmp.Or(cmp.Compare(x.month, y.month), cmp.Compare(x.dim, y.dim), x.freeFirst(y))
	})
	return due
}

func (t tally) freeFirst(other tally) int {
	switch {
	case t.free == other.free:
		return 0
	case t.free:
		return -1
	}
	return 1
}
