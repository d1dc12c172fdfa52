package metering_test

import (
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
)

// An event is found by its name alone while its repetition would be recognised, and later if one says where to look.
func TestAnOldEventIsFoundWhereOneSaysToLook(t *testing.T) {
	w := newWorld(t, begin)
	w.cfg.NoZeros = true
	w.ucfg.KeepIDs = 48 * time.Hour
	w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "3", begin)
	w.pass(2 * time.Hour)
	if d, err := w.eng.Event(t.Context(), "", "e1", 0); err != nil || d.Hour != core.HourOf(begin) || d.Record == nil || d.Record.State != metering.Honoured {
		t.Fatalf("while it is young: %+v, %v", d, err)
	}
	for range 5 { // ids leave memory once a day, and runs of them go when the newest of theirs is older than two days
		w.pass(26 * time.Hour)
		w.use("a", "gb", "1", w.clk.Now())
	}
	w.pass(26 * time.Hour)
	if _, err := w.eng.Event(t.Context(), "", "e1", 0); !fail.Is(err, fail.NotFound) || !strings.Contains(fail.SayOf(err), "in the last 2 days") {
		t.Errorf("by its name: %v", err)
	}
	if d, err := w.eng.Event(t.Context(), "", "e1", core.HourOf(begin)); err != nil || d.ID != "e1" || d.Record == nil {
		t.Errorf("from its hour on: %+v, %v", d, err)
	}
	if d, err := w.eng.Event(t.Context(), "", "e1", core.HourOf(begin)-32*24); !fail.Is(err, fail.NotFound) {
		t.Errorf("from more than 31 days before its hour on: %+v, %v", d, err)
	}
	if d, err := w.eng.Event(t.Context(), "", "e6", 0); err != nil || d.ID != "e6" {
		t.Errorf("a young one among old ones: %+v, %v", d, err)
	}
}
