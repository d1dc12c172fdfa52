package world

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/profile"
)

// Usage is one record that a seller sends: a quantity of one dimension, of one customer, in one hour. Its form
// (lengths, patterns, ranges) has been checked by the caller.
type Usage struct {
	Timestamp          time.Time    `json:"t"`
	Dimension          string       `json:"d"`
	Quantity           int64        `json:"q"` // 0 … contract.MaxQuantity
	CustomerIdentifier string       `json:"ci,omitempty"`
	BuyerAccount       string       `json:"a,omitempty"`
	LicenseARN         string       `json:"l,omitempty"`
	Allocations        []Allocation `json:"s,omitempty"`
}

// Batch is one BatchMeterUsage request.
type Batch struct {
	Seller      string  `json:"seller"` // the calling account
	Region      string  `json:"region"` // one of contract.Regions
	ProductCode string  `json:"code,omitempty"`
	Usage       []Usage `json:"usage"`
}

// Result is what became of one record.
type Result struct {
	Status   string // contract.Success, CustomerNotSubscribed or DuplicateRecord
	RecordID string // of the honoured record; empty unless Status is Success
}

// stage is the order in which a request is looked through: all records in one stage, then all in the next; the first
// stage that refuses one of them answers. AWS does not document its order; ours is in docs/divergences.md.
type stage uint8

const (
	byIdentifiers stage = iota + 1
	byProductCode
	byLicense
	byCustomer
	byDimension
	byAllocations
	byTimestamp
	byDuplicates
)

// aim is where one record is to be counted.
type aim struct {
	subject uint32
	dim     uint8
	open    bool // the customer is subscribed, as far as metering goes
}

// verdict collects a request's refusals and keeps that of the earliest stage.
type verdict struct {
	stage   stage
	refusal *Refusal
}

func (v *verdict) refuse(at stage, code, format string, args ...any) {
	if v.refusal == nil || at < v.stage {
		v.stage, v.refusal = at, refuse(code, format, args...)
	}
}

// accountDigits is how long an AWS account's id is.
const accountDigits = 12

// MeterBatch honours what it can of b, at the instant now, and tells for each record what became of it, in b's order.
// The first quantity of a meter, dimension, hour and region counts; another is a DuplicateRecord for ever.
//
// A [Refusal] concerns the whole request: nothing of it was honoured.
func (w *World) MeterBatch(now time.Time, b Batch) ([]Result, error) {
	defer w.act()()
	var v verdict
	within := w.bounds(now)
	if w.profiles.Is(profile.CheckOrder, profile.TimesFirst) {
		for i := range b.Usage {
			within.check(&b.Usage[i], &v)
		}
		if v.refusal != nil {
			return nil, v.refusal
		}
	}
	aims := make([]aim, len(b.Usage))
	p := w.batchProduct(&b, &v)
	for i := range b.Usage {
		aims[i] = w.aim(&within, &b, &b.Usage[i], &p, &v)
	}
	if v.refusal == nil && w.profiles.Is(profile.BatchDuplicates, profile.Reject) {
		w.refuseDuplicates(b.Usage, aims, &v)
	}
	if v.refusal != nil {
		return nil, v.refusal
	}
	return w.honour(now, b, aims)
}

// batchProduct finds the product that the request names itself; nil if it names none.
func (w *World) batchProduct(b *Batch, v *verdict) *product {
	if b.ProductCode == "" {
		return nil
	}
	p, ok := w.products[b.ProductCode]
	if !ok || p.ProductCode != b.ProductCode || p.SellerAccount != b.Seller { // a product's id will not do
		v.refuse(byProductCode, contract.InvalidProductCode, "The product code %s is not that of a product published by the account %s.", b.ProductCode, b.Seller)
		return nil
	}
	return p
}

// aim looks through one record. p is the product of the records before it, and becomes this one's.
func (w *World) aim(within *bounds, b *Batch, u *Usage, p **product, v *verdict) (to aim) {
	switch {
	case (u.CustomerIdentifier == "") == (u.BuyerAccount == ""):
		v.refuse(byIdentifiers, contract.Validation, "A usage record must have either CustomerIdentifier or CustomerAWSAccountId, and not both.")
		return to
	case u.LicenseARN != "" && u.CustomerIdentifier != "":
		v.refuse(byIdentifiers, contract.Validation, "A usage record with LicenseArn must have CustomerAWSAccountId, not CustomerIdentifier.")
		return to
	case u.BuyerAccount != "" && len(u.BuyerAccount) != accountDigits && w.profiles.Is(profile.AccountDigits, profile.TwelveDigits):
		v.refuse(byIdentifiers, contract.Validation, "The CustomerAWSAccountId %s is not an AWS account: it must have 12 digits.", u.BuyerAccount)
		return to
	case u.LicenseARN != "":
		to = w.aimLicense(within, b, u, p, v)
	default:
		to = w.aimCustomer(within, b, u, *p, v)
	}
	if v.refusal != nil && v.stage <= byCustomer || *p == nil {
		return to
	}
	dim, ok := (*p).dims[u.Dimension]
	if !ok || !(*p).Dimensions[dim].Is(Metered) {
		v.refuse(byDimension, contract.InvalidUsageDimension, "The product %s has no metered dimension %s.", (*p).ProductCode, u.Dimension)
	}
	to.dim = uint8(dim)
	checkAllocations(u, v)
	within.check(u, v)
	return to
}

// aimLicense finds the meter of a record that names a licence.
func (w *World) aimLicense(within *bounds, b *Batch, u *Usage, p **product, v *verdict) (to aim) {
	if b.ProductCode != "" && w.profiles.Is(profile.CodeWithLicense, profile.Refuse) {
		v.refuse(byProductCode, contract.InvalidProductCode, "ProductCode must be omitted when usage records have a LicenseArn.")
		return to
	}
	a, ok := w.licenses[u.LicenseARN]
	switch {
	case !ok || a.product.SellerAccount != b.Seller:
		v.refuse(byLicense, contract.InvalidLicense, "The license %s is not valid.", u.LicenseARN)
		return to
	case a.BuyerAccount != u.BuyerAccount:
		v.refuse(byLicense, contract.InvalidLicense, "The license %s does not belong to the account %s.", u.LicenseARN, u.BuyerAccount)
		return to
	case *p != nil && *p != a.product:
		v.refuse(byLicense, contract.InvalidLicense, "The license %s is for another product than the request's other records.", u.LicenseARN)
		return to
	case within.before(u.Timestamp, a.License.ActiveFrom) || within.afterEnd(u.Timestamp, a, w.looksBack(a)):
		v.refuse(byLicense, contract.InvalidLicense, "The timestamp %s is not within the activation period of the license %s.", stamp(u.Timestamp), u.LicenseARN)
		return to
	}
	*p = a.product
	return aim{subject: a.subject, open: a.takesUsage(within.now)}
}

// aimCustomer finds the meter of a record of the legacy generation.
func (w *World) aimCustomer(within *bounds, b *Batch, u *Usage, p *product, v *verdict) (to aim) {
	if p == nil {
		v.refuse(byProductCode, contract.InvalidProductCode, "ProductCode is required for usage records without LicenseArn.")
		return to
	}
	if p.Identity == ByLicense {
		v.refuse(byLicense, contract.InvalidLicense, "LicenseArn is required for the product %s.", p.ProductCode)
		return to
	}
	account := u.BuyerAccount
	if u.CustomerIdentifier != "" {
		var ok bool
		if account, ok = w.byHandle[handleKey{b.Seller, u.CustomerIdentifier}]; !ok {
			v.refuse(byCustomer, contract.InvalidCustomerIdentifier, "The customer identifier %s does not exist.", u.CustomerIdentifier)
			return to
		}
	}
	c := w.customers[customerKey{p.ProductCode, account}]
	if c == nil {
		if u.BuyerAccount != "" && w.profiles.Is(profile.UnknownAccount, profile.InvalidCustomer) {
			v.refuse(byCustomer, contract.InvalidCustomerIdentifier, "The account %s is not a customer of the product %s.", account, p.ProductCode)
		}
		return to // never subscribed: CustomerNotSubscribed
	}
	if within.before(u.Timestamp, c.agreements[0].License.ActiveFrom) {
		v.refuse(byTimestamp, contract.TimestampOutOfBounds, "The timestamp %s is before the customer's subscription.", stamp(u.Timestamp))
	}
	to.subject = c.subject
	for _, a := range c.agreements {
		to.open = to.open || a.takesUsage(within.now)
	}
	return to
}

// takesUsage reports whether records are taken at now: from the licence's provisioning to the end of its last hour.
func (a *agreement) takesUsage(now time.Time) bool {
	l := &a.License
	return !a.buyer.Suspended && !now.Before(l.ProvisionedAt) && (l.MeteringUntil.IsZero() || now.Before(l.MeteringUntil))
}

// checkAllocations refuses a split that does not add up to the quantity, or names the same tags twice.
func checkAllocations(u *Usage, v *verdict) {
	if len(u.Allocations) == 0 {
		return
	}
	var sum int64
	seen := make(map[string]bool, len(u.Allocations))
	for _, a := range u.Allocations {
		sum += a.Quantity
		tags := tagSet(a.Tags)
		if seen[tags] {
			v.refuse(byAllocations, contract.InvalidUsageAllocations, "Two usage allocations have the same tags.")
			return
		}
		seen[tags] = true
	}
	if sum != u.Quantity {
		v.refuse(byAllocations, contract.InvalidUsageAllocations, "The usage allocations add up to %d, not to the quantity %d.", sum, u.Quantity)
	}
}

// tagSet is the same for the same tags in any order.
func tagSet(tags []Tag) string {
	sorted := slices.Clone(tags)
	slices.SortFunc(sorted, func(a, b Tag) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value)) })
	var b strings.Builder
	for _, t := range sorted {
		b.WriteString(t.Key + "\x00" + t.Value + "\x00")
	}
	return b.String()
}

func (w *World) refuseDuplicates(usage []Usage, aims []aim, v *verdict) {
	seen := make(map[slot]bool, len(usage))
	for i, u := range usage {
		k := slotOf(aims[i].subject, hourOf(u.Timestamp), aims[i].dim, 0)
		if seen[k] && aims[i].open {
			v.refuse(byDuplicates, contract.Validation, "Two usage records are for the same customer, dimension and hour.")
		}
		seen[k] = true
	}
}

// fresh is a record of the request that the ledger is to take.
type fresh struct {
	key slot
	row entryRow
	at  int // its place in the request
}

// honour decides each record, keeps the request in the journal if anything of it is new, and then enters that.
func (w *World) honour(now time.Time, b Batch, aims []aim) ([]Result, error) {
	results := make([]Result, len(b.Usage))
	region := uint8(max(slices.Index(contract.Regions, b.Region), 0))
	news := make([]fresh, 0, len(b.Usage))
	repeats := make([]int, 0, 4) // places of records that repeat a new one of this same request
	for i := range b.Usage {
		u := &b.Usage[i]
		if !aims[i].open {
			results[i].Status = contract.CustomerNotSubscribed
			continue
		}
		hour := hourOf(u.Timestamp)
		k := slotOf(aims[i].subject, hour, aims[i].dim, region)
		if n, have := w.ledger.byKey.find(k); have {
			results[i] = w.again(n, u.Quantity)
			continue
		}
		if slices.ContainsFunc(news, func(f fresh) bool { return f.key == k }) {
			repeats = append(repeats, i)
			continue
		}
		news = append(news, fresh{key: k, at: i, row: entryRow{stamp: u.Timestamp.UnixMicro(), received: now.UnixMicro(), hour: hour,
			subject: aims[i].subject, quantity: uint32(u.Quantity), dim: aims[i].dim, region: region}})
	}
	if len(news) == 0 {
		return results, nil
	}
	if err := w.record(Command{At: now, Act: actMeter, Batch: &b}); err != nil {
		return nil, err
	}
	for _, f := range news {
		n := w.ledger.add(f.key, f.row, b.Usage[f.at].Allocations)
		results[f.at] = Result{Status: contract.Success, RecordID: w.ids.recordID(w.ledger.epoch, n)}
	}
	for _, i := range repeats {
		k := slotOf(aims[i].subject, hourOf(b.Usage[i].Timestamp), aims[i].dim, region)
		n, _ := w.ledger.byKey.find(k)
		results[i] = w.again(n, b.Usage[i].Quantity)
	}
	return results, nil
}

// again answers a record whose key was honoured before, as record number n.
func (w *World) again(n uint32, quantity int64) Result {
	id := n
	if w.profiles.Is(profile.ResendRecordID, profile.AnotherRecordID) {
		id = ^n // no record has it: there would have to be billions
	}
	same := w.ledger.row(n).quantity == uint32(quantity)
	if same && w.profiles.Is(profile.IdenticalResend, profile.Success) {
		return Result{Status: contract.Success, RecordID: w.ids.recordID(w.ledger.epoch, id)}
	}
	return Result{Status: contract.DuplicateRecord}
}
