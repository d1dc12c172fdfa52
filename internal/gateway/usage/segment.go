package usage

import (
	"bytes"
	"errors"
	"fmt"

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

// Segment is one row of the log: the events of one commit, or of some that are packed together.
type Segment struct {
	Part      int   // the partition; one process owns it
	First     int64 // the first commit whose events it has: Seq, unless it is packed
	Seq       int64 // 1, 2, 3 …: the order of commits
	FirstHour core.Hour
	LastHour  core.Hour // the hours its events are billed in lie between these
	Events    int
	At        int64  // UTC microseconds of the commit, the newest one
	Licenses  []byte // of which its events are: see MayHave
	Body      []byte // see encodeSegment
}

// The first byte of a segment's body says how the rest, which is packed with zstd, is written. Only the newest still is;
// the log is the audit trail, so all stay readable.
const (
	formatV1 = 1 // a row of fields an entry, see rowsV1
	formatV2 = 2 // the same, with texts that repeat written once, see rowsV2
	formatV3 = 3 // a column a field, see segmentWriter
)

var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithAllLitEntropyCompression(true), zstd.WithWindowSize(1<<17))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<28))
)

// Flags of an entry.
const (
	flagUntimed = 1 << iota
	flagLate
	flagMeter   // the meter follows, and for a late event what it adds
	flagUnknown // this bit and those above are a newer version's
)

var errSegment = errors.New("usage: the segment's body is damaged")

// entries reads a segment's entries in order. next is false at their end, and where they are damaged; whole then tells
// which. What next fills is only good until it is called again; strings may be kept, and tags are not to be changed.
type entries interface {
	next(*Entry) bool
	whole() bool
}

// Each calls yield with every entry of the segment, in order. The entry is only good during the call; its strings may
// be kept, and its tags are not to be changed.
//
// Errors: what yield returns, or that the body is damaged.
func (s Segment) Each(yield func(*Entry) error) error {
	raw, err := s.unpack()
	if err != nil {
		return err
	}
	return s.each(raw, yield)
}

// Find finds an event by its name; ok is false if the segment has none such. It looks at a segment's events only if the
// bytes of the id are somewhere in it, so that going through a long log for one event costs little more than unpacking it.
func (s Segment) Find(source, id string) (found Entry, ok bool, err error) {
	raw, err := s.unpack()
	if err != nil || !bytes.Contains(raw, []byte(id)) {
		return found, false, err
	}
	err = s.each(raw, func(e *Entry) error {
		if e.ID == id && e.Source == source {
			found, ok = *e, true
			return errFound
		}
		return nil
	})
	if ok {
		err = nil
	}
	return found, ok, err
}

var errFound = errors.New("found")

func (s Segment) damaged(why error) error {
	return fmt.Errorf("segment %d/%d: %w: %w", s.Part, s.Seq, errSegment, why)
}

// unpack is what stands behind the format's number.
func (s Segment) unpack() ([]byte, error) {
	if len(s.Body) == 0 || s.Body[0] < formatV1 || s.Body[0] > formatV3 {
		return nil, s.damaged(errors.New("unknown format"))
	}
	raw, err := unpacker.DecodeAll(s.Body[1:], nil)
	if err != nil {
		return nil, s.damaged(err)
	}
	return raw, nil
}

func (s Segment) each(raw []byte, yield func(*Entry) error) error {
	var in entries
	switch r := (reader{b: string(raw)}); s.Body[0] {
	case formatV1:
		in = newRowsV1(r)
	case formatV2:
		in = newRowsV2(r)
	default:
		in = newColumns(r)
	}
	n := 0
	for e := new(Entry); in.next(e); n++ {
		if err := yield(e); err != nil {
			return err
		}
	}
	if !in.whole() || n != s.Events {
		return s.damaged(fmt.Errorf("%d of %d events", n, s.Events))
	}
	return nil
}

// reader takes fields off b; bad says that they were not there.
type reader struct {
	b   string
	bad bool
}

func (r *reader) spoil() { r.bad, r.b = true, "" }

func (r *reader) byte() byte {
	if r.b == "" {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() (v uint64) {
	for shift := 0; shift < 64 && r.b != ""; shift += 7 {
		c := r.b[0]
		r.b = r.b[1:]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.spoil()
	return 0
}

// varint undoes [binary.AppendVarint].
func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) text() string { return r.take(r.uvarint()) }

// take reads n bytes.
func (r *reader) take(n uint64) string {
	if n > uint64(len(r.b)) {
		r.spoil()
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) quantity() Quantity { return Quantity{hi: r.uvarint(), lo: r.uvarint()} }
