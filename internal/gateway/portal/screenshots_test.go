//go:build screenshots

package portal

import (
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes pictures of every story: see [webuitest.Pictures].
func TestScreenshots(t *testing.T) {
	webuitest.StoryPictures(t, renderer(t).Storybook(samples()...))
}
