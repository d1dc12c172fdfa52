package awsapi

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
)

var _ agreement.AWS = (*Agreements)(nil)

// searchPage is the most that AWS gives at once. Source: Agreement API, SearchAgreements.
const searchPage = 50

// Search implements [agreement.AWS].
func (a *Agreements) Search(ctx context.Context, q agreement.Search) (page []agreement.Agreement, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	is := func(name, value string) types.Filter { return types.Filter{Name: &name, Values: []string{value}} }
	in := &marketplaceagreement.SearchAgreementsInput{Catalog: aws.String("AWSMarketplace"), MaxResults: aws.Int32(searchPage), NextToken: text(q.Token),
		Filters: []types.Filter{is("PartyType", "Proposer"), is("AgreementType", "PurchaseAgreement")},
		// What changes while pages are read comes again on a later one, rather than being passed over.
		Sort: &types.Sort{SortBy: aws.String("LastUpdateTime"), SortOrder: types.SortOrderAscending}}
	if q.Customer != "" {
		in.Filters = append(in.Filters, is("AcceptorAccountId", string(q.Customer)))
	}
	if !q.Since.IsZero() {
		in.Filters = append(in.Filters, is("AfterLastUpdateTime", q.Since.UTC().Format(time.RFC3339)))
	}
	out, err := a.client.SearchAgreements(ctx, in)
	if err != nil {
		return nil, "", agreementFailure(ctx, "SearchAgreements", err)
	}
	for _, s := range out.AgreementViewSummaries {
		found := agreement.Agreement{ID: core.AgreementID(aws.ToString(s.AgreementId)), Status: agreement.Status(s.Status), Initial: core.AgreementID(aws.ToString(s.InitialAgreementId)),
			AcceptedAt: instant(s.AcceptanceTime), StartsAt: instant(s.StartTime), EndsAt: instant(s.EndTime), UpdatedAt: instant(s.LastUpdateTime),
			AtEnd: string(s.EndTimeBehaviorType), AtEndWhy: string(s.EndTimeBehaviorReasonCode)}
		if s.Acceptor != nil {
			found.Customer = core.AWSAccountID(aws.ToString(s.Acceptor.AccountId))
		}
		found.Offer, found.ProductID = proposed(s.ProposalSummary)
		for _, e := range s.Entitlements {
			if arn := core.LicenseARN(aws.ToString(e.LicenseArn)); arn != "" {
				found.Licenses = append(found.Licenses, arn)
			}
		}
		slices.Sort(found.Licenses)
		found.Licenses = slices.Compact(found.Licenses)
		page = append(page, found)
	}
	return page, aws.ToString(out.NextToken), nil
}

// Describe implements [agreement.AWS].
func (a *Agreements) Describe(ctx context.Context, id core.AgreementID) (agreement.Agreement, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	out, err := a.client.DescribeAgreement(ctx, &marketplaceagreement.DescribeAgreementInput{AgreementId: text(id)})
	if err != nil {
		return agreement.Agreement{}, agreementFailure(ctx, "DescribeAgreement", err)
	}
	found := agreement.Agreement{ID: id, Status: agreement.Status(out.Status), Initial: core.AgreementID(aws.ToString(out.InitialAgreementId)),
		AcceptedAt: instant(out.AcceptanceTime), StartsAt: instant(out.StartTime), EndsAt: instant(out.EndTime)}
	found.Offer, found.ProductID = proposed(out.ProposalSummary)
	if out.Acceptor != nil {
		found.Customer = core.AWSAccountID(aws.ToString(out.Acceptor.AccountId))
	}
	if out.EndTimeBehavior != nil {
		found.AtEnd, found.AtEndWhy = string(out.EndTimeBehavior.Type), string(out.EndTimeBehavior.ReasonCode)
	}
	return found, nil
}

// proposed is what was offered, and for which product; of several products none, because AWS does not say which licence is
// whose.
func proposed(s *types.ProposalSummary) (offer core.OfferID, product string) {
	if s == nil {
		return "", ""
	}
	if len(s.Resources) == 1 {
		product = aws.ToString(s.Resources[0].Id)
	}
	return core.OfferID(aws.ToString(s.OfferId)), product
}

// instant is an optional time of AWS's; the zero time where there is none.
func instant(t *time.Time) time.Time {
	if t == nil || t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
