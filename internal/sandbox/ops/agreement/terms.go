package agreement

import (
	"context"

	"souk.dev/souk/internal/sandbox/ops/page"
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
	type numbered struct {
		n int64
		terms.Term
	}
	var all []numbered
	for i, one := range terms.Accepted(a, p) {
		all = append(all, numbered{int64(i), one})
	}
	part, next := page.Cut(all, func(n numbered) page.Key { return page.Key{N: n.n} }, false, t)
	out := acceptedTerms{Items: []terms.Term{}, Next: next}
	for _, n := range part {
		out.Items = append(out.Items, n.Term)
	}
	return wire.Encode(c, out)
}
