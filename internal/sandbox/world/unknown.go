package world

import (
	"cmp"
	"maps"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// maxCompared is among how many ids a misspelt one is looked for: a hint is worth no long search while the world waits.
const maxCompared = 1000

// meant ends a sentence about an id that is none of have's, with the one that was likely meant.
func meant[V any](id string, have map[string]V) string {
	if len(have) > maxCompared {
		return "."
	}
	return cmp.Or(profile.Nearest(id, slices.Sorted(maps.Keys(have))), ".")
}

func (w *World) unknownSeller(account string) error {
	return fail.New(fail.NotFound, "unknown_seller", "There is no seller %q%s", account, meant(account, w.sellers))
}

func (w *World) unknownProduct(idOrCode string) error {
	return fail.New(fail.NotFound, "unknown_product", "There is no product %q%s", idOrCode, meant(idOrCode, w.products))
}

func (w *World) unknownBuyer(account string) error {
	return fail.New(fail.NotFound, "unknown_buyer", "There is no buyer %q%s", account, meant(account, w.buyers))
}

func (w *World) unknownOffer(id string) error {
	return fail.New(fail.NotFound, "unknown_offer", "There is no offer %q%s", id, meant(id, w.offers))
}
