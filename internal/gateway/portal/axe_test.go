package portal

import (
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestEveryPageIsOpenToEverybody has axe-core look at every page in every state that it has a story of.
func TestEveryPageIsOpenToEverybody(t *testing.T) {
	webuitest.NewAxe(t).Stories(t, renderer(t).Storybook(samples()...))
}
