package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
	"souk.dev/souk/examples/pressroom/app"
)

// press is a Pressroom beside a gateway for tests.
type press struct {
	*httptest.Server
	t       *testing.T
	gateway *clienttest.Server
}

func open(t *testing.T) *press {
	t.Helper()
	p := &press{t: t, gateway: clienttest.New()}
	t.Cleanup(p.gateway.Close)
	p.Server = httptest.NewServer(app.New(p.gateway.Client(), "press", slog.New(slog.DiscardHandler)))
	t.Cleanup(p.Close)
	for _, n := range []string{"1", "2"} {
		p.gateway.AddLicense(client.License{ID: "lic_" + n, State: client.Active, Why: "AWS says so.", CustomerAWSAccountID: "11112222333" + n})
		p.gateway.AddRegistration("handle-"+n, client.Registration{ID: "reg_" + n, License: "lic_" + n, ProductCode: "press", CustomerAWSAccountID: "11112222333" + n})
	}
	p.gateway.AddRegistration("another product's", client.Registration{ID: "reg_9", License: "lic_9", ProductCode: "other"})
	return p
}

// person is a browser with cookies.
type person struct {
	p *press
	c *http.Client
}

func (p *press) person() person {
	jar, _ := cookiejar.New(nil)
	return person{p, &http.Client{Jar: jar}}
}

func (v person) read(res *http.Response, err error) (int, string) {
	v.p.t.Helper()
	if err != nil {
		v.p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (v person) arrives(handle string) (int, string) {
	v.p.t.Helper()
	return v.read(v.c.Get(v.p.URL + "/welcome?" + url.Values{client.RegistrationParam: {handle}}.Encode()))
}

func (v person) posts(path string, fields ...string) (int, string) {
	v.p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.read(v.c.PostForm(v.p.URL+path, form))
}

var ada = []string{"email", "ada@example.com", "name", "Ada <b>Lovelace</b>", "password", "correct horse battery"}

func TestFromTheHandleToTheAccount(t *testing.T) {
	p := open(t)
	v := p.person()
	if _, text := v.arrives("handle-1"); !strings.Contains(text, "111122223331") || !strings.Contains(text, "Create account") {
		t.Fatalf("the buyer is not welcomed: %s", text)
	}
	p.gateway.LoseAnswers(1) // completed, and nobody heard
	status, text := v.posts("/signup", ada...)
	if status != http.StatusOK || !strings.Contains(text, "Everything is ready") || strings.Contains(text, "<b>Lovelace") {
		t.Fatalf("%d %s", status, text)
	}
	// A second subscription, of another AWS account, by the same person: one account has both.
	again := p.person()
	again.arrives("handle-2")
	if status, text := again.posts("/signin", ada...); status != http.StatusOK || strings.Count(text, "Everything is ready") != 2 {
		t.Errorf("%d %s", status, text)
	}
	if all := p.gateway.Customers(); len(all) != 1 {
		t.Errorf("the gateway was told of %v; want one customer", all)
	}
}

func TestWhatDoesNotOpenAnAccount(t *testing.T) {
	p := open(t)
	for _, handle := range []string{"", "made up", "another product's"} {
		if status, text := p.person().arrives(handle); status != http.StatusBadRequest || !strings.Contains(text, "used up") {
			t.Errorf("%q: %d %s", handle, status, text)
		}
	}
	first, second := p.person(), p.person()
	first.arrives("handle-1")
	if status, _ := second.arrives("handle-1"); status != http.StatusBadRequest {
		t.Errorf("replayed: %d", status)
	}
	if status, text := second.posts("/signup", ada...); status != http.StatusBadRequest || !strings.Contains(text, "when you come from AWS Marketplace") {
		t.Errorf("an account without a purchase: %d %s", status, text)
	}
	first.posts("/signup", ada...)
	if status, _ := p.person().posts("/signin", "email", "ada@example.com", "password", "wrong password"); status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", status)
	}
	// The license is Ada's; nobody else gets it by coming with it once more.
	p.gateway.AddRegistration("handle-1b", client.Registration{ID: "reg_1"})
	eve := p.person()
	if _, text := eve.arrives("handle-1b"); !strings.Contains(text, "has an account already") {
		t.Errorf("%s", text)
	}
	if status, text := eve.posts("/signup", "email", "eve@example.com", "name", "Eve", "password", "another password"); status != http.StatusConflict || !strings.Contains(text, "belongs to another account") {
		t.Errorf("%d %s", status, text)
	}
}
