package gateway

import (
	"context"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/provider"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/job"
)

// signOns are the parts by which people use the seller's applications with their account here; all nil where there are no
// applications.
type signOns struct {
	portal *portal.SignOns
	door   *provider.Door
	jobs   []job.Job
}

// openSignOns opens them. Errors: fail.Invalid for an application that cannot be, saying which.
func (c Config) openSignOns(ctx context.Context, g *Gateway, accounts *account.Service, registrations *register.Service, box *seal.Box) (signOns, error) {
	if err := c.Applications.Check(c.BaseURL, c.Products); err != nil || len(c.Applications) == 0 {
		return signOns{}, err
	}
	keys, err := signon.OpenKeys(ctx, g.db.Settings(), box, g.clk)
	if err != nil {
		return signOns{}, err
	}
	service := signon.New(signon.Config{Store: g.db.SignOns(), Sessions: accounts, Seal: box, Clock: g.clk, Log: c.Log})
	door := provider.New(provider.Config{BaseURL: c.BaseURL, Applications: c.Applications, SignOns: service, Keys: keys, Owned: registrations,
		Clock: g.clk, Outside: clock.System{}, AuthorizePath: portal.AuthorizePath, SignOutPath: portal.SignOutPath})
	return signOns{
		portal: &portal.SignOns{Service: service, Applications: c.Applications, Issuer: door.Issuer(), Hint: door.ReadHint},
		door:   door, jobs: []job.Job{keys.Job(), service.Sweep()},
	}, nil
}
