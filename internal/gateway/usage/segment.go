package usage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"souk.dev/souk/internal/gateway/core"
)

// Entry is an event as it stands in the log: what was told, and what was made of it.
type Entry struct {
	Source    string
	ID        string
	License   core.LicenseID
	Dimension core.Dimension
	Quantity  Quantity
	Time      int64 // UTC microseconds; the time of arrival if the caller told none (Untimed)
	Untimed   bool
	Received  int64 // UTC microseconds
	Tags      map[string]string

	Hour core.Hour // the hour it is billed in
	Late bool      // its own hour was closed already
	// Unbillable says why the event can never be billed (see the Reason constants); empty for the others.
	Unbillable string
	// Meter is what the event is counted with. Adds is what it adds to its hour, if it is late and the meter is not additive.
	Meter core.Meter
	Adds  Quantity
}

// Key names the total that e is counted in.
func (e *Entry) Key() Key { return Key{e.License, e.Dimension, e.Unbillable} }

// Reasons why an event is kept and never billed.
const (
	ReasonAfterEnd = "after_end" // used after the subscription's end
	ReasonTooLate  = "too_late"  // used before the end, told after the last record had gone
)

// Segment is one row of the log: the events of one commit.
type Segment struct {
	Part      int   // the partition; one process owns it
	Seq       int64 // 1, 2, 3 …: the order of commits
	FirstHour core.Hour
	LastHour  core.Hour // the hours its events are billed in lie between these
	Events    int
	At        int64  // UTC microseconds of the commit
	Body      []byte // see encodeSegment
}

// formatV1 starts the body of a segment: zstd over entries, each a row of uvarint-prefixed fields.
const formatV1 = 1

var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<28))
)

// Flags of an entry.
const (
	flagUntimed = 1 << iota
	flagLate
	flagMeter   // the meter follows, and for a late event what it adds
	flagUnknown // this bit and those above are a newer version's
)

// appendEntry writes e behind b. Instants and hours are written as differences to base, so that they are short.
func appendEntry(b []byte, e *Entry, base int64) []byte {
	flags := byte(0)
	if e.Untimed {
		flags |= flagUntimed
	}
	if e.Late {
		flags |= flagLate
	}
	if e.Meter != core.Sum {
		flags |= flagMeter
	}
	b = append(b, flags)
	if e.Meter != core.Sum {
		b = appendText(b, string(e.Meter))
		if e.Late {
			b = appendQuantity(b, e.Adds)
		}
	}
	b = appendText(b, e.Source)
	b = appendText(b, e.ID)
	b = appendText(b, string(e.License))
	b = appendText(b, string(e.Dimension))
	b = appendQuantity(b, e.Quantity)
	b = binary.AppendVarint(b, e.Time-base)
	b = binary.AppendVarint(b, e.Received-base)
	b = binary.AppendVarint(b, int64(e.Hour))
	b = appendText(b, e.Unbillable)
	b = binary.AppendUvarint(b, uint64(len(e.Tags)))
	return appendTags(b, e.Tags)
}

func appendQuantity(b []byte, q Quantity) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, q.hi), q.lo)
}

// appendTags writes tags in the order of their keys, the one order of segments and prints.
func appendTags(b []byte, tags map[string]string) []byte {
	var few [MaxTags]string // on the stack
	keys := few[:0]
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = appendText(appendText(b, k), tags[k])
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// rawBuffers hold segments before compression; those of rare huge groups are not kept.
var rawBuffers = sync.Pool{New: func() any { return new([]byte) }}

const maxPooled = 4 << 20

// encodeSegment makes a segment's body.
func encodeSegment(entries []*Entry, base int64) []byte {
	buf := rawBuffers.Get().(*[]byte)
	raw := binary.AppendVarint((*buf)[:0], base)
	for _, e := range entries {
		raw = appendEntry(raw, e, base)
	}
	body := packer.EncodeAll(raw, append(make([]byte, 0, len(raw)/2+64), formatV1))
	if *buf = raw; cap(raw) <= maxPooled {
		rawBuffers.Put(buf)
	}
	return body
}

var errSegment = errors.New("usage: the segment's body is damaged")

// Each calls yield with every entry of the segment, in order. The entry is only good during the call; its strings may
// be kept.
//
// Errors: what yield returns, or that the body is damaged.
func (s Segment) Each(yield func(*Entry) error) error {
	if len(s.Body) == 0 || s.Body[0] != formatV1 {
		return fmt.Errorf("segment %d/%d: %w: unknown format", s.Part, s.Seq, errSegment)
	}
	raw, err := unpacker.DecodeAll(s.Body[1:], nil)
	if err != nil {
		return fmt.Errorf("segment %d/%d: %w: %w", s.Part, s.Seq, errSegment, err)
	}
	r := reader{b: raw}
	base := r.varint()
	n := 0
	for ; len(r.b) > 0 && !r.bad; n++ {
		e := r.entry(base)
		if r.bad {
			break
		}
		if err := yield(&e); err != nil {
			return err
		}
	}
	if r.bad || n != s.Events {
		return fmt.Errorf("segment %d/%d: %w: %d of %d events", s.Part, s.Seq, errSegment, n, s.Events)
	}
	return nil
}

// reader takes fields off b; bad says that they were not there.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) entry(base int64) (e Entry) {
	flags := r.byte()
	if flags >= flagUnknown {
		r.bad = true
	}
	e.Untimed, e.Late = flags&flagUntimed != 0, flags&flagLate != 0
	if flags&flagMeter != 0 {
		e.Meter = core.Meter(r.text())
		if e.Late {
			e.Adds = r.quantity()
		}
	}
	e.Source, e.ID = r.text(), r.text()
	e.License, e.Dimension = core.LicenseID(r.text()), core.Dimension(r.text())
	e.Quantity = r.quantity()
	e.Time, e.Received = base+r.varint(), base+r.varint()
	e.Hour = core.Hour(r.varint())
	e.Unbillable = r.text()
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		if e.Tags == nil {
			e.Tags = map[string]string{}
		}
		k := r.text()
		e.Tags[k] = r.text()
	}
	return e
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) quantity() Quantity { return Quantity{hi: r.uvarint(), lo: r.uvarint()} }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	return v * r.took(n)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	return v * int64(r.took(n))
}

// took moves on by n bytes; it is 0 when there were none, so that a damaged value reads as 0.
func (r *reader) took(n int) uint64 {
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return 1
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
