package usage

import (
	"encoding/binary"
	"math/bits"
)

// idTable remembers the ids that are in memory. Keys are hashes already, so their own bits say where they
// lie, and a look-up costs one visit to memory instead of another hash and two. Their highest bits do, so that ids lie
// nearly in the order of their keys, which is the order that a run has them in. It has no pointers for the collector to
// follow, and it grows a shard at a time, so that no caller waits while millions of ids move.
type idTable struct {
	shards [256]idShard // by a key's first byte, so that they are in the order of keys
	ids    int
	hours  idHours // that the ids name, and perhaps some of ids that were removed
}

// idShard is an open-addressed table: an id lies in the first free slot from its place on.
type idShard struct {
	slots []idSlot
	used  int
}

// idSlot is an id, the print of its content, and where its event is. No key is all zeros (see [identify]): that is a free slot.
type idSlot struct {
	key   idKey
	print uint32
	seq   uint32 // the lower half of the segment's number, see [place]; 0: not known
}

// place is where key is looked for first. Keys are spread evenly, and so are their places.
func (s *idShard) place(k idKey) int {
	i, _ := bits.Mul64(binary.BigEndian.Uint64(k[1:9]), uint64(len(s.slots)))
	return int(i)
}

// find is the slot that has key, or the free one where it belongs.
func (s *idShard) find(key idKey) *idSlot {
	for i := s.place(key); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		if slot := &s.slots[i]; slot.key == key || slot.key == (idKey{}) {
			return slot
		}
	}
}

func (t *idTable) get(key idKey) (found idSlot, ok bool) {
	s := &t.shards[key[0]]
	if s.used == 0 {
		return idSlot{}, false
	}
	slot := s.find(key)
	return *slot, slot.key == key
}

// put remembers an id. One that is known stays as it is.
func (t *idTable) put(id idSlot) {
	if slot := t.slot(id.key); slot.key != id.key {
		t.fill(slot, id)
	}
}

// slot is where key lies, or the free slot that it can be put in by [idTable.fill] at once.
func (t *idTable) slot(key idKey) *idSlot {
	s := &t.shards[key[0]]
	if s.used*4 >= len(s.slots)*3 {
		s.rehash(max(16, len(s.slots)*2), nil)
	}
	return s.find(key)
}

func (t *idTable) fill(slot *idSlot, id idSlot) {
	*slot = id
	t.shards[id.key[0]].used++
	t.ids++
}

// warm reads the place where key will be looked for. Its answer means nothing, but must be used: many such reads in a
// row wait for memory together, and look-ups one after the other each for itself.
func (t *idTable) warm(key idKey) byte {
	s := &t.shards[key[0]]
	if len(s.slots) == 0 {
		return 0
	}
	return s.slots[s.place(key)].key[0]
}

// another is an empty table with room for as many ids as t has, so that it need not grow again.
func (t *idTable) another() *idTable {
	n := &idTable{}
	for i := range t.shards {
		n.shards[i].slots = make([]idSlot, len(t.shards[i].slots))
	}
	return n
}

// remove forgets keys. It rebuilds their shards, for it is only needed when a write has failed.
func (t *idTable) remove(keys []idKey) {
	gone := make(map[idKey]bool, len(keys))
	touched := map[byte]bool{}
	for _, k := range keys {
		gone[k], touched[k[0]] = true, true
	}
	for b := range touched {
		s := &t.shards[b]
		before := s.used
		s.rehash(len(s.slots), gone)
		t.ids -= before - s.used
	}
}

// rehash moves the shard's ids, less those that are gone, into a table of another size.
func (s *idShard) rehash(size int, gone map[idKey]bool) {
	old := s.slots
	s.slots, s.used = make([]idSlot, size), 0
	for _, slot := range old {
		if slot.key != (idKey{}) && !gone[slot.key] {
			*s.find(slot.key) = slot
			s.used++
		}
	}
}

// sorted calls yield with the ids in the order of their keys, a shard at a time.
func (t *idTable) sorted(yield func([]idSlot) error) error {
	for i := range t.shards {
		s := &t.shards[i]
		some := make([]idSlot, 0, s.used)
		for _, slot := range s.slots {
			if slot.key != (idKey{}) {
				some = append(some, slot)
			}
		}
		sortNearly(some)
		if err := yield(some); err != nil {
			return err
		}
	}
	return nil
}

// sortNearly sorts ids that lie as a table has them: each a few places from where it belongs, but for those few that found
// no room at the end and lie at the beginning. Moving each down to its place is then the least work.
func sortNearly(ids []idSlot) {
	for i := 1; i < len(ids); i++ {
		id, at := ids[i], i
		for ; at > 0 && id.key.less(ids[at-1].key); at-- {
			ids[at] = ids[at-1]
		}
		ids[at] = id
	}
}
