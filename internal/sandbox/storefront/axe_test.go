package storefront

import (
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestEveryPageIsOpenToEverybody has axe-core look at every page, in the light as it is on a phone, and in the dark.
func TestEveryPageIsOpenToEverybody(t *testing.T) {
	axe := webuitest.NewAxe(t, "../../..")
	sc := newScene(t)
	for name, path := range sc.pages {
		t.Run(name, func(t *testing.T) {
			axe.Check(t, sc.url+path, 390, false)
			axe.Check(t, sc.url+path, 1280, true)
		})
	}
}
