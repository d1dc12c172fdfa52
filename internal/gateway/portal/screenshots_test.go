//go:build screenshots

package portal

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes a picture of every story to $SCREENSHOTS, wide, in the dark and as on a phone. With SHOTS, a regular
// expression, only of the stories that it matches.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	only := regexp.MustCompile(os.Getenv("SHOTS"))
	camera := webuitest.NewCamera(t)
	s := httptest.NewServer(renderer(t).Storybook(samples()...))
	defer s.Close()
	for _, story := range samples() {
		if !only.MatchString(story.Name) {
			continue
		}
		for suffix, shot := range map[string]webuitest.Shot{"": {Width: 1280}, "-dark": {Width: 1280, Dark: true}, "-phone": {Width: 390}} {
			shot.URL, shot.File = s.URL+"/"+story.Name, filepath.Join(dir, story.Name+suffix+".png")
			camera.Take(t, shot)
		}
	}
}
