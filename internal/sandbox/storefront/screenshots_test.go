//go:build screenshots

package storefront

import (
	"regexp"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// inDark are the pages whose components, between them, are all there are: one picture each in the dark will do.
var inDark = regexp.MustCompile(`^(home|offer|product-tiers|subscriptions|contract|bill|support|seller-offer-new|seller-agreement|seller-channels|mail|control|call-sent|offer-future|offer-replacement|delivery|product-offers)$`)

// TestScreenshots writes pictures of every page: see [webuitest.Pictures].
//
//	SCREENSHOTS=$PWD/docs/screenshots/sandbox go test -tags screenshots -run Screenshots ./internal/sandbox/storefront
func TestScreenshots(t *testing.T) {
	sc := newScene(t)
	pages := map[string]string{}
	for name, path := range sc.pages {
		pages[name] = sc.url + path
	}
	webuitest.Pictures(t, pages, inDark.MatchString)
}
