// Package idp is the door to the seller's own identity provider, at which the console's people sign in: OpenID Connect,
// authorization code with PKCE.
//
// It owns: the way there and back, the proof of what the provider says of somebody, and which role that means here. It does
// not own: operators and their sessions (package operator), cookies and pages (the console).
//
// Always true: nothing is asked of the provider before somebody wants to sign in, so that a start does not depend on it;
// what a browser brings back counts only for the state, the nonce and the verifier that this browser was sent away with,
// and only from the one provider that is configured; nothing that a provider or a browser has written stands in a failure
// that a page shows.
//
// Sources: OpenID Connect Core 1.0, sections 3.1 and 5; OpenID Connect Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (the issuer
// in the answer).
package idp
