package world

import (
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// Entitlement is what one running contract grants of one dimension. Source: Entitlement API, Entitlement.
type Entitlement struct {
	ProductCode          string
	Dimension            string
	CustomerIdentifier   string // legacy products only
	CustomerAWSAccountID string
	LicenseARN           string
	Value                EntitlementValue
	// ExpirationDate is the earliest instant at which the entitlement may end: that of the renewal, where the contract
	// renews itself.
	ExpirationDate time.Time
}

// EntitlementValue is how much is granted: exactly one of its fields is set. Contracts bought here grant integers.
type EntitlementValue struct {
	Integer *int64
	Double  *float64
	Boolean *bool
	String  *string
}

// EntitlementFilter chooses entitlements. The values of one field are alternatives, the fields narrow one another, and
// an empty field chooses all.
type EntitlementFilter struct {
	CustomerIdentifiers   []string
	CustomerAWSAccountIDs []string
	LicenseARNs           []string
	Dimensions            []string
	Now                   time.Time // when it is asked; needed with the profile expired-entitlements
}

// Entitlements lists what the running contracts for a product grant, by the age of the agreement, then in the order of
// the listing's dimensions. A contract grants from its licence's provisioning to its end, not in the last hour for
// metering. The error is fail.NotFound where no product has that code.
func (w *World) Entitlements(productCode string, f EntitlementFilter) ([]Entitlement, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.products[productCode]
	if !ok || p.ProductCode != productCode { // a product's id will not do
		return nil, fail.New(fail.NotFound, "unknown_product", "There is no product with the code %q.", productCode)
	}
	all := []Entitlement{}
	for _, a := range w.candidates(p, &f) {
		grants, until := w.grantsOf(a, f.Now)
		if len(grants) == 0 || !f.wants(a) {
			continue
		}
		for _, d := range p.Dimensions {
			n, granted := grants[d.Key]
			if !granted || (len(f.Dimensions) > 0 && !slices.Contains(f.Dimensions, d.Key)) {
				continue
			}
			all = append(all, Entitlement{ProductCode: productCode, Dimension: d.Key, CustomerIdentifier: a.CustomerIdentifier,
				CustomerAWSAccountID: a.BuyerAccount, LicenseARN: a.License.ARN, Value: EntitlementValue{Integer: new(n)}, ExpirationDate: until})
		}
	}
	return all, nil
}

// shownFor is how long a contract that has ended is still shown, with the profile expired-entitlements.
const shownFor = 24 * time.Hour

// grantsOf are what a grants at now, and until when. With the profile expired-entitlements, a contract that has ended is
// shown for a while as what it is: over; with early-entitlements, one that is to grant something is shown as if it did.
func (w *World) grantsOf(a *agreement, now time.Time) (grants map[string]int64, until time.Time) {
	shown := a.License.Status == Provisioned || a.License.Status == Deprovisioned
	ended := a.Status == Cancelled || a.Status == Expired || a.Status == Terminated
	if ended && shown && now.Before(a.EndedAt.Add(shownFor)) && w.profiles.Is(profile.ExpiredEntitlements, profile.ForADay) {
		return a.Terms.grants(), a.EndedAt
	}
	coming := a.Status == Active && (a.License.Status == Provisioning || a.License.Status == ScheduledLicense)
	if coming && w.profiles.Is(profile.EarlyEntitlements, profile.Listed) {
		return a.Terms.grants(), a.EndTime
	}
	return a.Entitlements, a.EndTime
}

// candidates are p's agreements that f may want: all, unless it asks for one licence or one account, as sellers do for
// every request of theirs.
func (w *World) candidates(p *product, f *EntitlementFilter) []*agreement {
	switch {
	case len(f.LicenseARNs) == 1:
		if a := w.licenses[f.LicenseARNs[0]]; a != nil && a.product == p {
			return []*agreement{a}
		}
		return nil
	case len(f.CustomerAWSAccountIDs) == 1:
		if c := w.customers[customerKey{p.ProductCode, f.CustomerAWSAccountIDs[0]}]; c != nil {
			return c.agreements
		}
		return nil
	}
	return p.agreements
}

// wants reports whether f chooses a's entitlements, whatever their dimension.
func (f *EntitlementFilter) wants(a *agreement) bool {
	among := func(wanted []string, value string) bool { return len(wanted) == 0 || slices.Contains(wanted, value) }
	return among(f.LicenseARNs, a.License.ARN) && among(f.CustomerAWSAccountIDs, a.BuyerAccount) && among(f.CustomerIdentifiers, a.CustomerIdentifier)
}
