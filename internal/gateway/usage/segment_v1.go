package usage

import "souk.dev/souk/internal/gateway/core"

// entryV1 reads an entry of the first format: as the present one, with all texts in full, absolute hours and counted tags.
func (r *reader) entryV1(e *Entry) {
	flags := r.byte()
	*e = Entry{Untimed: flags&flagUntimed != 0, Late: flags&flagLate != 0}
	if flags >= flagUnknown {
		r.bad = true
	}
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
}
