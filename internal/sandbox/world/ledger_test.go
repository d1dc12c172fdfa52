package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/contract"
)

// Whatever is sent, in whatever order, as often as it may be: each meter, dimension, hour and region has at most one
// quantity in the ledger, and it is the first that was sent. The answers, the records, the bill and the journal's
// replay all tell the same.
func TestLedgerHonoursOneQuantityPerKey(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var kept []Command
		record := func(c Command) error { kept = append(kept, c); return nil }
		w, err := New(Options{File: Builtin(), Seed: 3, FulfillmentURL: "http://127.0.0.1/", Record: record})
		if err != nil {
			rt.Fatal(err)
		}
		var all []Agreement
		for _, product := range []string{inkwell, inkwell, classic} {
			a, err := w.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: product})
			if err != nil {
				rt.Fatal(err)
			}
			all = append(all, a)
		}
		type key struct {
			meter, dimension, region string
			hour                     time.Time
		}
		first := map[key]int64{}
		ids := map[key]string{}
		now := noon.Add(10 * time.Hour)
		if _, err := w.RunDue(now); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 30).Draw(rt, "requests") {
			legacy := rapid.Bool().Draw(rt, "legacy")
			b := Batch{Seller: seller, Region: rapid.SampledFrom([]string{"us-east-1", "eu-west-1"}).Draw(rt, "region")}
			var meters []string
			which := rapid.IntRange(0, 1).Draw(rt, "license") // one request, one product: the first two are of the same
			for range rapid.IntRange(1, 25).Draw(rt, "records") {
				u := Usage{Dimension: "pages", Quantity: rapid.Int64Range(0, 3).Draw(rt, "quantity"),
					Timestamp: noon.Add(time.Duration(rapid.IntRange(0, 4*60).Draw(rt, "minute")) * time.Minute)}
				if legacy {
					b.ProductCode, u.CustomerIdentifier = classic, all[2].CustomerIdentifier
					meters = append(meters, "customer")
				} else {
					a := all[(which+len(b.Usage))%2]
					u.LicenseARN, u.BuyerAccount = a.License.ARN, acme
					u.Dimension = rapid.SampledFrom([]string{"pages", "gb_stored"}).Draw(rt, "dimension")
					meters = append(meters, a.License.ARN)
				}
				b.Usage = append(b.Usage, u)
			}
			results, err := w.MeterBatch(now, b)
			if err != nil {
				rt.Fatal(err)
			}
			for i, u := range b.Usage {
				k := key{meters[i], u.Dimension, b.Region, u.Timestamp.Truncate(time.Hour)}
				if _, have := first[k]; !have {
					first[k], ids[k] = u.Quantity, results[i].RecordID
				}
				want := Result{Status: contract.DuplicateRecord}
				if first[k] == u.Quantity {
					want = Result{Status: contract.Success, RecordID: ids[k]}
				}
				if results[i] != want || (want.Status == contract.Success && want.RecordID == "") {
					rt.Fatalf("%+v answered %+v, want %+v", u, results[i], want)
				}
			}
		}
		records, _ := w.Records(RecordQuery{})
		if len(records) != len(first) {
			rt.Fatalf("%d records, want %d", len(records), len(first))
		}
		for _, r := range records {
			meter := r.LicenseARN
			if meter == "" {
				meter = "customer"
			}
			k := key{meter, r.Dimension, r.Region, r.Hour}
			if r.Quantity != first[k] || r.MeteringRecordID != ids[k] {
				rt.Fatalf("the ledger has %+v, first sent was %d as %s", r, first[k], ids[k])
			}
		}
		again, err := New(Options{File: Builtin(), Seed: 3, FulfillmentURL: "http://127.0.0.1/"})
		if err != nil {
			rt.Fatal(err)
		}
		for _, c := range kept {
			if err := again.Apply(c); err != nil {
				rt.Fatal(err)
			}
		}
		replayed, _ := again.Records(RecordQuery{})
		if fmt.Sprint(replayed) != fmt.Sprint(records) {
			rt.Fatal("replayed, the ledger is another")
		}
	})
}

func TestKeysDoNotMix(t *testing.T) {
	seen := map[slot]string{}
	for _, subject := range []uint32{0, 1, 1<<32 - 1} {
		for _, hour := range []int32{0, 1, 498000, 1<<hourBits - 1} {
			for _, dim := range []uint8{0, 1, maxDimensions - 1, 1<<dimBits - 1} {
				for _, region := range []uint8{0, 1, uint8(len(contract.Regions) - 1), 1<<regionBits - 1} {
					k, text := slotOf(subject, hour, dim, region), fmt.Sprint(subject, hour, dim, region)
					if was, have := seen[k]; have {
						t.Fatalf("%s and %s have the same key", was, text)
					}
					seen[k] = text
				}
			}
		}
	}
	if maxDimensions > 1<<dimBits || len(contract.Regions) > 1<<regionBits {
		t.Error("the key has too few bits")
	}
}

func TestRecordsByWhatIsAsked(t *testing.T) {
	m := open(t, nil)
	a, b := m.buy(inkwell), m.buy(classic)
	m.pass(5 * time.Hour)
	for h := range 4 {
		at := noon.Add(time.Duration(h) * time.Hour)
		for _, batch := range []Batch{
			{Usage: []Usage{{Timestamp: at, Dimension: "pages", Quantity: 1, BuyerAccount: acme, LicenseARN: a.License.ARN}, {Timestamp: at, Dimension: "gb_stored", BuyerAccount: acme, LicenseARN: a.License.ARN}}},
			{ProductCode: classic, Usage: []Usage{{Timestamp: at, Dimension: "pages", Quantity: 2, CustomerIdentifier: b.CustomerIdentifier}}},
		} {
			batch.Seller, batch.Region = seller, "us-east-1"
			if _, err := m.MeterBatch(m.now, batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		q    RecordQuery
		want int
	}{
		"all":             {RecordQuery{}, 12},
		"license":         {RecordQuery{LicenseARN: a.License.ARN}, 8},
		"product":         {RecordQuery{ProductCode: classic}, 4},
		"product's id":    {RecordQuery{ProductCode: "prod-inkwellclassc"}, 4},
		"dimension":       {RecordQuery{Dimension: "gb_stored"}, 4},
		"buyer":           {RecordQuery{BuyerAccount: acme}, 12},
		"another buyer":   {RecordQuery{BuyerAccount: "222233334444"}, 0},
		"from, inclusive": {RecordQuery{From: noon.Add(time.Hour)}, 9},
		"to, exclusive":   {RecordQuery{To: noon.Add(time.Hour)}, 3},
	} {
		got, _ := m.Records(c.q)
		if len(got) != c.want {
			t.Errorf("%s: %d records, want %d", name, len(got), c.want)
		}
		var paged []Record
		for q := c.q; ; {
			q.Limit = 5
			items, next := m.Records(q)
			paged = append(paged, items...)
			if next == 0 {
				break
			}
			q.After = next
		}
		if !slices.EqualFunc(paged, got, func(x, y Record) bool { return x.MeteringRecordID == y.MeteringRecordID }) {
			t.Errorf("%s: in pages there are other records", name)
		}
	}
	bill, err := m.Bill(acme, noon)
	if err != nil || bill.Total.String() != "0.28" || len(bill.Charges) != 3 { // 4 × 0.02 and 8 × 0.025
		t.Errorf("billed %s in %d charges, %v", bill.Total, len(bill.Charges), err)
	}
	if bill, err := m.Bill(acme, noon.AddDate(0, 1, 0)); err != nil || len(bill.Charges) != 0 {
		t.Errorf("the month after: %+v, %v", bill, err)
	}
}

func TestResetBeginsAnewWithOtherNames(t *testing.T) {
	m := open(t, map[string]string{"token-life": "1h"})
	a := m.buy(inkwell)
	m.pass(time.Hour)
	u := Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{{Timestamp: m.now, Dimension: "pages", BuyerAccount: acme, LicenseARN: a.License.ARN}}}
	first, err := m.MeterBatch(m.now, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Reset(m.now); err != nil {
		t.Fatal(err)
	}
	if n := len(m.Agreements(AgreementQuery{})); n != 0 {
		t.Errorf("%d agreements after the reset", n)
	}
	if _, due := m.Due(); due || m.Profiles().Get("token-life") != "4h" {
		t.Error("something is due, or the profiles are not the file's")
	}
	b := m.buy(inkwell)
	m.pass(time.Hour)
	u.Usage[0].LicenseARN, u.Usage[0].Timestamp = b.License.ARN, m.now
	second, err := m.MeterBatch(m.now, u)
	if err != nil {
		t.Fatal(err)
	}
	if a.AgreementID == b.AgreementID || a.License.ARN == b.License.ARN || first[0].RecordID == second[0].RecordID {
		t.Error("a name came twice")
	}
}
