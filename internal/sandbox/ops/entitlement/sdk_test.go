package entitlement

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice/types"
)

// The Go SDK, which speaks CBOR to this service: pages, values, instants, typed errors.
func TestGoSDK(t *testing.T) {
	s := open(t, 30)
	srv := httptest.NewServer(s)
	defer srv.Close()
	client := sdk.New(sdk.Options{BaseEndpoint: aws.String(srv.URL + "/sandbox/x"), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")})

	pages, seen := 0, map[string]bool{}
	for p := sdk.NewGetEntitlementsPaginator(client, &sdk.GetEntitlementsInput{ProductCode: aws.String(inkwell), MaxResults: aws.Int32(12)}); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Entitlements {
			seen[aws.ToString(e.LicenseArn)] = true
			if aws.ToString(e.Dimension) != "users" || aws.ToInt32(e.Value.IntegerValue) != 10 || !aws.ToTime(e.ExpirationDate).Equal(noon.AddDate(1, 0, 0)) ||
				aws.ToString(e.CustomerAWSAccountId) != acme || aws.ToString(e.ProductCode) != inkwell || e.CustomerIdentifier != nil {
				t.Errorf("%+v", e)
			}
		}
	}
	if pages != 3 || len(seen) != 30 {
		t.Errorf("%d pages, %d licenses; want 3 and 30", pages, len(seen))
	}

	s.market.granted[0].ExpirationDate = noon.Add(123 * time.Millisecond)
	one, err := client.GetEntitlements(t.Context(), &sdk.GetEntitlementsInput{ProductCode: aws.String(inkwell),
		Filter: map[string][]string{string(types.GetEntitlementFilterNameLicenseArn): {s.market.granted[0].LicenseARN, "arn:other"}}})
	if err != nil || len(one.Entitlements) != 1 || !aws.ToTime(one.Entitlements[0].ExpirationDate).Equal(noon.Add(123*time.Millisecond)) {
		t.Errorf("%+v, %v", one, err)
	}
	none, err := client.GetEntitlements(t.Context(), &sdk.GetEntitlementsInput{ProductCode: aws.String(inkwell), Filter: map[string][]string{"LICENSE_ARN": {"arn:other"}}})
	if err != nil || len(none.Entitlements) != 0 || none.NextToken != nil {
		t.Errorf("%+v, %v; want nothing", none, err)
	}
	_, err = client.GetEntitlements(t.Context(), &sdk.GetEntitlementsInput{ProductCode: aws.String(inkwell), MaxResults: aws.Int32(26)})
	if e, ok := errors.AsType[*types.InvalidParameterException](err); !ok || e.ErrorMessage() == "" {
		t.Errorf("%v; want an InvalidParameterException with its message", err)
	}
}
