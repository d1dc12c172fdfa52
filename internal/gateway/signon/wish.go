package signon

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
)

// Scopes that an application may ask for; others are left out of what it is given.
const (
	ScopeOpenID   = "openid" // who it is; must be among them
	ScopeProfile  = "profile"
	ScopeEmail    = "email"
	ScopeLicenses = "licenses"       // what the person's account has bought
	ScopeOffline  = "offline_access" // a refresh token
)

// Scopes are all scopes.
var Scopes = []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeLicenses, ScopeOffline}

// Values of prompt. Source: OpenID Connect Core 1.0, section 3.1.2.1. Nobody is asked to consent: whom the seller tells its own
// customers' names is its own matter, so that consent asks for nothing more.
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptAccount = "select_account"
	promptConsent = "consent"
)

// Bounds of a wish, in bytes. What it asks travels through sign-in in a cookie, which has no room for more.
const (
	maxWish  = 2000
	maxNonce = 300
)

// Since is the parameter by which a wish that has been through sign-in says, sealed, since when the person has to have signed in.
const Since = "souk_since"

// Wish is what an application asks for when it sends a person here: an authorization request.
type Wish struct {
	Application Application
	Redirect    string // one of the application's
	State       string // comes back as it was sent
	Nonce       string // goes into the ID token
	Challenge   string // of PKCE, by S256
	Scopes      []string
	// Silent: nobody is to be asked anything. Anew: the person is to sign in now, though they have before.
	Silent, Anew bool
	// MaxAge is how long ago the person may have signed in; negative: no matter.
	MaxAge time.Duration
	Hint   string // the address that the person may sign in with; may be empty
	Since  string // the value of [Since]
}

// Refusal is what an application is told, at its own address, of a wish that is not granted. Source: RFC 6749, section 4.1.2.1;
// OpenID Connect Core 1.0, section 3.1.2.6.
type Refusal struct {
	Code string // such as invalid_request
	Say  string // for the application's programmers
}

// Error implements error.
func (r *Refusal) Error() string { return r.Code + ": " + r.Say }

// Codes of refusals.
const (
	InvalidRequest = "invalid_request"
	LoginRequired  = "login_required"
	Interaction    = "interaction_required"
)

// Parameter takes the parameter called name, which must not be there twice (RFC 6749, section 3.1).
func Parameter(q url.Values, name string) (string, error) {
	if len(q[name]) > 1 {
		return "", fail.New(fail.Invalid, "repeated_parameter", "The application that sent you here asked with %s twice. Open it again, or tell those who run it.", name)
	}
	return q.Get(name), nil
}

// Read reads the query of an authorization request. With a [*Refusal] comes a wish that says where to tell it.
//
// Errors: fail.Invalid where nobody can be told but the person: the application is unknown, or wants them led elsewhere;
// [*Refusal] for the rest.
func (as Applications) Read(q url.Values) (w Wish, err error) {
	id, err := Parameter(q, "client_id")
	if err != nil {
		return Wish{}, err
	}
	app, known := as.Find(id)
	if !known {
		return Wish{}, fail.New(fail.Invalid, "unknown_application", "The application that sent you here is not set up for sign-in. Open it again, or tell those who run it.")
	}
	redirect, err := Parameter(q, "redirect_uri")
	if err != nil {
		return Wish{}, err
	}
	if !slices.Contains(app.Redirects, redirect) {
		return Wish{}, fail.New(fail.Invalid, "foreign_redirect", "You would be led to an address that does not belong to %s, so this was refused. Open %s again, or tell those who run it.", app.Name, app.Name)
	}
	w = Wish{Application: app, Redirect: redirect, MaxAge: -1}
	if len(q["state"]) <= 1 {
		w.State = q.Get("state")
	}
	if len(q.Encode()) > maxWish {
		w.State = ""
		return w, &Refusal{InvalidRequest, fmt.Sprintf("the request is longer than %d bytes", maxWish)}
	}
	return w, w.read(q)
}

// read reads what is told at the redirect when it is wrong.
func (w *Wish) read(q url.Values) error {
	for name, values := range q {
		if len(values) > 1 {
			return &Refusal{InvalidRequest, fmt.Sprintf("%.40q is there twice", name)}
		}
	}
	for _, name := range []string{"request", "request_uri", "registration"} {
		if q.Has(name) {
			return &Refusal{name + "_not_supported", name + " is not taken here"}
		}
	}
	if t := q.Get("response_type"); t != "code" {
		return &Refusal{"unsupported_response_type", "response_type is code here, and nothing else"}
	}
	if m := q.Get("response_mode"); m != "" && m != "query" {
		return &Refusal{InvalidRequest, "response_mode is query here, and nothing else"}
	}
	asked := strings.Fields(q.Get("scope"))
	if !slices.Contains(asked, ScopeOpenID) {
		return &Refusal{"invalid_scope", "scope must have openid in it"}
	}
	for _, s := range Scopes {
		if slices.Contains(asked, s) {
			w.Scopes = append(w.Scopes, s)
		}
	}
	w.Challenge = q.Get("code_challenge")
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(w.Challenge); q.Get("code_challenge_method") != "S256" || err != nil || len(sum) != 32 {
		return &Refusal{InvalidRequest, "code_challenge is wanted, with code_challenge_method S256 (RFC 7636)"}
	}
	if w.Nonce = q.Get("nonce"); len(w.Nonce) > maxNonce {
		return &Refusal{InvalidRequest, fmt.Sprintf("nonce is longer than %d bytes", maxNonce)}
	}
	if age := q.Get("max_age"); age != "" {
		seconds, err := strconv.ParseUint(age, 10, 31)
		if err != nil {
			return &Refusal{InvalidRequest, "max_age is a number of seconds"}
		}
		w.MaxAge = time.Duration(seconds) * time.Second
	}
	w.Hint, w.Since = q.Get("login_hint"), q.Get(Since)
	return w.readPrompt(strings.Fields(q.Get("prompt")))
}

func (w *Wish) readPrompt(prompts []string) error {
	for _, p := range prompts {
		switch p {
		case promptNone:
			w.Silent = true
		case promptLogin, promptAccount:
			w.Anew = true
		case promptConsent:
		default:
			return &Refusal{InvalidRequest, fmt.Sprintf("prompt has no value %.40q", p)}
		}
	}
	if w.Silent && len(prompts) > 1 {
		return &Refusal{InvalidRequest, "prompt is none, or something else, and not both"}
	}
	return nil
}

// Enough reports whether who signed in at authenticated need not do so again. since is when they were sent to do it for this
// wish; zero: they were not.
func (w Wish) Enough(authenticated, since, now time.Time) bool {
	if !since.IsZero() && !authenticated.Before(since) {
		return true
	}
	return !w.Anew && (w.MaxAge < 0 || now.Sub(authenticated) <= w.MaxAge)
}

// Back is the address at which the application is answered: with a code, or with why there is none. issuer is the gateway's own
// name (RFC 9207).
func (w Wish) Back(issuer, code string, refusal *Refusal) string {
	u, err := url.Parse(w.Redirect)
	if err != nil {
		return w.Redirect // not reached: applications are checked
	}
	q := u.Query()
	q.Set("iss", issuer)
	if w.State != "" {
		q.Set("state", w.State)
	}
	if refusal != nil {
		q.Set("error", refusal.Code)
		q.Set("error_description", refusal.Say)
	} else {
		q.Set("code", code)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
