package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// customer is what the gateway says of somebody. Claims: the gateway's docs/single-sign-on.md.
type customer struct {
	Subject  string    `json:"sub"` // whom a product in earnest would keep things under
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Licenses []license `json:"https://souk.dev/claims/licenses"`
}

type license struct {
	ID          string `json:"id"`
	ProductCode string `json:"productCode"`
	State       string `json:"state"`
}

// awayCookie keeps, in the browser that was sent away, what its answer must fit: state, nonce and PKCE's verifier.
const (
	awayCookie  = "bindery_away"
	awaySeconds = 600
)

// getSignIn sends the browser to the gateway.
func (a *App) getSignIn(w http.ResponseWriter, r *http.Request) {
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	a.setCookie(w, awayCookie, strings.Join([]string{state, nonce, verifier}, "."), awaySeconds)
	http.Redirect(w, r, a.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
}

// getCallback takes what the browser brings back. It counts once, in the browser that was sent away.
func (a *App) getCallback(w http.ResponseWriter, r *http.Request) {
	away, err := r.Cookie(awayCookie)
	a.setCookie(w, awayCookie, "", -1)
	if err != nil {
		a.show(w, http.StatusBadRequest, view{Title: "Sign-in was not begun here", Says: "It was not begun in this browser, or too long ago. Please sign in again."})
		return
	}
	s, err := a.finish(r.Context(), away.Value, r.URL.Query())
	if err != nil {
		a.Log.Warn("sign-in refused", "err", err)
		a.show(w, http.StatusUnauthorized, view{Title: "That did not work", Says: "Nobody is signed in. Please try again."})
		return
	}
	a.begin(w, r, s)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// finish takes an answer to what the browser was sent away with.
func (a *App) finish(ctx context.Context, away string, answer url.Values) (session, error) {
	kept := strings.Split(away, ".")
	if len(kept) != 3 || answer.Get("state") != kept[0] {
		return session{}, errors.New("the answer does not fit the question")
	}
	if iss := answer.Get("iss"); iss != strings.TrimRight(a.Issuer, "/") { // RFC 9207: it is not another provider's
		return session{}, fmt.Errorf("the answer is from %.100q", iss)
	}
	if code := answer.Get("error"); code != "" {
		return session{}, fmt.Errorf("the gateway refuses: %.100q", code)
	}
	token, err := a.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(kept[2]))
	if err != nil {
		return session{}, fmt.Errorf("redeem the code: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return session{}, fmt.Errorf("verify the ID token: %w", err)
	}
	if id.Nonce != kept[1] {
		return session{}, errors.New("the ID token answers another question")
	}
	s := session{idToken: raw}
	if err := id.Claims(&s.customer); err != nil {
		return session{}, fmt.Errorf("read the ID token: %w", err)
	}
	return s, nil
}

// postSignOut signs out here, and sends the browser to the gateway to be signed out there.
func (a *App) postSignOut(w http.ResponseWriter, r *http.Request) {
	s, ok := a.session(r)
	a.end(w, r)
	if !ok || a.endSession == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	q := url.Values{"id_token_hint": {s.idToken}, "post_logout_redirect_uri": {a.URL + "/"}}
	http.Redirect(w, r, a.endSession+"?"+q.Encode(), http.StatusSeeOther)
}
