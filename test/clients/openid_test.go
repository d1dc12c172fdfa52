package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// An OpenID client that nobody here has made easy for itself signs customers on: Node.js without any library.
func TestOpenIDInNode(t *testing.T) {
	node := harness.Tool(t, ".tools/bin/node", "node")
	made := harness.Start(t, nil, "applications", "secret", "--json")
	if code := made.Wait(); code != 0 {
		t.Fatalf("souk applications secret ends with %d: %s", code, made.Log())
	}
	var secret struct{ ClientSecret, ClientSecretHash string }
	if err := json.Unmarshal([]byte(made.Output()), &secret); err != nil {
		t.Fatal(err)
	}
	const callback, signedOut = "https://app.example.com/callback", "https://app.example.com/left"
	type application struct {
		ClientID               string   `json:"clientId"`
		Name                   string   `json:"name"`
		ClientSecretHashes     []string `json:"clientSecretHashes,omitempty"`
		RedirectURIs           []string `json:"redirectUris"`
		PostLogoutRedirectURIs []string `json:"postLogoutRedirectUris"`
	}
	listed, err := json.Marshal([]application{{"inkwell", "Inkwell", []string{secret.ClientSecretHash}, []string{callback}, []string{signedOut}},
		{"bindery", "Bindery", nil, []string{callback}, []string{signedOut}}})
	if err != nil {
		t.Fatal(err)
	}
	addr := harness.FreeAddress(t)
	s := harness.StartSandbox(t, "", "--fulfillment-url", "http://"+addr+"/register")
	g := harness.StartGateway(t, s, addr, "sqlite:"+filepath.Join(t.TempDir(), "souk.db"), "--applications", string(listed))
	bought := s.Buy(s.Buyers()[0], s.Product("license"))
	s.Advance(5 * time.Minute)
	told, err := json.Marshal(map[string]any{"issuer": g.URL, "token": s.Token(bought.AgreementID), "callback": callback, "signedOut": signedOut,
		"app": map[string]string{"id": "inkwell", "secret": secret.ClientSecret}, "page": map[string]string{"id": "bindery"}})
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, node, "--test", "--test-reporter=tap", "js/openid.test.mjs")
	run.Env = append(os.Environ(), "OPENID="+string(told))
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "# pass 7\n") {
		t.Errorf("node --test: %v\n%s", err, out)
	}
	if log := g.Proc.Log(); strings.Contains(log, secret.ClientSecret) {
		t.Error("the log has the application's secret")
	}
}
