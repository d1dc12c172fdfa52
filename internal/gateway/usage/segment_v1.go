package usage

import "souk.dev/souk/internal/gateway/core"

// rowsV1 reads the first format: a row of fields an entry, with all texts in full, absolute hours and counted tags.
type rowsV1 struct {
	reader
	base int64
}

func newRowsV1(r reader) *rowsV1 {
	in := &rowsV1{reader: r}
	in.base = in.varint()
	return in
}

func (r *rowsV1) whole() bool { return !r.bad }

func (r *rowsV1) next(e *Entry) bool {
	if r.b == "" || r.bad {
		return false
	}
	flags := r.byte()
	*e = Entry{Untimed: flags&flagUntimed != 0, Late: flags&flagLate != 0}
	if flags&flagMeter != 0 {
		if e.Meter = core.Meter(r.text()); e.Late {
			e.Adds = r.quantity()
		}
	}
	e.Source, e.ID = r.text(), r.text()
	e.License, e.Dimension = core.LicenseID(r.text()), core.Dimension(r.text())
	e.Quantity = r.quantity()
	e.Time, e.Received = r.base+r.varint(), r.base+r.varint()
	e.Hour = core.Hour(r.varint())
	e.Unbillable = r.text()
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		if e.Tags == nil {
			e.Tags = map[string]string{}
		}
		k := r.text()
		e.Tags[k] = r.text()
	}
	r.bad = r.bad || flags >= flagUnknown
	return !r.bad
}
