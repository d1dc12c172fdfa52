package agreement

import (
	"context"
	"iter"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type searchRequest struct {
	Catalog    *string  `json:"catalog"`
	Filters    []filter `json:"filters"`
	Sort       *sorting `json:"sort"`
	MaxResults *int64   `json:"maxResults"`
	NextToken  *string  `json:"nextToken"`
}

type sorting struct {
	SortBy    *string `json:"sortBy"`
	SortOrder *string `json:"sortOrder"`
}

type searchResult struct {
	Summaries []summary `json:"agreementViewSummaries,omitempty"`
	Next      *string   `json:"nextToken,omitempty"`
}

type summary struct {
	AgreementID               string          `json:"agreementId"`
	AgreementType             string          `json:"agreementType"`
	Status                    string          `json:"status"`
	Acceptor                  party           `json:"acceptor"`
	Proposer                  party           `json:"proposer"`
	AcceptanceTime            wire.Time       `json:"acceptanceTime"`
	StartTime                 wire.Time       `json:"startTime"`
	EndTime                   wire.Time       `json:"endTime,omitzero"`
	LastUpdateTime            wire.Time       `json:"lastUpdateTime"`
	ProposalSummary           proposalSummary `json:"proposalSummary"`
	InitialAgreementID        string          `json:"initialAgreementId"`
	Entitlements              []licensed      `json:"entitlements"`
	EndTimeBehaviorType       string          `json:"endTimeBehaviorType,omitempty"`
	EndTimeBehaviorReasonCode string          `json:"endTimeBehaviorReasonCode,omitempty"`
}

type licensed struct {
	LicenseARN string `json:"licenseArn"`
}

// catalog is the one that everything is listed in.
const catalog = "AWSMarketplace"

// searchAgreements performs SearchAgreements: the caller's agreements, as proposer or as acceptor.
func (s *service) searchAgreements(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in searchRequest
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if in.Catalog != nil && *in.Catalog != catalog {
		return wire.Answer{}, invalid(c, "INVALID_CATALOG", "catalog", "The catalog is "+catalog+".")
	}
	side, all, err := readFilters(c, in.Filters)
	if err != nil {
		return wire.Answer{}, err
	}
	by, descending, err := in.Sort.read(c, side)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, in.Filters, by, descending)
	if err != nil {
		return wire.Answer{}, err
	}
	at := instants[by]
	key := func(a *world.Agreement) page.Key { return page.Key{N: at(a).UnixMicro(), ID: a.AgreementID} }
	q := world.AgreementQuery{SellerAccount: c.Account}
	if side == acceptor {
		q = world.AgreementQuery{BuyerAccount: c.Account}
	}
	var out searchResult
	s.world.ViewAgreements(q, func(lent iter.Seq[*world.Agreement]) {
		var found []*world.Agreement
		for a := range lent {
			if !slices.ContainsFunc(all, func(want wanted) bool { return !want(a) }) {
				found = append(found, a)
			}
		}
		found, out.Next = page.Cut(found, key, descending, t)
		for _, a := range found {
			out.Summaries = append(out.Summaries, summarised(*a))
		}
	})
	return wire.Encode(c, out)
}

// read checks how to sort: by the end, latest first, unless something else is asked for.
func (s *sorting) read(c *wire.Call, side string) (by string, descending bool, err error) {
	by, descending = "EndTime", true
	if s == nil {
		return by, descending, nil
	}
	if s.SortBy != nil {
		by = *s.SortBy
	}
	if _, ok := instants[by]; !ok || (by != "EndTime" && side != proposer) {
		return "", false, invalid(c, "INVALID_SORT_BY", "sort.sortBy", "sortBy is EndTime, and for a proposer StartTime or LastUpdateTime, too.")
	}
	if s.SortOrder != nil {
		if *s.SortOrder != "ASCENDING" && *s.SortOrder != "DESCENDING" {
			return "", false, invalid(c, "INVALID_SORT_ORDER", "sort.sortOrder", "sortOrder is ASCENDING or DESCENDING.")
		}
		descending = *s.SortOrder == "DESCENDING"
	}
	return by, descending, nil
}

func summarised(a world.Agreement) summary {
	end := orNone(behaviour(a))
	return summary{AgreementID: a.AgreementID, AgreementType: contract.PurchaseContract, Status: string(a.Status), Acceptor: party{a.BuyerAccount},
		Proposer: party{a.SellerAccount}, AcceptanceTime: wire.Time{Time: a.AcceptanceTime}, StartTime: wire.Time{Time: a.StartTime},
		EndTime: wire.Time{Time: a.EndTime}, LastUpdateTime: wire.Time{Time: updated(a)}, ProposalSummary: summaryOf(a),
		InitialAgreementID: a.InitialAgreementID, Entitlements: []licensed{{a.License.ARN}},
		EndTimeBehaviorType: end.Type, EndTimeBehaviorReasonCode: end.ReasonCode}
}
