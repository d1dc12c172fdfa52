package signon

import (
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// Application is one program of the seller's at which people sign in with their account here. Sources: RFC 7591, section 2
// (redirect URIs); OpenID Connect RP-Initiated Logout 1.0, section 3.1.
type Application struct {
	ID      string           // as it calls itself: its client_id
	Name    string           // as people call it
	Product core.ProductCode // that it is part of, whose licences it is told; empty: those of all products
	// Secrets are hashes of what proves that it is itself ([credential.HashOf]): one, or two while one replaces the other. None: it
	// runs where no secret keeps, such as in a browser, and PKCE alone protects it.
	Secrets []string
	// Redirects are where people are led back to after they have signed in, SignedOut where after they have signed out.
	Redirects, SignedOut []string
}

// Public reports whether the application has no secret.
func (a Application) Public() bool { return len(a.Secrets) == 0 }

// Proves reports whether secret is one of the application's.
func (a Application) Proves(secret string) bool {
	hash, found := []byte(credential.HashOf(secret)), 0
	for _, s := range a.Secrets {
		found |= subtle.ConstantTimeCompare(hash, []byte(s))
	}
	return found == 1
}

// Applications are all of the seller's.
type Applications []Application

// Find finds the application that calls itself id.
func (as Applications) Find(id string) (Application, bool) {
	i := slices.IndexFunc(as, func(a Application) bool { return a.ID == id })
	if i < 0 {
		return Application{}, false
	}
	return as[i], true
}

// maxID is the length of an application's id, in bytes.
const maxID = 100

// Check says what in as cannot be. base is the gateway's own URL, products are the seller's.
//
// Errors: fail.Invalid.
func (as Applications) Check(base string, products core.Catalogue) error {
	if len(as) == 0 {
		return nil
	}
	if u, err := url.Parse(base); err != nil || !safe(u) {
		return bad("with applications, base-url must be https: it is %q", base)
	}
	for i, a := range as {
		if j := slices.IndexFunc(as, func(b Application) bool { return a.ID == b.ID }); j < i {
			return bad("%s stands there twice", a.ID)
		}
		if err := a.check(products); err != nil {
			return err
		}
	}
	return nil
}

func bad(format string, args ...any) error {
	return fail.New(fail.Invalid, "applications", "applications: "+format+".", args...)
}

func (a Application) check(products core.Catalogue) error {
	switch {
	case a.ID == "" || len(a.ID) > maxID || strings.ContainsFunc(a.ID, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }):
		return bad("the clientId %.40q is not of letters, digits and signs but a colon, at most %d", a.ID, maxID)
	case a.Name == "" || credential.CheckText(a.Name, credential.MaxName) != "":
		return bad("%s needs a name for people, of at most %d characters", a.ID, credential.MaxName)
	case len(a.Redirects) == 0:
		return bad("%s has no redirectUris: nobody could be led back to it", a.ID)
	case a.Product != "" && !products.Learns() && !products.Serves(a.Product):
		return bad("%s is of the product %s, which is not among the products", a.ID, a.Product)
	case products.Product(a.Product).Delegated():
		return bad("%s is of the product %s, whose accounts you keep yourself: nobody signs in to it here", a.ID, a.Product)
	}
	for _, s := range a.Secrets {
		if sum, err := hex.DecodeString(s); err != nil || len(sum) != 32 || s != strings.ToLower(s) {
			return bad("%s has a clientSecretHash that is none; `souk applications secret` makes a secret and its hash", a.ID)
		}
	}
	for _, address := range slices.Concat(a.Redirects, a.SignedOut) {
		if u, err := url.Parse(address); err != nil || !safe(u) || u.Fragment != "" || strings.Contains(address, "#") || len(address) > maxAddress {
			return bad("%s cannot be led back to %.200q; give a whole https URL, or http on this machine, without a fragment", a.ID, address)
		}
	}
	return nil
}

// maxAddress is the length of an address that people are led to, in bytes.
const maxAddress = 500

// safe reports whether what is sent to u can be read by nobody on the way.
func safe(u *url.URL) bool {
	host := u.Hostname()
	here := host == "localhost" || net.ParseIP(host).IsLoopback()
	return host != "" && u.User == nil && u.Opaque == "" && (u.Scheme == "https" || u.Scheme == "http" && here)
}
