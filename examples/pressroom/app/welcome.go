package app

import (
	"errors"
	"net/http"

	"souk.dev/souk/client"
)

// getWelcome is the signUpUrl: the gateway sends a buyer here who comes from AWS Marketplace, with a handle. It is
// redeemed at once, and the browser goes on to an address without it.
func (a *App) getWelcome(w http.ResponseWriter, r *http.Request) {
	reg, err := a.souk.RedeemRegistration(r.Context(), r.FormValue(client.RegistrationParam), a.product)
	if p, ok := errors.AsType[*client.Problem](err); ok && !p.Temporary() {
		a.log.Info("a registration could not be redeemed", "code", p.Code)
		a.show(w, http.StatusBadRequest, view{Page: "message", Title: "This link is used up",
			Says: "A registration can be opened once, and for five minutes. Press “Set up your account” in AWS Marketplace again; you do not subscribe again."})
		return
	}
	if err != nil {
		a.log.Error("the gateway does not answer", "err", err)
		a.show(w, http.StatusServiceUnavailable, view{Page: "message", Title: "One moment", Says: "We cannot look up your registration right now. Please reload this page."})
		return
	}
	a.accounts.begin(w, r, session{registration: &reg})
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// getAccount asks who the buyer is: a customer that we know, or a new one.
func (a *App) getAccount(w http.ResponseWriter, r *http.Request) {
	a.show(w, http.StatusOK, a.forms(r, ""))
}

// forms is the page with both forms; says is what was wrong with what was entered.
func (a *App) forms(r *http.Request, says string) view {
	v := view{Page: "account", Title: "Sign in", Says: says}
	if reg := a.accounts.session(r).registration; reg != nil {
		v.Title, v.Buyer = "Welcome from AWS Marketplace", reg.CustomerAWSAccountID
		if reg.State == client.RegistrationComplete && says == "" {
			v.Says = "This subscription has an account already. Sign in with it."
		}
	}
	v.Entered.Email, v.Entered.Name = r.PostFormValue("email"), r.PostFormValue("name")
	return v
}

func (a *App) postSignUp(w http.ResponseWriter, r *http.Request) {
	reg := a.accounts.session(r).registration
	if reg == nil {
		a.show(w, http.StatusBadRequest, a.forms(r, "Accounts are made when you come from AWS Marketplace. Press “Set up your account” there."))
		return
	}
	c, err := a.accounts.signUp(r.PostFormValue("email"), r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		a.show(w, http.StatusUnprocessableEntity, a.forms(r, err.Error()))
		return
	}
	a.finish(w, r, c, reg)
}

func (a *App) postSignIn(w http.ResponseWriter, r *http.Request) {
	c, err := a.accounts.signIn(r.PostFormValue("email"), r.PostFormValue("password"))
	if err != nil {
		a.show(w, http.StatusUnprocessableEntity, a.forms(r, err.Error()))
		return
	}
	a.finish(w, r, c, a.accounts.session(r).registration)
}

// finish gives c the license of the registration in this browser, if there is one, and signs c in. Completing comes
// first: should it fail, the same form can be sent again, and completing twice is completing once.
func (a *App) finish(w http.ResponseWriter, r *http.Request, c *customer, reg *client.Registration) {
	if reg != nil {
		done, err := a.souk.CompleteRegistration(r.Context(), reg.ID, client.Customer{Reference: c.ID, Email: c.Email, Name: c.Name})
		switch {
		case client.IsCode(err, "claimed"):
			a.show(w, http.StatusConflict, a.forms(r, "This subscription belongs to another account. Sign in with that one."))
			return
		case err != nil:
			a.log.Error("a registration could not be completed", "registration", reg.ID, "err", err)
			a.show(w, http.StatusServiceUnavailable, a.forms(r, "We cannot finish your registration right now. Your account is there: sign in with it in a moment."))
			return
		}
		a.accounts.owns(c, done.License)
	}
	a.accounts.begin(w, r, session{customer: c})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
