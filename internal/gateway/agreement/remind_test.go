package agreement_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// ends lets agmt-1 be a contract that began at noon and ends then, and its licence be active.
func (s *shop) ends(after time.Duration) {
	s.t.Helper()
	a := running(0)
	a.EndsAt, a.AtEnd = noon.Add(after), "RENEW"
	s.aws.has = []agreement.Agreement{a}
	s.activated(a.ID, 0)
	s.until(time.Hour)
}

// changes is what AWS has from now on, and whether its lists show it.
func (s *shop) changes(f func(*agreement.Agreement)) {
	a := &s.aws.has[0]
	f(a)
	a.UpdatedAt = s.clk.Now()
}

// reminders are those that were told: on which day after noon, and of how many days before which.
func (s *shop) reminders() string {
	s.t.Helper()
	events, err := s.db.Outbox().Unspread(s.t.Context(), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, e := range events {
		var told agreement.Ending
		if e.Kind != outbox.AgreementEnding {
			continue
		}
		if err := json.Unmarshal(e.Data, &told); err != nil || told.License != e.License || told.Agreement != "agmt-1" || told.FreeTrial || told.Negotiated {
			s.t.Errorf("%s, %v", e.Data, err)
		}
		all = append(all, fmt.Sprintf("%d: %d before %d, %s", e.At.Sub(noon)/day, told.DaysBefore, told.EndsAt.Sub(noon)/day, strings.ToLower(told.AtEnd)))
	}
	return strings.Join(all, "; ")
}

func TestReminders(t *testing.T) {
	for name, c := range map[string]struct {
		span  time.Duration
		story func(*shop)
		want  string
	}{
		"each once, across restarts": {100 * day, func(s *shop) {
			for n := range 11 {
				s.until(time.Duration(n+1) * 10 * day)
				s.start()
			}
		}, "70: 30 before 100, renew; 93: 7 before 100, renew"},
		"its renewal was switched off": {100 * day, func(s *shop) {
			s.until(80 * day)
			s.changes(func(a *agreement.Agreement) { a.AtEnd, a.AtEndWhy = "EXPIRE", "ACCEPTOR_RENEW_OPTED_OUT" })
			s.until(101 * day)
		}, "70: 30 before 100, renew; 93: 7 before 100, expire"},
		"it was cancelled a moment before, and nobody said so": {100 * day, func(s *shop) {
			s.until(70*day - time.Minute)
			s.changes(func(a *agreement.Agreement) { a.Status = agreement.Cancelled })
			s.until(101 * day)
		}, ""},
		"its end moved": {100 * day, func(s *shop) {
			s.until(70*day - time.Minute)
			s.changes(func(a *agreement.Agreement) { a.EndsAt = noon.Add(200 * day) })
			s.until(201 * day)
		}, "170: 30 before 200, renew; 193: 7 before 200, renew"},
		"time made a leap": {100 * day, func(s *shop) {
			s.clk.Set(noon.Add(96 * day))
			s.until(101 * day)
		}, "96: 7 before 100, renew"},
		"time leapt past the end": {100 * day, func(s *shop) {
			s.clk.Set(noon.Add(101 * day))
			s.until(102 * day)
		}, ""},
		"a month has one": {30 * day, func(s *shop) { s.until(31 * day) }, "23: 7 before 30, renew"},
		"a week has none": {7 * day, func(s *shop) { s.until(8 * day) }, ""},
		"AWS is away": {100 * day, func(s *shop) {
			s.until(69 * day)
			s.aws.down = fail.New(fail.Later, "test", "away")
			s.until(72 * day)
			s.aws.down = nil
			s.until(101 * day)
		}, "72: 30 before 100, renew; 93: 7 before 100, renew"},
		"AWS knows it no more": {100 * day, func(s *shop) {
			s.until(70*day - time.Minute)
			s.aws.has = nil
			s.until(101 * day)
		}, ""},
		"it has ended here": {100 * day, func(s *shop) {
			s.until(50 * day)
			s.ended(50 * day)
			s.until(101 * day)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, core.Product{Code: "p", ID: "prod-1", Title: "P"})
			s.ends(c.span)
			c.story(s)
			if got := s.reminders(); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}
