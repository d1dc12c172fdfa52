package entitlement

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

var (
	noon   = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	active = license.Standing{State: license.Active, Why: "w", ActivatedAt: noon.AddDate(-1, 0, 0)}
)

func learnt(ds ...core.Dimension) func(core.Dimension) bool {
	return func(d core.Dimension) bool {
		for _, l := range ds {
			if l == d {
				return true
			}
		}
		return false
	}
}

func TestCheck(t *testing.T) {
	contract := core.Product{Pricing: core.Contract}
	configured := core.Product{Pricing: core.ContractWithConsumption, Entitled: []core.Measure{{Key: "users"}, {Key: "gb"}}, Dimensions: []core.Measure{{Key: "gb"}, {Key: "calls"}}}
	open := contract
	open.Entitlements.FailOpen = true
	at := func(age time.Duration, es ...Entitlement) *Knowledge {
		return Knowledge{Answer: Answer{noon.Add(-age), es}}.indexed()
	}
	until := func(v Value, left time.Duration) Entitlement { return Entitlement{"users", v, noon.Add(left)} }
	ten := until(Integer(10), 24*time.Hour)
	for _, c := range []struct {
		name      string
		s         license.Standing
		k         *Knowledge
		p         core.Product
		dimension core.Dimension
		quantity  string
		want      Reason
		allowed   bool
	}{
		{"no access", license.Standing{State: license.Pending}, at(0, ten), contract, "users", "1", NoAccess, false},
		{"an end alone was told", license.Standing{State: license.WindingDown}, at(0, ten), contract, "", "1", NoAccess, false},
		{"access alone", active, nil, contract, "", "1", ByAccess, true},
		{"winding down", license.Standing{State: license.WindingDown, ActivatedAt: noon}, at(0, ten), contract, "users", "10", Entitled, true},
		{"pay as you go", active, at(0, ten), core.Product{Pricing: core.Subscription}, "users", "99", ByAccess, true},
		{"exactly", active, at(0, ten), contract, "users", "10", Entitled, true},
		{"a fraction more", active, at(0, ten), contract, "users", "10.000000000001", Exceeded, false},
		{"a fraction bought", active, at(0, until(Double(0.1), time.Hour)), contract, "users", "0.1", Entitled, true},
		{"nothing of it", active, at(0, ten), contract, "gold", "1", Absent, false},
		{"AWS lists nothing", active, at(0), contract, "users", "1", Absent, false},
		{"a feature", active, at(0, until(Boolean(true), time.Hour)), contract, "users", "1", Entitled, true},
		{"a feature that is off", active, at(0, until(Boolean(false), time.Hour)), contract, "users", "1", Absent, false},
		{"a word", active, at(0, until(String("gold"), time.Hour)), contract, "users", "5", Entitled, true},
		{"no value", active, at(0, until(Value{}, time.Hour)), contract, "users", "0", Absent, false},
		{"less than nothing", active, at(0, until(Integer(-5), time.Hour)), contract, "users", "1", Exceeded, false},
		{"two agreements", active, at(0, ten, until(Integer(5), time.Hour)), contract, "users", "15", Entitled, true},
		{"metered only", active, at(0, ten), configured, "calls", "99", ByAccess, true},
		{"not a dimension", active, at(0, ten), configured, "nonsense", "99", ByAccess, true},
		{"configured, not bought", active, at(0, ten), configured, "gb", "1", Absent, false},
		{"beyond, and metered", active, at(0, Entitlement{"gb", Integer(5), noon.Add(time.Hour)}), configured, "gb", "6", Overage, true},
		{"beyond, not metered", active, at(0, ten), configured, "users", "11", Exceeded, false},
		{"learnt from another's licence", active, at(0), core.Product{}, "seats", "1", Absent, false},
		{"never heard of", active, at(0), core.Product{}, "pages", "1", ByAccess, true},
		{"AWS never answered", active, nil, contract, "users", "1", Unsure, false},
		{"AWS lists nothing, open", active, at(0), open, "users", "1", Absent, false},
		{"nothing is known, open", active, nil, open, "users", "1", Unsure, true},
		{"old", active, at(24*time.Hour, ten), contract, "users", "1", Stale, false},
		{"nearly old", active, at(24*time.Hour-1, ten), contract, "users", "1", Entitled, true},
		{"old, open", active, at(24*time.Hour, ten), open, "users", "10", Stale, true},
		{"old, open, but too much", active, at(24*time.Hour, ten), open, "users", "11", Stale, false},

		// The date by itself is no end: A22, and everybody who waits for an event.
		{"past its date, AWS not asked since", active, at(time.Hour, until(Integer(10), -time.Minute)), contract, "users", "1", Entitled, true},
		{"asked at its date", active, at(0, until(Integer(10), 0)), contract, "users", "1", Entitled, true},
		{"asked long after its date", active, at(0, until(Integer(10), -renewalLag)), contract, "users", "1", Expired, false},
		{"the grace is over", active, at(25*time.Hour, until(Integer(10), -24*time.Hour)), open, "users", "1", Expired, false},
		{"the grace is nearly over", active, at(25*time.Hour, until(Integer(10), -24*time.Hour+1)), open, "users", "1", Stale, true},
		// A21: the first entry has expired and the second has not.
		{"expired first, active second", active, at(0, until(Integer(3), -24*time.Hour), ten), contract, "users", "10", Entitled, true},
		{"what expired does not count", active, at(0, until(Integer(3), -24*time.Hour), ten), contract, "users", "13", Exceeded, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, err := usage.ParseQuantity(c.quantity)
			if err != nil {
				t.Fatal(err)
			}
			v := check(c.s, c.k, rulesOf(c.p, learnt("seats")), c.dimension, q, noon)
			if v.Reason != c.want || v.Allowed != c.allowed || (v.Why == "" && c.s.Why != "") {
				t.Errorf("%+v; want %s, %v", v, c.want, c.allowed)
			}
		})
	}
}

func TestVerdictTellsWhatAndUntilWhen(t *testing.T) {
	k := Knowledge{Answer: Answer{noon.Add(-time.Minute), []Entitlement{{"users", Integer(10), noon.Add(48 * time.Hour)}, {"users", Integer(5), noon.Add(24 * time.Hour)}}}}.indexed()
	v := check(active, k, rulesOf(core.Product{Pricing: core.Contract}, learnt()), "users", usage.Whole(1), noon)
	if v.Entitled.Text() != "15" || !v.ExpiresAt.Equal(noon.Add(24*time.Hour)) || !v.AsOf.Equal(k.At) {
		t.Errorf("%+v", v)
	}
}

func TestValuesAreReadBack(t *testing.T) {
	for _, v := range []Value{{}, Integer(0), Integer(math.MaxInt32), Integer(-1), Double(0.1), Double(1e300), Double(1e-300), Double(-2.5), Double(math.Inf(1)), Boolean(true), Boolean(false), String(""), String(`a"b<é`)} {
		got, err := ParseValue(v.Kind(), v.Text())
		if err != nil || got != v {
			t.Errorf("%+v became %+v, %v", v, got, err)
		}
		text, err := json.Marshal(v)
		if err != nil || !json.Valid(text) {
			t.Errorf("%+v is %s in JSON, %v", v, text, err)
		}
	}
	for kind, text := range map[Kind]string{IntegerValue: "2147483648", DoubleValue: "x", BooleanValue: "yes", "Other": "1"} {
		if v, err := ParseValue(kind, text); err == nil {
			t.Errorf("%s %s was read as %+v", kind, text, v)
		}
	}
}

func TestNextAsking(t *testing.T) {
	every := time.Hour
	k := func(at time.Time, es ...Entitlement) *Knowledge {
		return &Knowledge{License: "lic_1", Answer: Answer{at, es}, ChangedAt: noon, ToldAt: noon}
	}
	in := func(es ...Entitlement) func(after time.Duration) time.Duration {
		return func(after time.Duration) time.Duration {
			return nextAsking(k(noon.Add(after), es...), every).Sub(noon.Add(after))
		}
	}
	bought := Entitlement{"users", Integer(1), noon.AddDate(1, 0, 0)}
	if got := in(bought)(0); got <= 0 || got > every {
		t.Errorf("after an answer: in %s", got)
	}
	if first, second := in()(0), in()(time.Minute); first != time.Minute || second != time.Minute {
		t.Errorf("empty after a notice: in %s, then in %s", first, second)
	}
	stale := k(noon, bought)
	stale.ChangedAt = noon.Add(-time.Hour)
	if got := nextAsking(stale, every).Sub(noon); got != time.Minute {
		t.Errorf("a notice came and AWS says what it said before: in %s", got)
	}
	ends := Entitlement{"users", Integer(1), noon.Add(90 * time.Second)}
	if got := in(ends)(0); got != 90*time.Second {
		t.Errorf("at the date: in %s", got)
	}
	if got := in(ends)(90 * time.Second); got > renewalLag {
		t.Errorf("after the date: in %s", got)
	}
	own := map[time.Time]bool{}
	for _, id := range []core.LicenseID{"lic_1", "lic_2", "lic_3", "lic_4", "lic_5", "lic_6", "lic_7", "lic_8"} {
		a, b := slot(id, noon, every), slot(id, noon.Add(7*every), every)
		if b.Sub(a) != 7*every || !a.After(noon) || a.After(noon.Add(every)) {
			t.Errorf("%s: %s, then %s", id, a, b)
		}
		own[b.Add(-7*every)] = true
	}
	if len(own) < 2 || len(own) > places {
		t.Errorf("the licences are asked about at %v; want up to %d instants", own, places)
	}
}
