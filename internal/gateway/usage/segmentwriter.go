package usage

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// segmentWriter writes entries one behind the other. A text that tends to repeat stands in full where it is met first, and
// as its number from then on; that is less to compress, which is most of the work. Instants and hours are differences
// to the segment's.
type segmentWriter struct {
	raw   []byte
	base  int64
	hour  core.Hour
	texts map[string]uint64 // the number of each, from 1
	known []bool            // by number: it is the name of a licence
	of    []uint64          // hashes of the licences met
	last  [columns]struct { // neighbours are often alike
		text string
		no   uint64
	}
}

// The columns whose texts repeat.
const (
	inSource = iota
	inLicense
	inDimension
	inUnbillable
	inTags
	inMeter
	columns
)

// segmentWriters are kept for the next segment; those that met a rare huge one are not.
var segmentWriters = sync.Pool{New: func() any { return &segmentWriter{texts: map[string]uint64{}} }}

const (
	maxPooled      = 4 << 20 // bytes
	maxPooledTexts = 1 << 12
)

// encodeSegment makes a segment's body, and the filter of its licences.
func encodeSegment(entries []*prepared, base int64) (body, licenses []byte) {
	w := segmentWriters.Get().(*segmentWriter)
	w.base, w.hour = base, core.HourOf(time.UnixMicro(base))
	w.raw = binary.AppendVarint(w.raw[:0], base)
	for _, p := range entries {
		w.add(p)
	}
	body = packer.EncodeAll(w.raw, append(make([]byte, 0, len(w.raw)/2+64), formatV2))
	licenses = licenseFilter(w.of)
	if cap(w.raw) <= maxPooled && len(w.texts) <= maxPooledTexts {
		clear(w.texts)
		clear(w.last[:])
		clear(w.known)
		w.of = w.of[:0]
		segmentWriters.Put(w)
	}
	return body, licenses
}

func (w *segmentWriter) add(p *prepared) {
	flags := byte(0)
	if p.Untimed {
		flags |= flagUntimed
	}
	if p.Late {
		flags |= flagLate
	}
	if p.Meter != core.Sum {
		flags |= flagMeter
	}
	w.raw = append(w.raw, flags)
	if p.Meter != core.Sum {
		w.text(inMeter, string(p.Meter))
		if p.Late {
			w.raw = appendQuantity(w.raw, p.Adds)
		}
	}
	w.text(inSource, p.Source)
	w.raw = appendText(w.raw, p.ID)
	w.text(inLicense, string(p.License))
	w.note(p.License)
	w.text(inDimension, string(p.Dimension))
	w.raw = appendQuantity(w.raw, p.Quantity)
	w.raw = binary.AppendVarint(w.raw, p.Time-w.base)
	w.raw = binary.AppendVarint(w.raw, p.Received-w.base)
	w.raw = binary.AppendVarint(w.raw, int64(p.Hour-w.hour))
	w.text(inUnbillable, p.Unbillable)
	w.text(inTags, p.tags)
}

func (w *segmentWriter) text(column int, s string) {
	last := &w.last[column]
	if last.no == 0 || last.text != s {
		no, met := w.texts[s]
		if !met {
			no = uint64(len(w.texts)) + 1
			w.texts[s] = no
			w.raw = append(w.raw, 0)
			w.raw = appendText(w.raw, s)
			last.text, last.no = s, no
			return
		}
		last.text, last.no = s, no
	}
	w.raw = binary.AppendUvarint(w.raw, last.no)
}

func appendQuantity(b []byte, q Quantity) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, q.hi), q.lo)
}

// appendTags writes tags in the order of their keys, the one order of segments and prints.
func appendTags(b []byte, tags map[string]string) []byte {
	if len(tags) == 1 { // often
		for k, v := range tags {
			return appendText(appendText(b, k), v)
		}
	}
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

// note puts the licence that was written last into the filter, once.
func (w *segmentWriter) note(l core.LicenseID) {
	no := int(w.last[inLicense].no)
	if no < len(w.known) && w.known[no] {
		return
	}
	w.known = append(w.known, make([]bool, max(0, no+1-len(w.known)))...)
	w.known[no] = true
	w.of = append(w.of, licenseHash(l))
}

// tagWriter turns tags into text, once for neighbours that have the same.
type tagWriter struct {
	last []Tag
	text string // of last
}

func (w *tagWriter) write(tags map[string]string) string {
	if len(tags) == 0 {
		return ""
	}
	if !w.again(tags) {
		w.last = w.last[:0]
		for k, v := range tags {
			w.last = append(w.last, Tag{k, v})
		}
		w.text = string(appendTags(nil, tags))
	}
	return w.text
}

// again reports whether tags are the last ones. It asks for each, which costs less than going through a map.
func (w *tagWriter) again(tags map[string]string) bool {
	for _, t := range w.last {
		if v, ok := tags[t.Key]; !ok || v != t.Value {
			return false
		}
	}
	return len(tags) == len(w.last)
}
