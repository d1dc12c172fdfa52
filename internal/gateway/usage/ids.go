package usage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"time"
)

// idKey stands for (source, id): the first half of their SHA-256. Two different ids share one with a probability of
// about 10^-21 among 10^9 events.
type idKey [16]byte

// identify gives e's key and the print of its content, by which a repetition is told from a conflict. An untimed
// event has the same print whenever it arrives.
func identify(e *Entry) (idKey, uint64) {
	var buf [512]byte
	b := appendText(appendText(buf[:0], e.Source), e.ID)
	key := sha256.Sum256(b)

	b = appendText(appendText(b[:0], string(e.License)), string(e.Dimension))
	b = appendQuantity(b, e.Quantity)
	if !e.Untimed {
		b = binary.AppendVarint(b, e.Time)
	}
	b = appendTags(b, e.Tags)
	print := sha256.Sum256(b)
	return idKey(key[:16]), binary.BigEndian.Uint64(print[:8])
}

const (
	idBytes    = 24  // a key and its print in a chunk
	chunkIDs   = 680 // about 16 KiB
	filterBits = 12  // per id: about one false "perhaps" in 250
)

// filter answers "perhaps" or "certainly not" for keys (a Bloom filter in blocks of one cache line, 64 bytes).
type filter []byte

func newFilter(ids int) filter { return make(filter, (ids*filterBits/512+1)*64) }

// places finds a key's block and the seven bits of it. Keys are hashes: their bits are as good as random.
func (f filter) places(k idKey) (block []byte, spots uint64) {
	i := binary.BigEndian.Uint64(k[:8]) % uint64(len(f)/64)
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

// older looks key up among the ids that have left memory.
func (in *Intake) older(ctx context.Context, key idKey) (print uint64, found bool, err error) {
	for i := len(in.runs) - 1; i >= 0; i-- {
		r := &in.runs[i]
		if !filter(r.Filter).perhaps(key) {
			continue
		}
		n := len(r.FirstKeys) / 16
		chunk := sort.Search(n, func(i int) bool { return bytes.Compare(r.FirstKeys[i*16:i*16+16], key[:]) > 0 }) - 1
		if chunk < 0 {
			continue
		}
		body, err := in.cfg.Store.IDs(ctx, r.Part, r.No, chunk)
		if err != nil {
			return 0, false, fmt.Errorf("read ids of run %d: %w", r.No, err)
		}
		m := len(body) / idBytes
		at := sort.Search(m, func(i int) bool { return bytes.Compare(body[i*idBytes:i*idBytes+16], key[:]) >= 0 })
		if at < m && bytes.Equal(body[at*idBytes:at*idBytes+16], key[:]) {
			return binary.BigEndian.Uint64(body[at*idBytes+16:]), true, nil
		}
	}
	return 0, false, nil
}

// rotateEvery is how long ids stay in memory when they are few: runs must not become many, for each new id is looked
// for in the filter of each.
const rotateEvery = 24 * time.Hour

// Rotate moves the ids in memory into a run on disk, if they are many or a day old, and forgets runs that are older than the retention. Events are
// taken meanwhile. It is called when an hour has been sealed.
func (in *Intake) Rotate(ctx context.Context) error {
	now := in.cfg.Clock.Now()
	in.commit.Lock()
	if len(in.frozen) == 0 && len(in.ids) < in.cfg.MaxIDs && now.Sub(in.rotated) < rotateEvery {
		in.commit.Unlock()
		return nil
	}
	if len(in.frozen) == 0 { // else: the last call failed half-way; finish it first
		in.frozen, in.ids = in.ids, map[idKey]uint64{}
		in.frozenSeq = in.seq
	}
	frozen, seq := in.frozen, in.frozenSeq
	no := int64(1)
	if len(in.runs) > 0 {
		no = in.runs[len(in.runs)-1].No + 1
	}
	in.rotated = now
	in.commit.Unlock()

	if len(frozen) > 0 {
		r, err := in.writeRun(ctx, no, frozen)
		if err != nil {
			return err
		}
		r.LastSeq, r.LastAt = seq, now.UnixMicro()
		if err := in.cfg.Store.PutRun(ctx, r); err != nil {
			return fmt.Errorf("write id run %d: %w", no, err)
		}
		in.commit.Lock()
		in.runs = append(in.runs, r)
		in.frozen = nil
		in.commit.Unlock()
	}

	before := now.Add(-in.cfg.KeepIDs).UnixMicro()
	in.commit.Lock()
	old := len(in.runs) > 1 && in.runs[0].LastAt < before
	in.commit.Unlock()
	if !old {
		return nil
	}
	if err := in.cfg.Store.DropRuns(ctx, in.cfg.Part, before); err != nil {
		return fmt.Errorf("forget old ids: %w", err)
	}
	in.commit.Lock()
	newest := in.runs[len(in.runs)-1].No // stays, as in the store: it says up to which segment ids have left memory
	in.runs = slices.DeleteFunc(in.runs, func(r Run) bool { return r.LastAt < before && r.No < newest })
	in.commit.Unlock()
	return nil
}

func (in *Intake) writeRun(ctx context.Context, no int64, ids map[idKey]uint64) (Run, error) {
	keys := make([]idKey, 0, len(ids))
	r := Run{Part: in.cfg.Part, No: no, IDs: int64(len(ids)), Filter: newFilter(len(ids))}
	for k := range ids {
		keys = append(keys, k)
		filter(r.Filter).add(k)
	}
	slices.SortFunc(keys, func(a, b idKey) int { return bytes.Compare(a[:], b[:]) })
	chunk := 0
	for part := range slices.Chunk(keys, chunkIDs) {
		body := make([]byte, 0, len(part)*idBytes)
		for _, k := range part {
			body = binary.BigEndian.AppendUint64(append(body, k[:]...), ids[k])
		}
		if err := in.cfg.Store.PutIDs(ctx, in.cfg.Part, no, chunk, body); err != nil {
			return Run{}, fmt.Errorf("write ids of run %d: %w", no, err)
		}
		r.FirstKeys = append(r.FirstKeys, part[0][:]...)
		chunk++
	}
	return r, nil
}
