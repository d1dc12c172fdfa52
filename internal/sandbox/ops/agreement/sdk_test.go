package agreement

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"

	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// client is the Go SDK, which speaks CBOR to this service, with the key of account.
func (s *stand) client(url, account string) *sdk.Client {
	return sdk.New(sdk.Options{BaseEndpoint: aws.String(url), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(s.Key(account), "secret", "")})
}

func TestGoSDK(t *testing.T) {
	s := open(t)
	srv := httptest.NewServer(s)
	defer srv.Close()
	a := s.Buy(acme, inkwell)
	for range 4 {
		s.Buy(globex, inkwell)
	}
	s.Pass(2 * time.Minute)
	seller, buyer := s.client(srv.URL, seller), s.client(srv.URL, acme)

	d, err := seller.DescribeAgreement(t.Context(), &sdk.DescribeAgreementInput{AgreementId: &a.AgreementID})
	if err != nil {
		t.Fatal(err)
	}
	if !d.AcceptanceTime.Equal(a.AcceptanceTime) || d.EndTime != nil || d.EndTimeBehavior != nil || d.Status != types.AgreementStatusActive ||
		*d.Acceptor.AccountId != acme || *d.EstimatedCharges.AgreementValue != "0.00" || *d.ProposalSummary.Resources[0].Id != a.ProductID || *d.InitialAgreementId != a.AgreementID {
		t.Errorf("%+v", d)
	}

	terms, err := buyer.GetAgreementTerms(t.Context(), &sdk.GetAgreementTermsInput{AgreementId: &a.AgreementID, MaxResults: aws.Int32(1)})
	if err != nil || len(terms.AcceptedTerms) != 1 || terms.NextToken == nil {
		t.Fatalf("%+v, %v", terms, err)
	}
	usage, ok := terms.AcceptedTerms[0].(*types.AcceptedTermMemberUsageBasedPricingTerm)
	if !ok || *usage.Value.Type != "UsageBasedPricingTerm" || *usage.Value.CurrencyCode != "USD" || *usage.Value.RateCards[0].RateCard[0].Price != "0.02" {
		t.Errorf("the first term is %T %+v", terms.AcceptedTerms[0], usage)
	}
	rest, err := buyer.GetAgreementTerms(t.Context(), &sdk.GetAgreementTermsInput{AgreementId: &a.AgreementID, NextToken: terms.NextToken})
	if err != nil || len(rest.AcceptedTerms) != 2 || rest.NextToken != nil {
		t.Fatalf("%+v, %v", rest, err)
	}

	search := &sdk.SearchAgreementsInput{MaxResults: aws.Int32(2), Filters: []types.Filter{
		{Name: aws.String("PartyType"), Values: []string{"Proposer"}}, {Name: aws.String("AgreementType"), Values: []string{"PurchaseAgreement"}}}}
	pages, licenses := 0, map[string]bool{}
	for p := sdk.NewSearchAgreementsPaginator(seller, search); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range out.AgreementViewSummaries {
			licenses[*one.Entitlements[0].LicenseArn] = true
		}
	}
	if pages != 3 || len(licenses) != 5 || !licenses[a.License.ARN] {
		t.Errorf("%d pages, %v", pages, licenses)
	}

	e, err := buyer.GetAgreementEntitlements(t.Context(), &sdk.GetAgreementEntitlementsInput{AgreementId: &a.AgreementID})
	if err != nil || len(e.AgreementEntitlements) != 1 || e.AgreementEntitlements[0].Status != types.AgreementEntitlementStatusProvisioned {
		t.Fatalf("%+v, %v", e, err)
	}
	if who, err := s.World.ResolveToken(s.Clock.Now(), a.SellerAccount, *e.AgreementEntitlements[0].RegistrationToken); err != nil || who.BuyerAccount != acme {
		t.Errorf("%+v, %v", who, err)
	}

	if _, err := buyer.CancelAgreement(t.Context(), &sdk.CancelAgreementInput{AgreementId: &a.AgreementID}); err != nil {
		t.Fatal(err)
	}
	_, err = buyer.CancelAgreement(t.Context(), &sdk.CancelAgreementInput{AgreementId: &a.AgreementID})
	if c, ok := errors.AsType[*types.ConflictException](err); !ok || *c.ResourceId != a.AgreementID || c.ResourceType != types.ResourceTypeAgreement || *c.Message == "" || *c.RequestId == "" {
		t.Errorf("%v", err)
	}
	_, err = seller.CancelAgreement(t.Context(), &sdk.CancelAgreementInput{AgreementId: &a.AgreementID})
	if c, ok := errors.AsType[*types.AccessDeniedException](err); !ok || c.Reason != types.AccessDeniedExceptionReasonInvalidAccess {
		t.Errorf("%v", err)
	}
	_, err = seller.DescribeAgreement(t.Context(), &sdk.DescribeAgreementInput{AgreementId: aws.String("agmt-0")})
	if c, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || *c.ResourceId != "agmt-0" {
		t.Errorf("%v", err)
	}
	search.Filters = search.Filters[1:]
	_, err = seller.SearchAgreements(t.Context(), search)
	if c, ok := errors.AsType[*types.ValidationException](err); !ok || c.Reason != types.ValidationExceptionReasonMissingPartyType || len(c.Fields) != 1 {
		t.Errorf("%v", err)
	}
}

// Where signatures are verified, a buyer's own key and secret are enough, and another secret is not.
func TestBuyersSignToo(t *testing.T) {
	f := *world.Builtin()
	f.Auth = world.AuthStrict
	s := opstest.OpenWorld(t, &f, Service)
	srv := httptest.NewServer(s)
	defer srv.Close()
	a := s.Buy(acme, inkwell)
	k, err := s.World.BuyerKey(acme)
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]bool{k.Secret: true, "another": false} {
		client := sdk.New(sdk.Options{BaseEndpoint: aws.String(srv.URL), Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider(k.ID, secret, "")})
		if _, err := client.DescribeAgreement(t.Context(), &sdk.DescribeAgreementInput{AgreementId: &a.AgreementID}); (err == nil) != want {
			t.Errorf("with the secret %q: %v", secret, err)
		}
	}
}
