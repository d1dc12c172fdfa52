package portal

import (
	"slices"
	"testing"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/webui"
	"souk.dev/souk/internal/webui/webuitest"
)

// TestEveryPageIsOpenToEverybody has axe-core look at every page in every state that it has a story of.
func TestEveryPageIsOpenToEverybody(t *testing.T) {
	webuitest.NewAxe(t).Stories(t, renderer(t).Storybook(samples()...))
}

// TestBrandedPagesAreOpenToEverybody has axe-core look at the pages that show most of a brand, in colours that nobody could read as
// they are: those of a product with a logo, and sellers' at both ends of what a colour can be.
func TestBrandedPagesAreOpenToEverybody(t *testing.T) {
	axe := webuitest.NewAxe(t)
	show := slices.DeleteFunc(samples(), func(s webui.Story) bool {
		return !slices.Contains([]string{"account-wrong", "signin", "home-unverified", "subscription-active", "landing-token-expired"}, s.Name)
	})
	if len(show) != 5 {
		t.Fatalf("%d of the pages are there; a name has changed", len(show))
	}
	for name, c := range map[string]Config{
		"Product": {Seller: seller, Products: branded(t)},
		"Black":   {Seller: core.Brand{Name: "Quill Labs", Accent: "#000000"}, Products: catalogue},
		"White":   {Seller: core.Brand{Name: "Quill Labs", Accent: "#ffffff"}, Products: catalogue},
	} {
		t.Run(name, func(t *testing.T) {
			c.BaseURL = "http://127.0.0.1:4710"
			p, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			face := p.ui.common
			if own := p.ui.of[metricCode]; own != nil {
				face = own
			}
			axe.Stories(t, face.Storybook(show...))
		})
	}
}
