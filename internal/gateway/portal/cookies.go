package portal

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

// Cookies, see [webui.Cookies].
const (
	sessionCookie      = "souk_session"
	registrationCookie = "souk_registration"
)

// RegistrationLife is how long a buyer who has arrived may take over the form; after that, Set up your account in AWS
// Marketplace leads to it again.
const RegistrationLife = 24 * time.Hour

// registrationPurpose binds a seal to its use.
const registrationPurpose = "registration cookie"

// setCookie keeps value in the browser for life; a life of 0 takes it away.
func (p *Portal) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	webui.Cookies{Secure: p.secure}.Set(w, name, value, life)
}

func (p *Portal) cookie(r *http.Request, name string) string {
	return webui.Cookies{Secure: p.secure}.Get(r, name)
}

// rememberRegistration makes the browser carry which registration it is at: sealed, and nothing but its id.
func (p *Portal) rememberRegistration(w http.ResponseWriter, id register.ID) {
	p.setCookie(w, registrationCookie, p.Seal.Seal(registrationPurpose, p.Clock.Now().Add(RegistrationLife), []byte(id)), RegistrationLife)
}

func (p *Portal) forgetRegistration(w http.ResponseWriter) { p.setCookie(w, registrationCookie, "", 0) }

// registration is the one that the browser is at. Errors: fail.Denied if it is at none.
func (p *Portal) registration(r *http.Request) (register.Registration, error) {
	none := fail.New(fail.Denied, "no_registration", "You have not come from AWS Marketplace, or too long ago; press Set up your account there.")
	sealed := p.cookie(r, registrationCookie)
	if sealed == "" {
		return register.Registration{}, none
	}
	id, err := p.Seal.Open(r.Context(), registrationPurpose, sealed)
	if err != nil {
		if fail.Is(err, fail.Denied) {
			return register.Registration{}, none
		}
		return register.Registration{}, err
	}
	reg, err := p.Register.Registration(r.Context(), register.ID(id))
	if fail.Is(err, fail.NotFound) { // a database put back to an older copy
		return register.Registration{}, none
	}
	return reg, err
}

// wayLife is how long a browser carries what a mail's link led it to, while its person signs in.
const wayLife = 30 * time.Minute

// keepWay has a browser carry what a mail's link has brought through sign-in and back; sealed for a purpose.
func (p *Portal) keepWay(w http.ResponseWriter, name, purpose, secret string) {
	p.setCookie(w, name, p.Seal.Seal(purpose, p.Clock.Now().Add(wayLife), []byte(secret)), wayLife)
}

// wayOf is what keepWay has it carry; empty: nothing.
func (p *Portal) wayOf(r *http.Request, name, purpose string) (string, error) {
	sealed := p.cookie(r, name)
	if sealed == "" {
		return "", nil
	}
	secret, err := p.Seal.Open(r.Context(), purpose, sealed)
	if fail.Is(err, fail.Denied) {
		return "", nil
	}
	return string(secret), err
}

// who is signed in; nil if nobody is.
func (p *Portal) who(r *http.Request) (*account.Who, error) {
	a, err := p.Accounts.SignedIn(r.Context(), p.cookie(r, sessionCookie))
	if fail.Is(err, fail.Denied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// signIn makes the browser one of a's. Whatever session it had is over, so a secret planted there before is worthless.
func (p *Portal) signIn(w http.ResponseWriter, r *http.Request, a account.Who) error {
	secret, err := p.Accounts.StartSession(r.Context(), a.ID, r.UserAgent(), p.cookie(r, sessionCookie))
	if err != nil {
		return err
	}
	p.setCookie(w, sessionCookie, secret, account.SessionLife)
	return nil
}
