package storetest

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
)

// AlertStores are parts of one database: the alerts, the outbox, and those that raise alerts with their facts.
type AlertStores struct {
	Alerts   alert.Store
	Outbox   outbox.Store
	Licenses license.Store
	Notices  intake.Store
	Metering metering.Store

	Entitlements entitlement.Store
}

// Alerts is what every engine must do for package alert.
func Alerts(t *testing.T, open func(t *testing.T) AlertStores) {
	t.Run("life", func(t *testing.T) { alertLife(t, open(t)) })
	t.Run("with their facts", func(t *testing.T) { alertsWithTheirFacts(t, open(t)) })
	t.Run("what stands", func(t *testing.T) { whatStands(t, open(t)) })
}

func alertLife(t *testing.T, s AlertStores) {
	ctx := t.Context()
	find := func(cause string, at time.Time) {
		t.Helper()
		must(t, s.Licenses.CommitChange(ctx, license.Change{Found: []alert.Finding{{Kind: outbox.AlertProductUnknown, Cause: cause, License: "lic_1", Product: "p", About: "n", Say: "s\x00", At: at}}}))
	}
	list := func(q alert.Query) []alert.Alert {
		t.Helper()
		q.Limit = 10
		all, err := s.Alerts.Alerts(ctx, q)
		must(t, err)
		return all
	}
	if _, ok, err := s.Alerts.NextAlert(ctx); ok || err != nil {
		t.Errorf("of no alerts one is due: %v, %v", ok, err)
	}
	find("a", noon)
	find("a", noon.Add(time.Minute))
	find("b", noon.Add(2*time.Minute))
	all := list(alert.Query{})
	if len(all) != 2 || all[0].Cause != "b" || all[1].Times != 2 || all[1].Told != 1 || !all[1].Since.Equal(noon) || !all[1].At.Equal(noon.Add(time.Minute)) || all[1].Say != "s\uFFFD" || all[1].About != "n" || all[1].Product != "p" {
		t.Fatalf("kept %+v", all)
	}
	if told := unspread(t, s.Outbox); len(told) != 2 {
		t.Errorf("told %d times, want once for each cause", len(told))
	}
	if on := list(alert.Query{After: alert.CursorOf(all[0])}); len(on) != 1 || on[0].ID != all[1].ID {
		t.Errorf("after the first comes %+v", on)
	}
	one, err := s.Alerts.Alert(ctx, all[1].ID)
	if err != nil || one != all[1] {
		t.Errorf("found %+v, %v", one, err)
	}
	if _, err := s.Alerts.Alert(ctx, "alr_0"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not: %v", err)
	}
	at, ok, err := s.Alerts.NextAlert(ctx)
	if err != nil || !ok || !at.Equal(one.DueAt) {
		t.Errorf("the next is due at %s, %v, %v; want %s", at, ok, err, one.DueAt)
	}
	due, err := s.Alerts.DueAlerts(ctx, one.DueAt, 10)
	if err != nil || len(due) != 1 || due[0] != one {
		t.Errorf("due are %+v, %v", due, err)
	}
	// Found again since it was looked at: it stays.
	find("a", noon.Add(3*time.Minute))
	must(t, s.Alerts.LookedAt(ctx, one, false, one.DueAt))
	if now, err := s.Alerts.Alert(ctx, one.ID); err != nil || now.State != alert.Raised || now.Times != 3 {
		t.Errorf("what was found meanwhile is %+v, %v", now, err)
	}
	one, err = s.Alerts.Alert(ctx, one.ID)
	must(t, err)
	must(t, s.Alerts.LookedAt(ctx, one, false, one.DueAt))
	must(t, s.Alerts.LookedAt(ctx, one, false, one.DueAt)) // once more, as after an answer that was lost
	if told := unspread(t, s.Outbox); len(told) != 3 {
		t.Errorf("told %d times, want once more when it is resolved", len(told))
	}
	if mended := list(alert.Query{State: alert.Resolved}); len(mended) != 1 || mended[0].ID != one.ID || !mended[0].DueAt.IsZero() || !mended[0].Since.Equal(one.DueAt) {
		t.Errorf("resolved are %+v", mended)
	}
}

// Every store that finds what somebody should look at keeps it with its fact, or neither.
func alertsWithTheirFacts(t *testing.T, s AlertStores) {
	ctx := t.Context()
	raised := func(kind outbox.Kind, want int) {
		t.Helper()
		all, err := s.Alerts.Alerts(ctx, alert.Query{Limit: 100})
		must(t, err)
		n := 0
		for _, a := range all {
			if a.Kind == kind {
				n++
			}
		}
		if n != want {
			t.Errorf("%d alerts of %s, want %d", n, kind, want)
		}
	}
	found := alert.Finding{Kind: outbox.AlertUsageUnbilled, Cause: "c", Say: "s", At: noon}
	r := recordOf("lic_1", "gb", core.HourOf(noon))
	must(t, s.Metering.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}))
	if err := s.Metering.Seal(ctx, metering.Sealing{Records: []metering.Record{r}, Found: []alert.Finding{found}}); !fail.Is(err, fail.Conflict) {
		t.Fatal(err)
	}
	raised(outbox.AlertUsageUnbilled, 0)
	must(t, s.Metering.Seal(ctx, metering.Sealing{Found: []alert.Finding{found}}))
	raised(outbox.AlertUsageUnbilled, 1)
	r.State = metering.Honoured
	must(t, s.Metering.Settle(ctx, nil, []metering.Record{r}, nil))
	if err := s.Metering.Settle(ctx, nil, []metering.Record{r}, nil, alert.Finding{Kind: outbox.AlertCallsDenied, At: noon}); !fail.Is(err, fail.Conflict) {
		t.Fatal(err)
	}
	raised(outbox.AlertCallsDenied, 0)
	must(t, s.Metering.Settle(ctx, nil, nil, nil, alert.Finding{Kind: outbox.AlertCallsDenied, At: noon}))
	raised(outbox.AlertCallsDenied, 1)

	for range 2 {
		_, err := s.Notices.KeepNotice(ctx, intake.Notice{Key: "k", Outcome: intake.Poison, ReceivedAt: noon, Body: "x"})
		must(t, err)
	}
	raised(outbox.AlertNoticeUnread, 1)
	if a, err := s.Alerts.Alert(ctx, alert.Finding{Kind: outbox.AlertNoticeUnread, Cause: string(intake.Poison)}.Names()); err != nil || a.Times != 1 {
		t.Errorf("a notice that came twice is found %d times, %v", a.Times, err)
	}

	must(t, s.Notices.Raise(ctx, alert.Finding{Kind: outbox.AlertQueueAway, Say: "s", At: noon}))
	raised(outbox.AlertQueueAway, 1)
	must(t, s.Entitlements.Raise(ctx, alert.Finding{Kind: outbox.AlertEntitlementsStale, Cause: "p", Product: "p", Say: "s", At: noon}))
	raised(outbox.AlertEntitlementsStale, 1)

	e := told(1)
	d := outbox.Delivery{ID: "dlv_1", Event: e.ID, Kind: e.Kind, License: e.License, Channel: "webhook", Target: outbox.Target{To: "whk_1", Lane: "whk_1"}, State: outbox.Pending, CreatedAt: noon, Since: noon, DueAt: noon}
	must(t, s.Outbox.Spread(ctx, e, []outbox.Delivery{d}, noon))
	if got, err := s.Outbox.Lease(ctx, "webhook", "whk_1", "lse_1", noon, noon.Add(time.Minute), 1); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	d.State, d.DueAt = outbox.Dead, time.Time{}
	if settled, err := s.Outbox.Settle(ctx, d, "lse_2", outbox.Attempt{At: noon}); settled || err != nil {
		t.Fatal(settled, err)
	}
	raised(outbox.AlertDeliveryDead, 0) // another has the lease
	if settled, err := s.Outbox.Settle(ctx, d, "lse_1", outbox.Attempt{At: noon}); !settled || err != nil {
		t.Fatal(settled, err)
	}
	raised(outbox.AlertDeliveryDead, 1)
}

// whatStands is what the ledger answers when it is asked whether something still is so.
func whatStands(t *testing.T, s AlertStores) {
	ctx := t.Context()
	asked := func(want bool) func(bool, error) {
		return func(got bool, err error) {
			t.Helper()
			if got != want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
	}
	if last, err := s.Metering.LastOutcome(ctx); last != "" || err != nil {
		t.Errorf("before any request: %q, %v", last, err)
	}
	r := recordOf("lic_1", "gb", core.HourOf(noon))
	must(t, s.Metering.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}))
	asked(false)(s.Metering.Refuses(ctx, r.Product, "X"))
	asked(false)(s.Metering.Overdue(ctx, r.Deadline.Add(time.Second), 1))
	step := func(id, outcome string, state metering.State) {
		t.Helper()
		a := metering.Attempt{ID: id, At: noon, Records: []string{r.ID}, Request: []byte("{}")}
		must(t, s.Metering.Begin(ctx, []metering.Attempt{a}))
		if id > "att_1" { // it was parked before, and is while it is tried again
			asked(true)(s.Metering.Refuses(ctx, r.Product, "X"))
			asked(true)(s.Metering.Overdue(ctx, r.Deadline.Add(time.Second), 1))
		}
		a.Answered, a.Outcome, a.Answer = noon, outcome, []byte("{}")
		r.State, r.Reason = state, "X"
		must(t, s.Metering.Settle(ctx, []metering.Attempt{a}, []metering.Record{r}, nil))
		if last, err := s.Metering.LastOutcome(ctx); last != outcome || err != nil {
			t.Errorf("the newest came to %q, %v; want %q", last, err, outcome)
		}
	}
	step("att_1", "refused", metering.Parked)
	asked(true)(s.Metering.Refuses(ctx, r.Product, "X"))
	asked(false)(s.Metering.Refuses(ctx, r.Product, "Y"))
	asked(false)(s.Metering.Refuses(ctx, "other", "X"))
	asked(true)(s.Metering.Overdue(ctx, r.Deadline.Add(time.Second), 1))
	asked(false)(s.Metering.Overdue(ctx, r.Deadline, 1))
	asked(false)(s.Metering.Overdue(ctx, r.Deadline.Add(time.Second), 9))
	step("att_2", "answered", metering.Honoured)
	asked(false)(s.Metering.Refuses(ctx, r.Product, "X"))
	asked(false)(s.Metering.Overdue(ctx, r.Deadline.Add(time.Second), 1))
}

// recordOf is a record that waits.
func recordOf(l core.LicenseID, d core.Dimension, h core.Hour) metering.Record {
	return metering.Record{ID: metering.FirstID(h) + string(l), License: l, Dimension: d, Hour: h, Product: "prod", Per: usage.Whole(1), State: metering.Waiting, Since: noon,
		Expires: noon.Add(time.Hour), Deadline: noon.Add(time.Hour), RetryAt: noon, Limit: 25, Line: metering.Line{Timestamp: metering.Second(noon.Unix()), Dimension: d, Quantity: 1}}
}
