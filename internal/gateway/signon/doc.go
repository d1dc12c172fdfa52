// Package signon lets people use the seller's applications with the account that they have here: single sign-on.
//
// It owns: which applications there are, what each may ask for, codes and tokens and how long they are good, and the keys that
// identities are signed with. It does not own: who is signed in (package account), how a request is written on the wire
// (package provider for applications, the portal for people).
//
// Always true: a sign-on hangs on the session in which it was made, and what opens it is worth nothing from that session's end
// on, whatever ended it (the store deletes the one with the other); of the secrets of a sign-on only the newest is good, once,
// and whoever comes with an older one, or with somebody else's, ends it; nothing that opens a door is kept, only its hash; an
// application is answered only at addresses that it was configured with, letter by letter.
//
// Sources: OpenID Connect Core 1.0; RFC 6749 (OAuth 2.0); RFC 7636 (PKCE); RFC 9700 (OAuth 2.0 Security Best Current Practice).
package signon
