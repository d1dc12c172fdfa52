package metering

import (
	"context"
	"fmt"
	"sync"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// target is what X-Amz-Target says before the dot.
const target = "AWSMPMeteringService"

// Service is the metering API onto w.
func Service(w *world.World) wire.Service {
	s := &service{world: w, signer: theSigner, batches: wire.NewQuota(contract.CallsPerSecond), meters: wire.NewQuota(contract.CallsPerSecond),
		registrations: wire.NewQuota(contract.RegistrationsPerSecond)}
	return wire.Service{
		Name: "AWS Marketplace Metering Service", Target: target, Scope: "aws-marketplace", ContentType: "application/x-amz-json-1.1",
		Ops: map[string]wire.Op{
			"ResolveCustomer": s.within(s.resolving(s.resolveCustomer)),
			"BatchMeterUsage": s.within(s.limited(s.batches, s.batchMeterUsage)),
			"MeterUsage":      s.limited(s.meters, s.meterUsage),
			"RegisterUsage":   s.within(s.limited(s.registrations, s.registerUsage)),
		},
	}
}

type service struct {
	world  *world.World
	signer *signer
	once   once // of MeterUsage

	batches, meters, registrations *wire.Quota

	resolvers sync.Map // of *wire.Quota, by what the profile resolve-quota says
}

// within refuses calls from regions in which the operation does not exist.
func (s *service) within(op wire.Op) wire.Op {
	return func(ctx context.Context, c *wire.Call) (wire.Answer, error) {
		if elsewhere(c) {
			return wire.Answer{}, &wire.Error{Code: contract.DisabledAPI, Message: "The API is disabled in the Region " + c.Region + "."}
		}
		return op(ctx, c)
	}
}

// limited refuses calls beyond the quota of their account and region, where the profile says that it is enforced.
func (s *service) limited(quota *wire.Quota, op wire.Op) wire.Op {
	return func(ctx context.Context, c *wire.Call) (wire.Answer, error) {
		if s.world.Profiles().Is(profile.Quota, profile.On) && !quota.Take(c.Account, c.Region, c.At) {
			return wire.Answer{}, throttled()
		}
		return op(ctx, c)
	}
}

// resolving refuses calls beyond the quota that the profile resolve-quota gives each account and region.
func (s *service) resolving(op wire.Op) wire.Op {
	return func(ctx context.Context, c *wire.Call) (wire.Answer, error) {
		profiles := s.world.Profiles()
		if profiles.Is(profile.ResolveQuota, profile.Off) {
			return op(ctx, c)
		}
		perSecond := profiles.Int(profile.ResolveQuota)
		quota, _ := s.resolvers.LoadOrStore(perSecond, wire.NewQuota(perSecond))
		if !quota.(*wire.Quota).Take(c.Account, c.Region, c.At) {
			return wire.Answer{}, throttled()
		}
		return op(ctx, c)
	}
}

func throttled() error { return &wire.Error{Code: contract.Throttling, Message: "Rate exceeded"} }

// invalid is a value that breaks a constraint of the model, in the words of AWS's validation.
func invalid(where, value, constraint string) error {
	return &wire.Error{Code: contract.Validation, Message: fmt.Sprintf(
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, where, constraint)}
}
