//go:build screenshots

package console

import (
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes pictures of every story: see [webuitest.Pictures].
func TestScreenshots(t *testing.T) {
	c := newDesk(t).console
	webuitest.StoryPictures(t, c.ui.Storybook(stories(c)...))
}
