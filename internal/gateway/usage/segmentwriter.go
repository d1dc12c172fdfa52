package usage

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"souk.dev/souk/internal/gateway/core"
)

// segmentWriter writes entries, a column for each field. A text that tends to repeat is written once, and its number
// stands for it; that is less to pack, which is most of the work. Instants and hours are differences to the segment's.
type segmentWriter struct {
	out   [columns][]byte
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

// segmentWriters are kept for the next segment; those that met a rare huge one are not.
var segmentWriters = sync.Pool{New: func() any { return &segmentWriter{texts: map[string]uint64{}} }}

const (
	maxPooled      = 4 << 20 // bytes
	maxPooledTexts = 1 << 12
)

// encodeSegment makes a segment's body with the encoder z, and the filter of its licences.
func encodeSegment(entries []*prepared, base int64, z *zstd.Encoder) (body, licenses []byte) {
	w := segmentWriters.Get().(*segmentWriter)
	w.base, w.hour = base, core.HourOf(time.UnixMicro(base))
	for _, p := range entries {
		w.add(p)
	}
	w.raw = binary.AppendVarint(w.raw[:0], base)
	for _, c := range w.out {
		w.raw = binary.AppendUvarint(w.raw, uint64(len(c)))
	}
	for i, c := range w.out {
		w.raw = append(w.raw, c...)
		w.out[i] = c[:0]
	}
	body = z.EncodeAll(w.raw, append(make([]byte, 0, len(w.raw)/2+64), formatV3))
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
		w.text(inMeter, string(p.Meter))
		if p.Late {
			w.out[inAdds] = appendQuantity(w.out[inAdds], p.Adds)
		}
	}
	w.out[inFlags] = append(w.out[inFlags], flags)
	w.text(inSource, p.Source)
	w.out[inIDSize] = binary.AppendUvarint(w.out[inIDSize], uint64(len(p.ID)))
	w.out[inID] = append(w.out[inID], p.ID...)
	w.text(inLicense, string(p.License))
	w.note(p.License)
	w.text(inDimension, string(p.Dimension))
	w.out[inQuantity] = appendQuantity(w.out[inQuantity], p.Quantity)
	w.out[inTime] = binary.AppendVarint(w.out[inTime], p.Time-w.base)
	w.out[inReceived] = binary.AppendVarint(w.out[inReceived], p.Received-w.base)
	w.out[inHour] = binary.AppendVarint(w.out[inHour], int64(p.Hour-w.hour))
	w.text(inUnbillable, p.Unbillable)
	w.text(inTags, p.tags)
}

func (w *segmentWriter) text(column int, s string) {
	last := &w.last[column]
	if last.text != s {
		last.text, last.no = s, 0
		if s != "" {
			last.no = w.number(s)
		}
	}
	w.out[column] = binary.AppendUvarint(w.out[column], last.no)
}

func (w *segmentWriter) number(s string) uint64 {
	no, met := w.texts[s]
	if !met {
		no = uint64(len(w.texts)) + 1
		w.texts[s] = no
		w.out[inTexts] = appendText(w.out[inTexts], s)
	}
	return no
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
