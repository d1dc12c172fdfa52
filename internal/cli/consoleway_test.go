package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/doctor"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/operator"
)

func TestConsoleWayFromAFile(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "secret"), "hush hush\n")
	write(t, filepath.Join(folder, "souk.yaml"), `
oidc-issuer: https://id.example.com/
oidc-client-id: souk
oidc-client-secret-file: secret
oidc-role-claim: realm_access.roles
oidc-scopes: profile email groups
oidc-roles:
  admin: [ada@example.com]
  viewer: ["*@example.com", staff]
console-passwords: off
`)
	var w consoleWay
	cmd := &cobra.Command{Use: "probe", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
	cmd.Flags().String("config", "", "")
	w.take(optionsOf(cmd))
	dress(cmd, func(string) (string, bool) { return "", false })
	cmd.SetArgs([]string{"--config", filepath.Join(folder, "souk.yaml")})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := idp.Config{Issuer: "https://id.example.com/", ClientID: "souk", ClientSecret: "hush hush", Scopes: []string{"profile", "email", "groups"}, Claim: "realm_access.roles",
		Rules: idp.Rules{operator.Admin: {"ada@example.com"}, operator.Viewer: {"*@example.com", "staff"}}}
	if got := w.provider(); fmt.Sprint(got) != fmt.Sprint(want) || bool(w.passwords) {
		t.Errorf("%+v, passwords %s; want %+v", got, &w.passwords, want)
	}
}

func TestConsoleWaysThatCannotBe(t *testing.T) {
	database := "sqlite:" + filepath.Join(t.TempDir(), "gateway.db")
	for says, args := range map[string][]string{
		"nobody could sign in": {"--console-passwords", "off"}, "not on or off": {"--console-passwords", "no"}, "not a URL": {"--oidc-issuer", "id.example.com"},
		"oidc-client-id is missing": {"--oidc-issuer", "https://id.example.com"}, "over https": {"--oidc-issuer", "http://id.example.com", "--oidc-client-id", "souk"},
		"the roles are": {"--oidc-issuer", "https://id.example.com", "--oidc-client-id", "souk", "--oidc-roles", `{"king":["ada@example.com"]}`},
	} {
		code, _, stderr := souk(t, append([]string{"gateway", "--listen", "127.0.0.1:0", "--database", database}, args...)...)
		if code != exitUsage || !strings.Contains(stderr, says) {
			t.Errorf("%v: code %d, %s; want %q", args, code, stderr, says)
		}
	}
}

// The doctor finds a provider that is away, one that calls itself otherwise, and settings that cannot be.
func TestDoctorLooksAtTheWayIn(t *testing.T) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"x","token_endpoint":"x","jwks_uri":"x"}`, s.URL)
	}))
	defer s.Close()
	const base = "https://buy.example.com"
	for says, c := range map[string]struct {
		way     consoleWay
		verdict doctor.Verdict
	}{
		base + "/console/signin/callback": {consoleWay{issuer: urlText(s.URL), clientID: "souk", passwords: true}, doctor.Well},
		"does not answer as itself":       {consoleWay{issuer: urlText(s.URL + "/other"), clientID: "souk"}, doctor.Ill},
		"oidc-client-id is missing":       {consoleWay{issuer: urlText(s.URL)}, doctor.Ill},
		"does not start":                  {consoleWay{}, doctor.Ill},
	} {
		if f := c.way.look(base)(t.Context()); f.Verdict != c.verdict || !strings.Contains(f.Says, says) || (f.Do == "") != (c.verdict == doctor.Well) {
			t.Errorf("%+v; want %s, %q", f, c.verdict, says)
		}
	}
	if (&consoleWay{passwords: true}).look(base) != nil {
		t.Error("it looks for a provider that is not set")
	}
}
