package metering

import (
	"context"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// batchMeterUsage performs BatchMeterUsage. Its form is checked first, then the world decides. Two faults are played
// here: unprocessed holds records back before they reach the world, suspended-buyer answers for it.
func (s *service) batchMeterUsage(_ context.Context, c *wire.Call) (wire.Answer, error) {
	batch, err := readBatch(c.Body)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := checkBatch(&batch, len(c.Body)); err != nil {
		return wire.Answer{}, err
	}
	batch.Seller, batch.Region = c.Account, c.Region
	usage := batch.Usage
	held := heldBack(c.Fault, len(usage))
	var results []world.Result
	if c.Fault.Kind == fault.SuspendedBuyer {
		results = make([]world.Result, len(usage))
		for i := range results {
			results[i].Status = contract.CustomerNotSubscribed
		}
	} else {
		batch.Usage = usage[held:]
		if results, err = s.world.MeterBatch(c.At, batch); err != nil {
			return wire.Answer{}, err
		}
	}
	done := usage[held:]
	if s.world.Profiles().Is(profile.ResultOrder, profile.AnyOrder) {
		done, results = mixed(c.Body, done, results)
	}
	return wire.Answer{Body: writeBatch(done, results, usage[:held])}, nil
}

// mixed brings records and their results into another order, which is always the same for the same request.
func mixed(request string, usage []world.Usage, results []world.Result) ([]world.Usage, []world.Result) {
	h := fnv.New64a()
	_, _ = io.WriteString(h, request) // never fails
	usage, results = slices.Clone(usage), slices.Clone(results)
	rand.New(rand.NewPCG(h.Sum64(), 0)).Shuffle(len(usage), func(i, j int) {
		usage[i], usage[j] = usage[j], usage[i]
		results[i], results[j] = results[j], results[i]
	})
	return usage, results
}

// heldBack is how many of n records, the first ones, a fault leaves unprocessed.
func heldBack(f fault.Rule, n int) int {
	switch {
	case f.Kind != fault.Unprocessed:
		return 0
	case f.Records == 0:
		return n
	}
	return min(f.Records, n)
}

// readBatch reads the input. Missing required members are told by [checkBatch], with the rest of what a form can lack.
func readBatch(body string) (b world.Batch, err error) {
	r := wire.NewReader(body)
	r.Object(func(name string) {
		switch name {
		case "ProductCode":
			b.ProductCode = r.String()
		case "UsageRecords":
			b.Usage = make([]world.Usage, 0, contract.MaxUsageRecords)
			r.Array(func() { b.Usage = append(b.Usage, readUsage(r)) })
		default:
			r.Discard()
		}
	})
	return b, r.Err()
}

func readUsage(r *wire.Reader) (u world.Usage) {
	r.Object(func(name string) {
		switch name {
		case "Timestamp":
			u.Timestamp = r.Time()
		case "CustomerIdentifier":
			u.CustomerIdentifier = r.String()
		case "CustomerAWSAccountId":
			u.BuyerAccount = r.String()
		case "LicenseArn":
			u.LicenseARN = r.String()
		case "Dimension":
			u.Dimension = r.String()
		case "Quantity":
			u.Quantity = r.Int()
		case "UsageAllocations":
			u.Allocations = []world.Allocation{}
			r.Array(func() { u.Allocations = append(u.Allocations, readAllocation(r)) })
		default:
			r.Discard()
		}
	})
	return u
}

func readAllocation(r *wire.Reader) (a world.Allocation) {
	a.Quantity = missing
	r.Object(func(name string) {
		switch name {
		case "AllocatedUsageQuantity":
			a.Quantity = r.Int()
		case "Tags":
			a.Tags = []world.Tag{}
			r.Array(func() { a.Tags = append(a.Tags, readTag(r)) })
		default:
			r.Discard()
		}
	})
	return a
}

func readTag(r *wire.Reader) (t world.Tag) {
	r.Object(func(name string) {
		switch name {
		case "Key":
			t.Key = r.String()
		case "Value":
			t.Value = r.String()
		default:
			r.Discard()
		}
	})
	return t
}

// missing stands for a required number that was not sent.
const missing = -1 << 62

// writeBatch writes the output: every record is echoed with what became of it; then those that were not processed.
func writeBatch(done []world.Usage, results []world.Result, unprocessed []world.Usage) []byte {
	b := make([]byte, 0, 64+420*len(done)+260*len(unprocessed))
	b = append(b, `{"Results":[`...)
	for i := range done {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"UsageRecord":`...)
		b = writeUsage(b, &done[i])
		if results[i].RecordID != "" {
			b = append(b, `,"MeteringRecordId":"`...)
			b = append(b, results[i].RecordID...)
			b = append(b, '"')
		}
		b = append(b, `,"Status":"`...)
		b = append(b, results[i].Status...)
		b = append(b, '"', '}')
	}
	b = append(b, `],"UnprocessedRecords":[`...)
	for i := range unprocessed {
		if i > 0 {
			b = append(b, ',')
		}
		b = writeUsage(b, &unprocessed[i])
	}
	return append(b, ']', '}')
}

// writeUsage echoes a record: members that were absent stay absent, but for Quantity, whose default is 0.
func writeUsage(b []byte, u *world.Usage) []byte {
	b = append(b, `{"Timestamp":`...)
	b = wire.AppendTime(b, u.Timestamp)
	if u.CustomerIdentifier != "" {
		b = wire.AppendString(append(b, `,"CustomerIdentifier":`...), u.CustomerIdentifier)
	}
	if u.BuyerAccount != "" {
		b = wire.AppendString(append(b, `,"CustomerAWSAccountId":`...), u.BuyerAccount)
	}
	if u.LicenseARN != "" {
		b = wire.AppendString(append(b, `,"LicenseArn":`...), u.LicenseARN)
	}
	b = wire.AppendString(append(b, `,"Dimension":`...), u.Dimension)
	b = wire.AppendInt(append(b, `,"Quantity":`...), u.Quantity)
	if u.Allocations != nil {
		b = append(b, `,"UsageAllocations":[`...)
		for i, a := range u.Allocations {
			if i > 0 {
				b = append(b, ',')
			}
			b = writeAllocation(b, a)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func writeAllocation(b []byte, a world.Allocation) []byte {
	b = wire.AppendInt(append(b, `{"AllocatedUsageQuantity":`...), a.Quantity)
	if a.Tags != nil {
		b = append(b, `,"Tags":[`...)
		for i, t := range a.Tags {
			if i > 0 {
				b = append(b, ',')
			}
			b = wire.AppendString(append(b, `{"Key":`...), t.Key)
			b = wire.AppendString(append(b, `,"Value":`...), t.Value)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
