package world

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPagesOfAgreementsAreTheListBackwards walks pages of any size, with any choice, and compares them with the list.
func TestPagesOfAgreementsAreTheListBackwards(t *testing.T) {
	w := open(t, nil)
	for i, p := range []string{inkwell, classic} {
		for _, b := range w.Buyers() {
			a, err := w.Subscribe(noon, Subscribe{BuyerAccount: b.AccountID, Product: p})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if _, err := w.Cancel(noon, a.AgreementID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	all := w.Agreements(AgreementQuery{})
	rapid.Check(t, func(t *rapid.T) {
		q := AgreementQuery{
			BuyerAccount: rapid.SampledFrom([]string{"", acme, "222233334444"}).Draw(t, "buyer"),
			Status:       rapid.SampledFrom([]AgreementStatus{"", Active, Cancelled}).Draw(t, "status"),
			ProductCode:  rapid.SampledFrom([]string{"", inkwell, all[0].ProductID, classic, "nothing"}).Draw(t, "product"),
			CountsAt:     rapid.SampledFrom([]time.Time{{}, noon, noon.AddDate(0, 1, 0)}).Draw(t, "counts at"),
		}
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		want := slices.DeleteFunc(slices.Clone(all), func(a Agreement) bool {
			over := a.Status == Cancelled && q.CountsAt.After(noon.Add(48*time.Hour)) // a month later, its last hour is long past
			return over || !wanted(q.BuyerAccount, a.BuyerAccount) || !wanted(q.Status, a.Status) || q.ProductCode != "" && q.ProductCode != a.ProductCode && q.ProductCode != a.ProductID
		})
		if n := len(w.Agreements(q)); n != len(want) {
			t.Fatalf("%d agreements in one list, want %d", n, len(want))
		}
		var got []Agreement
		for before := 0; ; {
			page, next := w.NewestAgreements(q, before, limit)
			if len(page) > limit {
				t.Fatalf("a page of %d", len(page))
			}
			got = append(got, page...)
			if before = next; next == 0 {
				break
			}
		}
		if len(got) != len(want) || w.CountAgreements(q) != len(want) {
			t.Fatalf("%d agreements, %d counted, want %d", len(got), w.CountAgreements(q), len(want))
		}
		for i := range got {
			if got[i].AgreementID != want[len(want)-1-i].AgreementID {
				t.Fatalf("the %dth is %s", i, got[i].AgreementID)
			}
		}
	})
}
