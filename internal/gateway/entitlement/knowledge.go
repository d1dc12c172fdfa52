package entitlement

import (
	"cmp"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Entitlement is one of AWS's entries: that so much of a dimension was bought, at least until a date.
type Entitlement struct {
	Dimension core.Dimension
	Value     Value
	// ExpiresAt is the earliest instant at which it may end: the renewal's where it renews itself. Zero: none is told.
	ExpiresAt time.Time
}

// Subject is by what AWS is asked: a license ARN, or a customer identifier in the older generation.
type Subject struct {
	ProductCode        core.ProductCode
	ARN                core.LicenseARN
	CustomerIdentifier core.CustomerIdentifier // only where ARN is empty
}

// SubjectOf is how AWS is asked about a licence; ok is false while what AWS must be told is not known.
func SubjectOf(l license.License) (s Subject, ok bool) {
	s.ProductCode = l.ProductCode
	if l.Identity() == license.ByLicense {
		s.ARN = l.ARN
	} else {
		s.CustomerIdentifier = l.CustomerIdentifier
	}
	return s, s.ProductCode != "" && (s.ARN != "" || s.CustomerIdentifier != "")
}

// Answer is one answer of AWS's, whole.
type Answer struct {
	At           time.Time // when it was asked for: what happened after may not be in it
	Entitlements []Entitlement
}

// Knowledge is what is known of one licence's entitlements. It is never changed, only replaced.
type Knowledge struct {
	License core.LicenseID
	// Answer is AWS's last one; its At is zero while there is none.
	Answer
	ChangedAt time.Time // when an answer first said this; zero while there is none
	ListedAt  time.Time // when AWS last listed any entitlement; zero: it never has

	Subject     Subject   // whom AWS was last asked about
	ActivatedAt time.Time // the active life in which it was

	ToldAt   time.Time // when something last said that the entitlements may have changed
	DueAt    time.Time // when AWS is asked next; zero: not before something is told
	Failures int       // in a row, since the last answer
	Failure  string    // why the last asking failed; empty when it did not

	doubtful bool // the store may have another answer, see [Keeper.doubt]; not kept

	by map[core.Dimension][]Entitlement
}

// indexed is k made ready to be looked up in.
func (k Knowledge) indexed() *Knowledge {
	k.by = make(map[core.Dimension][]Entitlement, len(k.Entitlements))
	for _, e := range k.Entitlements {
		k.by[e.Dimension] = append(k.by[e.Dimension], e)
	}
	return &k
}

// sorted puts entitlements into one order: AWS promises none.
func sorted(es []Entitlement) []Entitlement {
	es = slices.Clone(es)
	slices.SortFunc(es, func(a, b Entitlement) int {
		return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.Value.kind, b.Value.kind), cmp.Compare(a.Value.text, b.Value.text))
	})
	return es
}

// same reports whether two answers, each sorted, say the same.
func same(a, b []Entitlement) bool {
	return slices.EqualFunc(a, b, func(a, b Entitlement) bool {
		return a.Dimension == b.Dimension && a.Value == b.Value && a.ExpiresAt.Equal(b.ExpiresAt)
	})
}
