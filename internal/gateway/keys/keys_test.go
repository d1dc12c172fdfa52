package keys

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// mem keeps keys in memory and counts what is asked of it.
type mem struct {
	byHash        map[Hash]*Key
	lookups, uses int
	down          error
}

func (m *mem) AddKey(_ context.Context, k Key, h Hash) error { m.byHash[h] = &k; return nil }

func (m *mem) KeyByHash(_ context.Context, h Hash) (Key, error) {
	m.lookups++
	if m.down != nil {
		return Key{}, m.down
	}
	if k := m.byHash[h]; k != nil {
		return *k, nil
	}
	return Key{}, fail.New(fail.NotFound, "", "none")
}

func (m *mem) Keys(context.Context) ([]Key, error) { return nil, errors.New("not needed") }

func (m *mem) RevokeKey(_ context.Context, id string, at time.Time) error {
	for _, k := range m.byHash {
		if k.ID == id {
			k.RevokedAt = at
		}
	}
	return nil
}

func (m *mem) KeyUsed(_ context.Context, id string, at time.Time) error {
	m.uses++
	for _, k := range m.byHash {
		if k.ID == id {
			k.UsedAt = at
		}
	}
	return nil
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestAKeyIsKeptAsItsHashAlone(t *testing.T) {
	m := &mem{byHash: map[Hash]*Key{}}
	text, k, err := Create(t.Context(), m, clock.NewVirtual(noon), " ci ")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, Prefix) || len(text) != len(Prefix)+43 || k.Name != "ci" || !k.CreatedAt.Equal(noon) {
		t.Errorf("%q, %+v", text, k)
	}
	for h, kept := range m.byHash {
		if h != HashOf(text) || bytes.Contains(h[:], []byte(text)) || strings.Contains(kept.ID+kept.Name, text[len(Prefix):]) {
			t.Errorf("kept %x, %+v", h, kept)
		}
	}
	other, _, err := Create(t.Context(), m, clock.NewVirtual(noon), "ci")
	if err != nil || other == text {
		t.Errorf("two keys: %q and %q, %v", text, other, err)
	}
}

func TestAKeyNeedsAName(t *testing.T) {
	for _, name := range []string{"", "  ", strings.Repeat("ü", 101)} {
		if _, _, err := Create(t.Context(), &mem{byHash: map[Hash]*Key{}}, clock.System{}, name); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRevokedBesideARunningGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mem{byHash: map[Hash]*Key{}}
		clk := clock.NewVirtual(noon)
		r := NewRing(m, clk, slog.New(slog.DiscardHandler))
		text, k, err := Create(t.Context(), m, clk, "ci")
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := r.Check(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		if m.lookups != 1 || m.uses != 1 {
			t.Errorf("100 requests made %d look-ups and %d writes", m.lookups, m.uses)
		}
		if err := m.RevokeKey(t.Context(), k.ID, noon); err != nil {
			t.Fatal(err)
		}
		time.Sleep(remembered)
		if _, err := r.Check(t.Context(), text); !fail.Is(err, fail.Denied) {
			t.Errorf("a second after it was revoked: %v", err)
		}
	})
}

func TestLastUseIsKeptCoarsely(t *testing.T) {
	m := &mem{byHash: map[Hash]*Key{}}
	clk := clock.NewVirtual(noon)
	r := NewRing(m, clk, slog.New(slog.DiscardHandler))
	text, _, err := Create(t.Context(), m, clk, "ci")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		clk.Set(clk.Now().Add(30 * time.Second))
		if _, err := r.Check(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if m.uses != 5 {
		t.Errorf("%d writes in five minutes", m.uses)
	}
}

func TestWhatIsNoKey(t *testing.T) {
	m := &mem{byHash: map[Hash]*Key{}}
	r := NewRing(m, clock.System{}, slog.New(slog.DiscardHandler))
	if _, err := r.Check(t.Context(), "password"); !fail.Is(err, fail.Denied) || m.lookups != 0 {
		t.Errorf("%v after %d look-ups", err, m.lookups)
	}
	if _, err := r.Check(t.Context(), Prefix+"guess"); !fail.Is(err, fail.Denied) {
		t.Errorf("%v", err)
	}
	m.down = errors.New("disk")
	if _, err := r.Check(t.Context(), Prefix+"guess"); fail.Is(err, fail.Denied) {
		t.Errorf("a database that is away must not look like a wrong key: %v", err)
	}
}

// Whoever looks for somebody who tries keys finds them in the log, and finds no key there.
func TestRefusedKeysAreLogged(t *testing.T) {
	m := &mem{byHash: map[Hash]*Key{}}
	clk := clock.NewVirtual(noon)
	var log bytes.Buffer
	r := NewRing(m, clk, slog.New(slog.NewTextHandler(&log, nil)))
	text, k, err := Create(t.Context(), m, clk, "ci")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Check(t.Context(), text); err != nil || log.Len() > 0 {
		t.Fatalf("%v, %s", err, &log)
	}
	if err := m.RevokeKey(t.Context(), k.ID, noon); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{text: "revoked\" key=" + k.ID, Prefix + "guess": "it is unknown", "opensesame": "it is none"} {
		log.Reset()
		if _, err := NewRing(m, clk, r.log).Check(t.Context(), key); !fail.Is(err, fail.Denied) || !strings.Contains(log.String(), want) || strings.Contains(log.String(), key) {
			t.Errorf("%s: %v; logged %s", want, err, &log)
		}
	}
}
