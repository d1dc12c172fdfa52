package api_test

import (
	"net/http"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/register"
)

// told is a registration as the API tells of it.
type told struct{ ID, State, License, ProductCode, Account, Reference, Code string }

// handle lets a buyer of token arrive and makes a handle of the registration.
func (c *customers) handle(token string) (string, register.Registration) {
	c.t.Helper()
	reg, err := c.register.Arrive(c.t.Context(), token, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return c.delegation.IssueHandle(reg), reg
}

func TestAHandleIsGoodOnceForItsProductAndForFiveMinutes(t *testing.T) {
	c := newCustomers(t)
	handle, reg := c.handle("quill/1")
	other, _ := c.handle("nib/2")
	spoilt := []byte(handle)
	spoilt[len(spoilt)/2] ^= 1
	const mine = `{"productCode":"quill"}`
	redeem := func(h, body string) (out told, status int) {
		status = c.send("POST", "/v1/registrations/"+h+"/redeem", body, nil, &out)
		return out, status
	}
	for _, refused := range []struct {
		name, handle, body, code string
		status                   int
	}{
		{"made up", "nonsense", mine, register.HandleUnknown, http.StatusNotFound},
		{"the registration's id", string(reg.ID), mine, register.HandleUnknown, http.StatusNotFound},
		{"forged", string(spoilt), mine, register.HandleUnknown, http.StatusNotFound},
		{"another product's", other, mine, register.OtherProduct, http.StatusConflict},
		{"another product asked for", handle, `{"productCode":"nib"}`, register.OtherProduct, http.StatusConflict},
		{"a body of another kind", handle, `{"product":"quill"}`, "bad_json", http.StatusBadRequest},
	} {
		if out, status := redeem(refused.handle, refused.body); status != refused.status || out.Code != refused.code {
			t.Errorf("%s: %d %s", refused.name, status, out.Code)
		}
	}
	// None of these has used it up.
	var out told
	path := "/v1/registrations/" + handle + "/redeem"
	once := map[string]string{"Idempotency-Key": "k"}
	for range 2 { // the first answer was lost
		if status := c.send("POST", path, mine, once, &out); status != http.StatusOK || out.ID != string(reg.ID) || out.State != "open" || out.ProductCode != "quill" {
			t.Fatalf("%d %+v", status, out)
		}
	}
	if out, status := redeem(handle, mine); status != http.StatusConflict || out.Code != register.HandleRedeemed {
		t.Errorf("replayed: %d %+v", status, out)
	}
	c.clk.Set(c.clk.Now().Add(register.HandleLife))
	for _, old := range []string{handle, other} { // what was redeemed is forgotten by now, and no good either
		if out, status := redeem(old, ""); status != http.StatusNotFound || out.Code != register.HandleExpired {
			t.Errorf("expired: %d %+v", status, out)
		}
	}
}

func TestCompletingLinksLicencesToOneCustomer(t *testing.T) {
	c := newCustomers(t)
	_, first := c.handle("quill/1")
	_, second := c.handle("quill/2")
	complete := func(id register.ID, body string) (out told, status int) {
		status = c.send("POST", "/v1/registrations/"+string(id)+"/complete", body, nil, &out)
		return out, status
	}
	one, status := complete(first.ID, `{"account":"cust-42","email":"ada@example.com","name":"Ada Lovelace"}`)
	if status != http.StatusOK || one.State != "complete" || one.Reference != "cust-42" || one.Account == "" {
		t.Fatalf("%d %+v", status, one)
	}
	two, status := complete(second.ID, `{"account":"cust-42","company":"Analytical Engines"}`)
	if status != http.StatusOK || two.Account != one.Account {
		t.Errorf("%d %+v; want the account %s again", status, two, one.Account)
	}
	if again, status := complete(first.ID, `{"account":"cust-42"}`); status != http.StatusOK || again != one {
		t.Errorf("repeated: %d %+v", status, again)
	}
	if out, status := complete(first.ID, `{"account":"cust-43"}`); status != http.StatusConflict || out.Code != register.Claimed {
		t.Errorf("another customer: %d %+v", status, out)
	}
	var a struct {
		Email, Name, Company, Reference string
		Licenses                        []string
	}
	if c.call("GET", "/v1/accounts/"+one.Account, nil, &a); a.Email != "ada@example.com" || a.Name != "Ada Lovelace" || a.Company != "Analytical Engines" || a.Reference != "cust-42" || len(a.Licenses) != 2 {
		t.Errorf("%+v", a)
	}
	if list, _ := c.accounts.Accounts(t.Context(), "", 10); len(list) != 1 {
		t.Errorf("%d accounts; want one: the customer that was refused left none", len(list))
	}

	// Who comes again from AWS Marketplace is known by the handle.
	handle, _ := c.handle("quill/1")
	var known told
	if status := c.send("POST", "/v1/registrations/"+handle+"/redeem", "", nil, &known); status != http.StatusOK || known != one {
		t.Errorf("%d %+v", status, known)
	}

	_, hosted := c.handle("ink/3")
	if out, status := complete(hosted.ID, `{"account":"x"}`); status != http.StatusConflict || out.Code != register.Hosted {
		t.Errorf("a product whose accounts are here: %d %+v", status, out)
	}
	if out, status := complete("reg_nothing", `{"account":"x"}`); status != http.StatusNotFound {
		t.Errorf("no such registration: %d %+v", status, out)
	}
	_, open := c.handle("quill/9")
	for _, body := range []string{`{}`, `{"account":" "}`, `{"account":"a\u0000b"}`, `{"account":"x","email":"ada"}`, `{"account":"x","name":"a\u202eb"}`, `{"account":"` + strings.Repeat("x", 201) + `"}`} {
		if out, status := complete(open.ID, body); status != http.StatusBadRequest || out.Code != "invalid_fields" {
			t.Errorf("%s: %d %+v", body, status, out)
		}
	}
}

// An account that the seller keeps opens nothing here: neither its reference nor its address is a way to sign in.
func TestNobodySignsInWithTheSellersAccount(t *testing.T) {
	c := newCustomers(t)
	_, reg := c.handle("quill/1")
	if status := c.send("POST", "/v1/registrations/"+string(reg.ID)+"/complete", `{"account":"cust-42","email":"ada@example.com"}`, nil, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, email := range []string{"ada@example.com", "cust-42", ":cust-42", ""} {
		for _, password := range []string{"", "cust-42", "a password"} {
			if _, err := c.accounts.SignIn(t.Context(), email, password, email+password); err == nil {
				t.Errorf("signed in with %q, %q", email, password)
			}
		}
	}
	c.signUp("ada@example.com", "ink/2") // the same person, with an account of their own here
	if list, _ := c.accounts.Accounts(t.Context(), "", 10); len(list) != 2 {
		t.Errorf("%d accounts; want two", len(list))
	}
}
