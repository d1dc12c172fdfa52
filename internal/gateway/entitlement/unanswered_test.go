package entitlement_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// watched lets the shop's alerts be looked at, too.
func (s *shop) watched() {
	s.t.Helper()
	stands := map[outbox.Kind]func(context.Context, alert.Alert) (bool, error){}
	for _, k := range alert.Kinds() {
		if a := (alert.Alert{Finding: alert.Finding{Kind: k}}); a.Lasts() {
			stands[k] = s.keeper.Stale
		}
	}
	log := slog.New(slog.DiscardHandler)
	alerts := alert.New(alert.Config{Store: s.db.Alerts(), Clock: s.clk, Log: log, Stands: stands})
	s.runner = job.New(s.clk, log, s.book.Job(), s.keeper.Job(), alerts.Job())
}

func (s *shop) alerts() []alert.Alert {
	s.t.Helper()
	all, err := s.db.Alerts().Alerts(s.t.Context(), alert.Query{Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *shop) raised(want int, state alert.State) (a alert.Alert) {
	s.t.Helper()
	all := s.alerts()
	if len(all) != want {
		s.t.Fatalf("at %s: %d alerts, want %d: %+v", s.clk.Now(), len(all), want, all)
	}
	if want > 0 {
		if a = all[0]; a.State != state || a.Kind != outbox.AlertEntitlementsStale {
			s.t.Fatalf("at %s: %+v, want it %s", s.clk.Now(), a, state)
		}
	}
	return a
}

// AWS cannot be asked for what was bought: that is told once for a product when it has lasted, and resolved by itself.
func TestEntitlementsThatGoStaleAreTold(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", Pricing: core.Contract}, core.Product{Code: "q", Pricing: core.Contract})
	s.watched()
	first := s.buy()
	s.told("n2", license.Activated, license.Ref{ProductCode: "p", ARN: arn + "-2", Customer: "444455556666", Agreement: "agmt-2"})
	s.told("n3", license.Activated, license.Ref{ProductCode: "q", ARN: arn + "-3", Customer: "444455556666", Agreement: "agmt-3"})
	for _, a := range []core.LicenseARN{arn, arn + "-2"} {
		s.aws.has[entitlement.Subject{ProductCode: "p", ARN: a}] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(3)}}
	}
	s.aws.has[entitlement.Subject{ProductCode: "q", ARN: arn + "-3"}] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(3)}}
	s.until(noon.Add(24 * time.Hour)) // an ordinary day
	s.raised(0, "")

	l, _ := s.book.ByID(first)
	known, _ := s.keeper.Known(l)
	s.aws.down = away
	s.until(known.At.Add(2*time.Hour - time.Second))
	for _, a := range s.alerts() {
		if a.Since.Before(noon.Add(25 * time.Hour)) {
			t.Errorf("told too early: %+v", a)
		}
	}
	s.until(known.At.Add(4 * time.Hour))
	all := s.alerts()
	if len(all) != 2 || all[0].Product == all[1].Product {
		t.Fatalf("each product is a cause: %+v", all)
	}
	for _, a := range all {
		if a.State != alert.Raised || !strings.Contains(a.Say, "(aws_away)") || a.Do() == "" || a.Times > 3 {
			t.Errorf("%+v", a)
		}
		if a.Product == "p" && !strings.Contains(a.Say, "2 licences of the product p") {
			t.Errorf("it does not say how many: %s", a.Say)
		}
	}
	if n, since := s.keeper.Unanswered(""); n != 3 || since.After(known.At) {
		t.Errorf("%d licences since %s", n, since)
	}
	if v := s.check(first, "seats", 2); !v.Allowed || !v.AsOf.Equal(known.At) {
		t.Errorf("the check goes on with what is known, and says since when: %+v", v)
	}

	s.start() // a process that dies finds it as it was
	s.watched()
	s.until(known.At.Add(5 * time.Hour))
	if n, _ := s.keeper.Unanswered("p"); n != 2 || len(s.alerts()) != 2 {
		t.Errorf("after a restart: %d licences, %+v", n, s.alerts())
	}

	s.aws.down = nil
	s.until(known.At.Add(6 * time.Hour))
	for _, a := range s.alerts() {
		if a.State != alert.Resolved {
			t.Errorf("AWS answers again: %+v", a)
		}
	}
	if n, _ := s.keeper.Unanswered(""); n != 0 {
		t.Errorf("%d licences", n)
	}
}

// What was bought is not known at all, as nothing was asked with success since: whoever bought it waits.
func TestNothingKnownOfAPurchaseIsToldSooner(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", Pricing: core.Contract})
	s.watched()
	s.aws.down = away
	s.buy()
	s.until(noon.Add(patience - time.Minute))
	s.raised(0, "")
	s.until(noon.Add(patience + 16*time.Minute)) // the next attempt
	s.raised(1, alert.Raised)

	// It is over: nobody is to be asked any more.
	s.told("n2", license.Deprovisioned, license.Ref{ProductCode: "p", ARN: arn, Customer: "111122223333", Agreement: "agmt-1"})
	s.until(noon.Add(patience + 16*time.Minute + 90*time.Minute))
	s.raised(1, alert.Resolved)
}

// One failure after a gateway stood still is no alarm, however old the answer is by then.
func TestOneFailureAfterALongPauseIsNoAlarm(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", Pricing: core.Contract})
	s.watched()
	s.buy()
	s.work()
	s.clk.Set(noon.Add(72 * time.Hour))
	s.aws.down = away
	s.start()
	s.watched()
	s.work()
	s.raised(0, "")
	s.until(noon.Add(72*time.Hour + 10*time.Minute))
	s.raised(0, "")
	s.until(noon.Add(72*time.Hour + 40*time.Minute))
	s.raised(1, alert.Raised)
}

const patience = time.Hour
