// Package sandboxtest gives a test its own AWS Marketplace: products, buyers, the APIs that a seller's integration
// calls, the queue that its notices come to, and a clock that moves only when the test says so.
//
//	func TestCancelledBuyerIsBilledToTheEnd(t *testing.T) {
//		m := sandboxtest.New(t)
//		app := startMyApp(t, m.Env()) // AWS_ENDPOINT_URL, AWS_REGION, …: any AWS SDK takes them
//
//		a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
//		app.ServeHTTP(httptest.NewRecorder(), m.SetUp(a.ID)) // the buyer's browser brings the token
//		m.Advance(10 * time.Minute)                          // AWS provisions the licence, and says so
//		…
//		m.Cancel(a.ID)
//		m.Advance(2 * time.Hour)
//		if got := m.Records(sandboxtest.Filter{LicenseARN: a.LicenseARN}); len(got) != 3 { … }
//	}
//
// The marketplace runs inside the test's process, on a free port of the loopback interface, and is gone when the test
// ends. Each test has its own, so tests may run in parallel. A helper that cannot do what it is asked for ends the test
// with the marketplace's own words; where a refusal is what is tested, [Market.Call] returns it.
//
// Time stands still at [Start] unless an option says otherwise. An application that stamps its usage with the system's
// time, and not with [Market.Now], needs [At] the system's time: AWS refuses records that are too old or from the future.
//
// What the marketplace says to the test is said over HTTP, by the same control API that serves other languages
// (docs/sandbox/other-languages.md), so everything that is not a method here is one [Market.Call] away.
package sandboxtest
