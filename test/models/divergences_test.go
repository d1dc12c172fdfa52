package models

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"souk.dev/souk/test/harness"
)

// heading is that of the section in docs/divergences.md which this test holds against reality.
const heading = "## Compared with the published models"

var quoted = regexp.MustCompile("`([^`]+)`")

// stated reads the list: in the first column the differences, * standing for anything, in the second the reason.
func stated(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "divergences.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), heading+"\n")
	if !ok {
		t.Fatalf("docs/divergences.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var all []string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		if strings.TrimSpace(cells[2]) == "" {
			t.Errorf("docs/divergences.md gives no reason for %s", strings.TrimSpace(cells[1]))
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			all = append(all, m[1])
		}
	}
	return all
}

// covers reports whether a line of the list is about a difference.
func covers(line, difference string) bool {
	parts := strings.Split(line, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(difference)
}

// judge fails the test when the list and reality differ. Without complete models not every line can be met again.
func judge(t *testing.T, found []string, complete bool) {
	t.Helper()
	lines := stated(t)
	var unlisted []string
	used := map[string]bool{}
	for _, d := range found {
		listed := false
		for _, l := range lines {
			if covers(l, d) {
				listed, used[l] = true, true
			}
		}
		if !listed {
			unlisted = append(unlisted, d)
		}
	}
	if len(unlisted) > 0 {
		t.Errorf("%d differences from the published models are not in docs/divergences.md (or are mistakes of the sandbox):\n  %s", len(unlisted), strings.Join(unlisted, "\n  "))
	}
	for _, l := range lines {
		if complete && !used[l] {
			t.Errorf("docs/divergences.md lists `%s`, which does not differ any more: take it out", l)
		}
	}
}
