package world

import (
	"testing"

	"pgregory.net/rapid"
)

// The index is a map, however keys fall into pages.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index
		model := map[slot]uint32{}
		key := rapid.Custom(func(t *rapid.T) slot {
			// Some meters far apart, and many hours: so that pages are shared, and chunks are filled.
			subject := rapid.Uint32Range(0, 40).Draw(t, "subject") + 1<<31*rapid.Uint32Range(0, 1).Draw(t, "far")
			return slotOf(subject, rapid.Int32Range(0, 300).Draw(t, "hour"), rapid.Uint8Range(0, 2).Draw(t, "dim"), rapid.Uint8Range(0, 1).Draw(t, "region"))
		})
		for n := range uint32(rapid.IntRange(0, 500).Draw(t, "records")) {
			k := key.Draw(t, "key")
			got, have := x.find(k)
			if want, has := model[k]; got != want || have != has {
				t.Fatalf("key %x has the record %d, %t; want %d, %t", uint64(k), got, have, want, has)
			}
			if !have {
				x.set(k, n)
				model[k] = n
			}
		}
		for k, want := range model {
			if got, have := x.find(k); !have || got != want {
				t.Fatalf("key %x has the record %d, %t; want %d", uint64(k), got, have, want)
			}
		}
	})
}
