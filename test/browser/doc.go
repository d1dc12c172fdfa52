// Package browser has a headless Chromium go through the purchase as a person would: by what stands on buttons, links and
// labels, on a real souk up.
//
// It owns: the visitor (visitor_test.go) and the ways it goes: the whole purchase once, with and without scripts, what can go
// wrong, and what AWS has sellers try, in every model that it sells (scenarios_test.go). The pages of the former are kept as
// pictures in .tools/screenshots, for a person to look at.
package browser
