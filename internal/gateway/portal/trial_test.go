package portal

import (
	"context"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/license"
)

// trials are free trials by the ARN of their licence's buyer.
type trials map[string]agreement.Trial

func (ts trials) TrialOf(_ context.Context, l license.License, now time.Time) (agreement.Trial, bool, error) {
	t, ok := ts[string(l.ARN)]
	return t, ok && now.Before(t.Until), nil
}

func TestATrialSaysUntilWhenAndWhatThen(t *testing.T) {
	ts := trials{string(buyer(1).ARN): {Until: noon.Add(5 * time.Hour)}, string(buyer(2).ARN): {Until: noon.Add(5 * time.Hour), Ends: true}}
	s := newSite(t, func(c *Config) { c.Trials = ts })
	for i, then := range []string{"charged on your AWS bill", "The subscription ends with it", ""} {
		s.clk.Set(noon)
		s.sells("tok", buyer(i+1))
		b := s.browser()
		b.signUp("tok", with(ada, "email", string(rune('a'+i))+"@example.com"))
		home := "/portal/licenses/" + string(s.registrations()[i].License)
		if a := b.get(home); a.Page.Has("div#trial", "") {
			t.Errorf("%d: a trial is promised before AWS has said that it runs: %s", i, a.Page.Text())
		}
		s.tell(license.Activated, buyer(i+1))
		a := b.get(home)
		if then == "" {
			if a.Page.Has("div#trial", "") {
				t.Errorf("%s", a.Page.Text())
			}
			continue
		}
		if !a.Page.Has("p", "Free trial until 1 Nov 2026, 17:00 UTC") || !a.Page.Has("p", then) {
			t.Errorf("%d: %s", i, a.Page.Text())
		}
		s.clk.Set(noon.Add(5 * time.Hour))
		if a := b.get(home); a.Page.Has("div#trial", "") {
			t.Errorf("%d: it is over, and shown: %s", i, a.Page.Text())
		}
	}
}
