package usage

import (
	"encoding/binary"
	"slices"

	"souk.dev/souk/internal/fail"
)

// Many ids name the instant at which they were made: UUIDs of version 7 (RFC 9562), as our clients make them, and ULIDs
// (https://github.com/ulid/spec). A run knows all hours that its ids name, so that an id of another hour is certainly not in it, without
// a look at its filter. What an id names follows from its text alone; whether it is true does not matter.

// idHour is an hour since 1970 that an id names; 0: it names none.
type idHour int32

// Hours that are named, from 2000 to 2100. Of ids that only look like those that name one, nearly all name another.
const (
	firstIDHour = 262_968   // 2000-01-01T00:00Z
	lastIDHour  = 1_139_592 // 2100-01-01T00:00Z
	hourMillis  = 3_600_000
)

// hourNamed is the hour that an id names.
func hourNamed(id string) idHour {
	var ms uint64
	switch {
	case len(id) == 36 && id[8] == '-' && id[13] == '-' && id[14] == '7' && id[18] == '-' && id[23] == '-':
		for i := range 13 { // 48 bits: eight digits, a hyphen, four
			if i != 8 {
				ms = ms<<4 | digit(id[i], 16)
			}
		}
	case len(id) == 26 && id[0] <= '7':
		for i := range 10 { // 50 bits, the first two of them 0
			ms = ms<<5 | digit(id[i], 32)
		}
	}
	if h := ms / hourMillis; h >= firstIDHour && h < lastIDHour {
		return idHour(h)
	}
	return 0
}

// digit is the value of a digit of base 16, or of Crockford's base 32; of no digit, 0: that makes a wrong hour, and any will do.
func digit(c byte, base uint64) uint64 {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	if c >= 'a' {
		c -= 'a' - 'A'
	}
	for i := range base {
		if digits[i] == c {
			return i
		}
	}
	return 0
}

// mostIDHours is how many hours a run knows. One with more, of senders whose clocks are lost, does not know its hours.
const mostIDHours = 4096

// idHours are hours that ids name, as they are collected.
type idHours struct {
	last idHour // that was noted
	all  map[idHour]struct{}
}

func (s *idHours) note(h idHour) {
	if h == s.last || h == 0 || len(s.all) > mostIDHours {
		return
	}
	if s.all == nil {
		s.all = map[idHour]struct{}{}
	}
	s.last, s.all[h] = h, struct{}{}
}

// list is what a run knows of the hours: all of them, in order; nil if they are too many.
func (s *idHours) list() []idHour {
	if len(s.all) > mostIDHours {
		return nil
	}
	hours := make([]idHour, 0, len(s.all))
	for h := range s.all {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	return hours
}

// hoursOfAll are the hours of runs that become one; nil if one of them does not know its own.
func hoursOfAll(runs []*run) []idHour {
	var s idHours
	for _, r := range runs {
		if r.hours == nil {
			return nil
		}
		for _, h := range r.hours {
			s.note(h)
		}
	}
	return s.list()
}

// encodeHours writes hours as a run has them in the database: how many there are, and how far each is from the one before; of
// those that are not known, nothing.
func encodeHours(hours []idHour) []byte {
	if hours == nil {
		return nil
	}
	b := binary.AppendUvarint(nil, uint64(len(hours)))
	last := idHour(0)
	for _, h := range hours {
		b = binary.AppendUvarint(b, uint64(h-last))
		last = h
	}
	return b
}

// decodeHours reads what encodeHours wrote. Errors: fail.Internal.
func decodeHours(b []byte) ([]idHour, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r, whole := b, true
	next := func() uint64 {
		v, n := binary.Uvarint(r)
		if whole = whole && n > 0; !whole {
			return 0
		}
		r = r[n:]
		return v
	}
	hours, last := []idHour{}, uint64(0)
	for range min(next(), mostIDHours+1) {
		by := next()
		if last += by; by == 0 || by >= lastIDHour || last >= lastIDHour {
			whole = false
			break
		}
		hours = append(hours, idHour(last))
	}
	if !whole || len(r) > 0 || len(hours) > mostIDHours {
		return nil, fail.New(fail.Internal, "ids_damaged", "The hours of a run of ids are damaged.")
	}
	return hours, nil
}
