package profile

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	words := []string{"title", "token-life", "token-reuse", "name", "x"}
	for word, want := range map[string]string{"titel": "title", "tokenlife": "token-life", "nane": "name", "quite-else": "", "": "", "token-lief": "token-life"} {
		if want != "" {
			want = `; did you mean "` + want + `"?`
		}
		if got := Nearest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestDistanceIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching("[ab-]{0,6}")
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Fatalf("%q to %q: %d, and back %d", a, b, d, distance(b, a))
		}
	})
}
