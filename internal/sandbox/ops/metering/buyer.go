package metering

import (
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// MeterUsage and RegisterUsage are called by software that runs in the buyer's own AWS account, with the buyer's
// credentials. What this marketplace lists is software as a service, for which AWS has BatchMeterUsage: the two are
// checked whole, and then refused, unless the profile buyer-side-metering has them taken as for any other product.

// registered finds the product that software says it is.
func (s *service) registered(code string) (world.Product, error) {
	p, err := s.world.Product(code)
	if fail.Is(err, fail.NotFound) || (err == nil && p.ProductCode != code) { // a product's id will not do
		return p, &wire.Error{Code: contract.InvalidProductCode, Message: "The product code " + code + " is not that of a published product."}
	}
	return p, err
}

// buyerSide reports whether software of p may be metered from the buyer's side.
func (s *service) buyerSide() bool {
	return s.world.Profiles().Is(profile.BuyerSideMetering, profile.Accept)
}

// subscription is the newest agreement of the calling account for p.
func (s *service) subscription(c *wire.Call, p world.Product) (world.Agreement, error) {
	newest, _ := s.world.NewestAgreements(world.AgreementQuery{BuyerAccount: c.Account, ProductCode: p.ProductCode}, 0, 1)
	if len(newest) == 0 {
		return world.Agreement{}, notEntitled(c, p.ProductCode)
	}
	return newest[0], nil
}

func notEntitled(c *wire.Call, code string) error {
	return &wire.Error{Code: contract.CustomerNotEntitled, Message: "The account " + c.Account + " does not have a valid subscription for the product " + code + "."}
}

// checkCode checks a product code that is required.
func checkCode(given bool, code string) error {
	switch {
	case !given:
		return invalid("productCode", "null", "Member must not be null")
	case !fits(code, 0, contract.MaxProductCode) || !productCode.MatchString(code):
		return invalid("productCode", code, "Member must satisfy regular expression pattern: [-a-zA-Z0-9/=:_.@]*, with length at most 255")
	}
	return nil
}

// elsewhere reports whether c is for a Region in which nothing here runs.
func elsewhere(c *wire.Call) bool { return !slices.Contains(contract.Regions, c.Region) }
