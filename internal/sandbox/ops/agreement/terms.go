package agreement

import (
	"context"

	"souk.dev/souk/internal/sandbox/ops/terms"
	"souk.dev/souk/internal/sandbox/wire"
)

type acceptedTerms struct {
	Items []terms.Term `json:"acceptedTerms"`
	Next  *string      `json:"nextToken,omitempty"`
}

// getAgreementTerms performs GetAgreementTerms, for both parties.
func (s *service) getAgreementTerms(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
		MaxResults  *int64  `json:"maxResults"`
		NextToken   *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.agreement(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, a.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	p, err := s.world.Product(a.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	part, next := terms.Page(terms.Accepted(a, p), t)
	return wire.Encode(c, acceptedTerms{part, next})
}
