package usage

import (
	"maps"
	"math/big"
	"regexp"
	"slices"

	"souk.dev/souk/contract"
)

var tagText = regexp.MustCompile(contract.TagPattern)

// Allocatable reports whether AWS takes text as a tag's key or value, but for its length.
func Allocatable(text string) bool { return tagText.MatchString(text) }

// Share is the part of an hour's usage that carried the same tags, of those keys that a product allocates by. Buyers see
// their costs by them. Source: AWS Marketplace Seller Guide, "Vendor-metered tagging" (saas-metering-for-usage).
type Share struct {
	Tags   []Tag // sorted by key; none: the usage that carried none of the keys
	Amount Quantity
}

// Tag is a key and a value.
type Tag struct{ Key, Value string }

// AWS's limits of a record, less one share for what carries no tags, and less room for the record itself: a request
// must be below 1 MB.
const (
	maxShares     = contract.MaxAllocations - 1
	maxShareBytes = contract.MaxRequestBytes * 3 / 4
)

// shares adds up a total by tags.
type shares struct {
	by    []string // the keys
	of    map[string]Quantity
	bytes int // of the shares when they are written for AWS, roughly
}

// add counts q under the tags of e. What does not fit within AWS's limits counts as if it carried no tags.
func (s *shares) add(e *Entry, q Quantity) {
	kept := map[string]string{}
	for _, k := range s.by {
		if v := e.Tags[k]; v != "" {
			kept[k] = v
		}
	}
	key := string(appendTags(nil, kept))
	if _, known := s.of[key]; !known && key != "" {
		size := 2*len(key) + 40*(len(kept)+1)
		if len(s.of) >= maxShares || s.bytes+size > maxShareBytes {
			key = ""
		} else {
			s.bytes += size
		}
	}
	s.of[key] = s.of[key].Add(q)
}

func (s *shares) copy() *shares {
	if s == nil {
		return nil
	}
	c := *s
	c.of = maps.Clone(s.of)
	return &c
}

// list gives the shares in order, the greatest first.
func (s *shares) list() []Share {
	all := make([]Share, 0, len(s.of))
	for _, key := range slices.Sorted(maps.Keys(s.of)) {
		sh := Share{Amount: s.of[key]}
		for r := (reader{b: key}); r.b != ""; {
			sh.Tags = append(sh.Tags, Tag{r.text(), r.text()})
		}
		all = append(all, sh)
	}
	slices.SortStableFunc(all, func(a, b Share) int {
		switch {
		case b.Amount.Less(a.Amount):
			return -1
		case a.Amount.Less(b.Amount):
			return 1
		}
		return 0
	})
	return all
}

// Portion is how many of n units fall to q of whole: cut off to a whole number.
func (q Quantity) Portion(whole Quantity, n int64) int64 {
	v := new(big.Int).Mul(q.big(), big.NewInt(n))
	return v.Div(v, whole.big()).Int64()
}
