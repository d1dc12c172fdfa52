package cli

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

func TestProductsSayHowTheyAreSold(t *testing.T) {
	var v productsValue
	err := v.Set(`[
		{"productCode":"payg","dimensions":[{"key":"pages"}]},
		{"productCode":"seats","pricing":"contract","dimensions":[{"key":"users"}],"entitlements":{"failOpen":true,"staleAfter":"48h","grace":"1h"}},
		{"productCode":"both","pricing":"contract_with_consumption","dimensions":[{"key":"users","kinds":["entitled"]},{"key":"gb"},{"key":"calls","kinds":["metered"]}]}]`)
	if err != nil {
		t.Fatal(err)
	}
	keys := func(ms []core.Measure) (ks []string) {
		for _, m := range ms {
			ks = append(ks, string(m.Key))
		}
		return ks
	}
	for i, want := range []struct{ metered, entitled []string }{{[]string{"pages"}, nil}, {nil, []string{"users"}}, {[]string{"gb", "calls"}, []string{"users", "gb"}}} {
		if p := v[i]; !reflect.DeepEqual(keys(p.Dimensions), want.metered) || !reflect.DeepEqual(keys(p.Entitled), want.entitled) {
			t.Errorf("%s: metered %v, entitled %v; want %+v", p.Code, keys(p.Dimensions), keys(p.Entitled), want)
		}
	}
	if want := (core.EntitlementRules{FailOpen: true, StaleAfter: 48 * time.Hour, Grace: time.Hour}); v[1].Entitlements != want {
		t.Errorf("rules %+v", v[1].Entitlements)
	}
	products := core.Catalogue(v)
	metered := func(code core.ProductCode, d core.Dimension) bool {
		_, ok := products.Metered(code, d)
		return ok
	}
	if metered("seats", "users") || !metered("both", "gb") || metered("both", "users") {
		t.Error("what is bought in advance alone is metered, or what is metered is not")
	}
}

func TestDimensionsSayHowTheyAreMetered(t *testing.T) {
	var v productsValue
	err := v.Set(`[{"productCode":"p","dimensions":[{"key":"users","meter":"unique:user"},{"key":"gb","meter":"average","per":1e9,"round":"nearest"},{"key":"calls","per":"0.5","round":"down","allowance":"month"}]}]`)
	if err != nil {
		t.Fatal(err)
	}
	want := []core.Measure{{Key: "users", Meter: "unique:user"}, {Key: "gb", Meter: core.Average, Per: "1e9", Round: core.RoundNearest}, {Key: "calls", Per: "0.5", Allowance: core.AllowMonthly}}
	if got := v[0].Dimensions; !reflect.DeepEqual(got, want) {
		t.Errorf("dimensions %+v, want %+v", got, want)
	}
}

func TestProductsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`[{"productCode":"p","pricing":"gift"}]`:                                            `its pricing is "gift"`,
		`[{"productCode":"p","dimensions":[{"key":"a","kinds":["sold"]}]}]`:                 `of the kind "sold"`,
		`[{"productCode":"p","entitlements":{"grace":"-1h"}}]`:                              "duration such as 24h",
		`[{"productCode":"p","entitlements":{"grace":3}}]`:                                  "JSON array",
		`[{"productCode":"p","dimensions":[{"key":"a","meter":"unique"}]}]`:                 "write unique:TAG",
		`[{"productCode":"p","dimensions":[{"key":"a","meter":"min"}]}]`:                    `no meter "min"`,
		`[{"productCode":"p","identity":"migrating","licenseFrom":"2026-12-01T00:30:00Z"}]`: "beginning of an hour",
		`[{"productCode":"p","identity":"legacy","licenseFrom":"2026-12-01T00:00:00Z"}]`:    "identity is migrating",
		`[{"productCode":"p","dimensions":[{"key":"a","round":"off"}]}]`:                    `no rounding "off"`,
		`[{"productCode":"p","dimensions":[{"key":"a","allowance":"day"}]}]`:                `no allowance "day"`,
		`[{"productCode":"p","dimensions":[{"key":"a","per":"-1"}]}]`:                       "one unit",
		`[{"productCode":"p","dimensions":[{"key":"a","per":"0"}]}]`:                        "one unit",
	} {
		var v productsValue
		if err := v.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}
