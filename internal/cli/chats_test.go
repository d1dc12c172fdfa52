package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestChatsAreReadAndKeptSecret(t *testing.T) {
	const secret = "wordsthatopen"
	var v chatsValue
	if err := v.Set(`[{"name":"ops","url":"https://hooks.slack.com/services/` + secret + `"},{"name":"billing","url":"https://chat.example.com/` + secret + `","events":["alert.usage_unbilled"]}]`); err != nil {
		t.Fatal(err)
	}
	if len(v) != 2 || v[0].Name != "ops" || len(v[0].Events) != 0 || v[1].Events[0] != "alert.usage_unbilled" || !strings.HasSuffix(v[1].URL, secret) {
		t.Errorf("read %+v", v)
	}
	if v.String() != "ops,billing" {
		t.Errorf("shown as %q", v.String())
	}
	for _, bad := range []string{secret, `{"name":"` + secret + `"}`, `[{"url":"` + secret + `","x":1}]`, `[{"name":1,"url":"` + secret + `"}]`, `[] "` + secret + `"`} {
		if err := v.Set(bad); err == nil || strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
