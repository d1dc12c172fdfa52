package profile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

func TestTableIsWhole(t *testing.T) {
	for _, b := range Behaviours() {
		if !slices.Contains(b.Allowed, b.Default) || len(b.Allowed) < 2 || b.About == "" || b.Source == "" {
			t.Errorf("%s: %+v", b.Name, b)
		}
		if strings.HasSuffix(string(b.Name), "-delay") || strings.HasSuffix(string(b.Name), "-life") || strings.HasSuffix(string(b.Name), "-tolerance") {
			for _, v := range b.Allowed {
				if _, err := time.ParseDuration(v); err != nil {
					t.Errorf("%s: %v", b.Name, err)
				}
			}
		}
	}
}

func TestChoicesAreChecked(t *testing.T) {
	s := Defaults()
	next, err := s.With(map[string]string{"token-life": "30m", "quota": "on"})
	if err != nil || next.Duration(TokenLife) != 30*time.Minute || !next.Is(Quota, On) {
		t.Errorf("%v, %v", next.Map(), err)
	}
	if s.Is(Quota, On) {
		t.Error("With changed its receiver")
	}
	for _, bad := range []map[string]string{{"token-life": "5h"}, {"tokenlife": "4h"}} {
		if _, err := s.With(bad); !fail.Is(err, fail.Invalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
