package agreement

import (
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
)

// requestList is the input of the lists of requests that one party sends to the other.
type requestList struct {
	PartyType     *string `json:"partyType"`
	AgreementID   *string `json:"agreementId"`
	AgreementType *string `json:"agreementType"`
	Catalog       *string `json:"catalog"`
	Status        *string `json:"status"`
	MaxResults    *int64  `json:"maxResults"`
	NextToken     *string `json:"nextToken"`
}

// listQuery is whose requests are listed: one of seller and buyer is set.
type listQuery struct{ seller, buyer, agreement string }

// readRequestList reads and checks such an input. statuses are those that the list's requests can have.
func readRequestList(c *wire.Call, statuses []string) (in requestList, q listQuery, t page.Turn, err error) {
	if err := wire.Decode(c, &in); err != nil {
		return in, q, t, err
	}
	switch side := orEmpty(in.PartyType); side {
	case proposer:
		q.seller = c.Account
	case acceptor:
		q.buyer = c.Account
	case "":
		return in, q, t, invalid(c, "MISSING_PARTY_TYPE", "partyType", "The partyType is required.")
	default:
		return in, q, t, invalid(c, "INVALID_PARTY_TYPE", "partyType", "The partyType is Proposer or Acceptor.")
	}
	if q.agreement, err = narrowed(c, in.AgreementID, in.AgreementType, in.Catalog); err != nil {
		return in, q, t, err
	}
	if in.Status != nil && !slices.Contains(statuses, *in.Status) {
		return in, q, t, invalid(c, "INVALID_STATUS", "status", "The status is not one of the API's.")
	}
	t, err = paging{in.MaxResults, in.NextToken}.turn(c, in.PartyType, in.AgreementID, in.AgreementType, in.Catalog, in.Status)
	return in, q, t, err
}

// narrowed checks what lists can be narrowed by: an agreement, the agreement's type, the catalog. The last two have one
// value here.
func narrowed(c *wire.Call, agreementID, agreementType, in *string) (agreement string, err error) {
	id := idField("agreementId", "AGREEMENT_ID", agreementID, resourceID)
	id.needed = false
	if err := check(c, id); err != nil {
		return "", err
	}
	if agreementType != nil && *agreementType != contract.PurchaseContract {
		return "", invalid(c, "INVALID_AGREEMENT_TYPE", "agreementType", "The agreementType is "+contract.PurchaseContract+".")
	}
	if in != nil && *in != catalog {
		return "", invalid(c, "INVALID_CATALOG", "catalog", "The catalog is "+catalog+".")
	}
	return orEmpty(agreementID), nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
