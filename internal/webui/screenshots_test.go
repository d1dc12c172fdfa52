//go:build screenshots

package webui

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes a picture of every component, in both brands' colours, to $SCREENSHOTS.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	camera := webuitest.NewCamera(t)
	for name, theme := range map[string]Theme{"seller": {Name: "Inkwell", Accent: "#7a3e8a"}, "plain": {Name: "Acme", Ribbon: "A practice marketplace on your machine."}} {
		s := httptest.NewServer(newRenderer(t, theme).Storybook(components))
		defer s.Close()
		camera.Take(t, webuitest.Shot{URL: s.URL + "/components", File: filepath.Join(dir, name+"-wide-light.png"), Width: 1280})
		camera.Take(t, webuitest.Shot{URL: s.URL + "/components", File: filepath.Join(dir, name+"-wide-dark.png"), Width: 1280, Dark: true})
		camera.Take(t, webuitest.Shot{URL: s.URL + "/components", File: filepath.Join(dir, name+"-phone-light.png"), Width: 390})
	}
}
