//go:build screenshots

package mailer

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes a picture of every letter to $SCREENSHOTS, wide and as on a phone. With SHOTS, a regular expression, only
// of those whose names it matches.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	only := regexp.MustCompile(os.Getenv("SHOTS"))
	camera := webuitest.NewCamera(t)
	site, names := letters(t)
	for _, name := range names {
		if !only.MatchString(name) {
			continue
		}
		for suffix, width := range map[string]int64{"": 800, "-phone": 390} {
			camera.Take(t, webuitest.Shot{URL: site.URL + "/" + name, File: filepath.Join(dir, name+suffix+".png"), Width: width})
		}
	}
}
