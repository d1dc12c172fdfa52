package sandboxtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"souk.dev/souk/sandboxtest"
)

// A purchase, a look at what was said about it, and a cancellation. A test has sandboxtest.New(t) in place of Open.
func Example() {
	m := sandboxtest.Open()
	defer m.Close()

	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	fmt.Println(a.Status, m.Agreement(a.ID).License.Status)
	m.Advance(10 * time.Minute)
	fmt.Println(a.Status, m.Agreement(a.ID).License.Status)

	m.Cancel(a.ID)
	m.Advance(2 * time.Hour)
	fmt.Println(m.Agreement(a.ID).Status, m.Agreement(a.ID).License.Status)
	for _, e := range m.Events(a.ID) {
		fmt.Println(e.HappenedAt.Sub(sandboxtest.Start), e.Kind)
	}
	// Output:
	// ACTIVE PENDING
	// ACTIVE PROVISIONED
	// CANCELLED DEPROVISIONED
	// 11s Purchase Agreement Created - Proposer
	// 1m12s License Updated - Manufacturer
	// 10m0s Purchase Agreement Ended - Proposer
	// 10m31s License Deprovisioned - Manufacturer
}

// The buyer's browser brings the registration token to the landing page under test, in the form that AWS posts.
func ExampleMarket_SetUp() {
	m := sandboxtest.Open(sandboxtest.Fulfillment("https://saas.example.com/aws"))
	defer m.Close()
	landing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // yours
		if r.PostFormValue(sandboxtest.TokenField) == "" {
			http.Error(w, "come from AWS Marketplace", http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, "Welcome")
	})

	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	w := httptest.NewRecorder()
	landing.ServeHTTP(w, m.SetUp(a.ID))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 200 Welcome
}

// Any client of AWS finds the market at its URL. This one has no SDK, which shows the bytes.
func ExampleMarket_Records() {
	m := sandboxtest.Open()
	defer m.Close()
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	m.Advance(10 * time.Minute)

	m.AddFault(sandboxtest.Fault{Operation: "BatchMeterUsage", Kind: "error-after-commit", Times: 1})
	body := fmt.Sprintf(`{"UsageRecords":[{"LicenseArn":%q,"CustomerAWSAccountId":%q,"Dimension":"pages","Quantity":12,"Timestamp":%d}]}`,
		a.LicenseARN, sandboxtest.Acme, sandboxtest.Start.Unix())
	for range 2 { // the answer to the first one is lost, and the second bills nothing more
		r, _ := http.NewRequest(http.MethodPost, m.AWS().Endpoint, strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "AWSMPMeteringService.BatchMeterUsage")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+m.AWS().AccessKeyID+"/20261102/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=0")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		fmt.Println(res.StatusCode)
	}
	for _, r := range m.Records(sandboxtest.Filter{LicenseARN: a.LicenseARN}) {
		fmt.Println(r.Hour.Format("15:04"), r.Dimension, r.Quantity)
	}
	fmt.Println("billed", m.Billed(sandboxtest.Acme, m.Now()))
	// Output:
	// 500
	// 200
	// 09:00 pages 12
	// billed 0.24
}

// A world file says who sells what; only what it says is there.
func ExampleWorld() {
	m := sandboxtest.Open(sandboxtest.World(`
version: 1
sellers: [{accountId: "999988887777", name: Cartographers}]
buyers: [{accountId: "111122223333", name: Acme, email: ada@acme.example}]
products:
  - productCode: ma9payasyoug0abcdefghijkl
    title: Maps
    dimensions: [{key: tiles, prices: {usage: "0.001"}}]
`))
	defer m.Close()
	fmt.Println(m.Buy("ma9payasyoug0abcdefghijkl", sandboxtest.Acme).SellerAccount)
	// Output: 999988887777
}
