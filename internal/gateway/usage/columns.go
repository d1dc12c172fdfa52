package usage

import (
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// The columns of a segment. A field's values lie one behind the other, because they are alike: that packs better than row
// after row, and faster. The columns of texts hold numbers of those in inTexts, from 1; 0 is no text.
const (
	inTexts  = iota // those that tend to repeat, once each
	inFlags         // a byte an entry
	inMeter         // text, of entries with flagMeter
	inAdds          // of entries with flagMeter and flagLate
	inSource        // text
	inIDSize
	inID        // the bytes of all ids
	inLicense   // text
	inDimension // text
	inQuantity
	inTime       // less the segment's instant
	inReceived   // less the segment's instant
	inHour       // less that of the segment's instant
	inUnbillable // text
	inTags       // text, see appendTags
	columns
)

// columnReader reads entries of the third format.
type columnReader struct {
	sharedTexts
	in   [columns]reader
	base int64
	hour core.Hour
	bad  bool
}

// newColumns begins with the segment's instant, the columns' sizes, and the texts.
func newColumns(r reader) *columnReader {
	c := &columnReader{base: r.varint()}
	c.hour = core.HourOf(time.UnixMicro(c.base))
	var sizes [columns]uint64
	for i := range sizes {
		sizes[i] = r.uvarint()
	}
	for i, n := range sizes {
		c.in[i].b = r.take(n)
	}
	c.bad = r.bad || r.b != ""
	for t := &c.in[inTexts]; t.b != "" && !c.bad; c.bad = c.bad || t.bad {
		c.add(strings.Clone(t.text())) // a copy, so that who keeps a licence's name does not keep the whole segment
	}
	return c
}

func (c *columnReader) next(e *Entry) bool {
	if c.bad || c.in[inFlags].b == "" {
		return false
	}
	flags := c.in[inFlags].byte()
	*e = Entry{Untimed: flags&flagUntimed != 0, Late: flags&flagLate != 0}
	if flags&flagMeter != 0 {
		if e.Meter = core.Meter(c.text(inMeter)); e.Late {
			e.Adds = c.in[inAdds].quantity()
		}
	}
	e.Source = c.text(inSource)
	e.ID = c.in[inID].take(c.in[inIDSize].uvarint())
	e.License, e.Dimension = core.LicenseID(c.text(inLicense)), core.Dimension(c.text(inDimension))
	e.Quantity = c.in[inQuantity].quantity()
	e.Time, e.Received = c.base+c.in[inTime].varint(), c.base+c.in[inReceived].varint()
	e.Hour = c.hour + core.Hour(c.in[inHour].varint())
	e.Unbillable = c.text(inUnbillable)
	e.Tags = c.tagsOf(c.in[inTags].uvarint(), &c.in[inTags])
	c.bad = flags >= flagUnknown
	for i := range c.in {
		c.bad = c.bad || c.in[i].bad
	}
	return !c.bad
}

func (c *columnReader) text(column int) string {
	r := &c.in[column]
	return c.of(r.uvarint(), r)
}

// whole reports whether every column ended with the last entry.
func (c *columnReader) whole() bool {
	for i := range c.in {
		c.bad = c.bad || c.in[i].bad || c.in[i].b != ""
	}
	return !c.bad
}

// sharedTexts are a segment's texts by number, less 1, and the tags that some of them are.
type sharedTexts struct {
	texts []string
	tags  []map[string]string
}

func (s *sharedTexts) add(text string) {
	s.texts, s.tags = append(s.texts, text), append(s.tags, nil)
}

// of is the text with the number; 0 has none. A number that there is not spoils r.
func (s *sharedTexts) of(no uint64, r *reader) string {
	if no == 0 {
		return ""
	}
	if no > uint64(len(s.texts)) {
		r.spoil()
		return ""
	}
	return s.texts[no-1]
}

// tagsOf reads tags as [appendTags] wrote them, once for all entries that have the same.
func (s *sharedTexts) tagsOf(no uint64, r *reader) map[string]string {
	text := s.of(no, r)
	if text == "" {
		return nil
	}
	if s.tags[no-1] == nil {
		in := reader{b: text}
		tags := map[string]string{}
		for in.b != "" {
			k := in.text()
			tags[k] = in.text()
		}
		if in.bad {
			r.spoil()
		}
		s.tags[no-1] = tags
	}
	return s.tags[no-1]
}
