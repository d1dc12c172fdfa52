package agreement

import (
	"context"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// cancelAgreement performs CancelAgreement, for the buyer: the same act as the buyer's on the marketplace's pages, with
// the same notices. Contracts cannot be cancelled so.
func (s *service) cancelAgreement(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.bought(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	p, err := s.world.Product(a.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	if p.Pricing != world.Subscription {
		return wire.Answer{}, invalid(c, "UNSUPPORTED_ACTION", "agreementId", "Only usage-based agreements can be cancelled by the acceptor; contact AWS Support about a contract.")
	}
	_, err = s.world.Cancel(c.At, a.AgreementID)
	if fail.Is(err, fail.Conflict) {
		return wire.Answer{}, failure(c, contract.Conflict, "The agreement is not active.", map[string]any{"resourceId": a.AgreementID, "resourceType": "Agreement"})
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Encode(c, struct{}{})
}
