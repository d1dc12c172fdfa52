package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
)

// visitor is a browser on an Inkwell whose gateway is a fake.
type visitor struct {
	t       *testing.T
	gateway *clienttest.Server
	app     *App
	site    *httptest.Server
	hc      *http.Client
}

func visit(t *testing.T) *visitor {
	gateway := clienttest.New()
	t.Cleanup(gateway.Close)
	gateway.AddLicense(client.License{ID: "lic_1", State: client.Active, Why: "AWS says the subscription is active."})
	return visitAt(t, gateway, t.TempDir())
}

func visitAt(t *testing.T, gateway *clienttest.Server, dir string) *visitor {
	t.Helper()
	v := &visitor{t: t, gateway: gateway}
	v.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { v.app.Handler().ServeHTTP(w, r) }))
	t.Cleanup(v.site.Close)
	var err error
	v.app, err = New(Config{Gateway: gateway.URL, APIKey: clienttest.Key, Products: []string{"code", "classic"}, Dimension: "pages", URL: v.site.URL, Marketplace: "https://market.example", Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	v.hc = &http.Client{Jar: jar}
	return v
}

func (v *visitor) read(res *http.Response, err error) (int, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.hc.Get(v.site.URL + path))
}

func (v *visitor) post(path string, form url.Values) (int, string) {
	v.t.Helper()
	return v.read(v.hc.PostForm(v.site.URL+path, form))
}

// signIn goes the way over the gateway, whose part is played here.
func (v *visitor) signIn(account string) {
	v.t.Helper()
	stay := *v.hc
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := stay.Get(v.site.URL + "/signin")
	if err != nil {
		v.t.Fatal(err)
	}
	res.Body.Close()
	to, err := res.Location()
	if err != nil || !strings.HasPrefix(to.String(), v.gateway.URL+"/signin?") || to.Query().Get("product") != "code" {
		v.t.Fatalf("sent to %v, %v; want the gateway's sign-in for the product", to, err)
	}
	back, err := url.Parse(to.Query().Get("return"))
	if err != nil {
		v.t.Fatal(err)
	}
	v.gateway.AddSignIn("handle-"+account, client.SignIn{Account: client.Account{ID: account, Email: account + "@example.com"}, Person: client.Person{Email: account + "@example.com"}, Licenses: []client.License{{ID: "lic_1", State: client.Active}}})
	q := back.Query()
	q.Set(client.SignInParam, "handle-"+account)
	back.RawQuery = q.Encode()
	if status, page := v.read(v.hc.Get(back.String())); status != http.StatusOK || !strings.Contains(page, account+"@example.com") {
		v.t.Fatalf("after signing in: %d\n%s", status, page)
	}
}

var draftField = regexp.MustCompile(`name="draft" value="([^"]+)"`)

func (v *visitor) draft() string {
	v.t.Helper()
	_, page := v.get("/")
	m := draftField.FindStringSubmatch(page)
	if m == nil {
		v.t.Fatalf("the desk has no editor:\n%s", page)
	}
	return m[1]
}

func TestPublishCountsPages(t *testing.T) {
	v := visit(t)
	v.signIn("ada")
	text := "# Tides\n\n" + strings.Repeat("The sea comes in and the sea goes out again. ", 80)
	form := url.Values{"draft": {v.draft()}, "text": {text}}
	status, page := v.post("/publish", form)
	if status != http.StatusOK || !strings.Contains(page, "Tides") {
		t.Fatalf("publish: %d\n%s", status, page)
	}
	sheets := strings.Count(page, `class="sheet"`)
	if sheets < 2 {
		t.Fatalf("%d sheets; the text was meant to fill more", sheets)
	}
	v.post("/publish", form) // the button pressed twice
	if total := v.gateway.Total("lic_1", "pages"); total != client.Whole(int64(sheets)) {
		t.Errorf("counted %s; want the %d pages that are shown, once", total, sheets)
	}
	if n := len(v.app.outbox.waiting()); n != 0 {
		t.Errorf("%d events wait; want none", n)
	}
	if _, desk := v.get("/"); !strings.Contains(desk, "№ 1") || strings.Contains(desk, "№ 2") {
		t.Error("the shelf does not hold the note once")
	}
}

func TestUsageSurvivesTheGatewaysAbsenceAndACrash(t *testing.T) {
	v := visit(t)
	dir := v.app.cfg.Data
	v.signIn("ada")
	draft := v.draft()
	v.gateway.Refuse(1000, http.StatusServiceUnavailable)
	if status, page := v.post("/publish", url.Values{"draft": {draft}, "text": {"# Hello"}}); status != http.StatusOK || !strings.Contains(page, "Hello") {
		t.Fatalf("publish while the gateway is away: %d\n%s", status, page)
	}
	if _, desk := v.get("/"); !strings.Contains(desk, "waits") {
		t.Error("the desk does not say that a publication waits to be counted")
	}
	v.gateway.Refuse(0, 0)

	again := visitAt(t, v.gateway, dir) // the process was killed and starts anew
	if err := again.app.outbox.report(t.Context(), again.app.patient, again.app.log); err != nil {
		t.Fatal(err)
	}
	if total := v.gateway.Total("lic_1", "pages"); total != "1" {
		t.Errorf("counted %s; want 1", total)
	}
	left, err := os.ReadDir(filepath.Join(dir, "outbox"))
	if err != nil || len(left) != 0 {
		t.Errorf("the outbox holds %v, %v; want nothing", left, err)
	}
}

func TestALostAnswerCountsOnce(t *testing.T) {
	v := visit(t)
	v.signIn("ada")
	draft := v.draft()
	// The first request of publishing asks for the license; from then on answers are lost until the app gives up.
	v.app.souk, _ = client.New(v.gateway.URL, clienttest.Key, client.WithRetries(1, time.Millisecond, time.Millisecond))
	v.gateway.LoseAnswers(2)
	v.post("/publish", url.Values{"draft": {draft}, "text": {"one page"}})
	if err := v.app.outbox.report(t.Context(), v.app.patient, v.app.log); err != nil {
		t.Fatal(err)
	}
	if total, events := v.gateway.Total("lic_1", "pages"), v.gateway.Events(); total != "1" || len(events) != 1 {
		t.Errorf("counted %s in %d events; want 1 in 1", total, len(events))
	}
}

func TestAccessFollowsTheLicense(t *testing.T) {
	end := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for state, want := range map[client.State]struct {
		editor bool
		says   string
	}{
		client.Pending:     {false, "Almost there"},
		client.Active:      {true, "AWS knows why"},
		client.WindingDown: {true, "1 November 2026, 12:00 UTC"},
		client.Ended:       {false, "Your subscription has ended"},
		client.Failed:      {false, "could not start"},
	} {
		t.Run(string(state), func(t *testing.T) {
			v := visit(t)
			v.signIn("ada")
			draft := v.draft()
			v.gateway.AddLicense(client.License{ID: "lic_1", State: state, Why: "AWS knows why.", By: &end})
			_, page := v.get("/")
			if !strings.Contains(page, want.says) || draftField.MatchString(page) != want.editor {
				t.Errorf("want %q and editor %v in\n%s", want.says, want.editor, page)
			}
			v.post("/publish", url.Values{"draft": {draft}, "text": {"one page"}})
			if counted := len(v.gateway.Events()) == 1; counted != want.editor {
				t.Errorf("published and counted: %v; want %v", counted, want.editor)
			}
		})
	}
}

func TestSignInBelongsToItsBrowser(t *testing.T) {
	v := visit(t)
	v.gateway.AddSignIn("stolen", client.SignIn{Account: client.Account{ID: "eve"}})
	if status, _ := v.get("/signed-in?state=guess&" + client.SignInParam + "=stolen"); status != http.StatusBadRequest {
		t.Errorf("a sign-in that this browser did not begin: %d; want 400", status)
	}
	if _, page := v.get("/"); strings.Contains(page, "Sign out") {
		t.Error("the visitor was signed in with another's link")
	}
}

func TestAccountsSeeOnlyTheirOwn(t *testing.T) {
	v := visit(t)
	v.signIn("ada")
	draft := v.draft()
	v.post("/publish", url.Values{"draft": {draft}, "text": {"# Secret"}})
	v.post("/signout", nil)
	if _, page := v.get("/"); strings.Contains(page, "Secret") {
		t.Error("a note is shown to nobody in particular")
	}
	v.signIn("eve")
	if status, _ := v.get("/notes/" + draft); status != http.StatusNotFound {
		t.Errorf("another's note: %d; want 404", status)
	}
	v.post("/publish", url.Values{"draft": {draft}, "text": {"mine now"}})
	if n := len(v.gateway.Events()); n != 1 {
		t.Errorf("%d events; a taken id must count nothing", n)
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	v := visit(t)
	v.signIn("ada")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, v.site.URL+"/signout", nil)
	req.Header.Set("Origin", "https://evil.example")
	if status, _ := v.read(v.hc.Do(req)); status != http.StatusForbidden {
		t.Errorf("a cross-site form: %d; want 403", status)
	}
}

func TestSignInFindsTheProductThatWasBought(t *testing.T) {
	v := visit(t)
	v.hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	follow := func(at string) *url.URL {
		res, err := v.hc.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		to, err := res.Location()
		if err != nil {
			t.Fatalf("%s leads nowhere: %v", at, err)
		}
		return to
	}
	to := follow(v.site.URL + "/signin")
	v.gateway.AddSignIn("none", client.SignIn{Account: client.Account{ID: "ada"}})
	to = follow(to.Query().Get("return") + "&" + client.SignInParam + "=none")
	if to.Query().Get("product") != "classic" {
		t.Fatalf("a person without the first product is sent to %s; want to be asked for the second", to)
	}
	v.gateway.AddSignIn("none either", client.SignIn{Account: client.Account{ID: "ada"}})
	if to = follow(to.Query().Get("return") + "&" + client.SignInParam + "=none+either"); to.Path != "/" {
		t.Errorf("a person without any is sent to %s; want the desk, which says so", to)
	}
}
