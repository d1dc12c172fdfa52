package signon

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/seal"
)

// memory is a database's settings.
type memory struct {
	mu   sync.Mutex
	text map[string]string
}

func (m *memory) ChangeSetting(_ context.Context, name string, change func(string) (string, error)) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, err := change(m.text[name])
	if err == nil {
		m.text[name] = now
	}
	return now, err
}

// Over a year, at every instant at which the job is due and between: one key signs, has been shown for a day before it does
// (the first excepted), and stays until nothing that it signed can come back; and a restart changes nothing.
func TestKeysTurnWithOverlap(t *testing.T) {
	ctx, clk, m := t.Context(), clock.NewVirtual(noon), &memory{text: map[string]string{}}
	box, err := seal.New(ctx, m, clk)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := OpenKeys(ctx, m, box, clk)
	if err != nil {
		t.Fatal(err)
	}
	shown, signed := map[string]time.Time{}, map[string]time.Time{} // first, last
	look := func() {
		t.Helper()
		now := clk.Now()
		for _, k := range keys.Known() {
			if _, before := shown[k.ID]; !before {
				shown[k.ID] = now
			}
		}
		by := keys.Signing()
		if first := shown[by.ID]; len(signed) > 0 && signed[by.ID].IsZero() && now.Sub(first) < KeyAhead {
			t.Errorf("at %s a key signs that is shown since %s", now, first)
		}
		signed[by.ID] = now
		for id, last := range signed {
			known := false
			for _, k := range keys.Known() {
				known = known || k.ID == id
			}
			if !known && now.Sub(last) < KeyStays {
				t.Errorf("at %s the key that signed at %s is not shown", now, last)
			}
		}
	}
	for end := noon.AddDate(1, 0, 0); clk.Now().Before(end); {
		look()
		due, ok, err := keys.Job().Due(ctx)
		if !ok || err != nil || !due.After(clk.Now()) {
			t.Fatalf("due %s at %s, %v", due, clk.Now(), err)
		}
		next := clk.Now().Add(11 * time.Hour)
		if next.Before(due) {
			clk.Set(next)
			continue
		}
		clk.Set(due)
		if did, err := keys.Job().Run(ctx); !did || err != nil {
			t.Fatal(did, err)
		}
	}
	if len(signed) < 12 || len(keys.Known()) > 3 {
		t.Errorf("%d keys have signed, %d are known", len(signed), len(keys.Known()))
	}
	again, err := OpenKeys(ctx, m, box, clk)
	if err != nil || again.Signing().ID != keys.Signing().ID || len(again.Known()) != len(keys.Known()) {
		t.Errorf("after a restart: %v", err)
	}
	if strings.Contains(m.text[settingName], "PRIVATE") || !strings.Contains(m.text[settingName], `"sealed"`) {
		t.Errorf("kept as %s", m.text[settingName])
	}
}

// A start after a year of standing still, and one whose sealing keys are gone, make new keys; nonsense in the database stops it.
func TestKeysAreMadeWhereNoneIsGood(t *testing.T) {
	ctx, clk, m := t.Context(), clock.NewVirtual(noon), &memory{text: map[string]string{}}
	start := func() *Keys {
		t.Helper()
		box, err := seal.New(ctx, m, clk)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := OpenKeys(ctx, m, box, clk)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	first := start().Signing().ID
	delete(m.text, "seal.keys")
	if second := start().Signing(); second.ID == first || !second.From.Equal(noon) {
		t.Errorf("%+v", second.From)
	}
	clk.Set(noon.AddDate(1, 0, 0))
	late := start()
	if k := late.Signing(); !k.From.Equal(clk.Now()) || len(late.Known()) != 1 {
		t.Errorf("signing since %s, %d known", k.From, len(late.Known()))
	}
	m.text[settingName] = "c2VjcmV0"
	box, err := seal.New(ctx, m, clk)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeys(ctx, m, box, clk); err == nil || strings.Contains(err.Error(), "c2Vj") {
		t.Errorf("nonsense: %v", err)
	}
}
