package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	agreementtypes "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice"
	entitlementtypes "github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	meteringtypes "github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/smithy-go"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"souk.dev/souk/internal/gateway/core"
)

// probeLimit bounds one call of a [Prober], in real time.
const probeLimit = 15 * time.Second

// Prober tries whether AWS lets the gateway do what it does, without doing any of it: it resolves a token that nobody was
// given, sends no record, and asks for what there is of nobody. It fulfils doctor.AWS.
type Prober struct{ cfg aws.Config }

// NewProber makes one that calls AWS as cfg says, once: what does not answer is told, and not tried again.
func NewProber(cfg aws.Config) *Prober {
	cfg = cfg.Copy()
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), noteDate)
	return &Prober{cfg}
}

// Answer is what AWS said to a probe.
type Answer struct {
	Code    string    // of AWS's error; empty where it answered as asked
	Message string    // AWS's own
	At      time.Time // by AWS's clock, to the second; zero where it did not say
}

// Who is whose credentials calls are signed with.
type Who struct {
	AccessKeyID string
	From        string    // where the SDK found them
	Expires     time.Time // zero: never
	Region      string
}

// Who finds the credentials, without calling AWS unless they come from there.
func (p *Prober) Who(ctx context.Context) (Who, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	w := Who{Region: p.cfg.Region}
	if p.cfg.Credentials == nil {
		return w, errors.New("none are configured")
	}
	c, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return w, err
	}
	w.AccessKeyID, w.From = c.AccessKeyID, c.Source
	if c.CanExpire {
		w.Expires = c.Expires
	}
	return w, nil
}

// Resolve asks ResolveCustomer about a token that nobody was given.
func (p *Prober) Resolve(ctx context.Context) (Answer, error) {
	c := marketplacemetering.NewFromConfig(p.cfg)
	return try(ctx, func(ctx context.Context) error {
		_, err := c.ResolveCustomer(ctx, &marketplacemetering.ResolveCustomerInput{RegistrationToken: aws.String("souk-doctor")})
		return err
	})
}

// Meter asks BatchMeterUsage to take no record; product may be empty.
func (p *Prober) Meter(ctx context.Context, product core.ProductCode) (Answer, error) {
	c := marketplacemetering.NewFromConfig(p.cfg)
	return try(ctx, func(ctx context.Context) error {
		_, err := c.BatchMeterUsage(ctx, &marketplacemetering.BatchMeterUsageInput{ProductCode: text(product), UsageRecords: []meteringtypes.UsageRecord{}})
		return err
	})
}

// Entitle asks GetEntitlements what an account that nobody has bought of a product.
func (p *Prober) Entitle(ctx context.Context, product core.ProductCode) (Answer, error) {
	c := NewEntitlements(p.cfg).client
	return try(ctx, func(ctx context.Context) error {
		_, err := c.GetEntitlements(ctx, &marketplaceentitlementservice.GetEntitlementsInput{ProductCode: text(product), MaxResults: aws.Int32(1),
			Filter: map[string][]string{string(entitlementtypes.GetEntitlementFilterNameCustomerAwsAccountId): {"000000000000"}}})
		return err
	})
}

// Agreements asks SearchAgreements for one agreement.
func (p *Prober) Agreements(ctx context.Context) (Answer, error) {
	c := NewAgreements(p.cfg).client
	return try(ctx, func(ctx context.Context) error {
		is := func(name, value string) agreementtypes.Filter {
			return agreementtypes.Filter{Name: &name, Values: []string{value}}
		}
		_, err := c.SearchAgreements(ctx, &marketplaceagreement.SearchAgreementsInput{Catalog: aws.String("AWSMarketplace"), MaxResults: aws.Int32(1),
			Filters: []agreementtypes.Filter{is("PartyType", "Proposer"), is("AgreementType", "PurchaseAgreement")}})
		return err
	})
}

// try makes one call. What AWS refuses is an answer; the error is that there was none.
func try(ctx context.Context, call func(context.Context) error) (a Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	err = call(context.WithValue(ctx, dateKey{}, &a.At))
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		a.Code, a.Message = refused.ErrorCode(), refused.ErrorMessage()
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("no answer: %w", err)
	}
	return a, nil
}

type dateKey struct{}

// noteDate writes down what instant an answer says it is, for [try].
func noteDate(stack *smithymiddleware.Stack) error {
	return stack.Deserialize.Add(smithymiddleware.DeserializeMiddlewareFunc("souk.Date",
		func(ctx context.Context, in smithymiddleware.DeserializeInput, next smithymiddleware.DeserializeHandler) (smithymiddleware.DeserializeOutput, smithymiddleware.Metadata, error) {
			out, meta, err := next.HandleDeserialize(ctx, in)
			if res, ok := out.RawResponse.(*smithyhttp.Response); ok {
				if at, ok := ctx.Value(dateKey{}).(*time.Time); ok {
					*at, _ = http.ParseTime(res.Header.Get("Date")) // zero where it cannot be read
				}
			}
			return out, meta, err
		}), smithymiddleware.After)
}
