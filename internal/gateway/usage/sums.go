package usage

import (
	"slices"
	"strings"

	"souk.dev/souk/internal/gateway/core"
)

// sums are the totals of one hour by licence. A licence has few, which are looked through: that is less than to hash all
// of a key for each event, and who asks for one licence need not go through the others'.
type sums map[core.LicenseID][]*Total

// find is the total of a key; nil if there is none.
func (s sums) find(k Key) *Total {
	for _, t := range s[k.License] {
		if t.Dimension == k.Dimension && t.Reason == k.Reason {
			return t
		}
	}
	return nil
}

// of finds the total of a key, or begins it. The key's dimension may be a part of a whole request's text, so that a copy is
// kept.
func (s sums) of(k Key, m core.Meter, h core.Hour) *Total {
	if t := s.find(k); t != nil {
		return t
	}
	k.Dimension = core.Dimension(strings.Clone(string(k.Dimension)))
	t := &Total{Key: k, Hour: h, Meter: m}
	s[k.License] = append(s[k.License], t)
	return t
}

// drop lets go of the total of a key.
func (s sums) drop(k Key) {
	if left := slices.DeleteFunc(s[k.License], func(t *Total) bool { return t.Key == k }); len(left) > 0 {
		s[k.License] = left
	} else {
		delete(s, k.License)
	}
}

// list appends the totals of a licence, or of all with an empty scope, in no order.
func (s sums) list(to []*Total, scope core.LicenseID) []*Total {
	if scope != "" {
		return append(to, s[scope]...)
	}
	to = slices.Grow(to, len(s))
	for _, ts := range s {
		to = append(to, ts...)
	}
	return to
}
