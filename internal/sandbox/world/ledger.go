package world

import (
	"slices"
	"time"

	"souk.dev/souk/contract"
)

// ledger keeps every record that was honoured: at most one quantity for each key, the first.
//
// It is laid out for millions of records: a record is 32 bytes in a chunk that never moves, and some 5 in the index.
type ledger struct {
	epoch    uint64 // counts resets, so that record ids never come again
	subjects []meter
	byKey    index
	chunks   [][]entryRow
	n        uint32
	split    map[uint32][]Allocation      // of the few records that have any
	month    struct{ hour, number int32 } // the last hour's month: records come hour by hour
}

// meter is what usage is counted for: a licence, or in the legacy generation a customer of a product. The same buyer's
// usage under both is two meters, and is billed twice: AWS's hazard for sellers who migrate.
type meter struct {
	product *product
	buyer   *Buyer
	arn     string // empty for a customer
	handle  string // the customer identifier, of a customer
	// agreements are those that its records counted for, oldest first.
	agreements []*agreement
	unbilled   tallies // what no invoice has yet
}

type entryRow struct {
	stamp    int64 // as sent, µs
	received int64 // µs
	subject  uint32
	quantity uint32
	hour     int32
	dim      uint8
	region   uint8
}

// chunkRows is how many rows a chunk has.
const chunkRows = 1 << 15

func (l *ledger) clear() {
	*l = ledger{epoch: l.epoch + 1, split: map[uint32][]Allocation{}}
}

// subject gives m its number.
func (l *ledger) subject(m meter) uint32 {
	l.subjects = append(l.subjects, m)
	return uint32(len(l.subjects) - 1)
}

func (l *ledger) row(n uint32) *entryRow { return &l.chunks[n/chunkRows][n%chunkRows] }

// add keeps a row under a key that has none, and returns its number.
func (l *ledger) add(k slot, r entryRow, split []Allocation) uint32 {
	n := l.n
	if n%chunkRows == 0 {
		l.chunks = append(l.chunks, make([]entryRow, 0, chunkRows))
	}
	last := &l.chunks[n/chunkRows]
	*last = append(*last, r)
	l.n++
	l.byKey.set(k, n)
	if len(split) > 0 {
		l.split[n] = split
	}
	m := &l.subjects[r.subject]
	m.unbilled.count(l.monthOfHour(r.hour), r.dim, m.free(time.UnixMicro(r.stamp)), int64(r.quantity))
	return n
}

func (l *ledger) monthOfHour(hour int32) int32 {
	if l.month.hour != hour || l.month.number == 0 {
		l.month.hour, l.month.number = hour, monthOf(time.Unix(int64(hour)*3600, 0))
	}
	return l.month.number
}

// monthOf is a month's number since year 0.
func monthOf(t time.Time) int32 {
	t = t.UTC()
	return int32(t.Year())*12 + int32(t.Month()) - 1
}

func hourOf(t time.Time) int32 { return int32(t.Unix() / 3600) }

// RecordQuery chooses honoured records; what is empty chooses all.
type RecordQuery struct {
	LicenseARN   string
	ProductCode  string
	BuyerAccount string
	Dimension    string
	Unlicensed   bool      // only records that named no licence
	From, To     time.Time // the records' stamps: From ≤ stamp < To
	// After is the number of the last record of the page before; 0 at first. Limit is the most to return; 0 is all.
	After, Limit int
}

// Records lists the records that q chooses in the order in which they were honoured. next is the After of the next
// page; 0 on the last.
func (w *World) Records(q RecordQuery) (items []Record, next int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	items = []Record{}
	wanted := w.chosen(q)
	for n := uint32(max(q.After, 0)); n < w.ledger.n; n++ {
		r := w.ledger.row(n)
		if !wanted[r.subject] || !within(r.stamp, q.From, q.To) {
			continue
		}
		if m := w.ledger.subjects[r.subject]; q.Dimension != "" && m.product.Dimensions[r.dim].Key != q.Dimension {
			continue
		}
		if q.Limit > 0 && len(items) == q.Limit {
			return items, int(n)
		}
		items = append(items, w.show(n))
	}
	return items, 0
}

func within(us int64, from, to time.Time) bool {
	return (from.IsZero() || us >= from.UnixMicro()) && (to.IsZero() || us < to.UnixMicro())
}

// chosen tells for every meter whether q wants its records.
func (w *World) chosen(q RecordQuery) []bool {
	wanted := make([]bool, len(w.ledger.subjects))
	for i, m := range w.ledger.subjects {
		wanted[i] = (q.LicenseARN == "" || q.LicenseARN == m.arn) && (!q.Unlicensed || m.arn == "") && (q.BuyerAccount == "" || q.BuyerAccount == m.buyer.AccountID) &&
			(q.ProductCode == "" || q.ProductCode == m.product.ProductCode || q.ProductCode == m.product.ProductID)
	}
	return wanted
}

func (w *World) show(n uint32) Record {
	r := w.ledger.row(n)
	m := w.ledger.subjects[r.subject]
	return Record{
		MeteringRecordID: w.ids.recordID(w.ledger.epoch, n), Timestamp: time.UnixMicro(r.stamp).UTC(), Hour: time.Unix(int64(r.hour)*3600, 0).UTC(),
		BuyerAccount: m.buyer.AccountID, CustomerIdentifier: m.handle, LicenseARN: m.arn, ProductCode: m.product.ProductCode,
		Dimension: m.product.Dimensions[r.dim].Key, Quantity: int64(r.quantity), Allocations: slices.Clone(w.ledger.split[n]),
		Region: contract.Regions[r.region], ReceivedAt: time.UnixMicro(r.received).UTC(),
	}
}
