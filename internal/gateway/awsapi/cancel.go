package awsapi

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

var _ cancellation.AWS = (*Agreements)(nil)

// RequestCancellation implements [cancellation.AWS].
func (a *Agreements) RequestCancellation(ctx context.Context, r cancellation.Request) (proposal.Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "SendAgreementCancellationRequest"
	out, err := a.client.SendAgreementCancellationRequest(ctx, &marketplaceagreement.SendAgreementCancellationRequestInput{AgreementId: text(r.AgreementID),
		ReasonCode: types.AgreementCancellationRequestReasonCode(r.ReasonCode), Description: text(r.Description), ClientToken: text(r.ClientToken)})
	if err != nil {
		return proposal.Seen{}, requestFailure(ctx, operation, err)
	}
	id := aws.ToString(out.AgreementCancellationRequestId)
	if id == "" {
		return proposal.Seen{}, fail.New(fail.Later, "aws_answer", "%s: AWS's answer names no request; it is asked again.", operation)
	}
	return proposal.Seen{ID: id, Status: proposal.Status(out.Status), CreatedAt: instant(out.CreatedAt), UpdatedAt: instant(out.UpdatedAt)}, nil
}

// FindCancellation implements [cancellation.AWS]. AWS lists no client tokens and no descriptions: each of the agreement's is
// looked at.
func (a *Agreements) FindCancellation(ctx context.Context, r cancellation.Request) (found proposal.Seen, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "ListAgreementCancellationRequests"
	var candidates []string
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.ListAgreementCancellationRequests(ctx, &marketplaceagreement.ListAgreementCancellationRequestsInput{PartyType: aws.String("Proposer"),
			AgreementId: text(r.AgreementID), NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, item := range out.Items {
			candidates = append(candidates, aws.ToString(item.AgreementCancellationRequestId))
		}
		return out.NextToken, nil
	})
	for _, id := range candidates {
		if err != nil {
			break
		}
		var out *marketplaceagreement.GetAgreementCancellationRequestOutput
		if out, err = a.cancellation(ctx, r.AgreementID, id); err == nil && aws.ToString(out.Description) == r.Description {
			return seen(out), true, nil
		}
	}
	return proposal.Seen{}, false, err
}

// Cancellation implements [cancellation.AWS].
func (a *Agreements) Cancellation(ctx context.Context, id core.AgreementID, awsID string) (proposal.Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	out, err := a.cancellation(ctx, id, awsID)
	if err != nil {
		return proposal.Seen{}, err
	}
	return seen(out), nil
}

func (a *Agreements) cancellation(ctx context.Context, id core.AgreementID, awsID string) (*marketplaceagreement.GetAgreementCancellationRequestOutput, error) {
	out, err := a.client.GetAgreementCancellationRequest(ctx, &marketplaceagreement.GetAgreementCancellationRequestInput{AgreementId: text(id), AgreementCancellationRequestId: &awsID})
	if err != nil {
		return nil, agreementFailure(ctx, "GetAgreementCancellationRequest", err)
	}
	return out, nil
}

func seen(out *marketplaceagreement.GetAgreementCancellationRequestOutput) proposal.Seen {
	return proposal.Seen{ID: aws.ToString(out.AgreementCancellationRequestId), Status: proposal.Status(out.Status), Message: aws.ToString(out.StatusMessage),
		CreatedAt: instant(out.CreatedAt), UpdatedAt: instant(out.UpdatedAt)}
}

// WithdrawCancellation implements [cancellation.AWS].
func (a *Agreements) WithdrawCancellation(ctx context.Context, id core.AgreementID, awsID, why string) error {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	const operation = "CancelAgreementCancellationRequest"
	_, err := a.client.CancelAgreementCancellationRequest(ctx, &marketplaceagreement.CancelAgreementCancellationRequestInput{AgreementId: text(id), AgreementCancellationRequestId: &awsID,
		CancellationReason: &why})
	if err != nil {
		return requestFailure(ctx, operation, err)
	}
	return nil
}

// requestFailure says what can be done about an error of a call that changes a request to the buyer. A conflict, there, is
// with what the request or another of the agreement is already, which asking again does not change.
func requestFailure(ctx context.Context, operation string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == contract.Conflict {
		return fail.Wrap(fail.Conflict, err, "aws_refuses", "%s: AWS refuses the request: %s", operation, api.ErrorMessage())
	}
	return agreementFailure(ctx, operation, err)
}
