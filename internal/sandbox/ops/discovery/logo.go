package discovery

import "net/http"

// LogoPath is where the logo of every listing is: listings here have none of their own, and the model wants one.
const LogoPath = "/listing-logo.svg"

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" role="img" aria-label="A listing of the sandbox"><rect width="48" height="48" rx="10" fill="#2b5d50"/><path d="M14 18h20l-2 17H16zm5 0a5 5 0 0 1 10 0" fill="none" stroke="#fff" stroke-width="3"/></svg>`

// Logo serves that logo.
func Logo(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(logo)) // a client that has gone is told nothing
}
