package usage

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"souk.dev/souk/internal/gateway/core"
)

// What is packed into one segment. More would hardly become smaller. Little enough that events do not notice when it is
// written, and that a record's events are found without reading many others: its hour is looked for in segments that span
// no more than packSpan.
const (
	packEvents   = 16_384
	packSegments = 512
	packBytes    = 1 << 20 // before
	packSpan     = core.Hour(2)
)

// tightPacker is slower than packer and compresses more. Nearly no process needs it before its events are days old.
var tightPacker = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithAllLitEntropyCompression(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
})

// pack puts the next few old segments together: those behind the ones that are packed already. Each is packed once, with
// all that fit, so it waits for the first that does not.
func (in *Intake) pack(ctx context.Context, now time.Time) (did bool, err error) {
	from, err := in.cfg.Store.Packed(ctx, in.cfg.Part)
	if err != nil {
		return false, fmt.Errorf("find out what is packed: %w", err)
	}
	spans, err := in.cfg.Store.Spans(ctx, in.cfg.Part, from, packSegments+1)
	if err != nil {
		return false, fmt.Errorf("look at old segments: %w", err)
	}
	seq, hour := in.settled()
	old := now.Add(-in.cfg.PackAfter)
	for i, s := range spans {
		if s.Seq > seq || s.LastHour > hour || !s.before(old) {
			spans = spans[:i]
			break
		}
	}
	n := together(spans)
	if n == len(spans) {
		return false, nil // what becomes old next may go with them
	}
	s, err := in.packed(ctx, spans[0].Seq, spans[n-1].Seq)
	if err != nil {
		return false, fmt.Errorf("pack segments %d to %d: %w", spans[0].Seq, spans[n-1].Seq, err)
	}
	if err := in.cfg.Store.Pack(ctx, s); err != nil {
		return false, fmt.Errorf("put segments %d to %d together: %w", s.First, s.Seq, err)
	}
	return true, nil
}

// together is how many of spans, from the first on, go into one segment: one at least.
func together(spans []Span) int {
	var sum Span
	for i, s := range spans {
		if i == 0 {
			sum = s
			continue
		}
		sum.FirstHour, sum.LastHour = min(sum.FirstHour, s.FirstHour), max(sum.LastHour, s.LastHour)
		sum.Events, sum.Bytes = sum.Events+s.Events, sum.Bytes+s.Bytes
		if i == packSegments || sum.Events > packEvents || sum.Bytes > packBytes || sum.LastHour > sum.FirstHour+packSpan {
			return i
		}
	}
	return len(spans)
}

// packed makes one segment of those from first to last, and reads it again before it is trusted with them.
func (in *Intake) packed(ctx context.Context, first, last int64) (s Segment, err error) {
	before, after := newDigest(), newDigest()
	var all []prepared
	var tags tagWriter
	err = in.cfg.Store.Between(ctx, in.cfg.Part, first, last, func(one Segment) error {
		if len(all) == 0 {
			s = one
		}
		s.FirstHour, s.LastHour = min(s.FirstHour, one.FirstHour), max(s.LastHour, one.LastHour)
		s.Seq, s.At = one.Seq, max(s.At, one.At)
		return one.Each(func(e *Entry) error {
			p := prepared{Entry: *e, tags: tags.write(e.Tags)}
			all = append(all, p)
			before.add(&p)
			return nil
		})
	})
	if err == nil && (len(all) == 0 || s.Seq != last) {
		err = errors.New("the last of them is not there")
	}
	if err != nil {
		return Segment{}, err
	}
	entries := make([]*prepared, len(all))
	for i := range all {
		entries[i] = &all[i]
	}
	s.Events = len(entries)
	s.Body, s.Licenses = encodeSegment(entries, entries[0].Received, tightPacker())
	err = s.Each(func(e *Entry) error { after.add(&prepared{Entry: *e, tags: tags.write(e.Tags)}); return nil })
	if err != nil {
		return Segment{}, err
	}
	if before.sum() != after.sum() {
		return Segment{}, fmt.Errorf("%w: it does not come back as it was", errSegment)
	}
	return s, nil
}

// digest is what a list of entries comes to: two lists that differ in any field or in their order have different ones.
type digest struct {
	hash.Hash
	buf []byte
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

func (d *digest) add(e *prepared) {
	b := d.buf[:0]
	for _, text := range [...]string{e.Source, e.ID, string(e.License), string(e.Dimension), e.Unbillable, string(e.Meter), e.tags} {
		b = appendText(b, text)
	}
	b = appendQuantity(appendQuantity(b, e.Quantity), e.Adds)
	for _, v := range [...]int64{e.Time, e.Received, int64(e.Hour)} {
		b = binary.AppendVarint(b, v)
	}
	for _, is := range [...]bool{e.Untimed, e.Late} {
		if is {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	d.buf = b
	_, _ = d.Write(b) // never fails
}

func (d *digest) sum() [sha256.Size]byte { return [sha256.Size]byte(d.Sum(nil)) }
