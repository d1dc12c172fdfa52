package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/privacy"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

var midday = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// customers is a door with the calls about customers, over a real database.
type customers struct {
	t        *testing.T
	door     *api.Door
	key      string
	clk      *clock.Virtual
	book     *license.Book
	accounts *account.Service
	register *register.Service
	signOns  store.SignOns

	delegation *register.Delegation
}

// tokens resolves "product/n" to the n-th licence of product.
type tokens struct{}

func (tokens) Resolve(_ context.Context, token string) (license.Buyer, error) {
	product, n, _ := strings.Cut(token, "/")
	return license.Buyer{ProductCode: core.ProductCode(product), ARN: core.LicenseARN("arn:aws:license-manager::1:license:l-" + n), Customer: "111122223333"}, nil
}

func newCustomers(t *testing.T) *customers {
	t.Helper()
	db := storetest.Open(t)
	log := slog.New(slog.DiscardHandler)
	c := &customers{t: t, clk: clock.NewVirtual(midday), signOns: db.SignOns()}
	var err error
	if c.book, err = license.OpenBook(t.Context(), db.Licenses(), c.clk, nil); err != nil {
		t.Fatal(err)
	}
	c.accounts = account.New(db.Accounts(), c.clk, log)
	products := core.Catalogue{{Code: "ink"}, {Code: "quill", SignUpURL: "https://quill.example/welcome"}, {Code: "nib", SignUpURL: "https://nib.example/welcome"}}
	c.register = register.New(db.Registrations(), c.book, tokens{}, products, c.clk, log)
	box, err := seal.New(t.Context(), db.Settings(), c.clk)
	if err != nil {
		t.Fatal(err)
	}
	c.delegation = register.NewDelegation(c.register, db.Registrations(), box, seal.Expired, c.accounts)
	if c.key, _, err = keys.Create(t.Context(), db.Keys(), c.clk, "test"); err != nil {
		t.Fatal(err)
	}
	c.door = api.NewDoor(keys.NewRing(db.Keys(), c.clk, log), db.Answers(), audit.New(db.Audit(), c.clk), c.clk, log,
		api.Registrations{Register: c.register, Delegation: c.delegation}, api.Accounts{Accounts: c.accounts, Register: c.register}, api.SignIns{Accounts: c.accounts, Register: c.register},
		api.Privacy{Privacy: privacy.New(c.accounts, c.register, c.signOns, c.clk, log)})
	return c
}

// signUp makes an account that owns the licence of token.
func (c *customers) signUp(email, token string) (account.Who, register.Registration) {
	c.t.Helper()
	a, err := c.accounts.SignUp(c.t.Context(), account.SignUp{Email: email, Name: "Ada Lovelace", Password: "correct horse battery"}, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return a, c.claim(a, token)
}

func (c *customers) claim(a account.Who, token string) register.Registration {
	c.t.Helper()
	reg, err := c.register.Arrive(c.t.Context(), token, "")
	if err == nil {
		reg, err = c.register.Claim(c.t.Context(), reg.ID, a.Account.ID, nil)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return reg
}

// call sends a request with the key and reads the answer into out.
func (c *customers) call(method, path string, header map[string]string, out any) int {
	c.t.Helper()
	return c.send(method, path, "", header, out)
}

// send is call with a body.
func (c *customers) send(method, path, body string, header map[string]string, out any) int {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.key)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	c.door.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "argon2id") || strings.Contains(w.Body.String(), "correct horse") {
		c.t.Errorf("%s tells of the password: %s", path, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.t.Fatalf("%s: %v: %s", path, err, w.Body)
		}
	}
	return w.Code
}

func TestRedeemTellsWhoSignedIn(t *testing.T) {
	c := newCustomers(t)
	a, reg := c.signUp("ada@example.com", "ink/1")
	c.claim(a, "quill/2") // another product's, of no concern to this application
	if _, err := c.book.Note(t.Context(), license.Note{ID: "n", Kind: license.Activated, At: midday, About: license.Ref{ProductCode: "ink", ARN: reg.Buyer.ARN}}); err != nil {
		t.Fatal(err)
	}
	handle, err := c.accounts.IssueHandle(t.Context(), a, "ink")
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Account  struct{ ID, Email, Name, Company string }
		Person   struct{ ID, Email, Name, Role string }
		Licenses []struct{ ID, LicenseArn, ProductCode, State, Why string }
	}
	path := "/v1/signins/" + handle + "/redeem"
	once := map[string]string{"Idempotency-Key": "k1"}
	if code := c.call("POST", path, once, &out); code != http.StatusOK {
		t.Fatalf("%d", code)
	}
	if out.Account.ID != string(a.Account.ID) || out.Account.Email != "ada@example.com" || out.Account.Name != "Ada Lovelace" || out.Person.ID != string(a.ID) || out.Person.Email != "ada@example.com" || out.Person.Role != "owner" || len(out.Licenses) != 1 {
		t.Fatalf("%+v", out)
	}
	if l := out.Licenses[0]; l.ID != string(reg.License) || l.LicenseArn != string(reg.Buyer.ARN) || l.ProductCode != "ink" || l.State != "active" || l.Why == "" {
		t.Errorf("%+v", l)
	}
	if code := c.call("POST", path, once, nil); code != http.StatusOK { // the answer was lost
		t.Errorf("repeated with its key: %d", code)
	}
	if code := c.call("POST", path, nil, nil); code != http.StatusNotFound {
		t.Errorf("redeemed twice: %d", code)
	}
	if code := c.call("POST", "/v1/signins/nonsense/redeem", nil, nil); code != http.StatusNotFound {
		t.Errorf("a handle that was never made: %d", code)
	}
}

func TestRegistrationsExplainThemselves(t *testing.T) {
	c := newCustomers(t)
	_, done := c.signUp("ada@example.com", "ink/1")
	open, err := c.register.Arrive(t.Context(), "ink/2", "free-trial")
	if err != nil {
		t.Fatal(err)
	}
	for id, state := range map[register.ID]string{done.ID: "complete", open.ID: "open"} {
		var got map[string]any
		if code := c.call("GET", "/v1/registrations/"+string(id), nil, &got); code != http.StatusOK {
			t.Fatalf("%d", code)
		}
		if got["state"] != state || got["why"] == "" || got["since"] == nil || got["customerAWSAccountId"] != "111122223333" || (got["account"] != nil) != (state == "complete") {
			t.Errorf("%v", got)
		}
	}
	if code := c.call("GET", "/v1/registrations/reg_x", nil, nil); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
}

func TestListsGoOnToTheirEnd(t *testing.T) {
	c := newCustomers(t)
	for i := range 5 {
		c.signUp(fmt.Sprintf("p%d@example.com", i), fmt.Sprint("ink/", i))
		c.clk.Set(c.clk.Now().Add(time.Second))
	}
	for _, path := range []string{"/v1/accounts", "/v1/registrations"} {
		seen := map[string]bool{}
		for cursor, pages := "", 0; ; pages++ {
			var page struct {
				Items []struct{ ID string }
				Next  string
			}
			if code := c.call("GET", path+"?limit=2&cursor="+url.QueryEscape(cursor), nil, &page); code != http.StatusOK || pages > 3 {
				t.Fatalf("%s: %d on page %d", path, code, pages)
			}
			for _, it := range page.Items {
				seen[it.ID] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Errorf("%s listed %d of 5", path, len(seen))
		}
	}
}

func TestAccountNamesItsLicences(t *testing.T) {
	c := newCustomers(t)
	a, reg := c.signUp("ada@example.com", "ink/1")
	var got struct {
		ID, Email string
		Licenses  []string
	}
	if code := c.call("GET", "/v1/accounts/"+string(a.Account.ID), nil, &got); code != http.StatusOK || got.Email != "ada@example.com" || len(got.Licenses) != 1 || got.Licenses[0] != string(reg.License) {
		t.Errorf("%d %+v", code, got)
	}
	if code := c.call("GET", "/v1/accounts/acc_x", nil, nil); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
}
