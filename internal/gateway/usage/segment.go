package usage

import (
	"errors"
	"fmt"
	"strings"
	"time"

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

// The first byte of a segment's body says how the rest is written: zstd over entries, each a row of fields.
const (
	formatV1 = 1 // all texts in full, see segment_v1.go; not written any more
	formatV2 = 2 // texts that tend to repeat are written once, see segmentWriter
)

var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17))
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

// Each calls yield with every entry of the segment, in order. The entry is only good during the call; its strings may
// be kept, and its tags are not to be changed.
//
// Errors: what yield returns, or that the body is damaged.
func (s Segment) Each(yield func(*Entry) error) error {
	damaged := func(why error) error { return fmt.Errorf("segment %d/%d: %w: %w", s.Part, s.Seq, errSegment, why) }
	if len(s.Body) == 0 || (s.Body[0] != formatV1 && s.Body[0] != formatV2) {
		return damaged(errors.New("unknown format"))
	}
	raw, err := unpacker.DecodeAll(s.Body[1:], nil)
	if err != nil {
		return damaged(err)
	}
	r := reader{b: string(raw)}
	r.base = r.varint()
	r.hour = core.HourOf(time.UnixMicro(r.base))
	read := r.entry
	if s.Body[0] == formatV1 {
		read = r.entryV1
	}
	n := 0
	var e Entry
	for ; r.b != "" && !r.bad; n++ {
		if read(&e); r.bad {
			break
		}
		if err := yield(&e); err != nil {
			return err
		}
	}
	if r.bad || n != s.Events {
		return damaged(fmt.Errorf("%d of %d events", n, s.Events))
	}
	return nil
}

// reader takes fields off b; bad says that they were not there.
type reader struct {
	b     string
	base  int64
	hour  core.Hour
	texts []string // by number, less 1
	tags  []map[string]string
	bad   bool
}

func (r *reader) entry(e *Entry) {
	flags := r.byte()
	*e = Entry{Untimed: flags&flagUntimed != 0, Late: flags&flagLate != 0}
	if flags >= flagUnknown {
		r.bad = true
	}
	if flags&flagMeter != 0 {
		m, _ := r.shared()
		if e.Meter = core.Meter(m); e.Late {
			e.Adds = r.quantity()
		}
	}
	e.Source, _ = r.shared()
	e.ID = r.text()
	l, _ := r.shared()
	d, _ := r.shared()
	e.License, e.Dimension = core.LicenseID(l), core.Dimension(d)
	e.Quantity = r.quantity()
	e.Time, e.Received = r.base+r.varint(), r.base+r.varint()
	e.Hour = r.hour + core.Hour(r.varint())
	e.Unbillable, _ = r.shared()
	text, no := r.shared()
	e.Tags = r.tagsOf(text, no)
}

// shared reads a text that stands in full or as its number.
func (r *reader) shared() (text string, no int) {
	v := r.uvarint()
	if v == 0 {
		// A copy, so that who keeps a licence's name does not keep the whole segment.
		r.texts = append(r.texts, strings.Clone(r.text()))
		r.tags = append(r.tags, nil)
		v = uint64(len(r.texts))
	}
	if v > uint64(len(r.texts)) {
		r.bad, r.b = true, ""
		return "", 0
	}
	return r.texts[v-1], int(v)
}

// tagsOf reads tags as [appendTags] wrote them, once for all entries that have the same.
func (r *reader) tagsOf(text string, no int) map[string]string {
	if text == "" {
		return nil
	}
	if r.tags[no-1] == nil {
		in := reader{b: text}
		tags := map[string]string{}
		for in.b != "" {
			k := in.text()
			tags[k] = in.text()
		}
		r.tags[no-1], r.bad = tags, r.bad || in.bad
	}
	return r.tags[no-1]
}

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
	r.bad, r.b = true, ""
	return 0
}

// varint undoes [binary.AppendVarint].
func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, ""
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) quantity() Quantity { return Quantity{hi: r.uvarint(), lo: r.uvarint()} }
