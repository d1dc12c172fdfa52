package store_test

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// oneLicense is a directory of one.
type oneLicense struct{ license.License }

func (d oneLicense) ByID(id core.LicenseID) (license.License, bool) {
	return d.License, id == d.ID
}
func (d oneLicense) ByARN(arn core.LicenseARN) (license.License, bool) {
	return d.License, arn == d.ARN
}
func (oneLicense) ByBuyer(string, core.ProductCode) []license.License { return nil }
func (d oneLicense) All(yield func(license.License) bool)             { yield(d.License) }
func (oneLicense) OnChange(func(license.License))                     {}

// Runs of ids with pages are not for versions of before: when the schema is taken back, those read the ids from the log again, and
// events that were taken are known before, meanwhile and afterwards.
func TestIDsAreKnownWhenTheSchemaIsTakenBack(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		db := open(t)
		clk := clock.NewVirtual(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
		start := func() *usage.Intake {
			t.Helper()
			in, err := usage.New(t.Context(), usage.Config{Store: store.NewUsage(db), Clock: clk, MaxIDs: 10,
				Licenses: oneLicense{license.License{ID: "lic", ARN: "arn", ProductCode: "p", Standing: license.Standing{State: license.Active}}},
				Products: core.Catalogue{{Code: "p", Dimensions: []core.Measure{{Key: "gb"}}}}})
			if err != nil {
				t.Fatal(err)
			}
			return in
		}
		send := func(in *usage.Intake) usage.Result {
			t.Helper()
			var es []usage.Event
			for i := range 25 {
				es = append(es, usage.Event{ID: fmt.Sprint("e", i), License: usage.Ref{Name: "arn"}, Dimension: "gb", Quantity: "1", Time: clk.Now()})
			}
			res, err := in.Accept(t.Context(), "", es)
			if err != nil {
				t.Fatal(err)
			}
			for did := true; did; {
				if did, err = in.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			return res
		}
		if res := send(start()); res.Accepted != 25 {
			t.Fatalf("%+v", res)
		}
		rows := func(table string) (n int) {
			t.Helper()
			if err := db.Read().QueryRowContext(t.Context(), "select count(*) from "+table).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if rows("usage_run") == 0 || rows("usage_ids") == 0 {
			t.Fatal("no ids have left memory")
		}
		if err := db.MigrateDown(t.Context(), 329); err != nil {
			t.Fatal(err)
		}
		if rows("usage_run") != 0 || rows("usage_ids") != 0 {
			t.Errorf("taken back: %d runs, %d rows of ids", rows("usage_run"), rows("usage_ids"))
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if res := send(start()); res.Duplicates != 25 {
			t.Errorf("and again: %+v", res)
		}
	})
}
