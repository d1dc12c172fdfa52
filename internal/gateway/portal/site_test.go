package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/webui/webuitest"
)

// aws stands for AWS's side of ResolveCustomer. Its messages quote the token, as a service's may.
type aws struct {
	mu     sync.Mutex
	buyers map[string]license.Buyer // by token
	fault  func(call int) string    // the error to answer with instead; "" for none
	calls  int
}

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	var in struct{ RegistrationToken string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != contract.Operations["ResolveCustomer"].Target {
		http.Error(w, "not what the SDK sends", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	code := ""
	if a.fault != nil {
		code = a.fault(a.calls)
	}
	buyer, known := a.buyers[in.RegistrationToken]
	if code == "" && !known {
		code = contract.InvalidToken
	}
	if code != "" {
		status := http.StatusBadRequest
		if code == contract.InternalServiceError {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": fmt.Sprintf("token %q (%s) is refused", in.RegistrationToken, in.RegistrationToken[:min(20, len(in.RegistrationToken))])})
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"ProductCode": string(buyer.ProductCode), "LicenseArn": string(buyer.ARN),
		"CustomerAWSAccountId": string(buyer.Customer), "CustomerIdentifier": string(buyer.CustomerIdentifier)})
}

// site is a portal with everything real but AWS.
type site struct {
	*httptest.Server
	t        *testing.T
	dir      string
	clk      *clock.Virtual
	aws      *aws
	log      *bytes.Buffer
	db       *store.DB
	book     *license.Book
	register *register.Service
	accounts *account.Service
	portal   *Portal
}

type lockedBuffer struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	return newSiteOf(t, catalogue, change...)
}

// localhost, as a site's base URL, is its own port of this machine: a name for which browsers make passkeys.
const localhost = "http://localhost:0"

// newSiteOf is newSite of a seller with other products.
func newSiteOf(t *testing.T, catalogue core.Catalogue, change ...func(*Config)) *site {
	t.Helper()
	s := &site{t: t, dir: storetest.Dir(t), clk: clock.NewVirtual(noon), aws: &aws{buyers: map[string]license.Buyer{}}, log: &bytes.Buffer{}}
	log := slog.New(slog.NewJSONHandler(&lockedBuffer{b: s.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cloud := httptest.NewServer(s.aws)
	t.Cleanup(cloud.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	s.db = storetest.OpenURL(t, storetest.File(t, filepath.Join(s.dir, "souk.db")))
	s.book, err = license.OpenBook(t.Context(), s.db.Licenses(), s.clk, catalogue)
	must(err)
	settings, err := awsapi.Load(t.Context(), awsapi.Settings{Endpoint: cloud.URL, Region: "us-east-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	must(err)
	s.register = register.New(s.db.Registrations(), s.book, awsapi.NewResolver(settings, log), catalogue, s.clk, log)
	s.accounts = account.New(s.db.Accounts(), s.clk, log)
	box, err := seal.New(t.Context(), s.db.Settings(), s.clk)
	must(err)
	config := Config{BaseURL: "http://127.0.0.1:4710", MarketplaceURL: "http://127.0.0.1:4700/subscriptions", Products: catalogue, Seller: seller,
		Register: s.register, Delegation: register.NewDelegation(s.register, s.db.Registrations(), box, seal.Expired, s.accounts), Accounts: s.accounts, Seal: box, Clock: s.clk, Log: log}
	for _, f := range change {
		f(&config)
	}
	s.Server = httptest.NewUnstartedServer(nil)
	if config.BaseURL == localhost {
		_, port, err := net.SplitHostPort(s.Listener.Addr().String())
		must(err)
		config.BaseURL = strings.Replace(localhost, ":0", ":"+port, 1)
	}
	s.portal, err = New(config)
	must(err)
	mux := http.NewServeMux()
	s.portal.Mount(mux)
	s.Config.Handler = mux
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func buyer(n int) license.Buyer {
	return license.Buyer{ProductCode: inkCode, Customer: "111122223333",
		ARN: coreARN(n)}
}

// sells makes AWS know token as n's purchase.
func (s *site) sells(token string, b license.Buyer) {
	s.aws.mu.Lock()
	defer s.aws.mu.Unlock()
	s.aws.buyers[token] = b
}

// tell applies AWS's notice of kind for the licence of b.
func (s *site) tell(kind license.Kind, b license.Buyer) {
	s.t.Helper()
	_, err := s.book.Note(s.t.Context(), license.Note{ID: fmt.Sprint(kind, s.clk.Now()), Kind: kind, At: s.clk.Now(),
		About: license.Ref{ProductCode: b.ProductCode, ARN: b.ARN, Customer: b.Customer}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// browser keeps cookies and does not follow redirects by itself.
type browser struct {
	s      *site
	client *http.Client
	heard  *bytes.Buffer // every answer, headers and body
	agent  string        // its User-Agent; empty: Go's
}

func (s *site) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{s: s, heard: &bytes.Buffer{}, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a browser got.
type answer struct {
	Code     int
	Location string
	Header   http.Header
	Page     webuitest.Node
	Body     string
}

func (b *browser) do(req *http.Request) answer {
	b.s.t.Helper()
	if b.agent != "" {
		req.Header.Set("User-Agent", b.agent)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	fmt.Fprintf(b.heard, "%s %s\n%v\n%s\n", req.Method, req.URL, resp.Header, body)
	a := answer{Code: resp.StatusCode, Location: resp.Header.Get("Location"), Header: resp.Header, Body: string(body)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		a.Page = webuitest.Parse(b.s.t, bytes.NewReader(body))
	}
	return a
}

func (b *browser) get(path string) answer {
	b.s.t.Helper()
	req, err := http.NewRequestWithContext(b.s.t.Context(), "GET", b.s.URL+path, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.do(req)
}

// post sends a form from one of our own pages.
func (b *browser) post(path string, form url.Values) answer {
	b.s.t.Helper()
	req, err := http.NewRequestWithContext(b.s.t.Context(), "POST", b.s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.s.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// land has the browser send what AWS Marketplace's page sends, from there.
func (b *browser) land(token string) answer {
	b.s.t.Helper()
	form := url.Values{contract.TokenField: {token}}
	req, err := http.NewRequestWithContext(b.s.t.Context(), "POST", b.s.URL+"/register", strings.NewReader(form.Encode()))
	if err != nil {
		b.s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("Origin", "https://aws.amazon.com")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.do(req)
}

// fill is the form at action on the page a, with what is entered.
func (b *browser) fill(a answer, action string, entered map[string]string) url.Values {
	b.s.t.Helper()
	form := a.Page.Form(b.s.t, action).Fields()
	for name, value := range entered {
		if !form.Has(name) {
			b.s.t.Fatalf("the form %s has no field %s", action, name)
		}
		form.Set(name, value)
	}
	return form
}

var ada = map[string]string{"email": "Ada.Lovelace@gmail.com", "name": "Ada Lovelace", "company": "", "password": "correct horse battery"}

// signUp lands with token, fills in the form and follows to the subscription's page.
func (b *browser) signUp(token string, entered map[string]string) answer {
	b.s.t.Helper()
	b.goes(b.land(token), "/register/account")
	a := b.post("/register/signup", b.fill(b.get("/register/account"), "/register/signup", entered))
	if a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/portal/licenses/") {
		b.s.t.Fatalf("sign-up answers %d %s: %s", a.Code, a.Location, a.Body)
	}
	return b.get(a.Location)
}

// goes fails the test unless a is a redirect to path.
func (b *browser) goes(a answer, path string) {
	b.s.t.Helper()
	if a.Code != http.StatusSeeOther || a.Location != path {
		text := a.Body
		if a.Page.Node != nil {
			text = a.Page.Text()
		}
		b.s.t.Fatalf("answered %d %q, want a redirect to %q: %.500s", a.Code, a.Location, path, text)
	}
}

// registrations lists all, in the order of the buyers' numbers.
func (s *site) registrations() []register.Registration {
	s.t.Helper()
	regs, err := s.register.Registrations(s.t.Context(), register.Query{Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(regs, func(a, b register.Registration) int { return strings.Compare(string(a.Buyer.ARN), string(b.Buyer.ARN)) })
	return regs
}
