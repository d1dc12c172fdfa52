//go:build screenshots

package storefront

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// inDark are the pages whose components, between them, are all there are: one picture each in the dark will do.
var inDark = regexp.MustCompile(`^(home|offer|product-tiers|subscriptions|contract|bill|support|seller-offer-new|seller-agreement|seller-channels|mail|control|call-sent|offer-future|offer-replacement|delivery|product-offers)$`)

// TestScreenshots writes a picture of every page, wide and as on a phone, and of some in the dark, to $SCREENSHOTS:
//
//	SCREENSHOTS=$PWD/docs/screenshots/sandbox go test -tags screenshots -run Screenshots ./internal/sandbox/storefront
//
// With SHOTS, a regular expression, only the pages that it matches.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	only := regexp.MustCompile(os.Getenv("SHOTS"))
	sc := newScene(t)
	camera := webuitest.NewCamera(t)
	for name, path := range sc.pages {
		if !only.MatchString(name) {
			continue
		}
		shots := map[string]webuitest.Shot{"": {Width: 1280}, "-phone": {Width: 390}}
		if inDark.MatchString(name) {
			shots["-dark"] = webuitest.Shot{Width: 1280, Dark: true}
		}
		for suffix, shot := range shots {
			shot.URL, shot.File = sc.url+path, filepath.Join(dir, name+suffix+".png")
			camera.Take(t, shot)
		}
	}
}
