package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/privacy"
	"souk.dev/souk/internal/gateway/signon"
)

func TestWhatIsKeptOfAPersonIsHandedOutAndErased(t *testing.T) {
	c := newCustomers(t)
	a, reg := c.signUp("ada@example.com", "ink/1")
	secret, err := c.accounts.StartSession(t.Context(), a.ID, "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Firefox/145.0", "")
	if err != nil {
		t.Fatal(err)
	}
	on := signon.SignOn{ID: "sgn_1", Application: "inkwell", Session: credential.HashOf(secret), Scopes: []string{"openid", "email"}, MadeAt: midday, Secret: "of a code", Expires: midday.Add(time.Hour)}
	if err := c.signOns.CreateSignOn(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	if err := c.accounts.AskAddress(t.Context(), a.Person, "king@example.com", account.Confirmation{Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	if err := c.accounts.AddPasskey(t.Context(), a.ID, credential.Passkey{Credential: "the-credential", PublicKey: []byte("the-key")}, "My telephone"); err != nil {
		t.Fatal(err)
	}
	path := "/v1/accounts/" + string(a.Account.ID) + "/personal-data"
	var kept struct {
		Account struct {
			Email, Name string
			Licenses    []string
		}
		Sessions []struct {
			Person       string
			Browser      string
			Applications []struct {
				ClientID             string
				Scopes               []string
				CreatedAt, ExpiresAt time.Time
			}
		}
		Addresses     []map[string]string
		Passkeys      []map[string]string
		Registrations []struct{ ID, CustomerAWSAccountID string }
	}
	if status := c.call("GET", path, nil, &kept); status != http.StatusOK || kept.Account.Email != "ada@example.com" || kept.Account.Name != "Ada Lovelace" || len(kept.Account.Licenses) != 1 ||
		len(kept.Sessions) != 1 || kept.Sessions[0].Person != string(a.ID) || kept.Sessions[0].Browser != "Firefox on Windows" || len(kept.Registrations) != 1 || kept.Registrations[0].ID != string(reg.ID) {
		t.Fatalf("%d %+v", status, kept)
	}

	if on := kept.Sessions[0].Applications; len(on) != 1 || on[0].ClientID != "inkwell" || !slices.Equal(on[0].Scopes, []string{"openid", "email"}) || !on[0].CreatedAt.Equal(midday) || !on[0].ExpiresAt.Equal(midday.Add(time.Hour)) {
		t.Errorf("signed on: %+v", on)
	}
	if want := map[string]string{"person": string(a.ID), "email": "king@example.com", "expiresAt": "2026-11-08T12:00:00Z"}; len(kept.Addresses) != 1 || !maps.Equal(kept.Addresses[0], want) {
		t.Errorf("addresses: %+v, want %+v", kept.Addresses, want)
	}
	if want := map[string]string{"person": string(a.ID), "name": "My telephone", "createdAt": "2026-11-01T12:00:00Z"}; len(kept.Passkeys) != 1 || !maps.Equal(kept.Passkeys[0], want) {
		t.Errorf("passkeys: %+v, want %+v", kept.Passkeys, want)
	}
	var raw json.RawMessage
	c.call("GET", path, nil, &raw)
	for _, opens := range []string{secret, credential.HashOf(secret), on.Secret, "argon2"} {
		if strings.Contains(string(raw), opens) {
			t.Errorf("the export has what opens something: %s", raw)
		}
	}

	// While the subscription may give access, somebody may still want in.
	var out struct{ Code, Email, Name, ErasedAt string }
	if status := c.call("DELETE", path, nil, &out); status != http.StatusConflict || out.Code != privacy.StillSubscribed {
		t.Errorf("%d %+v", status, out)
	}
	if status := c.call("DELETE", path+"?force=perhaps", nil, nil); status != http.StatusBadRequest {
		t.Errorf("%d", status)
	}
	about := license.Ref{ProductCode: "ink", ARN: reg.Buyer.ARN}
	if _, err := c.book.Note(t.Context(), license.Note{ID: "n", Kind: license.PaymentFailed, At: midday, About: about}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if status := c.call("DELETE", path, nil, &out); status != http.StatusOK || out.Email != "" || out.Name != "" || out.ErasedAt != "2026-11-01T12:00:00Z" {
			t.Errorf("%d %+v", status, out)
		}
	}
	if _, err := c.accounts.SignedIn(t.Context(), secret); err == nil {
		t.Error("the person is still signed in")
	}
	if _, err := c.signOns.SignOn(t.Context(), "sgn_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("an application still knows them: %v", err)
	}
	if left, err := c.accounts.AddressChanges(t.Context(), a.ID); err != nil || len(left) != 0 {
		t.Errorf("addresses are left: %+v, %v", left, err)
	}
	// What belongs to the bill knows the account by its id, as before.
	if l, _ := c.book.ByID(reg.License); l.Account != a.Account.ID {
		t.Errorf("the licence's account is %q", l.Account)
	}
	w := strings.Builder{}
	for _, path := range []string{path, "/v1/accounts", "/v1/registrations", "/v1/registrations/" + string(reg.ID)} {
		var text map[string]any
		c.call("GET", path, nil, &text)
		for _, person := range []string{"ada@", "Ada", "Lovelace"} {
			if say := fmt.Sprint(text); strings.Contains(say, person) {
				w.WriteString(path + " still says " + person + ": " + say + "\n")
			}
		}
	}
	if w.Len() > 0 {
		t.Error(w.String())
	}
	if again, _ := c.signUp("ada@example.com", "ink/2"); again.Account.ID == a.Account.ID {
		t.Error("the erased account was taken up again")
	}
	if status := c.call("DELETE", "/v1/accounts/acc_nobody/personal-data", nil, nil); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
}
