package awsapi

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"

	"souk.dev/souk/internal/gateway/confirm"
	"souk.dev/souk/internal/gateway/core"
)

var _ confirm.Source = (*Agreements)(nil)

// AgreementsOf implements [confirm.Source]. It searches by the account and picks by the license itself: a license ARN is
// longer than what the published model allows for a filter's value.
func (a *Agreements) AgreementsOf(ctx context.Context, customer core.AWSAccountID, arn core.LicenseARN) (all []confirm.Agreement, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "SearchAgreements"
	is := func(name, value string) types.Filter { return types.Filter{Name: &name, Values: []string{value}} }
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.SearchAgreements(ctx, &marketplaceagreement.SearchAgreementsInput{Catalog: aws.String("AWSMarketplace"), NextToken: token,
			Filters: []types.Filter{is("PartyType", "Proposer"), is("AgreementType", "PurchaseAgreement"), is("AcceptorAccountId", string(customer))}})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, s := range out.AgreementViewSummaries {
			if !slices.ContainsFunc(s.Entitlements, func(e types.Entitlement) bool { return aws.ToString(e.LicenseArn) == string(arn) }) {
				continue
			}
			found := confirm.Agreement{ID: core.AgreementID(aws.ToString(s.AgreementId)), Status: string(s.Status), StartTime: aws.ToTime(s.StartTime).UTC(), UpdatedAt: aws.ToTime(s.LastUpdateTime).UTC()}
			if s.ProposalSummary != nil {
				found.Offer = core.OfferID(aws.ToString(s.ProposalSummary.OfferId))
			}
			all = append(all, found)
		}
		return out.NextToken, nil
	})
	return all, err
}
