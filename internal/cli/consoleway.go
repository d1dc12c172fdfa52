package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/doctor"
	"souk.dev/souk/internal/gateway/idp"
)

// consoleWay is how people sign in to the console.
type consoleWay struct {
	issuer                                 urlText
	clientID, secret, scopes, claim, title string
	rules                                  rulesValue
	passwords, factors                     switchValue
}

// take binds the settings.
func (w *consoleWay) take(o options) {
	o.value(&w.issuer, "oidc-issuer", "")
	o.text(&w.clientID, "oidc-client-id", "")
	o.text(&w.secret, "oidc-client-secret", "")
	o.text(&w.scopes, "oidc-scopes", "")
	o.text(&w.claim, "oidc-role-claim", "")
	o.value(&w.rules, "oidc-roles", "")
	o.text(&w.title, "oidc-name", "")
	o.value(&w.passwords, "console-passwords", "on")
	o.value(&w.factors, "console-second-factor", "off")
}

func (w *consoleWay) provider() idp.Config {
	return idp.Config{Issuer: string(w.issuer), ClientID: w.clientID, ClientSecret: w.secret, Scopes: splitList(w.scopes), Claim: w.claim, Rules: idp.Rules(w.rules), Name: w.title}
}

// look is how the doctor finds out whether people can sign in at the provider; nil where there is none.
func (w *consoleWay) look(base string) func(context.Context) doctor.Finding {
	if w.issuer == "" && bool(w.passwords) {
		return nil
	}
	return func(ctx context.Context) doctor.Finding {
		if w.issuer == "" {
			return doctor.Finding{Verdict: doctor.Ill, Says: "Passwords are off and no provider is set: the gateway does not start.", Do: "Set oidc-issuer, or leave console-passwords on."}
		}
		p, err := idp.New(w.provider(), base, clock.System{})
		if err != nil {
			return doctor.Finding{Verdict: doctor.Ill, Says: saidOf(err), Do: "Correct the setting; the gateway does not start with it."}
		}
		if err := p.Reach(ctx); err != nil {
			return doctor.Finding{Verdict: doctor.Ill, Says: "The provider " + p.Issuer + " does not answer as itself: " + sentence(cmp.Or(errors.Unwrap(err), err)), Do: "Open " + p.Issuer + "/.well-known/openid-configuration: oidc-issuer is exactly what it says of issuer."}
		}
		return doctor.Finding{Verdict: doctor.Well, Says: "The provider " + p.Issuer + " answers. The redirect URI to register there is " + p.RedirectURI + "."}
	}
}

// urlText is the URL of a server as it is written: an identity provider whose name ends in a slash is another without it.
type urlText string

func (u *urlText) String() string { return string(*u) }
func (u *urlText) Type() string   { return "URL" }
func (u *urlText) Set(s string) error {
	var v urlValue
	if err := v.Set(s); err != nil {
		return err
	}
	*u = urlText(strings.TrimSpace(s))
	return nil
}

// rulesValue is a setting that says who has which role.
type rulesValue idp.Rules

func (r *rulesValue) Type() string   { return "JSON" }
func (r *rulesValue) String() string { return idp.Rules(*r).String() }
func (r *rulesValue) Set(s string) error {
	rules, err := idp.ParseRules(s)
	if err != nil {
		return errors.New(fail.SayOf(err))
	}
	*r = rulesValue(rules)
	return nil
}

// switchValue is a setting that is on or off.
type switchValue bool

func (v *switchValue) Type() string { return "on|off" }
func (v *switchValue) String() string {
	if *v {
		return "on"
	}
	return "off"
}

func (v *switchValue) Set(s string) error {
	if s != "on" && s != "off" {
		return fmt.Errorf("%q is not on or off", s)
	}
	*v = s == "on"
	return nil
}
