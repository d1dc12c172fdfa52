package vault

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
)

func read(t testing.TB, keys string) *Vault {
	t.Helper()
	v, err := Read(keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What is sealed opens in its place, under every vault that has its key, and says nothing of the secret.
func TestSealedSecretsOpenInTheirPlaceAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first, second := NewKey(), NewKey()
		v, both, other := read(t, first), read(t, second+"\n"+first), read(t, second)
		place, secret := rapid.String().Draw(rt, "place"), rapid.StringN(1, -1, -1).Filter(func(s string) bool { return !strings.HasPrefix(s, mark) }).Draw(rt, "secret")
		written := v.Seal(place, secret)
		if written == v.Seal(place, secret) || len(secret) > 4 && strings.Contains(written, secret) {
			rt.Fatalf("%q was written as %q", secret, written)
		}
		for _, some := range []*Vault{v, both} {
			if got, err := some.Open(place, written); err != nil || got != secret {
				rt.Fatalf("opened as %q, %v", got, err)
			}
		}
		if _, err := v.Open(place+"x", written); fail.CodeOf(err) != "vault_broken" {
			rt.Fatalf("opened in another place: %v", err)
		}
		for _, without := range []*Vault{nil, other} {
			if _, err := without.Open(place, written); fail.CodeOf(err) != "vault_key" {
				rt.Fatalf("opened without its key: %v", err)
			}
		}
		if v.Now(written) == both.Now(written) || !both.Has(KeyOf(written)) || other.Has(KeyOf(written)) {
			rt.Fatal("whose key it is, is not known")
		}
	})
}

// FuzzOpen opens what anybody may have written into the database.
func FuzzOpen(f *testing.F) {
	key := NewKey()
	v := read(f, key)
	f.Add(v.Seal("p", "secret"))
	f.Add("plain text")
	f.Add(mark)
	f.Add(mark + v.first)
	f.Add(mark + v.first + ":AAAA")
	f.Fuzz(func(t *testing.T, written string) {
		got, err := v.Open("q", written)
		if strings.HasPrefix(written, mark) == (err == nil) || err == nil && got != written {
			t.Fatalf("%q opened as %q, %v", written, got, err)
		}
	})
}

func TestWithoutAKeySecretsAreWrittenAsTheyAre(t *testing.T) {
	key := NewKey()
	sealed := read(t, key).Seal("p", "secret")
	for name, v := range map[string]*Vault{"none": read(t, " \n"), "plain again": read(t, "plain "+key)} {
		if got := v.Seal("p", "secret"); got != "secret" || !v.Now(got) {
			t.Errorf("%s: written as %q", name, got)
		}
	}
	back := read(t, "plain,"+key)
	if got, err := back.Open("p", sealed); err != nil || got != "secret" || back.Now(sealed) {
		t.Errorf("on the way back: %q, %v", got, err)
	}
	if got := read(t, key).Seal("p", ""); got != "" {
		t.Errorf("no secret was written as %q", got)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	key := NewKey()
	for _, text := range []string{"x", "c2hvcnQ=", key + " plain", key + "," + key[:20]} {
		_, err := Read(text)
		if !fail.Is(err, fail.Invalid) || strings.Contains(err.Error(), key[:20]) || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
