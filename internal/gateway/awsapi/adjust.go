package awsapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"
	"github.com/aws/smithy-go"
	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
)

const (
	// agreementTimeout bounds one question with all its pages, in real time.
	agreementTimeout = 30 * time.Second
	// agreementPages is more than any agreement has of anything that we ask for.
	agreementPages = 100
	// agreementRegion is the one with the Agreement API. Source: AWS General Reference, "AWS Marketplace endpoints and quotas".
	agreementRegion = "us-east-1"
)

// Agreements asks the Agreement API about agreements and their invoices, and for billing adjustments. It fulfils
// correction.AWS and agreement.AWS.
type Agreements struct {
	client *marketplaceagreement.Client
}

var _ correction.AWS = (*Agreements)(nil)

// NewAgreements makes one that calls AWS as cfg says. The SDK does not retry: when AWS is asked again is
// decided by packages correction and agreement.
func NewAgreements(cfg aws.Config) *Agreements {
	return &Agreements{marketplaceagreement.NewFromConfig(cfg, func(o *marketplaceagreement.Options) { o.Region, o.Retryer = agreementRegion, aws.NopRetryer{} })}
}

// paged calls page with the token of each page in turn until there is none; page gives the next one's.
func paged(operation string, page func(token *string) (next *string, err error)) error {
	var token *string
	for range agreementPages {
		next, err := page(token)
		if err != nil || aws.ToString(next) == "" {
			return err
		}
		if aws.ToString(next) == aws.ToString(token) {
			return fail.New(fail.Later, "aws_answer", "%s: AWS gave the same page twice; it is asked again.", operation)
		}
		token = next
	}
	return fail.New(fail.Later, "aws_answer", "%s: AWS gave more than %d pages for one agreement.", operation, agreementPages)
}

// Invoices implements [correction.AWS].
func (a *Agreements) Invoices(ctx context.Context, id core.AgreementID, month time.Time) (all []correction.Invoice, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "ListAgreementInvoiceLineItems"
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.ListAgreementInvoiceLineItems(ctx, &marketplaceagreement.ListAgreementInvoiceLineItemsInput{AgreementId: text(id), GroupBy: types.LineItemGroupByInvoiceId,
			InvoiceType: types.InvoiceTypeInvoice, InvoiceBillingPeriod: &types.InvoiceBillingPeriod{Month: aws.Int32(int32(month.Month())), Year: aws.Int32(int32(month.Year()))},
			NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, g := range out.AgreementInvoiceLineItemGroupSummaries {
			v := correction.Invoice{ID: aws.ToString(g.InvoiceId), IssuedAt: aws.ToTime(g.IssuedTime)}
			if m := g.PricingCurrencyAmount; m != nil {
				v.CurrencyCode = aws.ToString(m.CurrencyCode)
				if v.Maximum, err = money(operation, m.MaxAdjustmentAmount); err != nil {
					return nil, err
				}
			}
			all = append(all, v)
		}
		return out.NextToken, nil
	})
	return all, err
}

// Price implements [correction.AWS].
func (a *Agreements) Price(ctx context.Context, id core.AgreementID, d core.Dimension) (p correction.Price, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "GetAgreementTerms"
	found := false
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.GetAgreementTerms(ctx, &marketplaceagreement.GetAgreementTermsInput{AgreementId: text(id), NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, term := range out.AcceptedTerms {
			usage, ok := term.(*types.AcceptedTermMemberUsageBasedPricingTerm)
			if !ok {
				continue
			}
			for _, card := range usage.Value.RateCards {
				for _, item := range card.RateCard {
					if aws.ToString(item.DimensionKey) != string(d) {
						continue
					}
					if p.Amount, err = money(operation, item.Price); err != nil {
						return nil, err
					}
					p.CurrencyCode, found = aws.ToString(usage.Value.CurrencyCode), true
				}
			}
		}
		return out.NextToken, nil
	})
	if err == nil && !found {
		err = fail.New(fail.NotFound, "no_price", "The terms of agreement %s have no price of the dimension %s; propose an amount.", id, d)
	}
	return p, err
}

// Adjust implements [correction.AWS].
func (a *Agreements) Adjust(ctx context.Context, r correction.Request) (awsID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "BatchCreateBillingAdjustmentRequest"
	out, err := a.client.BatchCreateBillingAdjustmentRequest(ctx, &marketplaceagreement.BatchCreateBillingAdjustmentRequestInput{
		BillingAdjustmentRequestEntries: []types.BatchCreateBillingAdjustmentRequestEntry{{AgreementId: text(r.AgreementID), OriginalInvoiceId: text(r.InvoiceID),
			AdjustmentAmount: text(r.Amount), CurrencyCode: text(r.CurrencyCode), AdjustmentReasonCode: types.BillingAdjustmentReasonCode(r.ReasonCode),
			Description: text(r.Description), ClientToken: text(r.ClientToken)}}})
	if err != nil {
		return "", agreementFailure(ctx, operation, err)
	}
	for _, item := range out.Items {
		if aws.ToString(item.ClientToken) == r.ClientToken && aws.ToString(item.BillingAdjustmentRequestId) != "" {
			return *item.BillingAdjustmentRequestId, nil
		}
	}
	for _, e := range out.Errors {
		if aws.ToString(e.ClientToken) != r.ClientToken {
			continue
		}
		kind, known := entryFailures[e.Code]
		if !known {
			kind = fail.Later // what we do not know may not be final
		}
		return "", fail.New(kind, "aws_refuses", "%s: AWS answers %s: %s", operation, e.Code, aws.ToString(e.Message))
	}
	return "", fail.New(fail.Later, "aws_answer", "%s: AWS's answer does not speak of our request; it is asked again.", operation)
}

// entryFailures say what can be done about an error of one entry. Source: Agreement API, BillingAdjustmentErrorCode.
var entryFailures = map[types.BillingAdjustmentErrorCode]fail.Kind{
	types.BillingAdjustmentErrorCodeValidationException:       fail.Invalid,
	types.BillingAdjustmentErrorCodeResourceNotFoundException: fail.NotFound,
	types.BillingAdjustmentErrorCodeConflictException:         fail.Conflict,
}

// Find implements [correction.AWS]. AWS lists no client tokens and no descriptions: each that could be ours is looked at.
func (a *Agreements) Find(ctx context.Context, r correction.Request, since time.Time) (awsID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "ListBillingAdjustmentRequests"
	var candidates []string
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.ListBillingAdjustmentRequests(ctx, &marketplaceagreement.ListBillingAdjustmentRequestsInput{AgreementId: text(r.AgreementID), CreatedAfter: aws.Time(since),
			NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, item := range out.Items {
			if aws.ToString(item.OriginalInvoiceId) == r.InvoiceID {
				candidates = append(candidates, aws.ToString(item.BillingAdjustmentRequestId))
			}
		}
		return out.NextToken, nil
	})
	for _, id := range candidates {
		if err != nil {
			break
		}
		var out *marketplaceagreement.GetBillingAdjustmentRequestOutput
		if out, err = a.get(ctx, r.AgreementID, id); err == nil && aws.ToString(out.Description) == r.Description {
			return id, nil
		}
	}
	return "", err
}

// Adjustment implements [correction.AWS].
func (a *Agreements) Adjustment(ctx context.Context, id core.AgreementID, awsID string) (correction.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	out, err := a.get(ctx, id, awsID)
	if err != nil {
		return correction.Verdict{}, err
	}
	v := correction.Verdict{Message: aws.ToString(out.StatusMessage), At: aws.ToTime(out.UpdatedAt)}
	switch out.Status {
	case types.BillingAdjustmentStatusCompleted:
		v.Done, v.Given = true, true
	case types.BillingAdjustmentStatusValidationFailed:
		v.Done = true
	}
	return v, nil
}

func (a *Agreements) get(ctx context.Context, id core.AgreementID, awsID string) (*marketplaceagreement.GetBillingAdjustmentRequestOutput, error) {
	out, err := a.client.GetBillingAdjustmentRequest(ctx, &marketplaceagreement.GetBillingAdjustmentRequestInput{AgreementId: text(id), BillingAdjustmentRequestId: text(awsID)})
	if err != nil {
		return nil, agreementFailure(ctx, "GetBillingAdjustmentRequest", err)
	}
	return out, nil
}

// money reads an amount of AWS's.
func money(operation string, s *string) (decimal.Decimal, error) {
	d, err := decimal.NewFromString(aws.ToString(s))
	if err != nil {
		return d, fail.Wrap(fail.Later, err, "aws_answer", "%s: AWS gave an amount that cannot be read.", operation)
	}
	return d, nil
}

// agreementFailure says what can be done about an error of a whole call.
func agreementFailure(ctx context.Context, operation string, err error) error {
	away := func() error {
		return fail.Wrap(fail.Later, err, "aws_away", "%s: AWS cannot be asked right now.", operation)
	}
	if ctx.Err() != nil || again(err) {
		return away()
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return away()
	}
	switch api.ErrorCode() {
	case contract.Validation:
		return fail.Wrap(fail.Invalid, err, "aws_refuses", "%s: AWS refuses the request: %s", operation, api.ErrorMessage())
	case contract.ResourceNotFound:
		return fail.Wrap(fail.NotFound, err, "aws_refuses", "%s: AWS does not know what it is asked about.", operation)
	case contract.Conflict, "ServiceQuotaExceededException":
		return away()
	}
	if api.ErrorFault() == smithy.FaultServer {
		return away()
	}
	// credentials, permission, region
	return fail.Wrap(fail.Denied, fmt.Errorf("%s: %w", api.ErrorCode(), err), "aws_denies", "%s: AWS refuses us; look at the credentials and the role.", operation)
}
