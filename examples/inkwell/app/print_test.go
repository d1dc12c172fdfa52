package app

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func TestLay(t *testing.T) {
	for text, want := range map[string]int{
		"":                                   0,
		" \n\n ":                             0,
		"#":                                  1,
		"word":                               1,
		"# Title\n\nText.":                   1,
		strings.Repeat("- item\n", 26):       1,
		strings.Repeat("- item\n", 27):       2,
		strings.Repeat("x", 25*62):           1,
		strings.Repeat("x", 25*62+1):         2,
		strings.Repeat("many words ", 1_000): 8,
	} {
		if got := len(lay(text)); got != want {
			t.Errorf("%.20q has %d pages; want %d", text, got, want)
		}
	}
}

func TestTitles(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "Untitled",
		"---\n# **Tides** and *moons*": "Tides and moons",
		"bread, 2*3 eggs":              "bread, 2*3 eggs",
		strings.Repeat("long ", 30):    strings.TrimSpace(strings.Repeat("long ", 11)+"lon") + "…",
	} {
		if got := titleOf(text); got != want {
			t.Errorf("%q has the title %q; want %q", text, got, want)
		}
	}
}

func TestNothingIsLostBetweenPages(t *testing.T) {
	words := func(s string) string { return strings.Join(strings.Fields(s), "") }
	keeps := func(raw string, long uint8) bool {
		raw = strings.Map(func(r rune) rune {
			if r < ' ' || strings.ContainsRune("<>&'\"#*_->", r) || r == utf8.RuneError {
				return ' '
			}
			return r
		}, raw)
		text := strings.Repeat(raw+" a ", int(long))
		var out strings.Builder
		for _, p := range lay(text) {
			out.WriteString(strings.NewReplacer("<p>", "", "</p>", "").Replace(string(p.Body)))
		}
		return words(out.String()) == words(text)
	}
	if err := quick.Check(keeps, nil); err != nil {
		t.Error(err)
	}
}

func TestNoMarkupOfTheWriterGetsThrough(t *testing.T) {
	body := string(lay("<script>alert(1)</script> **<b>bold</b>** *it \"is\"*")[0].Body)
	if strings.Contains(body, "<script") || strings.Contains(body, "<b>") {
		t.Errorf("the writer's markup is in the page: %s", body)
	}
	if !strings.Contains(body, "<strong>") || !strings.Contains(body, "<em>") {
		t.Errorf("emphasis is missing: %s", body)
	}
}
