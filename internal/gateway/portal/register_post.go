package portal

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
)

// RegistrationParameter is the query parameter in which the seller's sign-up page gets the registration handle.
const RegistrationParameter = "souk_registration"

const (
	maxLanding = 16 << 10 // bytes of the form that AWS Marketplace posts
	maxToken   = 4096     // bytes of a token; those seen have a few hundred, and the Agreement API bounds them by 512
	maxOffer   = 64
)

// Codes of what can be wrong with the form itself.
const (
	noToken     = "no_token"
	wrongForm   = "wrong_form"
	multipart   = "multipart_form"
	formTooBig  = "form_too_big"
	longToken   = "token_too_long"
	manyTokens  = "many_tokens"
	gateClosed  = "too_many_arrivals"
	brokenForms = "broken_form"
	noCookies   = "no_cookies"
)

// postRegister is the fulfilment URL: the buyer's browser brings the token. It is resolved before anything else
// happens, and the answer leads on to a page without it. A failure is answered here, not by a redirect, so that
// reloading the page sends the same form once more.
func (p *Portal) postRegister(w http.ResponseWriter, r *http.Request) error {
	token, offer, err := landingForm(w, r)
	if err != nil {
		return p.showLandingProblem(w, r, err)
	}
	if !p.gate.pass(httpx.ClientAddress(r)) {
		return p.showLandingProblem(w, r, fail.New(fail.TooMuch, gateClosed, "Very many registrations arrive right now; try again in a few seconds."))
	}
	reg, err := p.Register.Arrive(r.Context(), token, offer)
	if err != nil {
		return p.showLandingProblem(w, r, err)
	}
	p.rememberRegistration(w, reg.ID)
	p.goToAccount(w, r, reg)
	return nil
}

// goToAccount leads a buyer on to where the account is made: here, or at the seller's own sign-up page.
func (p *Portal) goToAccount(w http.ResponseWriter, r *http.Request, reg register.Registration) {
	product := p.Products.Product(reg.Buyer.ProductCode)
	if !product.Delegated() {
		seeOther(w, r, "/register/account")
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, r, withQuery(product.SignUpURL, RegistrationParameter, p.Delegation.IssueHandle(reg)))
}

// landingForm reads the form that AWS Marketplace posts. No error of it quotes what was in it.
func landingForm(w http.ResponseWriter, r *http.Request) (token, offer string, err error) {
	switch mt, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case err == nil && mt == "multipart/form-data":
		return "", "", fail.New(fail.Invalid, multipart, "The form came as multipart/form-data.")
	case err != nil || mt != "application/x-www-form-urlencoded":
		return "", "", fail.New(fail.Invalid, wrongForm, "What came is not a form.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLanding))
	if err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return "", "", fail.New(fail.Invalid, formTooBig, "The form is larger than %d bytes.", maxLanding)
		}
		return "", "", fail.New(fail.Invalid, brokenForms, "The form did not arrive whole.")
	}
	fields, err := url.ParseQuery(string(body)) // decodes once; its error would quote the form
	if err != nil {
		return "", "", fail.New(fail.Invalid, brokenForms, "The form is not encoded as forms are.")
	}
	switch tokens := fields[contract.TokenField]; {
	case len(tokens) == 0 || tokens[0] == "":
		return "", "", fail.New(fail.Invalid, noToken, "The form has no registration token.")
	case len(tokens) > 1:
		return "", "", fail.New(fail.Invalid, manyTokens, "The form has more than one registration token.")
	case len(tokens[0]) > maxToken:
		return "", "", fail.New(fail.Invalid, longToken, "The registration token is too long.")
	case !utf8.ValidString(tokens[0]): // AWS's protocol could not carry it
		return "", "", fail.New(fail.Invalid, register.TokenInvalid, "The registration token has characters that none has.")
	default:
		token = tokens[0]
	}
	if offer = fields.Get(contract.OfferTypeField); len(offer) > maxOffer || !utf8.ValidString(offer) {
		offer = ""
	}
	return token, offer, nil
}
