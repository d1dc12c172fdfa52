package usage

import (
	"cmp"
	"crypto/sha256"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// tally is what a meter that is not additive has seen of an hour; a sum and a count need none.
type tally struct {
	reading Quantity           // what the meter makes of the events of this very hour
	newest  int64              // Last: the time of the event whose quantity is the reading
	seen    map[idKey]struct{} // Unique: hashes of the values
	levels  []Level            // Average
}

// Level is a level that an event set, which holds until the next one.
type Level struct {
	At int64 // UTC microseconds
	Is Quantity
}

// Add takes one event into the total of its hour.
func (t *Total) Add(e *Entry) {
	t.Events++
	if e.Late {
		t.Late++
	}
	switch kind, tag := t.Meter.Parts(); {
	case kind == core.Sum:
		t.plus(e, e.Quantity)
	case kind == core.Count:
		t.plus(e, Whole(1))
	case kind == core.Average:
		t.own().levels = append(t.own().levels, Level{At: e.Time, Is: e.Quantity})
	case e.Late:
		t.Sum = t.Sum.Add(e.Adds)
	default:
		before := t.own().reading
		t.tally.take(e, kind, tag)
		t.Sum = t.Sum.Sub(before).Add(t.tally.reading)
	}
}

// plus adds q of an additive meter.
func (t *Total) plus(e *Entry, q Quantity) {
	t.Sum = t.Sum.Add(q)
	if t.shares != nil {
		t.shares.add(e, q)
	}
}

func (t *Total) own() *tally {
	if t.tally == nil {
		t.tally = &tally{}
	}
	return t.tally
}

func (y *tally) take(e *Entry, kind core.Meter, tag string) {
	switch kind {
	case core.Max:
		if y.reading.Less(e.Quantity) {
			y.reading = e.Quantity
		}
	case core.Last:
		if e.Time >= y.newest {
			y.reading, y.newest = e.Quantity, e.Time
		}
	case core.Unique:
		sum := sha256.Sum256([]byte(e.Tags[tag]))
		k := idKey(sum[:16])
		if _, known := y.seen[k]; !known {
			if y.seen == nil {
				y.seen = map[idKey]struct{}{}
			}
			y.seen[k] = struct{}{}
			y.reading = y.reading.Add(Whole(1))
		}
	}
}

// Mean is the time-weighted average, over a whole hour, of a level that was before at the beginning, and of those that
// events set; it counts from the instant from to the instant to (UTC microseconds) only, and is nothing beside. A level of
// an earlier time than the one that holds is out of date: it sets nothing. The mean is rounded to the twelfth digit;
// after is the level that then goes on.
func Mean(before Level, levels []Level, from, to int64) (mean Quantity, after Level) {
	levels = slices.Clone(levels)
	slices.SortStableFunc(levels, func(a, b Level) int { return cmp.Compare(a.At, b.At) })
	sum, since := new(big.Int), from
	upTo := func(at int64) {
		if at = min(at, to); at > since {
			sum.Add(sum, new(big.Int).Mul(before.Is.big(), big.NewInt(at-since)))
			since = at
		}
	}
	for _, l := range levels {
		if l.At < before.At {
			continue
		}
		upTo(l.At)
		before = l
	}
	upTo(to)
	const hour = 3600 * 1_000_000
	sum.Add(sum, big.NewInt(hour/2)).Div(sum, big.NewInt(hour))
	return fromBig(sum), before
}

func (q Quantity) big() *big.Int {
	v := new(big.Int).SetUint64(q.hi)
	return v.Or(v.Lsh(v, 64), new(big.Int).SetUint64(q.lo))
}

// fromBig is the quantity of v units of 10^-12. One that is too large for a Quantity is a bug.
func fromBig(v *big.Int) Quantity {
	if v.Sign() < 0 || v.BitLen() > 128 {
		panic("usage: " + v.String() + " is no quantity")
	}
	lo := new(big.Int).And(v, new(big.Int).SetUint64(^uint64(0)))
	return Quantity{hi: new(big.Int).Rsh(v, 64).Uint64(), lo: lo.Uint64()}
}

// Times is n times q. It panics when that is more than a Quantity can be.
func (q Quantity) Times(n int64) Quantity {
	over, hi := bits.Mul64(q.hi, uint64(n))
	carry, lo := bits.Mul64(q.lo, uint64(n))
	hi, c := bits.Add64(hi, carry, 0)
	if n < 0 || over != 0 || c != 0 {
		panic("usage: " + q.String() + " many times is no quantity")
	}
	return Quantity{hi, lo}
}

// Divide is how many whole times per goes into q, and what is left. per must not be zero; n is at most 2^63 - 1.
func (q Quantity) Divide(per Quantity) (n int64, rest Quantity) {
	if per == Whole(1) {
		n = q.Floor(math.MaxInt64)
		return n, q.Sub(Whole(n))
	}
	times, left := new(big.Int).DivMod(q.big(), per.big(), new(big.Int))
	if !times.IsInt64() {
		n = math.MaxInt64
		return n, q.Sub(per.Times(n))
	}
	return times.Int64(), fromBig(left)
}

// Of is q units of per each. What is more than a Quantity can be is cut off.
func (q Quantity) Of(per Quantity) Quantity {
	if per == Whole(1) {
		return q
	}
	v := new(big.Int).Mul(q.big(), per.big())
	if v.Div(v, big.NewInt(scale)).BitLen() > 127 {
		return Quantity{hi: 1 << 63}
	}
	return fromBig(v)
}

// Units is q counted in units of per each, cut off after the twelfth digit. per must not be zero.
func (q Quantity) Units(per Quantity) Quantity {
	if per == Whole(1) {
		return q
	}
	n, rest := q.Divide(per)
	part := new(big.Int).Mul(rest.big(), big.NewInt(scale))
	return Whole(n).Add(fromBig(part.Div(part, per.big())))
}

// ParsePer reads how much of what events count is one unit: a decimal above 0; 1 when text is empty.
func ParsePer(text string) (Quantity, error) {
	if text == "" {
		return Whole(1), nil
	}
	q, err := ParseQuantity(text)
	if err != nil || q.IsZero() {
		return Quantity{}, fail.New(fail.Invalid, "per", "%.40q cannot be how much is in one unit; write a decimal above 0, such as 1000000000.", text)
	}
	return q, nil
}

// In is q counted in units of per, a decimal for people: cut off after the sixth digit.
func (q Quantity) In(per Quantity) string {
	if per == Whole(1) {
		return q.String()
	}
	n, rest := q.Divide(per)
	millionths := new(big.Int).Mul(rest.big(), big.NewInt(1_000_000))
	return Whole(n).Add(fromBig(millionths.Div(millionths.Mul(millionths, big.NewInt(1_000_000)), per.big()))).String()
}
