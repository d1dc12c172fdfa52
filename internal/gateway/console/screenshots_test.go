//go:build screenshots

package console

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
	c := newDesk(t).console
	s := httptest.NewServer(c.ui.Storybook(stories(c)...))
	defer s.Close()
	for _, story := range stories(c) {
		if !only.MatchString(story.Name) {
			continue
		}
		for suffix, shot := range map[string]webuitest.Shot{"": {Width: 1280}, "-dark": {Width: 1280, Dark: true}, "-phone": {Width: 390}} {
			shot.URL, shot.File = s.URL+"/"+story.Name, filepath.Join(dir, story.Name+suffix+".png")
			camera.Take(t, shot)
		}
	}
}
