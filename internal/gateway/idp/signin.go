package idp

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// SignIn is one sign-in on its way: what the browser was sent away with. Its keeper shows it to nobody but that browser, and
// there only sealed.
type SignIn struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"` // of PKCE
}

// Begin begins a sign-in: the browser goes to the address, and what comes back with it is for [Provider.Finish].
//
// Errors: fail.Later where the provider cannot be reached.
func (p *Provider) Begin(ctx context.Context) (to string, s SignIn, err error) {
	f, err := p.find(ctx)
	if err != nil {
		return "", SignIn{}, err
	}
	s = SignIn{State: credential.NewSecret(), Nonce: credential.NewSecret(), Verifier: oauth2.GenerateVerifier()}
	return f.oauth.AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), s, nil
}

// Finish ends a sign-in: answer is what the browser brings back, and s what it was sent away with. It says who the person is,
// proven, and which role they have: "" if none.
//
// Errors: fail.Denied, fail.Later where the provider is away, or does not take us.
func (p *Provider) Finish(ctx context.Context, s SignIn, answer url.Values) (operator.Identity, error) {
	if s.State == "" || subtle.ConstantTimeCompare([]byte(s.State), []byte(answer.Get("state"))) != 1 {
		return operator.Identity{}, Stray()
	}
	f, err := p.find(ctx)
	if err != nil {
		return operator.Identity{}, err
	}
	// Before anything is made of the answer, a refusal included: whose is it? (RFC 9207, section 2.4)
	if issuer := answer.Get("iss"); (answer.Has("iss") || f.namesItself) && issuer != p.Issuer {
		return operator.Identity{}, fail.New(fail.Denied, "other_issuer", "This answer came from another sign-in provider than the one you were sent to, so it was not taken. Sign in again.")
	}
	if code := answer.Get("error"); code != "" {
		return operator.Identity{}, refused(code)
	}
	token, err := f.oauth.Exchange(oidc.ClientContext(ctx, p.client), answer.Get("code"), oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return operator.Identity{}, noToken(err)
	}
	said, subject, err := p.proven(ctx, f, token, s.Nonce)
	if err != nil {
		return operator.Identity{}, err
	}
	if err := p.askMore(ctx, f, token, subject, said); err != nil {
		return operator.Identity{}, err
	}
	return p.identity(said, subject), nil
}

// Stray is the failure of an answer that this browser was not waiting for.
func Stray() error {
	return fail.New(fail.Denied, "stray_answer", "This sign-in was not begun in this browser, or was finished already, or took longer than ten minutes. Sign in again.")
}

// refused is what a provider's error code means. Source: RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6.
func refused(code string) error {
	switch code {
	case "access_denied", "login_required", "interaction_required", "account_selection_required", "consent_required":
		return fail.Wrap(fail.Denied, errors.New(clip(code)), "provider_refused", "The sign-in provider did not let you through, or you turned back there. Sign in again, or ask an admin for access.")
	case "temporarily_unavailable", "server_error":
		return fail.Wrap(fail.Later, errors.New(clip(code)), "provider_trouble", "The sign-in provider has trouble just now. Try again in a moment.")
	}
	return fail.Wrap(fail.Later, errors.New(clip(code)), "provider_setup", "The sign-in provider does not take what this gateway asks it for. Tell whoever runs the gateway: its log says more.")
}

// noToken is why a code was not exchanged. Source: RFC 6749, section 5.2.
func noToken(err error) error {
	answer, told := errors.AsType[*oauth2.RetrieveError](err)
	if !told {
		return fail.Wrap(fail.Later, brief(err), "no_provider", "The sign-in provider cannot be reached just now. Try again in a moment.")
	}
	why := errors.New("the token endpoint answers " + answer.Response.Status + " " + clip(answer.ErrorCode)) // never its body, which may quote what was sent
	switch {
	case answer.ErrorCode == "invalid_grant":
		return fail.Wrap(fail.Denied, why, "code_refused", "The sign-in provider knows nothing of this sign-in any more: it was used before, or took too long. Sign in again.")
	case answer.Response.StatusCode >= 500:
		return fail.Wrap(fail.Later, why, "provider_trouble", "The sign-in provider has trouble just now. Try again in a moment.")
	}
	return fail.Wrap(fail.Later, why, "provider_setup", "The sign-in provider does not take this gateway for the one it knows. Tell whoever runs the gateway: its log says more.")
}

// clip is a code as it may be logged: RFC 6749 has printable ASCII in it, and one is short.
func clip(code string) string {
	if len(code) > 60 || slices.ContainsFunc([]byte(code), func(b byte) bool { return b < 0x20 || b > 0x7e }) {
		return "(an error code that is none)"
	}
	return code
}

// proven checks the ID token and reads what it says.
func (p *Provider) proven(ctx context.Context, f *found, token *oauth2.Token, nonce string) (claims, string, error) {
	bad := func(err error) error {
		return fail.Wrap(fail.Denied, brief(err), "not_proven", "What the sign-in provider said of you could not be proven, so it was not taken. Sign in again; if it goes on, tell whoever runs the gateway.")
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, "", bad(errors.New("there is no ID token in the token endpoint's answer"))
	}
	id, err := f.verifier.Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return nil, "", bad(err)
	}
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return nil, "", bad(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, "", bad(errors.New("the ID token is of another sign-in: its nonce is not ours"))
	case id.Subject == "" || len(id.Subject) > maxSubject:
		return nil, "", bad(errors.New("the ID token names nobody"))
	case said["azp"] != nil && said.text("azp") != p.ClientID, said["azp"] == nil && len(id.Audience) > 1:
		return nil, "", bad(errors.New("the ID token was issued to another client"))
	}
	return said, id.Subject, nil
}

// maxSubject is the longest name of a person. Source: OpenID Connect Core 1.0, section 2.
const maxSubject = 255

// askMore adds what only the userinfo endpoint says, where the ID token leaves out what we need.
func (p *Provider) askMore(ctx context.Context, f *found, token *oauth2.Token, subject string, said claims) error {
	if f.provider.UserInfoEndpoint() == "" || (said.text("email") != "" && said.at(p.Claim) != nil) {
		return nil
	}
	info, err := f.provider.UserInfo(oidc.ClientContext(ctx, p.client), oauth2.StaticTokenSource(token))
	if err != nil {
		return fail.Wrap(fail.Later, brief(err), "provider_trouble", "The sign-in provider does not say who you are just now. Try again in a moment.")
	}
	more := claims{}
	if err := info.Claims(&more); err != nil || info.Subject != subject { // section 5.3.2: of another person, it must not be used
		return fail.New(fail.Denied, "not_proven", "What the sign-in provider said of you does not agree with itself, so it was not taken. Sign in again.")
	}
	for name, value := range more {
		if _, signed := said[name]; !signed {
			said[name] = value
		}
	}
	return nil
}
