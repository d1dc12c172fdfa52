package clients

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// subscriber is what the integration of js/serverless.cjs knows of one.
type subscriber struct {
	Product, Account    string
	Subscribed, Expired bool
	Ending              bool
	Trial               string
	Entitled            map[string]int
	Metered             []string
}

// An integration that makes the calls of AWS's serverless sample runs on the sandbox: pay as you go and contract, both of
// the legacy generation, from the landing page to the end. docs/sandbox/serverless-sample.md says how the sample itself is
// pointed at it.
func TestIntegrationLikeTheServerlessSample(t *testing.T) {
	node := harness.Tool(t, ".tools/bin/node", "node")
	modules := filepath.Join(harness.Root(), ".tools", "js", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@aws-sdk")); err != nil {
		harness.Missing(t, "the JavaScript SDK")
	}
	sandbox := harness.StartSandbox(t, "")
	var env map[string]string
	sandbox.Get("/_sandbox/env", &env)
	app := begin(t, append(sandbox.ClientEnv(), "NODE_PATH="+modules), node, "js/serverless.cjs")
	order := func(what map[string]any) map[string]subscriber {
		t.Helper()
		return into[map[string]subscriber](t, app.call(t, "", "", what))
	}

	var payAsYouGo, contract struct{ RegistrationToken, CustomerIdentifier, AgreementID string }
	const pages, seats = "1nkwe11c1ass1c0abcdefghij", "1nkwe11c1ass1cteamsabcdef"
	sandbox.Post("/_sandbox/agreements", map[string]any{"productCode": pages, "buyerAccountId": "111122223333"}, &payAsYouGo)
	sandbox.Post("/_sandbox/agreements", map[string]any{"productCode": seats, "buyerAccountId": "222233334444", "quantities": map[string]int{"seats": 3}, "duration": "P12M"}, &contract)
	own := into[struct{ URL string }](t, app.call(t, "", "", map[string]any{"do": "queue", "name": "entitlements"})).URL
	order(map[string]any{"do": "register", "token": payAsYouGo.RegistrationToken})
	sandbox.Advance(5 * time.Minute)
	order(map[string]any{"do": "register", "token": contract.RegistrationToken, "own": own})
	order(map[string]any{"do": "work", "queue": own})
	known := order(map[string]any{"do": "work", "queue": env["SOUK_QUEUE_URL"]})
	if s := known[payAsYouGo.CustomerIdentifier]; !s.Subscribed || s.Product != pages || s.Account != "111122223333" || s.Trial != "false" {
		t.Errorf("pay as you go: %+v", s)
	}
	if s := known[contract.CustomerIdentifier]; s.Entitled["seats"] != 3 || s.Expired {
		t.Errorf("the contract: %+v", s)
	}

	used := map[string]any{"do": "meter", "customer": payAsYouGo.CustomerIdentifier, "product": pages, "used": map[string]int{"pages": 7}, "now": sandbox.Now()}
	for _, want := range []string{"Success", "Success"} { // the second time, a job that runs twice
		if s := order(used)[payAsYouGo.CustomerIdentifier]; len(s.Metered) != 1 || s.Metered[0] != want {
			t.Errorf("metered: %+v", s)
		}
	}
	if records := harness.All[harness.Record](&sandbox.API, "/_sandbox/records"); len(records) != 1 || records[0].Quantity != 7 {
		t.Errorf("AWS has %+v", records)
	}

	sandbox.Cancel(payAsYouGo.AgreementID)
	sandbox.Cancel(contract.AgreementID)
	sandbox.Advance(time.Minute)
	if s := order(map[string]any{"do": "work", "queue": env["SOUK_QUEUE_URL"]}); !s[payAsYouGo.CustomerIdentifier].Ending || s[payAsYouGo.CustomerIdentifier].Expired || !s[contract.CustomerIdentifier].Expired {
		t.Errorf("in the last hour: %+v", s)
	}
	sandbox.Advance(2 * time.Hour)
	if s := order(map[string]any{"do": "work", "queue": env["SOUK_QUEUE_URL"]})[payAsYouGo.CustomerIdentifier]; s.Subscribed || !s.Expired {
		t.Errorf("in the end: %+v", s)
	}
}
