package entitlement

import (
	"context"
	"fmt"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Market is what this API needs to know. It is fulfilled by *world.World.
type Market interface {
	// Product finds a product by its code; fail.NotFound otherwise.
	Product(code string) (world.Product, error)
	// Entitlements lists what the running contracts for a product grant.
	Entitlements(productCode string, f world.EntitlementFilter) ([]world.Entitlement, error)
	Profiles() profile.Set
}

// Service is the entitlement API onto m.
func Service(m Market) wire.Service {
	s := &service{market: m, quota: wire.NewQuota(contract.EntitlementsPerSecond)}
	return wire.Service{
		Name: "AWS Marketplace Entitlement Service", Target: "AWSMPEntitlementService", Scope: "aws-marketplace",
		ContentType: "application/x-amz-json-1.1", CBOR: true, Region: contract.HomeRegion,
		Ops: map[string]wire.Op{"GetEntitlements": s.getEntitlements},
	}
}

type service struct {
	market Market
	quota  *wire.Quota
	before memory
}

// getEntitlements performs GetEntitlements. Errors: InvalidParameterException; ThrottlingException where the profile
// says that the quota is enforced.
func (s *service) getEntitlements(_ context.Context, c *wire.Call) (wire.Answer, error) {
	profiles := s.market.Profiles()
	if profiles.Is(profile.Quota, profile.On) && !s.quota.Take(c.Account, c.Region, c.At) {
		return wire.Answer{}, &wire.Error{Code: contract.Throttling, Message: "Rate exceeded"}
	}
	var in request
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	filter, err := in.check()
	if err != nil {
		return wire.Answer{}, err
	}
	token, alive := unstamped(in.NextToken, c.At, profiles)
	t, ours := page.Of(in.size(profiles.Int(profile.EntitlementPage)), token, c.Account, in.ProductCode, in.Filter)
	if !ours || !alive {
		return wire.Answer{}, invalid("The NextToken is not one of an answer to this request.")
	}
	filter.Now = c.At
	all, err := s.granted(c, in.ProductCode, filter)
	if err != nil {
		return wire.Answer{}, err
	}
	if c.Fault.Kind == fault.StaleEntitlements {
		all = s.before.recall(t.Question())
	} else {
		s.before.keep(t.Question(), all)
	}
	out := cut(all, t)
	out.NextToken = stamped(out.NextToken, c.At, profiles)
	if profiles.Is(profile.EmptyEntitlements, profile.EmptyList) && out.Entitlements == nil {
		out.Entitlements = []entitlement{}
	}
	return wire.Encode(c, out)
}

// granted lists what in chooses, of the caller's product.
func (s *service) granted(c *wire.Call, code string, f world.EntitlementFilter) ([]world.Entitlement, error) {
	unknown := invalid("The product code '%s' is not one of a product of the account %s.", code, c.Account)
	p, err := s.market.Product(code)
	if err != nil || p.ProductCode != code || p.SellerAccount != c.Account {
		return nil, unknown
	}
	all, err := s.market.Entitlements(code, f)
	if err != nil {
		return nil, fmt.Errorf("list what contracts for %s grant: %w", code, err)
	}
	return all, nil
}

// invalid is what AWS answers to a parameter that breaks a rule.
func invalid(format string, args ...any) error {
	return &wire.Error{Code: contract.InvalidParameter, Message: fmt.Sprintf(format, args...)}
}
