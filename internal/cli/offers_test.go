package cli

import (
	"testing"
)

// Every way to sell from both sides: the gateway follows a replacement without a gap, several agreements at once, an
// agreement that starts later, and a trial that ends.
func TestEveryWayToSellReachesTheGateway(t *testing.T) {
	for license, same := range map[string]bool{"same": true, "new": false} {
		t.Run("replaced under the license "+license, func(t *testing.T) {
			s, offer := openOffers(t, map[string]string{"replacement-license": license})
			old := buySeats(t, s.b, "111122223333", 10, false)
			s.advance("5m")
			old.check("10", "entitled")
			next := old
			old.market("agreements/"+old.AgreementID+"/replace", map[string]string{"offerId": offer(map[string]any{"fixed": fixedSeats(40)})}, &next.agreement)
			s.advance("5m")
			next.check("40", "entitled")
			if same != (next.LicenseARN == old.LicenseARN) {
				t.Fatalf("went on from %s under %s", old.LicenseARN, next.LicenseARN)
			}
			s.advance("2h")
			next.check("40", "entitled")
			if !same {
				old.check("1", "no_access")
			}
		})
	}
	t.Run("several at once", func(t *testing.T) {
		s, offer := openOffers(t, nil)
		first := buySeats(t, s.b, "111122223333", 3, false)
		second := s.accepts(offer(map[string]any{"fixed": fixedSeats(7)}))
		s.advance("5m")
		first.check("4", "exceeded")
		second.check("7", "entitled")
		second.market("agreements/"+second.AgreementID+"/terminate", nil, nil)
		s.advance("2h")
		first.check("3", "entitled")
		second.check("1", "no_access")
	})
	t.Run("dated ahead", func(t *testing.T) {
		s, offer := openOffers(t, nil)
		var c clockState
		s.market("clock", map[string]string{"advance": "1m"}, &c)
		start := c.Now.AddDate(0, 0, 2)
		later := s.accepts(offer(map[string]any{"fixed": fixedSeats(5), "validity": map[string]any{"startDate": start}}))
		s.advance("36h")
		s.advance("24h")
		later.check("5", "entitled")
	})
	t.Run("tried", func(t *testing.T) {
		s, _ := openOffers(t, nil)
		var o struct{ OfferID string }
		s.market("offers", map[string]any{"productId": teams, "public": true, "terms": map[string]any{"freeTrial": map[string]any{"duration": "P7D", "grants": fixedSeats(2)["grants"]}}}, &o)
		trial := s.accepts(o.OfferID)
		s.advance("5m")
		trial.check("2", "entitled")
		trial.check("3", "exceeded")
		s.advance("169h")
		trial.check("1", "no_access")
	})
}

// fixedSeats is a fixed term for a year.
func fixedSeats(n int) map[string]any {
	return map[string]any{"duration": "P12M", "price": "100", "grants": []map[string]any{{"dimension": "seats", "maxQuantity": n}}}
}

// openOffers opens a sandbox and a gateway whose time stands still, and a way to make private offers for Acme.
func openOffers(t *testing.T, profiles map[string]string) (s seats, offer func(terms map[string]any) string) {
	t.Helper()
	s = seats{t: t, b: openTestBazaar(t, t.TempDir())}
	s.market("clock", map[string]bool{"frozen": true}, nil)
	if profiles != nil {
		s.market("profiles", profiles, nil)
	}
	return s, func(terms map[string]any) string {
		t.Helper()
		var o struct{ OfferID string }
		s.market("offers", map[string]any{"productId": teams, "buyerAccountIds": []string{"111122223333"}, "terms": terms}, &o)
		return o.OfferID
	}
}

// accepts lets Acme accept an offer for seats.
func (s seats) accepts(offer string) seats {
	s.t.Helper()
	s.market("agreements", map[string]string{"productCode": teams, "buyerAccountId": "111122223333", "offerId": offer}, &s.agreement)
	return s
}
