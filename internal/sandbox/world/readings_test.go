package world

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/profile"
)

// Ten days and an hour into a year: whole days are those that have not begun.
func TestReadingsOfAProratedRefund(t *testing.T) {
	for value, want := range map[string]string{profile.ByInstant: "33.01", profile.ByDay: "36.16"} {
		m := open(t, map[string]string{string(profile.RefundProration): value})
		a, _ := m.paid() // 1200
		m.until(a.StartTime.Add(10*day + time.Hour))
		if _, err := m.Refund(m.now, a.AgreementID, Refund{Kind: ProratedRefund}); err != nil {
			t.Fatal(err)
		}
		if got := m.owed(); got != want {
			t.Errorf("%s: %s to pay, want %s", value, got, want)
		}
	}
}

// A metering error of November is refunded three business days after its invoice, or after its request.
func TestReadingsOfWhenARefundComes(t *testing.T) {
	for value, want := range map[string]time.Time{
		profile.FromGrant:   time.Date(2026, 12, 4, 6, 0, 0, 0, time.UTC),
		profile.FromRequest: time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC), // the days were over before the invoice came
	} {
		m := open(t, map[string]string{string(profile.RefundDays): "3", string(profile.RefundFrom): value})
		a := m.buy(inkwell)
		m.pass(time.Hour)
		if err := m.meter(a, "pages", 100); err != nil {
			t.Fatal(err)
		}
		c, err := m.OpenCase(m.now, NewCase{AgreementID: a.AgreementID, Kind: MeteringError, Month: "2026-11"})
		if err != nil {
			t.Fatal(err)
		}
		m.until(time.Date(2026, 12, 10, 6, 0, 0, 0, time.UTC))
		if got, _ := m.Case(c.CaseID); !got.ClosedAt.Equal(want) || got.Status != CaseCompleted {
			t.Errorf("%s: %s at %s, want %s", value, got.Status, got.ClosedAt, want)
		}
	}
}

// The published calendar of federal holidays, of a year that begins on a Friday and of one whose New Year's Day is observed
// in the year before.
func TestFederalHolidays(t *testing.T) {
	for year, want := range map[int][]string{
		2021: {"01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"},
		2027: {"01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"},
		2026: {"01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"},
	} {
		var got []string
		for d := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if federalHoliday(d) {
				got = append(got, d.Format("01-02"))
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d: %q, want %q", year, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%d: %q, want %q", year, got, want)
			}
		}
	}
	wednesday := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) // the day before Thanksgiving
	for value, want := range map[string]int{profile.NoHolidays: 26, profile.UnitedStates: 27} {
		m := open(t, map[string]string{string(profile.Holidays): value})
		if got := m.afterWorkdays(wednesday, 1); got.Day() != want {
			t.Errorf("%s: a business day later it is %s", value, got)
		}
	}
}

func TestReadingsOfATrialsEnd(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{profile.Silence, "Created@11s Updated@1m12s"},
		{profile.ToldAgain, "Created@11s Updated@1m12s Updated@720h0m0s"},
	} {
		m := open(t, map[string]string{string(profile.TrialConversion): c.value})
		a := m.acceptOffer(acme, inkwell, trialOffer)
		if got := a.TrialEndsAt.Sub(a.StartTime); got != 720*time.Hour {
			t.Fatalf("the trial lasts %s", got)
		}
		m.until(a.TrialEndsAt.Add(time.Hour))
		if got := m.kinds(); got != c.want {
			t.Errorf("%s: %s, want %s", c.value, got, c.want)
		}
	}
}

// By topic, subscribe-success comes with the trial's flag, and then without it.
func TestATrialsEndByTopic(t *testing.T) {
	m := open(t, map[string]string{string(profile.TrialConversion): profile.ToldAgain})
	p, err := m.Product("1nkwe11c1ass1c0abcdefghij")
	if err != nil {
		t.Fatal(err)
	}
	a := m.accepts(acme, m.offer(Offer{ProductID: p.ProductID, Public: true, Terms: OfferTerms{Usage: &UsageTerm{Rates: map[string]decimal.Decimal{"pages": decimal.New(2, -2)}},
		Trial: &TrialTerm{Duration: "P14D"}}}))
	m.until(a.TrialEndsAt)
	var flags []bool
	for _, n := range m.told {
		if s, ok := n.(SubscribeSuccess); ok {
			flags = append(flags, s.FreeTrial)
		}
	}
	if len(flags) != 2 || !flags[0] || flags[1] {
		t.Errorf("isFreeTrialTermPresent was %v", flags)
	}
}

func TestReadingsOfEarlyEntitlements(t *testing.T) {
	for value, want := range map[string]int{profile.Absent: 0, profile.Listed: 1} {
		m := open(t, map[string]string{string(profile.EarlyEntitlements): value})
		m.sign(teams, map[string]int64{"seats": 3}, "P12M", false)
		count := func() int {
			all, err := m.Entitlements(teams, EntitlementFilter{Now: m.now})
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if got := count(); got != want {
			t.Errorf("%s: %d entitlements before the license is provisioned", value, got)
		}
		m.pass(2 * time.Minute)
		if got := count(); got != 1 {
			t.Errorf("%s: %d entitlements after", value, got)
		}
	}
}

func TestReadingsOfWhatAgreementEventsName(t *testing.T) {
	for value, want := range map[string]Names{profile.AgreementOnly: {}, profile.WithProduct: {Product: true}, profile.WithLicense: {Product: true, License: true}} {
		m := open(t, map[string]string{string(profile.AgreementNames): value})
		a := m.buy(inkwell)
		m.pass(time.Hour)
		if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Hour)
		said := 0
		for _, n := range m.told {
			var got Names
			switch n := n.(type) {
			case AgreementCreated:
				got = n.Names
			case AgreementEnded:
				got = n.Names
			default:
				continue
			}
			if said++; got != want {
				t.Errorf("%s: %T names %+v", value, n, got)
			}
		}
		if said != 2 {
			t.Errorf("%s: %d events", value, said)
		}
	}
}
