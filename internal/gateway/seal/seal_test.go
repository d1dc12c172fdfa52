package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// memory is a Settings that several boxes can share, as several gateways share a database.
type memory struct {
	mu   sync.Mutex
	text map[string]string
}

func (m *memory) ChangeSetting(_ context.Context, name string, change func(string) (string, error)) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, err := change(m.text[name])
	if err != nil {
		return "", err
	}
	m.text[name] = now
	return now, nil
}

func newBox(t *testing.T, m *memory, clk clock.Clock) *Box {
	t.Helper()
	b, err := New(t.Context(), m, clk)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpensOnlyForItsPurposeUntilItExpires(t *testing.T) {
	clk := clock.NewVirtual(noon)
	b := newBox(t, &memory{text: map[string]string{}}, clk)
	s := b.Seal("registration", noon.Add(time.Hour), []byte("reg_1"))
	if got, err := b.Open(t.Context(), "registration", s); err != nil || string(got) != "reg_1" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := b.Open(t.Context(), "session", s); fail.CodeOf(err) != Broken {
		t.Errorf("another purpose: %v", err)
	}
	clk.Set(noon.Add(time.Hour - time.Microsecond))
	if _, err := b.Open(t.Context(), "registration", s); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	clk.Set(noon.Add(time.Hour))
	if _, err := b.Open(t.Context(), "registration", s); fail.CodeOf(err) != Expired {
		t.Errorf("at its end: %v", err)
	}
}

func TestEveryChangedBitBreaksTheSeal(t *testing.T) {
	b := newBox(t, &memory{text: map[string]string{}}, clock.NewVirtual(noon))
	s := b.Seal("p", noon.Add(time.Hour), []byte("content"))
	raw, _ := base64.RawURLEncoding.DecodeString(s)
	for i := range raw {
		for bit := range 8 {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			if _, err := b.Open(t.Context(), "p", base64.RawURLEncoding.EncodeToString(bad)); fail.CodeOf(err) != Broken {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
	for _, bad := range []string{"", "x", s[:len(s)-1], s + "A", s + "=", "é", strings.Repeat("A", 5000), strings.Repeat("A", 40)} {
		if _, err := b.Open(t.Context(), "p", bad); fail.CodeOf(err) != Broken {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestRestartAndRotationKeepOlderSeals(t *testing.T) {
	m, clk := &memory{text: map[string]string{}}, clock.NewVirtual(noon)
	first := newBox(t, m, clk)
	s := first.Seal("p", noon.AddDate(2, 0, 0), []byte("x"))

	second := newBox(t, m, clk) // a restart, or a second gateway
	if _, err := second.Open(t.Context(), "p", s); err != nil {
		t.Fatalf("after a restart: %v", err)
	}
	if err := second.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	newer := second.Seal("p", noon.AddDate(2, 0, 0), []byte("y"))
	if _, err := first.Open(t.Context(), "p", newer); err != nil {
		t.Errorf("a key made by another gateway is not found: %v", err)
	}
	if _, err := second.Open(t.Context(), "p", s); err != nil {
		t.Errorf("the key before: %v", err)
	}
	for range keysKept {
		if err := second.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := second.Open(t.Context(), "p", s); fail.CodeOf(err) != Broken {
		t.Errorf("a key that fell off the ring still opens: %v", err)
	}
}

func TestOldKeyIsFollowedAtTheNextStart(t *testing.T) {
	m, clk := &memory{text: map[string]string{}}, clock.NewVirtual(noon)
	before := newBox(t, m, clk).newest
	if newBox(t, m, clk).newest != before {
		t.Error("a start with a young key made another")
	}
	clk.Set(noon.Add(keyLife + time.Second))
	if newBox(t, m, clk).newest == before {
		t.Error("a start with an old key made none")
	}
}

func TestUnreadableKeysAreNotReplacedAndNotQuoted(t *testing.T) {
	m := &memory{text: map[string]string{settingName: `[{"id":1,"secret":"c2VjcmV0"}]`}}
	_, err := New(t.Context(), m, clock.NewVirtual(noon))
	if err == nil || strings.Contains(err.Error(), "c2Vj") {
		t.Errorf("got %v", err)
	}
	if m.text[settingName] != `[{"id":1,"secret":"c2VjcmV0"}]` {
		t.Error("the ring was overwritten")
	}
	if _, err := New(t.Context(), broke{}, clock.NewVirtual(noon)); err == nil {
		t.Error("a store that fails was ignored")
	}
}

type broke struct{}

func (broke) ChangeSetting(context.Context, string, func(string) (string, error)) (string, error) {
	return "", errors.New("disk full")
}

func FuzzOpen(f *testing.F) {
	m := &memory{text: map[string]string{}}
	b, err := New(context.Background(), m, clock.NewVirtual(noon))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Seal("q", noon.Add(time.Hour), []byte("x")))
	f.Add("AQAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := b.Open(context.Background(), "p", s); err == nil {
			t.Errorf("%q opened as %q", s, got)
		}
	})
}
