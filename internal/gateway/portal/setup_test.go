package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

// manual makes the catalogue's first product one whose accounts are made ready by hand.
var manual = func() core.Catalogue {
	products := append(core.Catalogue{}, catalogue...)
	products[0].ManualSetup = core.ManualSetup{Within: 48 * time.Hour, Message: "Our team makes your workspace.\nThen we call you."}
	return products
}()

func TestAnAccountThatIsMadeReadyByHand(t *testing.T) {
	s := newSiteOf(t, manual)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	page := b.signUp("tok-1", ada)
	if !page.Page.Has("p", "We contact you by 3 Nov 2026, 12:00 UTC") || !page.Page.Has("p.lines", "Our team makes your workspace.") || !page.Page.Has("p", "Your registration is complete") {
		t.Fatalf("%s", page.Page.Text())
	}
	reg := s.registrations()[0]
	home := "/portal/licenses/" + string(reg.License)
	s.tell(license.Activated, buyer(1))
	// AWS says that it is active; there is nothing to open yet.
	for _, path := range []string{home, "/portal"} {
		if a := b.get(path); !a.Page.Has("span", "Being set up") || a.Page.Has("a", "Open Inkwell Pages") {
			t.Errorf("%s: %s", path, a.Page.Text())
		}
	}
	signIn := "/signin?" + url.Values{"product": {string(inkCode)}, "return": {"http://127.0.0.1:4720/"}}.Encode()
	b.goes(b.get(signIn), home)

	s.clk.Set(noon.Add(49 * time.Hour)) // the session is over
	late := s.browser()
	late.goes(late.signIn(ada["email"], ada["password"]), "/portal")
	if a := late.get(home); !a.Page.Has("p", "We should have contacted you by") || !a.Page.Has("a", seller.SupportEmail) {
		t.Errorf("%s", a.Page.Text())
	}

	if got, err := s.register.MakeReady(t.Context(), reg.ID); err != nil || got.Standing().State != register.Complete {
		t.Fatalf("%+v, %v", got, err)
	}
	if a := late.get(home); !a.Page.Has("a", "Open Inkwell Pages") || a.Page.Has("p", "contacted you") {
		t.Errorf("%s", a.Page.Text())
	}
	if a := late.get(signIn); a.Code != http.StatusSeeOther || !strings.Contains(a.Location, HandleParameter) {
		t.Errorf("%d %s", a.Code, a.Location)
	}
}

// What is over, or ending, is said to be that, whoever has been slow.
func TestNothingIsSetUpForWhatIsOver(t *testing.T) {
	s := newSiteOf(t, manual)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	home := "/portal/licenses/" + string(s.registrations()[0].License)
	s.tell(license.Activated, buyer(1))
	s.tell(license.Deprovisioned, buyer(1))
	if a := b.get(home); !a.Page.Has("p", "Cancellation in progress") || a.Page.Has("p", "We contact you") {
		t.Errorf("%s", a.Page.Text())
	}
	s.clk.Set(noon.Add(2 * time.Hour))
	if a := b.get(home); !a.Page.Has("p", "This subscription has ended") || a.Page.Has("p", "We contact you") {
		t.Errorf("%s", a.Page.Text())
	}
}
