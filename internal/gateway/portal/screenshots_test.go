//go:build screenshots

package portal

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes a picture of every story to $SCREENSHOTS, for looking at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	camera := webuitest.NewCamera(t)
	s := httptest.NewServer(renderer(t).Storybook(stories()...))
	defer s.Close()
	for i, story := range stories() {
		camera.Take(t, webuitest.Shot{URL: s.URL + "/" + story.Name, File: filepath.Join(dir, story.Name+".png"), Width: 1280, Dark: i%5 == 4})
		camera.Take(t, webuitest.Shot{URL: s.URL + "/" + story.Name, File: filepath.Join(dir, story.Name+"-phone.png"), Width: 390})
	}
}
