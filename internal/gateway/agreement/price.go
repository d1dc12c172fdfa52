package agreement

import (
	"context"
	"fmt"
	"slices"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// UnitPrice is what AWS charges l's buyer for a unit of d, a decimal of currency, by the newest of l's agreements that has prices of
// usage; ok is false where its terms are not known, or do not tell one price.
func (s *Service) UnitPrice(ctx context.Context, l *license.License, d core.Dimension) (price, currency string, ok bool, err error) {
	for _, id := range slices.Backward(l.Agreements) {
		terms, err := s.cfg.Store.TermsOf(ctx, id)
		if err != nil {
			return "", "", false, fmt.Errorf("find the price of %s for licence %s: %w", d, l.ID, err)
		}
		if terms.has("usageBasedPricingTerm") {
			price, currency, ok = terms.UnitPrice(d)
			return price, currency, ok, nil
		}
	}
	return "", "", false, nil
}
