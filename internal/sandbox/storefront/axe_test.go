package storefront

import (
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestEveryPageIsOpenToEverybody has axe-core look at every page.
func TestEveryPageIsOpenToEverybody(t *testing.T) {
	axe := webuitest.NewAxe(t)
	sc := newScene(t)
	pages := map[string]string{}
	for name, path := range sc.pages {
		pages[name] = sc.url + path
	}
	axe.Site(t, pages)
}
