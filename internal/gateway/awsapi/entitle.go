package awsapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
)

const (
	// entitleTimeout bounds one question with all its pages, in real time.
	entitleTimeout = 30 * time.Second
	// entitlePage is the most that AWS gives at once. Source: Entitlement API reference, GetEntitlements.
	entitlePage = 25
	// entitlePages is more than any licence has: a product has a few dozen dimensions.
	entitlePages = 200
)

// entitlementRegions are the only regions with an entitlement endpoint, by partition; us-east-1 is that of all other
// regions. Source: AWS General Reference, "AWS Marketplace endpoints and quotas".
var entitlementRegions = map[string]string{"cn-": "cn-northwest-1", "eusc-": "eusc-de-east-1"}

// Entitlements asks GetEntitlements. It fulfils entitlement.Source.
type Entitlements struct {
	client *marketplaceentitlementservice.Client
}

// NewEntitlements makes one that calls AWS as cfg says, in the one region of cfg's partition that has the service. The SDK
// does not retry: when AWS is asked again is stored, and decided by package entitlement.
func NewEntitlements(cfg aws.Config) *Entitlements {
	return &Entitlements{marketplaceentitlementservice.NewFromConfig(cfg, func(o *marketplaceentitlementservice.Options) {
		region := "us-east-1"
		for prefix, own := range entitlementRegions {
			if strings.HasPrefix(o.Region, prefix) {
				region = own
			}
		}
		o.Region, o.Retryer = region, aws.NopRetryer{}
	})}
}

// Entitlements implements [entitlement.Source].
func (e *Entitlements) Entitlements(ctx context.Context, s entitlement.Subject) ([]entitlement.Entitlement, error) {
	ctx, cancel := context.WithTimeout(ctx, entitleTimeout)
	defer cancel()
	in := &marketplaceentitlementservice.GetEntitlementsInput{ProductCode: text(s.ProductCode), MaxResults: aws.Int32(entitlePage)}
	switch { // without a filter AWS would answer for all customers of the product
	case s.ARN != "":
		in.Filter = map[string][]string{string(types.GetEntitlementFilterNameLicenseArn): {string(s.ARN)}}
	case s.CustomerIdentifier != "":
		in.Filter = map[string][]string{string(types.GetEntitlementFilterNameCustomerIdentifier): {string(s.CustomerIdentifier)}}
	default:
		return nil, fail.New(fail.Invalid, "unnamed_subject", "Entitlements are asked for by license ARN or customer identifier; neither is known.")
	}
	var all []entitlement.Entitlement
	for range entitlePages {
		out, err := e.client.GetEntitlements(ctx, in)
		if err != nil {
			return nil, entitleFailure(ctx, err)
		}
		for _, item := range out.Entitlements { // absent, not empty, when there is nothing
			if got, ok := entitlementOf(s, item); ok {
				all = append(all, got)
			}
		}
		next := aws.ToString(out.NextToken) // may be there though the page is empty
		if next == "" {
			return all, nil
		}
		if next == aws.ToString(in.NextToken) {
			return nil, fail.New(fail.Later, "aws_answer", "GetEntitlements: AWS gave the same page twice; it is asked again.")
		}
		in.NextToken = &next
	}
	return nil, fail.New(fail.Later, "aws_answer", "GetEntitlements: AWS gave more than %d pages for one licence.", entitlePages)
}

// entitlementOf reads one entry. One that AWS names another licence or customer with is not ours to give.
func entitlementOf(s entitlement.Subject, item types.Entitlement) (e entitlement.Entitlement, ok bool) {
	if arn := aws.ToString(item.LicenseArn); s.ARN != "" && arn != "" && arn != string(s.ARN) {
		return e, false
	}
	if c := aws.ToString(item.CustomerIdentifier); s.ARN == "" && c != "" && c != string(s.CustomerIdentifier) {
		return e, false
	}
	e.Dimension = core.Dimension(aws.ToString(item.Dimension))
	if item.ExpirationDate != nil {
		e.ExpiresAt = item.ExpirationDate.UTC().Truncate(time.Microsecond) // the grain in which instants are kept
	}
	if v := item.Value; v != nil {
		switch { // exactly one is there
		case v.IntegerValue != nil:
			e.Value = entitlement.Integer(*v.IntegerValue)
		case v.DoubleValue != nil:
			e.Value = entitlement.Double(*v.DoubleValue)
		case v.BooleanValue != nil:
			e.Value = entitlement.Boolean(*v.BooleanValue)
		case v.StringValue != nil:
			e.Value = entitlement.String(*v.StringValue)
		}
	}
	return e, e.Dimension != ""
}

// entitleFailure says what can be done about an error.
func entitleFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil || again(err) {
		return fail.Wrap(fail.Later, err, "aws_away", "GetEntitlements: AWS cannot be asked right now.")
	}
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case !ok:
		return fail.Wrap(fail.Later, err, "aws_away", "GetEntitlements: no answer that can be read came from AWS.")
	case api.ErrorCode() == contract.InvalidParameter || api.ErrorCode() == contract.Validation:
		return fail.Wrap(fail.Invalid, err, "aws_refuses", "GetEntitlements: AWS does not know what it is asked about.")
	case api.ErrorFault() == smithy.FaultServer:
		return fail.Wrap(fail.Later, err, "aws_away", "GetEntitlements: AWS cannot be asked right now.")
	default: // credentials, permission, region
		return fail.Wrap(fail.Denied, fmt.Errorf("%s: %w", api.ErrorCode(), err), "aws_denies", "GetEntitlements: AWS refuses us; look at the credentials, the role and the region.")
	}
}
