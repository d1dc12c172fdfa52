package gateway

import (
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/console"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/operator"
)

// openWays opens the ways into the console that c speaks of.
//
// Errors: fail.Invalid for a setting that cannot be, saying which.
func (c Config) openWays(desk *console.Config) (err error) {
	ways := operator.Ways{Passwords: !c.NoConsolePasswords, Issuer: c.SignIn.Issuer, SecondFactor: c.SecondFactors}
	if !ways.Passwords && ways.Issuer == "" {
		return fail.New(fail.Invalid, "no_way_in", "console-passwords is off, and without oidc-issuer nobody could sign in to the console.")
	}
	desk.Operators.Open(ways)
	if ways.Issuer != "" {
		desk.Provider, err = idp.New(c.SignIn, c.BaseURL, clock.System{})
	}
	return err
}

// shownWays is what c says of them, in the words of the command line, without the secret.
func (c Config) shownWays() []console.Setting {
	secret := ""
	if c.SignIn.ClientSecret != "" {
		secret = "set, and not shown"
	}
	return []console.Setting{
		{Name: "console-passwords", Value: onOff(!c.NoConsolePasswords)}, {Name: "console-second-factor", Value: onOff(c.SecondFactors)},
		{Name: "oidc-issuer", Value: c.SignIn.Issuer}, {Name: "oidc-client-id", Value: c.SignIn.ClientID},
		{Name: "oidc-client-secret", Value: secret}, {Name: "oidc-role-claim", Value: c.SignIn.Claim}, {Name: "oidc-roles", Value: c.SignIn.Rules.String()},
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
