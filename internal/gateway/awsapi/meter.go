package awsapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/job"
)

// meterTimeout bounds one call, in real time. A call that takes longer has an unknown outcome, and the same records
// are sent again.
const meterTimeout = 30 * time.Second

// Meter calls BatchMeterUsage. It fulfils metering.Meter.
type Meter struct {
	client      *marketplacemetering.Client
	credentials aws.CredentialsProvider
}

// NewMeter makes a meter that calls AWS as cfg says. The SDK does not retry: when a record goes again is stored, and
// decided by package metering.
func NewMeter(cfg aws.Config) *Meter {
	client := marketplacemetering.NewFromConfig(cfg, func(o *marketplacemetering.Options) { o.Retryer = aws.NopRetryer{} })
	return &Meter{client, client.Options().Credentials}
}

// Send implements [metering.Meter].
func (m *Meter) Send(ctx context.Context, r metering.Request) (metering.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, meterTimeout)
	defer cancel()
	// Looked at by themselves, so that a failure to find them is not taken for an answer that was lost.
	if m.credentials != nil {
		if _, err := m.credentials.Retrieve(ctx); err != nil {
			return metering.Answer{}, &metering.Fault{Class: metering.Denied, Code: "credentials", Message: "no AWS credentials were found", Err: err}
		}
	}
	in := &marketplacemetering.BatchMeterUsageInput{UsageRecords: make([]types.UsageRecord, len(r.UsageRecords))}
	if r.ProductCode != "" {
		in.ProductCode = text(r.ProductCode)
	}
	for i, l := range r.UsageRecords {
		split, err := allocations(l.UsageAllocations)
		if err != nil {
			return metering.Answer{}, &metering.Fault{Class: metering.Refused, Code: "allocations", Message: err.Error(), Err: err}
		}
		in.UsageRecords[i] = types.UsageRecord{UsageAllocations: split,

			Timestamp: aws.Time(l.Timestamp.Time()), Dimension: text(l.Dimension), Quantity: aws.Int32(int32(l.Quantity)), // at most contract.MaxQuantity
			CustomerAWSAccountId: text(l.CustomerAWSAccount), LicenseArn: text(l.LicenseARN), CustomerIdentifier: text(l.CustomerIdentifier),
		}
	}
	out, err := m.client.BatchMeterUsage(ctx, in)
	if err != nil {
		return metering.Answer{}, faultOf(err)
	}
	var a metering.Answer
	a.RequestID, _ = middleware.GetRequestIDMetadata(out.ResultMetadata)
	for _, res := range out.Results {
		if res.UsageRecord != nil {
			a.Results = append(a.Results, metering.Result{UsageRecord: lineOf(*res.UsageRecord), Status: string(res.Status), MeteringRecordID: aws.ToString(res.MeteringRecordId)})
		}
	}
	for _, u := range out.UnprocessedRecords {
		a.UnprocessedRecords = append(a.UnprocessedRecords, lineOf(u))
	}
	return a, nil
}

func allocations(a metering.Allocations) (split []types.UsageAllocation, err error) {
	list, err := a.List()
	if err != nil {
		return nil, err
	}
	for _, part := range list {
		u := types.UsageAllocation{AllocatedUsageQuantity: aws.Int32(int32(part.AllocatedUsageQuantity))} // a part of the record's quantity
		for _, t := range part.Tags {
			u.Tags = append(u.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
		}
		split = append(split, u)
	}
	return split, nil
}

// text is nil for what is empty: AWS refuses empty identifiers.
func text[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	return aws.String(string(s))
}

func lineOf(u types.UsageRecord) metering.Line {
	return metering.Line{
		Timestamp: metering.Second(aws.ToTime(u.Timestamp).Unix()), Dimension: core.Dimension(aws.ToString(u.Dimension)), Quantity: int64(aws.ToInt32(u.Quantity)),
		CustomerAWSAccount: core.AWSAccountID(aws.ToString(u.CustomerAWSAccountId)), LicenseARN: core.LicenseARN(aws.ToString(u.LicenseArn)),
		CustomerIdentifier: core.CustomerIdentifier(aws.ToString(u.CustomerIdentifier)),
	}
}

// refusals are errors that one record of a request causes. Source: contract.Operations and the front-end of AWS's JSON
// services.
var refusals = map[string]bool{
	contract.InvalidProductCode: true, contract.InvalidUsageDimension: true, contract.InvalidCustomerIdentifier: true, contract.InvalidLicense: true,
	contract.InvalidTag: true, contract.InvalidUsageAllocations: true, contract.Validation: true, contract.Serialization: true,
}

// unread is the code of a failure without an answer of AWS that could be read.
const unread = "network"

// faultOf says what an error means for the records. Whatever is not known to have done nothing counts as Lost.
func faultOf(err error) *metering.Fault {
	f := &metering.Fault{Class: metering.Lost, Code: unread, Message: err.Error(), Err: errors.Join(err, job.ErrExpected)}
	if id, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		f.RequestID = id.ServiceRequestID()
	}
	status := 0
	if res, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok {
		status = res.HTTPStatusCode()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		f.Code, f.Message = api.ErrorCode(), api.ErrorMessage()
	} else if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		f.Class = metering.Unreached
	}
	switch {
	case f.Code == contract.TimestampOutOfBounds:
		f.Class = metering.OutOfBounds
	case refusals[f.Code]:
		f.Class = metering.Refused
	case status == http.StatusTooManyRequests || retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary:
		f.Class = metering.Throttled
	case status == http.StatusBadRequest && f.Code == unread:
		// AWS says most of what it has to say with 400: of one that broke off nobody knows what it was.
	case status >= 400 && status < 500:
		f.Class = metering.Denied // credentials, permissions, region, an operation that is not known there
	}
	return f
}
