// Package browser has a headless Chromium go through the purchase as a person would: by what stands on buttons, links and
// labels, on a real souk up.
//
// It owns: the visitor (visitor_test.go) and the ways it goes. Every page that it looks at is kept as a picture in
// .tools/screenshots, for a person to look at.
package browser
