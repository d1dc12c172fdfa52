package portal

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

// Names of the sign-in form's fields where it stands beside the sign-up form.
const (
	knownEmail    = "signin-email"
	knownPassword = "signin-password"
)

// accountView is the page on which a buyer makes an account, or signs in with one.
type accountView struct {
	Page
	Registration register.ID
	Product      string
	Customer     core.AWSAccountID
	FreeTrial    bool
	Notice       webui.Notice
	SignUp       []webui.Field
	SignIn       []webui.Field
	SignInSays   webui.Notice
}

// askView is the page for a browser in which somebody is signed in already.
type askView struct {
	Page
	Registration register.ID
	Product      string
	Customer     core.AWSAccountID
	Taken        bool          // the licence belongs to another account than the one signed in
	Fields       []webui.Field // the seller's questions
	Notice       webui.Notice
}

// CustomerAs is the buyer's AWS account as AWS's console writes it.
func (v accountView) CustomerAs() string { return groupAccount(v.Customer) }

// CustomerAs is the buyer's AWS account as AWS's console writes it.
func (v askView) CustomerAs() string { return groupAccount(v.Customer) }

// getAccount is where a buyer goes from the landing page: to the forms, or, when the licence has its account or
// somebody is signed in, to what fits.
func (p *Portal) getAccount(w http.ResponseWriter, r *http.Request) error {
	reg, err := p.registration(r)
	if fail.Is(err, fail.Denied) {
		// Who comes straight from AWS Marketplace was given a cookie a moment ago.
		if p.cookie(r, registrationCookie) == "" && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			return p.showLandingProblem(w, r, fail.New(fail.Invalid, noCookies, "The browser did not keep the cookie that the landing page gave it."))
		}
		seeOther(w, r, "/register")
		return nil
	}
	if err != nil {
		return err
	}
	if p.Products.Product(reg.Buyer.ProductCode).Delegated() {
		p.goToAccount(w, r, reg)
		return nil
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	switch {
	case who != nil && reg.Account == who.Account.ID:
		p.forgetRegistration(w)
		seeOther(w, r, "/portal/licenses/"+string(reg.License))
		return nil
	case who != nil:
		return p.ui.Render(w, http.StatusOK, "ask", p.askForm(r, reg, who))
	case reg.Account != "":
		seeOther(w, r, "/signin?registered")
		return nil
	}
	return p.ui.Render(w, http.StatusOK, "account", p.accountForms(r, reg))
}

// askForm is the page that asks whether who is signed in wants the licence in their account.
func (p *Portal) askForm(r *http.Request, reg register.Registration, who *account.Who) askView {
	return askView{Page: p.pageOf(r, who, reg.Buyer.ProductCode), Registration: reg.ID, Product: p.Products.Product(reg.Buyer.ProductCode).Title, Customer: reg.Buyer.Customer, Taken: reg.Account != "",
		Fields: questionFields(p.questions(reg.Buyer.ProductCode), nil, nil)}
}

// accountForms is the page with both forms empty.
func (p *Portal) accountForms(r *http.Request, reg register.Registration) accountView {
	return accountView{
		Page: p.pageOf(r, nil, reg.Buyer.ProductCode), Registration: reg.ID, Product: p.Products.Product(reg.Buyer.ProductCode).Title,
		Customer: reg.Buyer.Customer, FreeTrial: reg.Offer == "free-trial",
		SignUp: append(signUpFields(account.SignUp{}, nil), questionFields(p.questions(reg.Buyer.ProductCode), nil, nil)...), SignIn: knownFields(""),
	}
}

// signUpFields is the form with what was entered, except the password, and what is wrong with it. A new field that
// every account needs goes here, into account.SignUp, and into [Portal.postSignUp]; what a seller asks besides is its setting form-fields.
func signUpFields(in account.SignUp, bad account.FieldErrors) []webui.Field {
	return []webui.Field{
		{Name: account.FieldEmail, Label: "E-mail address", Type: "email", Autocomplete: "email", Required: true, MaxLength: account.MaxEmail,
			Hint: "Any address that you read. You sign in with it.", Value: in.Email, Error: bad[account.FieldEmail]},
		{Name: account.FieldName, Label: "Full name", Autocomplete: "name", Required: true, MaxLength: account.MaxName, Value: in.Name, Error: bad[account.FieldName]},
		{Name: account.FieldCompany, Label: "Company", Autocomplete: "organization", MaxLength: account.MaxName, Value: in.Company, Error: bad[account.FieldCompany]},
		{Name: account.FieldPassword, Label: "Password", Type: "password", Autocomplete: "new-password", Required: true, MaxLength: account.MaxPassword,
			Hint: passwordHint, Error: bad[account.FieldPassword]},
	}
}

// passwordHint says what a password has to be.
const passwordHint = "12 characters or more; a few words in a row are good."

func knownFields(email string) []webui.Field {
	return []webui.Field{
		{Name: knownEmail, Label: "E-mail address", Type: "email", Autocomplete: "username", Required: true, MaxLength: account.MaxEmail, Value: email},
		{Name: knownPassword, Label: "Password", Type: "password", Autocomplete: "current-password", Required: true},
	}
}
