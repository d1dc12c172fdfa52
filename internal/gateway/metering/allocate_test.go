package metering_test

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// allocating opens a ledger of one licence whose usage is allocated by team and stage.
func allocating(t *testing.T) *world {
	w := newWorld(t, begin).metered(core.Measure{})
	w.cfg.Products[0].AllocateBy = []string{"team", "stage"}
	w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	return w.open()
}

func (w *world) tagged(quantity string, tags map[string]string) {
	w.t.Helper()
	w.events++
	w.tell(usage.Event{ID: fmt.Sprint("e", w.events), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: quantity, Tags: tags}, usage.Result{Accepted: 1})
}

// sentAllocations are those of the only record with a quantity.
func (w *world) sentAllocations() (l metering.Line, as []metering.Allocation) {
	w.t.Helper()
	for _, c := range w.aws.calls {
		for _, r := range c.UsageRecords {
			if r.Quantity > 0 {
				l = r
			}
		}
	}
	as, err := l.UsageAllocations.List()
	if err != nil {
		w.t.Fatal(err)
	}
	var sum int64
	for _, a := range as {
		sum += a.AllocatedUsageQuantity
	}
	if len(as) > 0 && sum != l.Quantity {
		w.t.Errorf("the allocations are %d together, and the record is %d", sum, l.Quantity)
	}
	return l, as
}

func TestUsageIsAllocatedByTags(t *testing.T) {
	w := allocating(t)
	w.tagged("2.5", map[string]string{"team": "ops", "stage": "live", "other": "x"})
	w.tagged("4", map[string]string{"team": "dev"})
	w.reopen()
	w.tagged("1.6", map[string]string{"stage": "live", "team": "ops"})
	w.tagged("2", map[string]string{"other": "y"})
	w.tagged("0.3", nil)
	w.pass(2 * time.Hour)
	l, as := w.sentAllocations() // of 10.4, 10 are billed: dev 3.85, ops 3.94, and the rest without tags
	want := `[{"AllocatedUsageQuantity":3,"Tags":[{"Key":"stage","Value":"live"},{"Key":"team","Value":"ops"}]},{"AllocatedUsageQuantity":3,"Tags":[{"Key":"team","Value":"dev"}]},{"AllocatedUsageQuantity":4}]`
	if string(l.UsageAllocations) != want {
		t.Errorf("allocations %s, want %s (%v)", l.UsageAllocations, want, as)
	}
	w.sound("a", "gb")
}

func TestWithoutTagsNothingIsAllocated(t *testing.T) {
	w := allocating(t)
	w.tagged("3", nil)
	w.pass(2 * time.Hour)
	if l, as := w.sentAllocations(); l.Quantity != 3 || len(as) > 0 {
		t.Errorf("%+v", l)
	}
}

// AWS takes 2,500 allocations of a record, and 1 MB of a request; what goes beyond loses its tags, and no usage.
func TestMoreTagsThanARecordHolds(t *testing.T) {
	w := allocating(t)
	for i := range 2600 {
		w.tagged("1", map[string]string{"team": fmt.Sprint("team ", i)})
	}
	w.pass(2 * time.Hour)
	l, as := w.sentAllocations()
	if l.Quantity != 2600 || len(as) != contract.MaxAllocations {
		t.Fatalf("%d units in %d allocations, want 2600 in %d", l.Quantity, len(as), contract.MaxAllocations)
	}
	if rest := as[len(as)-1]; len(rest.Tags) > 0 || rest.AllocatedUsageQuantity != 101 {
		t.Errorf("the rest is %+v, want 101 without tags", rest)
	}
}

func TestATagThatAWSRefusesIsRefusedAtOnce(t *testing.T) {
	w := allocating(t)
	e := usage.Event{ID: "e", License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: "1", Tags: map[string]string{"team": "naïve"}}
	w.tell(e, usage.Result{Rejected: []usage.Rejection{{Code: "bad_tags"}}})
	e.Tags = map[string]string{"note": "naïve"} // stays here
	w.tell(e, usage.Result{Accepted: 1})
}
