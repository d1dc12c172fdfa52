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

// identify gives e's key and the print of its content, by which a repetition is told from a conflict. tags are e's as
// [appendTags] writes them.
func identify(e *Entry, tags string) (idKey, uint64) {
	var buf [192]byte // on the stack; nearly always enough
	b := appendText(appendText(buf[:0], e.Source), e.ID)
	key := sha256.Sum256(b)
	return idKey(key[:16]), xxhash.Sum64(appendContent(b[:0], e, tags))
}

// firstPrint is the print that was kept of e by versions which took it from SHA-256. Ids that left memory then have it.
func firstPrint(e *Entry, tags string) uint64 {
	sum := sha256.Sum256(appendContent(nil, e, tags))
	return binary.BigEndian.Uint64(sum[:8])
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

const (
	idBytes    = 24  // a key and its print in a chunk
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
