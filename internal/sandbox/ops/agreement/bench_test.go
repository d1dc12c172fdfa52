package agreement

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// BenchmarkTenThousand asks, through the whole front door, in a world of ten thousand contracts of five hundred buyers:
// the seller for a page of them all, and one buyer for its own.
func BenchmarkTenThousand(b *testing.B) {
	s := open(b)
	buyers := make([]world.Buyer, 500)
	for i := range buyers {
		one, err := s.World.CreateBuyer(s.Clock.Now(), world.Buyer{Name: fmt.Sprintf("Buyer %d", i), Email: fmt.Sprintf("b%d@example.com", i)})
		if err != nil {
			b.Fatal(err)
		}
		buyers[i] = one
	}
	var newest world.Agreement
	for i := range 10_000 {
		newest = s.Buy(buyers[i%len(buyers)].AccountID, teams, world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 1}})
		s.Clock.Set(opstest.Noon.Add(time.Duration(i) * time.Millisecond))
	}
	buyer := newest.BuyerAccount
	order := inputs("purchaseOrders", []any{map[string]any{"chargeId": newest.Charges[0].ID, "purchaseOrderReference": "PO-1"}})
	for _, c := range []struct{ name, account, op, body string }{
		{"search", seller, "SearchAgreements", query(proposer, "")},
		{"search-oldest", seller, "SearchAgreements", query(proposer, `,"sort":{"sortBy":"StartTime","sortOrder":"ASCENDING"}`)},
		{"search-one", seller, "SearchAgreements", query(proposer, "", "LicenseArn="+newest.License.ARN)},
		{"search-buyer", buyer, "SearchAgreements", query(acceptor, "", "Status=ACTIVE")},
		{"charges", buyer, "ListAgreementCharges", `{}`},
		{"purchase-order", buyer, "UpdatePurchaseOrders", order},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := s.as(c.account, c.op, c.body); w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
