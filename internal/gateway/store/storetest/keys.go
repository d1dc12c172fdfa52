package storetest

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/keys"
)

// Keys is what every store of API keys must do.
func Keys(t *testing.T, open func(t *testing.T) keys.Store) {
	t.Run("FoundByHash", func(t *testing.T) { foundByHash(t, open(t)) })
	t.Run("RevokedOnce", func(t *testing.T) { revokedOnce(t, open(t)) })
	t.Run("LastUseGoesForward", func(t *testing.T) { lastUse(t, open(t)) })
}

func addKey(t *testing.T, s keys.Store, id string) keys.Key {
	t.Helper()
	k := keys.Key{ID: id, Name: "n " + id, CreatedAt: noon}
	if err := s.AddKey(t.Context(), k, keys.HashOf(id)); err != nil {
		t.Fatal(err)
	}
	return k
}

func byHash(t *testing.T, s keys.Store, id string) keys.Key {
	t.Helper()
	k, err := s.KeyByHash(t.Context(), keys.HashOf(id))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func foundByHash(t *testing.T, s keys.Store) {
	want := addKey(t, s, "key_b")
	addKey(t, s, "key_a")
	if got := byHash(t, s, "key_b"); got != want {
		t.Errorf("%+v", got)
	}
	if _, err := s.KeyByHash(t.Context(), keys.HashOf("none")); !fail.Is(err, fail.NotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
	if ks, err := s.Keys(t.Context()); err != nil || len(ks) != 2 || ks[0].ID != "key_a" {
		t.Errorf("%+v, %v", ks, err)
	}
	if err := s.AddKey(t.Context(), keys.Key{ID: "key_c", Name: "x", CreatedAt: noon}, keys.HashOf("key_a")); err == nil {
		t.Error("two keys with one hash")
	}
}

func revokedOnce(t *testing.T, s keys.Store) {
	addKey(t, s, "key_a")
	for _, at := range []time.Time{noon.Add(time.Hour), noon.Add(2 * time.Hour)} {
		if err := s.RevokeKey(t.Context(), "key_a", at); err != nil {
			t.Fatal(err)
		}
	}
	if k := byHash(t, s, "key_a"); !k.RevokedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("revoked at %s", k.RevokedAt)
	}
	if err := s.RevokeKey(t.Context(), "key_none", noon); !fail.Is(err, fail.NotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
}

func lastUse(t *testing.T, s keys.Store) {
	addKey(t, s, "key_a")
	for _, at := range []time.Time{noon.Add(2 * time.Hour), noon.Add(time.Hour)} {
		if err := s.KeyUsed(t.Context(), "key_a", at); err != nil {
			t.Fatal(err)
		}
	}
	if k := byHash(t, s, "key_a"); !k.UsedAt.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("used at %s", k.UsedAt)
	}
}
