package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
)

var _ payment.AWS = (*Agreements)(nil)

// RequestPayment implements [payment.AWS].
func (a *Agreements) RequestPayment(ctx context.Context, r payment.Request) (proposal.Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "SendAgreementPaymentRequest"
	out, err := a.client.SendAgreementPaymentRequest(ctx, &marketplaceagreement.SendAgreementPaymentRequestInput{AgreementId: text(r.AgreementID), TermId: text(r.TermID),
		Name: text(r.Name), ChargeAmount: text(r.ChargeAmount), Description: text(r.Description), ClientToken: text(r.ClientToken)})
	if err != nil {
		return proposal.Seen{}, requestFailure(ctx, operation, err)
	}
	id := aws.ToString(out.PaymentRequestId)
	if id == "" {
		return proposal.Seen{}, fail.New(fail.Later, "aws_answer", "%s: AWS's answer names no request; it is asked again.", operation)
	}
	return proposal.Seen{ID: id, Status: proposal.Status(out.Status), CreatedAt: instant(out.CreatedAt), UpdatedAt: instant(out.CreatedAt)}, nil
}

// FindPayment implements [payment.AWS]. AWS lists no client tokens and no descriptions: each of the agreement's of that
// name is looked at.
func (a *Agreements) FindPayment(ctx context.Context, r payment.Request) (found proposal.Seen, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "ListAgreementPaymentRequests"
	var candidates []string
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.ListAgreementPaymentRequests(ctx, &marketplaceagreement.ListAgreementPaymentRequestsInput{PartyType: aws.String("Proposer"),
			AgreementId: text(r.AgreementID), NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, item := range out.Items {
			if aws.ToString(item.Name) == r.Name {
				candidates = append(candidates, aws.ToString(item.PaymentRequestId))
			}
		}
		return out.NextToken, nil
	})
	for _, id := range candidates {
		if err != nil {
			break
		}
		var out *marketplaceagreement.GetAgreementPaymentRequestOutput
		if out, err = a.payment(ctx, r.AgreementID, id); err == nil && aws.ToString(out.Description) == r.Description {
			return seenPayment(out), true, nil
		}
	}
	return proposal.Seen{}, false, err
}

// Payment implements [payment.AWS].
func (a *Agreements) Payment(ctx context.Context, id core.AgreementID, awsID string) (proposal.Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	out, err := a.payment(ctx, id, awsID)
	if err != nil {
		return proposal.Seen{}, err
	}
	return seenPayment(out), nil
}

func (a *Agreements) payment(ctx context.Context, id core.AgreementID, awsID string) (*marketplaceagreement.GetAgreementPaymentRequestOutput, error) {
	out, err := a.client.GetAgreementPaymentRequest(ctx, &marketplaceagreement.GetAgreementPaymentRequestInput{AgreementId: text(id), PaymentRequestId: &awsID})
	if err != nil {
		return nil, agreementFailure(ctx, "GetAgreementPaymentRequest", err)
	}
	return out, nil
}

func seenPayment(out *marketplaceagreement.GetAgreementPaymentRequestOutput) proposal.Seen {
	return proposal.Seen{ID: aws.ToString(out.PaymentRequestId), Status: proposal.Status(out.Status), Message: aws.ToString(out.StatusMessage), ChargeID: aws.ToString(out.ChargeId),
		CreatedAt: instant(out.CreatedAt), UpdatedAt: instant(out.UpdatedAt)}
}

// WithdrawPayment implements [payment.AWS].
func (a *Agreements) WithdrawPayment(ctx context.Context, id core.AgreementID, awsID string) error {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	_, err := a.client.CancelAgreementPaymentRequest(ctx, &marketplaceagreement.CancelAgreementPaymentRequestInput{AgreementId: text(id), PaymentRequestId: &awsID})
	if err != nil {
		return requestFailure(ctx, "CancelAgreementPaymentRequest", err)
	}
	return nil
}
