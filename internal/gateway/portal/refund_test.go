package portal

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
)

func TestTheRefundPageKnowsThe48Hours(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	path := "/portal/licenses/" + b.license() + "/refund"
	if a := b.get(path); !a.Page.Has("p", "AWS has not confirmed your purchase yet") {
		t.Errorf("%s", a.Page.Text())
	}
	s.tell(license.Activated, buyer(1))
	for _, c := range []struct {
		at   time.Duration
		says string
	}{
		{47*time.Hour + 59*time.Minute, "You can ask until 3 Nov 2026, 12:00 UTC"},
		{48 * time.Hour, "They ended on 3 Nov 2026, 12:00 UTC"},
	} {
		s.clk.Set(noon.Add(c.at))
		if a := b.signsInAgain(ada).get(path); a.Code != http.StatusOK || !a.Page.Has("p", c.says) || !a.Page.Has("a[href="+DefaultAWSSupportURL+"]", "AWS Support") || !a.Page.Has("p", "three to five business days") {
			t.Errorf("after %s: %d %s", c.at, a.Code, a.Page.Text())
		}
	}
}

// signsInAgain signs the browser in anew: sessions end while the clock is moved.
func (b *browser) signsInAgain(who map[string]string) *browser {
	b.s.t.Helper()
	if a := b.get("/portal"); a.Code == http.StatusSeeOther {
		b.post("/signin", b.fill(b.get("/signin"), "/signin", map[string]string{"email": who["email"], "password": who["password"]}))
	}
	return b
}

// statementsOf makes statements that say what they are of.
type statementsOf struct{}

func (statementsOf) Statement(_ context.Context, l license.License, month string, now time.Time) ([]byte, error) {
	if _, err := time.Parse("2006-01", month); err != nil {
		return nil, fail.New(fail.Invalid, "month", "That is no month; write it like 2026-11.")
	}
	return fmt.Appendf(nil, "%s,%s,%s\r\n", l.ID, month, now.Format(time.RFC3339)), nil
}

func TestStatementsAreTheCustomersToKeep(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Statements = statementsOf{} })
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	page := "/portal/licenses/" + b.license()
	if a := b.get(page); a.Page.Has("h2", "Statements") {
		t.Error("there are statements of a subscription that has not begun")
	}
	s.tell(license.Activated, buyer(1))
	s.clk.Set(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
	b.signsInAgain(ada)
	a := b.get(page)
	if links := a.Page.All("a[download]"); len(links) != 3 || links[0].Attr("href") != page+"/statements/2027-01" || links[2].Attr("href") != page+"/statements/2026-11" {
		t.Errorf("%d statements are offered: %s", len(links), a.Page.Text())
	}
	a = b.get(page + "/statements/2026-11")
	if want := b.license() + ",2026-11,2027-01-02T00:00:00Z\r\n"; a.Code != http.StatusOK || a.Body != want || a.Header.Get("Content-Disposition") != `attachment; filename="statement-`+b.license()+`-2026-11.csv"` {
		t.Errorf("%d %q %v; want %q", a.Code, a.Body, a.Header, want)
	}
	if a := b.get(page + "/statements/yesterday"); a.Code != http.StatusBadRequest {
		t.Errorf("%d", a.Code)
	}
}
