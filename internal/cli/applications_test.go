package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/signon"
)

func TestApplicationsSetting(t *testing.T) {
	var v applicationsValue
	if err := v.Set(`[{"clientId":"inkwell","name":"Inkwell","productCode":"ink","clientSecretHashes":["h"],"redirectUris":["https://a.example/back"],"postLogoutRedirectUris":["https://a.example/"]}]`); err != nil {
		t.Fatal(err)
	}
	if a, ok := signon.Applications(v).Find("inkwell"); !ok || a.Name != "Inkwell" || a.Product != "ink" || a.Public() || a.Redirects[0] != "https://a.example/back" || a.SignedOut[0] != "https://a.example/" {
		t.Errorf("%+v", v)
	}
	for _, s := range []string{``, `{}`, `[{"clientID2":"x"}]`, `[] []`, `[{"clientSecret":"in the clear"}]`} {
		if err := v.Set(s); err == nil {
			t.Errorf("%s is taken", s)
		}
	}
}

func TestASecretAndItsHash(t *testing.T) {
	var made struct{ ClientSecret, ClientSecretHash string }
	code, out, _ := souk(t, "applications", "secret", "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	if len(made.ClientSecret) < 43 || credential.HashOf(made.ClientSecret) != made.ClientSecretHash {
		t.Errorf("%s", out)
	}
	if _, again, _ := souk(t, "applications", "secret"); strings.Contains(again, made.ClientSecret) || !strings.Contains(again, "shown again") {
		t.Errorf("%s", again)
	}
}
