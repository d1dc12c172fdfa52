package usage

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
)

func TestParseQuantity(t *testing.T) {
	for _, c := range []struct{ in, want, code string }{
		{"0", "0", ""}, {"-0", "0", ""}, {"0.0", "0", ""}, {"1", "1", ""}, {"12.5", "12.5", ""}, {"007", "7", ""},
		{"1e3", "1000", ""}, {"1.25E-3", "0.00125", ""}, {"0.000000000001", "0.000000000001", ""}, {"1.000000000000000000000", "1", ""},
		{"999999999999999.999999999999", "999999999999999.999999999999", ""},
		{"1000000000000000", "", "too_large"}, {"1e15", "", "too_large"}, {"1e60", "", "too_large"},
		{"0.0000000000001", "", "bad_quantity"}, {"1e-13", "", "bad_quantity"},
		{"-1", "", "negative_quantity"}, {"-0.5", "", "negative_quantity"},
		{"", "", "bad_quantity"}, {"-", "", "bad_quantity"}, {"NaN", "", "bad_quantity"}, {"Infinity", "", "bad_quantity"}, {"1,5", "", "bad_quantity"},
		{"1.", "", "bad_quantity"}, {".5", "", "bad_quantity"}, {"1e", "", "bad_quantity"}, {"1e1000", "", "bad_quantity"}, {"0x10", "", "bad_quantity"}, {" 1", "", "bad_quantity"},
		{"+1", "", "bad_quantity"}, {"1.2.3", "", "bad_quantity"},
	} {
		q, err := ParseQuantity(c.in)
		if fail.CodeOf(err) != c.code || (c.code == "" && q.String() != c.want) {
			t.Errorf("%q: %s, %v; want %q %s", c.in, q, err, c.want, c.code)
		}
	}
}

// ratOf is q as a fraction, worked out without any of its methods.
func ratOf(q Quantity) *big.Rat {
	n := new(big.Int).Lsh(new(big.Int).SetUint64(q.hi), 64)
	n.Or(n, new(big.Int).SetUint64(q.lo))
	return new(big.Rat).SetFrac(n, big.NewInt(scale))
}

func TestQuantityCountsAsFractionsDo(t *testing.T) {
	any := rapid.Custom(func(t *rapid.T) Quantity {
		return Quantity{rapid.Uint64Range(0, 1<<50).Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := any.Draw(t, "a"), any.Draw(t, "b")
		sum := a.Add(b)
		if want := new(big.Rat).Add(ratOf(a), ratOf(b)); ratOf(sum).Cmp(want) != 0 {
			t.Fatalf("%s + %s = %s", a, b, sum)
		}
		if sum.Sub(b) != a || (ratOf(a).Cmp(ratOf(b)) < 0) != a.Less(b) {
			t.Fatalf("%s and %s: subtraction or order", a, b)
		}
		var back Quantity
		if err := back.UnmarshalText([]byte(sum.String())); err != nil || back != sum {
			t.Fatalf("%+v is written %s and read %+v (%v)", sum, sum, back, err)
		}
		if want, _ := new(big.Rat).SetString(sum.String()); ratOf(sum).Cmp(want) != 0 {
			t.Fatalf("%+v is written %s", sum, sum)
		}
		const most = 1<<31 - 1
		whole := new(big.Int).Quo(ratOf(a).Num(), ratOf(a).Denom())
		if want := min(most, func() int64 {
			if whole.IsInt64() {
				return whole.Int64()
			}
			return most
		}()); a.Floor(most) != want {
			t.Fatalf("floor of %s: %d, want %d", a, a.Floor(most), want)
		}
	})
}

func FuzzParseQuantity(f *testing.F) {
	for _, s := range []string{"1", "12.5", "1e3", "-1", "0.000000000001", "999999999999999.9", "1e-60"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQuantity(s)
		if err != nil {
			if fail.KindOf(err) != fail.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || ratOf(q).Cmp(want) != 0 {
			t.Fatalf("%q is read as %s", s, q)
		}
	})
}
