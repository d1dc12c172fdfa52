package usage

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// idKey stands for (source, id): the first half of their SHA-256. Two different ids share one with a probability of
// about 10^-21 among 10^9 events.
type idKey [16]byte

func (k idKey) less(o idKey) bool {
	if a, b := binary.BigEndian.Uint64(k[:]), binary.BigEndian.Uint64(o[:]); a != b {
		return a < b
	}
	return binary.BigEndian.Uint64(k[8:]) < binary.BigEndian.Uint64(o[8:])
}

// identify gives e's key and the print of its content, by which a repetition is told from a conflict: one conflict in four
// billions is taken for a repetition, which changes nothing but the answer. tags are e's as [appendTags] writes them.
func identify(e *Entry, tags string) (idKey, uint32) {
	var buf [192]byte // on the stack; nearly always enough
	key, b := appendKey(buf[:0], e.Source, e.ID)
	return key, uint32(xxhash.Sum64(appendContent(b[:0], e, tags)) >> 32)
}

// keyOf is the key of an event's name.
func keyOf(source, id string) idKey {
	key, _ := appendKey(nil, source, id)
	return key
}

// appendKey gives the key of a name, and b with what it is the hash of.
func appendKey(b []byte, source, id string) (idKey, []byte) {
	b = appendText(appendText(b, source), id)
	sum := sha256.Sum256(b)
	return idKey(sum[:16]), b
}

// firstPrint is the print that was kept of e by versions which took it from SHA-256. Ids that left memory then have it.
func firstPrint(e *Entry, tags string) uint32 {
	sum := sha256.Sum256(appendContent(nil, e, tags))
	return binary.BigEndian.Uint32(sum[:4])
}

// appendContent writes what a print is of. An untimed event has the same whenever it arrives.
func appendContent(b []byte, e *Entry, tags string) []byte {
	b = appendText(appendText(b, string(e.License)), string(e.Dimension))
	b = appendQuantity(b, e.Quantity)
	if !e.Untimed {
		b = binary.AppendVarint(b, e.Time)
	}
	return append(b, tags...)
}

// place are the segments, from first to last, of which one has the event of an id: it is the one whose number ends in seq, or
// that was put in its place, if seq is known.
func place(seq uint32, first, last int64) (from, to int64) {
	if seq == 0 {
		return first, last
	}
	at := last - int64(uint32(last)-seq)
	return at, at
}

// appendID writes an id as a chunk has it; readID reads it. In runs of before, which know no places, the last four bytes are
// more of the print.
func appendID(b []byte, id idSlot) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(b, id.key[:]...), id.print), id.seq)
}

func readID(b []byte, r *Run) idSlot {
	id := idSlot{key: idKey(b[:16]), print: binary.BigEndian.Uint32(b[16:])}
	if r.Places {
		id.seq = binary.BigEndian.Uint32(b[20:])
	}
	return id
}

const (
	idBytes    = 24  // an id in a chunk
	chunkIDs   = 680 // about 16 KiB
	filterBits = 20  // per id: about one false "perhaps" in 3,000, for each costs a read of the disk
)

// filter answers "perhaps" or "certainly not" for keys (a Bloom filter in blocks of one cache line, 64 bytes). A byte
// behind the blocks says that they are in the order of their keys, so that a run, which comes in that order, fills one
// after the other. Filters of the first kind, whose blocks are in none, do not have it.
type filter []byte

func newFilter(ids int) filter { return make(filter, (ids*filterBits/512+1)*64+1) }

// places finds a key's block and the seven bits of it. Keys are hashes: their bits are as good as random.
func (f filter) places(k idKey) (block []byte, spots uint64) {
	hash, blocks := binary.BigEndian.Uint64(k[:8]), uint64(len(f)/64)
	i, _ := bits.Mul64(hash, blocks)
	if len(f)%64 == 0 {
		i = hash % blocks
	}
	return f[i*64 : i*64+64], binary.BigEndian.Uint64(k[8:])
}

func (f filter) add(k idKey) {
	block, spots := f.places(k)
	for range 7 {
		block[spots>>3&63] |= 1 << (spots & 7)
		spots >>= 9
	}
}

func (f filter) perhaps(k idKey) bool {
	if len(f) == 0 {
		return false
	}
	block, spots := f.places(k)
	for range 7 {
		if block[spots>>3&63]&(1<<(spots&7)) == 0 {
			return false
		}
		spots >>= 9
	}
	return true
}
