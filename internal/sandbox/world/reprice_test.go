package world

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

// priced is the patch that lists a dimension of inkwell's at other prices.
func (m *market) priced(pages, stored string) ProductPatch {
	p := mustProduct(m, inkwell)
	p.Dimensions[0].Prices[UsagePrice], p.Dimensions[1].Prices[UsagePrice] = usd(pages), usd(stored)
	return ProductPatch{Dimensions: p.Dimensions}
}

// After one price was raised, no price changes for 90 days: neither up nor down, nor another's. All else does.
func TestARiseLocksThePrices(t *testing.T) {
	m := open(t, nil)
	p := mustProduct(m, inkwell)
	pages, stored := p.Dimensions[0].Price().String(), p.Dimensions[1].Price().String()
	change := func(what, refused string, patch ProductPatch) {
		t.Helper()
		_, err := m.ChangeProduct(m.now, inkwell, patch)
		if fail.CodeOf(err) != refused || refused != "" && !fail.Is(err, fail.Conflict) {
			t.Errorf("%s: %v, want %q", what, err, refused)
		}
	}
	until := func() time.Time {
		t.Helper()
		at, err := m.PricesLockedUntil(m.now, inkwell)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	change("lowered", "", m.priced(pages, "0.0001"))
	change("raised to what it was", "", m.priced(pages, stored))
	if at := until(); !at.Equal(m.now.Add(priceLock)) {
		t.Errorf("locked until %s by a rise to what the price was before", at)
	}
	m.pass(priceLock)
	change("raised", "", m.priced("0.05", stored))
	change("the same prices, another title", "", func() ProductPatch { q := m.priced("0.05", stored); q.Title = new("Inkwell!"); return q }())
	m.pass(priceLock - time.Millisecond)
	for what, patch := range map[string]ProductPatch{"raised again": m.priced("0.06", stored), "lowered": m.priced("0.01", stored), "another's": m.priced("0.05", "0.0001")} {
		change(what, "prices_locked", patch)
	}
	more := m.priced("0.05", stored)
	more.Dimensions = append(more.Dimensions, Dimension{Key: "maps", Prices: more.Dimensions[0].Prices})
	change("a dimension more", "", more)
	m.pass(time.Millisecond)
	if at := until(); !at.IsZero() {
		t.Errorf("still locked until %s", at)
	}
	m.pass(time.Minute)
	if _, err := m.PricesLockedUntil(m.now, "nothing"); !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
}

// A journal that was written before prices were locked is replayed as it was.
func TestPricesThatWereChangedBeforeTheLockAreReplayed(t *testing.T) {
	m := open(t, nil)
	for _, price := range []string{"0.05", "0.06"} {
		patch := m.priced(price, "0.01")
		if err := m.Apply(Command{At: m.now, Act: actChangeProduct, ID: inkwell, ProductPatch: &patch}); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustProduct(m, inkwell).Dimensions[0].Price().String(); got != "0.06" {
		t.Errorf("the price is %s", got)
	}
	_, err := m.ChangeProduct(m.now, inkwell, m.priced("0.07", "0.01"))
	m.mustRefuse(err, fail.Conflict, "prices_locked")
}
