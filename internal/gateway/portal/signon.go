package portal

import (
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/signon"
)

// Addresses to which the seller's applications send people: to sign in, and to sign out (OpenID Connect's authorization and end
// session endpoints).
const (
	AuthorizePath = "/oauth/authorize"
	SignOutPath   = "/oauth/signout"
)

// anew is the query parameter with which the sign-in page asks even who is signed in.
const anew = "anew"

// Seal of [signon.Since]: what is sealed is the instant, and sealedFor how long it lets a person take over signing in.
const (
	sincePurpose = "sign in anew for "
	sealedFor    = time.Hour
)

// SignOns is what the portal needs for the seller's applications.
type SignOns struct {
	*signon.Service
	Applications signon.Applications
	Issuer       string // what the gateway calls itself towards them
	// Hint reads an ID token of ours, however old: of which application it is, and from which session ([signon.SessionID]);
	// fail.Denied for what is none.
	Hint func(token string) (application, session string, err error)
}

// asLink has the browser come again as by a link, with what the form says: so it brings its cookies, which it does not with
// another site's form.
func (p *Portal) asLink(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	seeOther(w, r, r.URL.Path+"?"+in.Encode())
	return nil
}

// destinationOfWish is where a person goes whom an application has sent here with query.
func (p *Portal) destinationOfWish(query string) (destination, error) {
	q, err := url.ParseQuery(query)
	if err != nil || p.SignOns == nil {
		return destination{}, fail.New(fail.Invalid, "unknown_application", "The application that sent you here is not set up for sign-in. Open it again, or ask for help.")
	}
	wish, err := p.SignOns.Applications.Read(q)
	if err != nil {
		return destination{}, fail.Wrap(fail.Invalid, err, fail.CodeOf(err), "The link that brought you here cannot be read. Open the application again.")
	}
	to := destination{wish: wish, query: q.Encode()}
	if wish.Application.Product != "" {
		to.product = p.Products.Product(wish.Application.Product)
	}
	return to, nil
}

// getAuthorize answers an application that has sent a person here: with a code, as soon as they are signed in as it wants.
func (p *Portal) getAuthorize(w http.ResponseWriter, r *http.Request) error {
	if p.SignOns == nil {
		return p.getNowhere(w, r)
	}
	q := r.URL.Query()
	wish, err := p.SignOns.Applications.Read(q)
	if refusal, ok := errors.AsType[*signon.Refusal](err); ok {
		p.answer(w, r, wish, "", refusal)
		return nil
	}
	if err != nil {
		return err
	}
	secret := p.cookie(r, sessionCookie)
	who, session, err := p.signedOn(r, secret)
	if err != nil {
		return err
	}
	since, err := p.since(r, wish)
	if err != nil {
		return err
	}
	switch {
	case who != nil && wish.Enough(session.CreatedAt, since, p.Clock.Now()):
	case wish.Silent:
		p.answer(w, r, wish, "", &signon.Refusal{Code: signon.LoginRequired, Say: "nobody is signed in as the request wants"})
		return nil
	default:
		p.toSignIn(w, r, wish, q, who != nil)
		return nil
	}
	if wish.Silent {
		if waits, err := p.setupOf(r, *who, p.Products.Product(wish.Application.Product)); err != nil || waits != "" {
			if err == nil {
				p.answer(w, r, wish, "", &signon.Refusal{Code: signon.Interaction, Say: "the account is not ready yet"})
			}
			return err
		}
	} else if done, err := p.waitsForSetup(w, r, *who, p.Products.Product(wish.Application.Product)); err != nil || done {
		return err
	}
	code, err := p.SignOns.Allow(r.Context(), wish, session.Hash)
	if fail.Is(err, fail.NotFound) { // signed out meanwhile
		p.toSignIn(w, r, wish, q, false)
		return nil
	}
	if err != nil {
		return err
	}
	p.answer(w, r, wish, code, nil)
	return nil
}

// signedOn is who is signed in, and their session; nil if nobody is.
func (p *Portal) signedOn(r *http.Request, secret string) (*account.Who, credential.Session, error) {
	who, err := p.who(r) // which notes that the session is used
	if err != nil || who == nil {
		return nil, credential.Session{}, err
	}
	a, session, err := p.Accounts.InSession(r.Context(), credential.HashOf(secret))
	if fail.Is(err, fail.Denied) {
		return nil, credential.Session{}, nil
	}
	return &a, session, err
}

// toSignIn leads to the sign-in page, and from there back here.
func (p *Portal) toSignIn(w http.ResponseWriter, r *http.Request, wish signon.Wish, q url.Values, asksAnew bool) {
	now := p.Clock.Now()
	q.Set(signon.Since, p.Seal.Seal(sincePurpose+wish.Application.ID, now.Add(sealedFor), binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro()))))
	to := url.Values{"authorize": {q.Encode()}}
	if asksAnew {
		to.Set(anew, "")
	}
	seeOther(w, r, "/signin?"+to.Encode())
}

// since is when the person was sent to sign in for wish; zero: they were not.
func (p *Portal) since(r *http.Request, wish signon.Wish) (time.Time, error) {
	if wish.Since == "" {
		return time.Time{}, nil
	}
	text, err := p.Seal.Open(r.Context(), sincePurpose+wish.Application.ID, wish.Since)
	if fail.Is(err, fail.Denied) {
		return time.Time{}, nil
	}
	if err != nil || len(text) != 8 {
		return time.Time{}, err
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(text))), nil
}

// answer leads the person back to the application.
func (p *Portal) answer(w http.ResponseWriter, r *http.Request, wish signon.Wish, code string, refusal *signon.Refusal) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, r, wish.Back(p.SignOns.Issuer, code, refusal))
}
