package crash

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// TestAProductMovesToLicenseARNs leads a product with customers from customer identifiers to license ARNs in the three
// steps of docs/migration.md, each a restart of the gateway with other settings, while usage goes on and AWS's answers are
// lost around the hour of the change. The marketplace bills both names, so an hour that was sent under both would show.
func TestAProductMovesToLicenseARNs(t *testing.T) {
	market := harness.StartSandbox(t, "")
	product := market.Product("legacy")
	books, address := "sqlite:"+filepath.Join(t.TempDir(), "gateway.db"), harness.FreeAddress(t)
	var seller *harness.Gateway
	settle := func(settings string) { // starts the gateway, anew with other settings
		t.Helper()
		if seller != nil {
			seller.Proc.Stop()
		}
		seller = harness.StartGateway(t, market, address, books, "--products", `[{"productCode":"`+product.ProductCode+`",`+settings+`}]`)
		market.Followed()
	}
	settle(`"identity":"legacy"`)

	type customer struct {
		harness.Agreement
		license string
		used    int64
	}
	var customers []*customer
	for i, b := range market.Buyers()[:2] {
		c := &customer{Agreement: market.Buy(b, product)}
		market.Advance(5 * time.Minute)
		for _, l := range harness.All[harness.License](&seller.API, "/v1/licenses") {
			if l.CustomerIdentifier == c.CustomerIdentifier {
				c.license = l.ID
			}
		}
		if c.license == "" {
			t.Fatalf("the gateway has no licence of customer %d, %s", i, c.CustomerIdentifier)
		}
		customers = append(customers, c)
	}
	sent := 0
	hour := func() { // everybody uses something, and an hour goes by
		t.Helper()
		for _, c := range customers {
			sent++
			units := int64(sent*sent + 1)
			var answer struct{ Accepted int }
			seller.Post("/v1/events", event{fmt.Sprintf("e-%d", sent), c.license, product.Dimensions[0].Key, units, market.Now()}, &answer)
			if answer.Accepted != 1 {
				t.Fatalf("event %d of %s was not accepted", sent, c.license)
			}
			c.used += units
		}
		market.Advance(time.Hour)
	}
	hour()
	hour()

	// Both systems tell, and the gateway learns the ARNs; it meters as before.
	if err := market.Do(http.MethodPatch, "/_sandbox/products/"+product.ProductID, map[string]any{"identity": "migrating"}, nil); err != nil {
		t.Fatal(err)
	}
	settle(`"identity":"migrating"`)
	hour()
	for _, c := range customers { // a buyer who comes again is resolved with both names
		var l harness.License
		res, err := http.PostForm(seller.URL+"/register", url.Values{"x-amzn-marketplace-token": {market.Token(c.AgreementID)}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		seller.Get("/v1/licenses/"+c.license, &l)
		if l.LicenseARN == "" {
			t.Errorf("%s has no ARN: %+v", c.CustomerIdentifier, l)
		}
	}
	change := market.Now().Truncate(time.Hour).Add(2 * time.Hour)
	settle(`"identity":"migrating","licenseFrom":"` + change.Format(time.RFC3339) + `"`)
	hour()
	market.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "error-after-commit", Times: 3})
	hour() // the last under the old name
	market.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "drop-after-commit", Times: 3})
	hour() // the first under the new one
	market.Mend()
	hour()
	settle(`"identity":"license"`)
	if err := market.Do(http.MethodPatch, "/_sandbox/products/"+product.ProductID, map[string]any{"identity": "license"}, nil); err != nil {
		t.Fatal(err)
	}
	hour()
	market.Advance(3 * time.Hour)

	billed, hours := map[string]int64{}, map[string]string{}
	for _, r := range harness.All[harness.Record](&market.API, "/_sandbox/records") {
		for _, c := range customers {
			if r.CustomerIdentifier != c.CustomerIdentifier && r.LicenseARN != c.LicenseARN {
				continue
			}
			name := "customer identifier"
			if r.CustomerIdentifier == "" {
				name = "license ARN"
			}
			if r.Hour.Before(change) != (name == "customer identifier") {
				t.Errorf("the hour %s is billed by %s; the change was at %s", r.Hour, name, change)
			}
			slot := c.license + r.Dimension + r.Hour.String()
			if other := hours[slot]; other != "" {
				t.Errorf("%s, %s is billed twice, by %s and by %s", c.license, r.Hour, other, name)
			}
			hours[slot] = name
			billed[c.license] += r.Quantity
		}
	}
	for _, c := range customers {
		if billed[c.license] != c.used {
			t.Errorf("%s is billed %d units, and used %d", c.license, billed[c.license], c.used)
		}
	}
}
