package portal

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// registrationForm reads one of the forms of the account page and the registration that the browser is at. done is
// true when the browser was sent elsewhere: the registration is over, or the form was made for another one.
func (p *Portal) registrationForm(w http.ResponseWriter, r *http.Request) (in url.Values, reg register.Registration, done bool, err error) {
	if in, err = formUpTo(w, r, maxRegistrationForm); err != nil {
		return nil, reg, false, err
	}
	reg, err = p.registration(r)
	if fail.Is(err, fail.Denied) {
		seeOther(w, r, "/register")
		return nil, reg, true, nil
	}
	if err != nil {
		return nil, reg, false, err
	}
	// Two tabs may be at two registrations, and the browser carries the later one. A form must not claim the licence
	// that the other tab shows. The same goes for a licence that has its account meanwhile, or gets it elsewhere.
	if register.ID(in.Get("registration")) != reg.ID || reg.Account != "" || p.Products.Product(reg.Buyer.ProductCode).Delegated() {
		seeOther(w, r, "/register/account")
		return nil, reg, true, nil
	}
	return in, reg, false, nil
}

// postSignUp makes an account for the buyer, gives it the licence, and signs the browser in.
func (p *Portal) postSignUp(w http.ResponseWriter, r *http.Request) error {
	in, reg, done, err := p.registrationForm(w, r)
	if err != nil || done {
		return err
	}
	form := account.SignUp{Email: in.Get(account.FieldEmail), Name: in.Get(account.FieldName), Company: in.Get(account.FieldCompany), Password: in.Get(account.FieldPassword)}
	asked := p.questions(reg.Buyer.ProductCode)
	answers, wrong := readAnswers(asked, in)
	var a account.Who
	if err = form.Check(); err == nil && wrong == nil { // all that is wrong is said at once, and nothing is made before
		a, err = p.Accounts.SignUp(r.Context(), form, httpx.ClientAddress(r))
	}
	bad, _ := errors.AsType[account.FieldErrors](err)
	if err = cmp.Or(err, wrong.OrNil()); err != nil {
		view := p.accountForms(r, reg)
		view.SignUp = append(signUpFields(form, bad), questionFields(asked, in, wrong)...)
		view.Notice = noticeOf(err)
		return p.showAgain(w, r, "account", view, err)
	}
	if done, err := p.asksCode(w, r, halfway{Person: a.ID, Register: true}); err != nil || done { // it was there, with this password
		return err
	}
	return p.finish(w, r, reg, a, answers)
}

// postKnown signs the buyer in with an account they have, and gives it the licence; where the seller asks something, not before
// that is answered.
func (p *Portal) postKnown(w http.ResponseWriter, r *http.Request) error {
	in, reg, done, err := p.registrationForm(w, r)
	if err != nil || done {
		return err
	}
	a, err := p.Accounts.SignIn(r.Context(), in.Get(knownEmail), in.Get(knownPassword), httpx.ClientAddress(r))
	if err != nil {
		view := p.accountForms(r, reg)
		view.SignIn = knownFields(in.Get(knownEmail))
		view.SignInSays = noticeOf(err)
		return p.showAgain(w, r, "account", view, err)
	}
	if done, err := p.asksCode(w, r, halfway{Person: a.ID, Register: true}); err != nil || done {
		return err
	}
	if len(p.questions(reg.Buyer.ProductCode)) > 0 {
		if err := p.signIn(w, r, a); err != nil {
			return err
		}
		seeOther(w, r, "/register/account")
		return nil
	}
	return p.finish(w, r, reg, a, nil)
}

// postLink gives the licence to the account that is signed in, which its owner has been asked for.
func (p *Portal) postLink(w http.ResponseWriter, r *http.Request) error {
	in, reg, done, err := p.registrationForm(w, r)
	if err != nil || done {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who == nil {
		seeOther(w, r, "/register/account")
		return nil
	}
	asked := p.questions(reg.Buyer.ProductCode)
	answers, wrong := readAnswers(asked, in)
	if err := wrong.OrNil(); err != nil {
		view := p.askForm(r, reg, who)
		view.Fields, view.Notice = questionFields(asked, in, wrong), noticeOf(err)
		return p.showAgain(w, r, "ask", view, err)
	}
	return p.finish(w, r, reg, *who, answers)
}

// finish claims the licence for a, signs the browser in as a where it is not, and leads to the subscription.
func (p *Portal) finish(w http.ResponseWriter, r *http.Request, reg register.Registration, a account.Who, answers []register.Answer) error {
	claimed, err := p.Register.Claim(r.Context(), reg.ID, a.Account.ID, answers)
	if fail.CodeOf(err) == register.Claimed { // somebody was quicker; the page says what to do
		seeOther(w, r, "/register/account")
		return nil
	}
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who == nil || who.ID != a.ID {
		if err := p.signIn(w, r, a); err != nil {
			return err
		}
	}
	p.forgetRegistration(w)
	seeOther(w, r, "/portal/licenses/"+string(claimed.License)+"?new")
	return nil
}

// noticeOf is what stands above a form that was not taken.
func noticeOf(err error) webui.Notice {
	if e, ok := errors.AsType[*fail.Error](err); ok && e.Kind != fail.Internal {
		return webui.Notice{Tone: webui.Error, Text: e.Say}
	}
	return webui.Notice{}
}

// showAgain shows a form again with what is to be changed, for failures that the person can mend.
func (p *Portal) showAgain(w http.ResponseWriter, r *http.Request, page string, view any, err error, options ...webui.Option) error {
	status := http.StatusUnprocessableEntity
	switch fail.KindOf(err) {
	case fail.Invalid, fail.Denied:
	case fail.TooMuch:
		status = http.StatusTooManyRequests
	default:
		return err
	}
	return p.ui.Render(w, status, page, view, options...)
}
