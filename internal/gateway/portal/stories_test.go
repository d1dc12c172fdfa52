package portal

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
	"souk.dev/souk/internal/webui/webuitest"
)

// What the tests play with is what the samples show.
const (
	inkCode    = sampleInk
	metricCode = sampleMetric
	nibCode    = sampleNib
)

var (
	noon      = sampleNow
	catalogue = sampleProducts
	seller    = sampleSeller
)

func renderer(t *testing.T) *webui.Renderer {
	t.Helper()
	p, err := New(Config{BaseURL: "http://127.0.0.1:4710", Seller: seller, Products: catalogue})
	if err != nil {
		t.Fatal(err)
	}
	return p.ui.common
}

func TestEveryPageKeepsTheRulesAndHasAStory(t *testing.T) {
	r := renderer(t)
	book := r.Storybook(samples()...)
	told := map[string]bool{}
	for _, s := range samples() {
		told[s.Page] = true
		t.Run(s.Name, func(t *testing.T) {
			w := httptest.NewRecorder()
			book.ServeHTTP(w, httptest.NewRequest("GET", "/"+s.Name, nil))
			if w.Code != http.StatusOK {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			page := webuitest.Parse(t, w.Body)
			webuitest.Check(t, page)
			if s.Page != "problem" && !page.Has("a", seller.SupportEmail) {
				t.Error("the page offers no contact")
			}
		})
	}
	for _, name := range r.Pages() {
		if !told[name] {
			t.Errorf("page %s has no story", name)
		}
	}
}

func TestEveryStateIsSaidInPlainWords(t *testing.T) {
	for _, s := range []license.State{license.Pending, license.Active, license.WindingDown, license.Ended, license.Failed} {
		if _, ok := wording[s]; !ok {
			t.Errorf("%s has no words", s)
		}
	}
	if wordsFor(license.Standing{}).Label != wording[license.Pending].Label {
		t.Error("a licence of which nothing is known is not shown as waiting")
	}
}

func TestEveryEndIsSaidAsAWSSaysIt(t *testing.T) {
	over := license.Standing{State: license.Ended, ActivatedAt: noon, OpensAt: noon.Add(time.Hour), ClosesAt: noon.Add(2 * time.Hour), Since: noon.Add(2 * time.Hour)}
	running := over
	running.State, running.Since = license.WindingDown, running.OpensAt
	titles := map[string]bool{}
	for _, why := range []license.EndReason{license.Cancelled, license.Expired, license.Terminated, license.Renewed, license.Replaced} {
		running.EndReason, over.EndReason = why, why
		r, o := wordsFor(running), wordsFor(over)
		if !strings.Contains(r.Text, "on 1 November 2026, 13:00 UTC") || !strings.Contains(r.Text, "still billed") || !strings.Contains(o.Text, "on 1 November 2026, 13:00 UTC") || !strings.Contains(o.Text, "no more access") {
			t.Errorf("%s: %+v, %+v", why, r, o)
		}
		if titles[r.Title] || titles[r.Text] || titles[o.Text] {
			t.Errorf("%s is told as another end is: %+v, %+v", why, r, o)
		}
		titles[r.Title], titles[r.Text], titles[o.Text] = true, true, true
	}
	running.ActivatedAt = time.Time{}
	if w := wordsFor(running); strings.Contains(w.Text, "finish what you are doing") {
		t.Errorf("it never gave access: %+v", w)
	}
}

func TestEveryFailureOfTheLandingPageHasItsOwnPage(t *testing.T) {
	seen := map[string]string{}
	for code, problem := range landingProblems {
		if other, twice := seen[problem.Title]; twice {
			t.Errorf("%s and %s say the same", code, other)
		}
		seen[problem.Title] = code
		if problem.Status < 400 || problem.Say == "" {
			t.Errorf("%s: %+v", code, problem)
		}
	}
	if got := problemOfLanding(fail.New(fail.Later, "x", "y")); got != landingLater {
		t.Errorf("%+v", got)
	}
	if got := problemOfLanding(http.ErrBodyNotAllowed); got != landingInternal {
		t.Errorf("%+v", got)
	}
	if got := problemOfLanding(fail.New(fail.Invalid, register.TokenExpired, "")); got.Status != http.StatusGone || !got.Return {
		t.Errorf("%+v", got)
	}
}
