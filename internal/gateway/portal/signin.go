package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// HandleParameter is the query parameter in which the seller's application gets the sign-in handle.
const HandleParameter = "souk_signin"

type signInView struct {
	Page
	Product string // whose application asks; may be empty
	Fields  []webui.Field
	Notice  webui.Notice
	Passkey *webui.Passkey // the form for one; nil: there are none here
	// Kept in the form, to go where the person was going.
	ProductCode core.ProductCode
	Return      string
	Authorize   string
}

// destination is where to go after sign-in.
type destination struct {
	product core.Product // none: to our own pages
	back    string
	// wish is what an application asked for that people sign on to; its query is the whole of it. Empty: none did.
	wish  signon.Wish
	query string
}

// title is what people know the application by that they are on the way to; empty: to none.
func (d destination) title() string { return cmp.Or(d.wish.Application.Name, d.product.Title) }

// forms are where the forms of the way may lead beside our own pages.
func (d destination) forms() webui.Option {
	return webui.FormsMayGoTo(d.product.AppURL, d.wish.Redirect)
}

// destinationOf reads ?product= and ?return=, or ?authorize=. The return must be of the same origin as the product's application:
// otherwise anybody could have customers' handles sent to themselves.
func (p *Portal) destinationOf(q url.Values) (destination, error) {
	if q.Get("authorize") != "" {
		return p.destinationOfWish(q.Get("authorize"))
	}
	code, back := core.ProductCode(q.Get("product")), q.Get("return")
	if code == "" && back == "" {
		return destination{}, nil
	}
	product := p.Products.Product(code)
	if p.Products.Learns() || !p.Products.Serves(code) || product.AppURL == "" {
		return destination{}, fail.New(fail.Invalid, "unknown_app", "The application that sent you here is not set up for sign-in. Open it again, or ask for help.")
	}
	if product.Delegated() {
		return destination{}, fail.New(fail.Invalid, "accounts_elsewhere", "%s keeps its accounts itself: sign in there.", product.Title)
	}
	if back == "" {
		back = product.AppURL
	}
	u, err := url.Parse(back)
	if err != nil || !sameOrigin(u, product.AppURL) {
		return destination{}, fail.New(fail.Invalid, "foreign_return", "The link that brought you here would lead to another site than %s afterwards, so it was refused. Open %s again.", product.Title, product.Title)
	}
	u.Fragment = ""
	return destination{product: product, back: u.String()}, nil
}

func sameOrigin(u *url.URL, app string) bool {
	a, err := url.Parse(app)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	return u.Scheme == a.Scheme && strings.EqualFold(u.Hostname(), a.Hostname()) && portOf(u) == portOf(a)
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// getSignIn shows the form, or leads on at once where somebody is signed in.
func (p *Portal) getSignIn(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to, err := p.destinationOf(q)
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who != nil && !q.Has(anew) {
		return p.goOn(w, r, *who, to)
	}
	view := p.signInForm(r, to, to.wish.Hint)
	switch {
	case q.Has("registered"):
		view.Notice = webui.Notice{Tone: webui.Info, Title: "You have an account already", Text: "This subscription was set up before. Sign in to go on."}
	case q.Has("reset"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your password is changed. Sign in with the new one."}
	case q.Has("verified"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your address is confirmed."}
	case q.Has("signed-out"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "You are signed out."}
	}
	return p.showSignIn(w, r, view, to, nil)
}

func (p *Portal) signInForm(r *http.Request, to destination, email string) signInView {
	return signInView{Page: p.pageOf(r, nil, to.product.Code), Product: to.title(), ProductCode: to.product.Code, Return: to.back, Authorize: to.query, Fields: []webui.Field{
		{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Required: true, MaxLength: account.MaxEmail, Value: email, Autofocus: email == ""},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Autofocus: email != ""},
	}}
}

// postSignIn signs in.
func (p *Portal) postSignIn(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	to, err := p.destinationOf(in)
	if err != nil {
		return err
	}
	a, err := p.Accounts.SignIn(r.Context(), in.Get("email"), in.Get("password"), httpx.ClientAddress(r))
	if err != nil {
		return p.showSignIn(w, r, p.signInForm(r, to, in.Get("email")), to, err)
	}
	if done, err := p.asksCode(w, r, halfway{Person: a.ID, Product: to.product.Code, Return: to.back, Authorize: to.query}); err != nil || done {
		return err
	}
	if err := p.signIn(w, r, a); err != nil {
		return err
	}
	return p.goOn(w, r, a, to)
}

// goOn leads a person who is signed in to where they were going: with a handle, where that is the seller's application.
func (p *Portal) goOn(w http.ResponseWriter, r *http.Request, a account.Who, to destination) error {
	if to.query != "" {
		seeOther(w, r, AuthorizePath+"?"+to.query)
		return nil
	}
	if to.back == "" {
		seeOther(w, r, p.home(r))
		return nil
	}
	a, err := p.seatFor(r, a, to.product.Code)
	if err != nil {
		return err
	}
	if done, err := p.waitsForSetup(w, r, a, to.product); err != nil || done {
		return err
	}
	handle, err := p.Accounts.IssueHandle(r.Context(), a, to.product.Code)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, r, withQuery(to.back, HandleParameter, handle))
	return nil
}

// seatFor is who at that of their accounts which has a licence for the product: where they are, or else where they have been for
// longest. Where none has, it is where they are.
func (p *Portal) seatFor(r *http.Request, who account.Who, code core.ProductCode) (account.Who, error) {
	seats, err := p.Accounts.Seats(r.Context(), who.ID)
	if err != nil || len(seats) < 2 {
		return who, err
	}
	for _, seat := range append([]account.Who{who}, seats...) {
		owned, err := p.Register.Licenses(r.Context(), seat.Account.ID)
		if err != nil {
			return who, err
		}
		if slices.ContainsFunc(owned, func(l license.License) bool { return l.ProductCode == code }) {
			return seat, nil
		}
	}
	return who, nil
}

// withQuery is address, which has been read before, with one more member of its query.
func withQuery(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // not reached
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// home is where a person goes who was not going anywhere: to the registration, the invitation or the change of address that is open
// in this browser, or to their subscriptions.
func (p *Portal) home(r *http.Request) string {
	if secret, err := p.wayOf(r, addressCookie, addressPurpose); err == nil && secret != "" {
		return letter.AddressPage
	}
	if secret, err := p.wayOf(r, invitationCookie, invitationPurpose); err == nil && secret != "" {
		return letter.JoinPage
	}
	if _, err := p.registration(r); err == nil {
		return "/register/account"
	}
	return "/portal"
}
