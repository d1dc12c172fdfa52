// Package provider is the door for the seller's applications at which people sign in with their account here: an OpenID
// provider's endpoints that programs call, and its documents. It stands on the op package of zitadel/oidc, a certified
// implementation, which reads the requests, proves that they are whole, and writes answers and errors.
//
// It owns: the wire: discovery, keys, tokens, userinfo, introspection, revocation, and the signing and reading of ID tokens. It
// does not own: what is allowed (package signon), and the two endpoints that people's browsers come to, which are pages (the
// portal: /oauth/authorize and /oauth/signout).
//
// Always true: secrets and tokens are taken from the body or the Authorization header and never from an address; an application
// proves itself in one way, and one with a secret cannot do without; what is signed is signed with RS256 and a key of our own, and
// nothing else is believed; an outage here is told as one, without its cause.
//
// Its instants are of two clocks. What is kept here lives in business time. What an ID token says of time is read by programs
// that know only the system's clock, and is written in that; while a sandbox moves the one, the other goes on. The paths of
// zitadel/oidc that ask the system for the time themselves are those that make tokens of its own, which are not used.
//
// Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 6749, 6750, 7009 (revocation), 7662 (introspection), 9207.
package provider
