package crash

import (
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// TestAWSFailsAtEveryStep breaks the first calls that each step makes to AWS, in every way that a network and a service
// break; all that was reported is billed all the same, once.
func TestAWSFailsAtEveryStep(t *testing.T) {
	for _, fault := range []harness.Fault{
		{Operation: "*", Kind: "error"},
		{Operation: "*", Kind: "error-after-commit"},
		{Operation: "*", Kind: "throttle"},
		{Operation: "*", Kind: "drop-connection"},
		{Operation: "*", Kind: "drop-after-commit"},
		{Operation: "*", Kind: "truncate"},
		{Operation: "ResolveCustomer", Kind: "hang"},
		{Operation: "BatchMeterUsage", Kind: "hang"},
		{Operation: "BatchMeterUsage", Kind: "unprocessed"},
		{Operation: "Notification", Kind: "duplicate"},
		{Operation: "Notification", Kind: "reorder", Delay: "90s"},
		{Operation: "Notification", Kind: "delay"},
		{Operation: "Notification", Kind: "lose-then-redeliver"},
		{Operation: "Notification", Kind: "forge"},
	} {
		t.Run(fault.Operation+" "+fault.Kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, s := range steps {
				fault.Times = 4 // more than the AWS SDK tries by itself
				if fault.Kind == "hang" {
					fault.Times = 1 // each is waited for in real time
				}
				w.sandbox.Break(fault)
				w.try(s)
				w.sandbox.Mend()
			}
			w.compare()
			w.audit()
		})
	}
}

// TestAWSIsAwayForPartOfTheLastHour lets no metering call through from the cancellation until ten minutes before the
// final window closes (law 3).
func TestAWSIsAwayForPartOfTheLastHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, s := range steps {
		switch s.name {
		case "cancel":
			w.sandbox.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "error"})
		case "end":
			w.try(step{"come near the end", func(j *journey) error { return j.reach(2*time.Hour+50*time.Minute, "winding_down") }})
			w.crash()
			w.sandbox.Mend() // faults outlive a restart
		}
		w.try(s)
	}
	w.compare()
	w.audit()
}

// TestAWSIsAwayForTheWholeLastHour lets no metering call through until it is too late: what cannot be billed any more
// is kept, with its reason, and the books still balance (law 1).
func TestAWSIsAwayForTheWholeLastHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var before int64
	for _, s := range steps {
		if s.name == "report more" {
			w.sandbox.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "error"})
			for _, r := range w.sandbox.Records("") {
				before += r.Quantity
			}
		}
		w.try(s)
	}
	w.sandbox.Mend()
	w.sandbox.Advance(26 * time.Hour) // now also the last of AWS's windows is shut
	var billed, reported int64
	for _, r := range w.sandbox.Records("") {
		billed += r.Quantity
	}
	for _, units := range w.reported {
		reported += units
	}
	if billed != before || before == 0 || before >= reported {
		t.Errorf("%d units were reported, %d of them billed before the outage and %d in the end; want the first part only", reported, before, billed)
	}
	var usage struct {
		Items []struct {
			Accepted   int64 `json:"accepted,string"`
			Honoured   int64 `json:"honoured,string"`
			Unbillable int64 `json:"unbillable,string"`
		} `json:"items"`
	}
	w.gateway.Get("/v1/licenses/"+w.license.ID+"/usage?from="+w.start.Add(-time.Hour).Truncate(time.Hour).Format(time.RFC3339), &usage)
	var accepted, honoured, unbillable int64
	for _, u := range usage.Items {
		accepted, honoured, unbillable = accepted+u.Accepted, honoured+u.Honoured, unbillable+u.Unbillable
	}
	if accepted != reported || honoured != billed || unbillable != reported-billed {
		t.Errorf("the gateway says accepted %d, honoured %d, unbillable %d; want %d, %d, %d", accepted, honoured, unbillable, reported, billed, reported-billed)
	}
	w.audit()
}
