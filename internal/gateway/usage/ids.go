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

// share is which of n equal shares of all keys k is in. Keys are hashes: each share has as many of them as another, nearly, and
// the shares are in the order of keys.
func (k idKey) share(n int64) int64 {
	i, _ := bits.Mul64(binary.BigEndian.Uint64(k[:8]), uint64(n))
	return int64(i)
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
	idBytes  = 24  // an id in a chunk
	chunkIDs = 680 // in a chunk, about: 16 KiB
)
