package usage

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// rowsV2 reads the second format: a row of fields an entry, in which a text that tends to repeat stands in full, behind a
// 0, where it is met first, and as its number from then on.
type rowsV2 struct {
	sharedRows
	base int64
	hour core.Hour
}

func newRowsV2(r reader) *rowsV2 {
	in := &rowsV2{sharedRows: sharedRows{reader: r}}
	in.base = in.varint()
	in.hour = core.HourOf(time.UnixMicro(in.base))
	return in
}

func (r *rowsV2) whole() bool { return !r.bad }

func (r *rowsV2) next(e *Entry) bool {
	if r.b == "" || r.bad {
		return false
	}
	flags := r.byte()
	*e = Entry{Untimed: flags&flagUntimed != 0, Late: flags&flagLate != 0}
	if flags&flagMeter != 0 {
		if e.Meter = core.Meter(r.shared()); e.Late {
			e.Adds = r.quantity()
		}
	}
	e.Source, e.ID = r.shared(), r.text()
	e.License, e.Dimension = core.LicenseID(r.shared()), core.Dimension(r.shared())
	e.Quantity = r.quantity()
	e.Time, e.Received = r.base+r.varint(), r.base+r.varint()
	e.Hour = r.hour + core.Hour(r.varint())
	e.Unbillable = r.shared()
	e.Tags = r.tagsOf(r.number(), &r.reader)
	r.bad = r.bad || flags >= flagUnknown
	return !r.bad
}
