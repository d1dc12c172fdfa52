package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// A contract's life from a shell: bought, added to, renewed, replaced; and a trial.
func TestContractVerbs(t *testing.T) {
	url := openTestMarket(t)
	do := func(args ...string) (a agreement) {
		t.Helper()
		code, stdout, stderr := souk(t, append(args, "--json", "--sandbox", url)...)
		if code != exitDone {
			t.Fatalf("souk %v: %d %s", args, code, stderr)
		}
		if err := json.Unmarshal([]byte(stdout), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := do("buy", "--product", "1nkwe11teams00upfr0ntabcd", "--buyer", "111122223333", "--duration", "P12M", "--quantity", "seats=10", "--quantity", "shelves=1", "--auto-renew")
	if b := do("amend", a.AgreementID, "--quantity", "seats=12"); b.AgreementID != a.AgreementID {
		t.Errorf("amended to %+v", b)
	}
	do("amend", a.AgreementID, "--auto-renew=false")
	b := do("renew", a.AgreementID)
	c := do("replace", b.AgreementID, "--duration", "P36M", "--quantity", "seats=1")
	if b.AgreementID == a.AgreementID || c.AgreementID == b.AgreementID || c.Status != "ACTIVE" {
		t.Errorf("renewed to %+v, replaced by %+v", b, c)
	}
	if tried := do("buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333", "--offer", "offer-inkwelltrial0"); tried.OfferType != "free-trial" {
		t.Errorf("tried %+v", tried)
	}
	for _, verb := range []string{"cancel", "amend", "renew", "replace", "refund"} {
		if code, _, stderr := souk(t, verb, "--sandbox", url); code != exitUsage || !strings.Contains(stderr, "AGREEMENT") {
			t.Errorf("souk %s of nothing: %d %s", verb, code, stderr)
		}
	}
	for _, args := range [][]string{{"amend", c.AgreementID}, {"amend", c.AgreementID, "--quantity", "seats"}, {"replace", c.AgreementID, "--quantity", "=3"}} {
		if code, _, stderr := souk(t, append(args, "--sandbox", url)...); code != exitUsage || !strings.Contains(stderr, "--quantity") {
			t.Errorf("souk %v: %d %s", args, code, stderr)
		}
	}
}
