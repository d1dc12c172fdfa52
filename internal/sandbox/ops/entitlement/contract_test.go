package entitlement

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// Real contracts: nothing before the license is provisioned, what was bought while they run, nothing after the end; and
// filters whose values are alternatives and which narrow one another.
func TestContractsOfTheWorld(t *testing.T) {
	s := open(t, 0)
	s.Register(Service(s.World))
	buy := func(buyer, product string, quantities map[string]int64, duration string) world.Agreement {
		t.Helper()
		return s.Buy(buyer, product, world.Terms{Quantities: quantities, Duration: duration})
	}
	// told is "buyer's license dimension quantity" for each entitlement, sorted.
	told := func(product string, filters map[string][]string) string {
		t.Helper()
		text, err := json.Marshal(map[string]any{"ProductCode": product, "Filter": filters})
		if err != nil {
			t.Fatal(err)
		}
		answer := s.askJSON(string(text))
		var out struct {
			Entitlements []struct {
				LicenseArn, CustomerAWSAccountId, CustomerIdentifier, Dimension string
				Value                                                           struct{ IntegerValue int64 }
			}
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("%s, %v", answer.Body, err)
		}
		var all []string
		for _, e := range out.Entitlements {
			all = append(all, fmt.Sprintf("%s:%s=%d", e.CustomerAWSAccountId[:4], e.Dimension, e.Value.IntegerValue))
			if (e.CustomerIdentifier != "") != (product == classicTeams) {
				t.Errorf("%+v: a customer identifier is for legacy products", e)
			}
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}

	one := buy(acme, teams, map[string]int64{"seats": 5, "shelves": 2}, "P1M")
	two := buy(acme, teams, map[string]int64{"seats": 7}, "P12M")
	buy(globex, teams, map[string]int64{"shelves": 1}, "P12M")
	old := buy(acme, classicTeams, map[string]int64{"seats": 9}, "P12M")
	if got := told(teams, nil); got != "" {
		t.Errorf("before the licenses are provisioned: %s", got)
	}
	s.Pass(5 * time.Minute)
	for _, c := range []struct {
		product string
		filters map[string][]string
		want    string
	}{
		{teams, nil, "1111:seats=5 1111:seats=7 1111:shelves=2 2222:shelves=1"},
		{teams, map[string][]string{"LICENSE_ARN": {one.License.ARN}}, "1111:seats=5 1111:shelves=2"},
		{teams, map[string][]string{"LICENSE_ARN": {one.License.ARN, two.License.ARN}, "DIMENSION": {"seats"}}, "1111:seats=5 1111:seats=7"},
		{teams, map[string][]string{"CUSTOMER_AWS_ACCOUNT_ID": {acme, globex}, "DIMENSION": {"shelves"}}, "1111:shelves=2 2222:shelves=1"},
		{teams, map[string][]string{"CUSTOMER_AWS_ACCOUNT_ID": {globex}, "LICENSE_ARN": {one.License.ARN}}, ""},
		{teams, map[string][]string{"CUSTOMER_IDENTIFIER": {"nobody"}}, ""},
		{classicTeams, map[string][]string{"CUSTOMER_IDENTIFIER": {"nobody", old.CustomerIdentifier}}, "1111:seats=9"},
		{inkwell, nil, ""},
	} {
		if got := told(c.product, c.filters); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.product, c.filters, got, c.want)
		}
	}
	s.Pass(31 * 24 * time.Hour)
	if got := told(teams, map[string][]string{"CUSTOMER_AWS_ACCOUNT_ID": {acme}}); got != "1111:seats=7" {
		t.Errorf("after the end of the first: %s", got)
	}
}
