package metering

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// meterRequest is the input of MeterUsage.
type meterRequest struct {
	ProductCode string
	Usage       world.Usage // its buyer is the caller
	DryRun      bool
	ClientToken *string

	coded bool // there was a product code
}

// meterUsage performs MeterUsage. Errors: in the order in which they are looked for, InvalidEndpointRegionException,
// ValidationException, InvalidTagException, InvalidProductCodeException, InvalidUsageDimensionException,
// TimestampOutOfBoundsException (older than six hours, or before the subscription), IdempotencyConflictException,
// CustomerNotEntitledException, InvalidUsageAllocationsException, DuplicateRequestException.
func (s *service) meterUsage(_ context.Context, c *wire.Call) (wire.Answer, error) {
	if elsewhere(c) {
		return wire.Answer{}, &wire.Error{Code: contract.InvalidEndpointRegion, Message: "The Region " + c.Region + " is not the one in which the software runs."}
	}
	in, err := readMeter(c.Body)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := checkMeter(&in, len(c.Body)); err != nil {
		return wire.Answer{}, err
	}
	p, err := s.meterable(c.At, in)
	if err != nil {
		return wire.Answer{}, err
	}
	print := fmt.Sprint(in.ProductCode, in.Usage, in.DryRun)
	id, known, err := s.once.look(c, in.ClientToken, print)
	if known || err != nil {
		return metered(id), err
	}
	switch {
	case !s.buyerSide():
		return wire.Answer{}, &wire.Error{Code: contract.InvalidProductCode, Message: "The product " + p.ProductCode + " is software as a service; it is metered with BatchMeterUsage."}
	case in.DryRun:
		return wire.Answer{}, &wire.Error{Code: contract.DryRunOperation, Message: "The request would have succeeded, but DryRun is set."}
	}
	if id, err = s.emit(c, p, in.Usage); err != nil {
		return wire.Answer{}, err
	}
	s.once.keep(c, in.ClientToken, print, id)
	return metered(id), nil
}

// meterable checks what needs no subscription: the product, its dimension and the time.
func (s *service) meterable(now time.Time, in meterRequest) (world.Product, error) {
	p, err := s.registered(in.ProductCode)
	if err != nil {
		return p, err
	}
	if d, ok := p.Dimension(in.Usage.Dimension); !ok || !d.Is(world.Metered) {
		return p, &wire.Error{Code: contract.InvalidUsageDimension, Message: "The product " + p.ProductCode + " has no metered dimension " + in.Usage.Dimension + "."}
	}
	if at := in.Usage.Timestamp; at.Before(now.Add(-contract.MeterLookBack)) || at.After(now) {
		return p, &wire.Error{Code: contract.TimestampOutOfBounds, Message: "The timestamp " + at.Format(time.RFC3339Nano) + " is not within the last six hours."}
	}
	return p, nil
}

// emit enters usage of the calling account, in the same books as what sellers send: once an hour for each dimension.
func (s *service) emit(c *wire.Call, p world.Product, u world.Usage) (recordID string, err error) {
	a, err := s.subscription(c, p)
	if err != nil {
		return "", err
	}
	b := world.Batch{Seller: p.SellerAccount, Region: c.Region, Usage: []world.Usage{u}}
	b.Usage[0].BuyerAccount = c.Account
	if p.Identity == world.ByLicense {
		b.Usage[0].LicenseARN = a.License.ARN
	} else {
		b.ProductCode = p.ProductCode
	}
	if u.Timestamp.Before(a.StartTime.Truncate(time.Hour)) {
		return "", &wire.Error{Code: contract.TimestampOutOfBounds, Message: "The timestamp is before the start of the subscription."}
	}
	results, err := s.world.MeterBatch(c.At, b)
	if err != nil {
		return "", err
	}
	switch results[0].Status {
	case contract.CustomerNotSubscribed:
		return "", notEntitled(c, p.ProductCode)
	case contract.DuplicateRecord:
		return "", &wire.Error{Code: contract.DuplicateRequest, Message: "A metering record was emitted for this dimension and hour already."}
	}
	return results[0].RecordID, nil
}

func metered(id string) wire.Answer {
	b := wire.AppendString(append([]byte(nil), `{"MeteringRecordId":`...), id)
	return wire.Answer{Body: append(b, '}')}
}

func readMeter(body string) (in meterRequest, err error) {
	r := wire.NewReader(body)
	r.Object(func(name string) {
		switch name {
		case "ProductCode":
			in.ProductCode, in.coded = r.String(), true
		case "Timestamp":
			in.Usage.Timestamp = r.Time()
		case "UsageDimension":
			in.Usage.Dimension = r.String()
		case "UsageQuantity":
			in.Usage.Quantity = r.Int()
		case "DryRun":
			in.DryRun = r.Bool()
		case "ClientToken":
			in.ClientToken = new(r.String())
		case "UsageAllocations":
			in.Usage.Allocations = []world.Allocation{}
			r.Array(func() { in.Usage.Allocations = append(in.Usage.Allocations, readAllocation(r)) })
		default:
			r.Discard()
		}
	})
	return in, r.Err()
}

func checkMeter(in *meterRequest, size int) error {
	if size >= contract.MaxRequestBytes {
		return &wire.Error{Code: contract.Validation, Message: "The request must be smaller than 1 MB."}
	}
	if err := checkCode(in.coded, in.ProductCode); err != nil {
		return err
	}
	if t := in.ClientToken; t != nil && !fits(*t, 1, contract.MaxClientToken) {
		return invalid("clientToken", *t, "Member must have length between 1 and 64")
	}
	return checkUsage("", &in.Usage, "usageDimension", "usageQuantity")
}
