package agreement

import (
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
)

// paging is what all lists of this API take.
type paging struct {
	MaxResults *int64
	NextToken  *string
}

// turn checks p. question is what was asked beside it.
func (p paging) turn(c *wire.Call, question ...any) (page.Turn, error) {
	size := int64(contract.MaxAgreements)
	if p.MaxResults != nil {
		size = *p.MaxResults
	}
	if size < 1 || size > contract.MaxAgreements {
		return page.Turn{}, invalid(c, "INVALID_MAX_RESULTS", "maxResults", "maxResults must be between 1 and "+strconv.Itoa(contract.MaxAgreements)+".")
	}
	t, ok := page.Of(int(size), p.NextToken, append(question, c.Account, c.Operation)...)
	if !ok || p.NextToken != nil && len(*p.NextToken) > contract.MaxNextToken {
		return t, invalid(c, "INVALID_NEXT_TOKEN", "nextToken", "The nextToken is not one of an answer to this request.")
	}
	return t, nil
}
