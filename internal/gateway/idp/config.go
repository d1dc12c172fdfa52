package idp

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// CallbackPath is where the provider sends browsers back to, below the gateway's base URL: the redirect URI to register there.
const CallbackPath = "/console/signin/callback"

// DefaultClaim is the claim whose values [Rules] speak of.
const DefaultClaim = "groups"

// Config says which provider, and what its words mean.
type Config struct {
	Issuer       string   // the provider's URL, exactly as its discovery document has it; empty: there is none
	ClientID     string   // as the provider knows this gateway
	ClientSecret string   // empty: a public client, which PKCE alone protects
	Scopes       []string // what is asked for besides openid; none: profile and email
	Claim        string   // whose values Rules speak of, with dots for members of members; DefaultClaim when empty
	Rules        Rules    // none: a value of Claim that is a role's name gives that role
	Name         string   // what people call the provider; empty: the host in Issuer
}

// check says what in c cannot be. base is the gateway's own URL.
func (c Config) check(base string) error {
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fail.New(fail.Invalid, "oidc_issuer", "oidc-issuer is %q; give the provider's URL, such as https://accounts.example.com.", c.Issuer)
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return fail.New(fail.Invalid, "oidc_issuer", "oidc-issuer is %q; what it says of people must come over https.", c.Issuer)
	case c.ClientID == "":
		return fail.New(fail.Invalid, "oidc_client", "oidc-client-id is missing: the name by which the provider knows this gateway.")
	case c.Claim == "email":
		return fail.New(fail.Invalid, "oidc_role_claim", "oidc-role-claim is email, which people can choose themselves; write addresses into oidc-roles, where they count if they are proven.")
	}
	if b, err := url.Parse(base); err != nil || (b.Scheme == "http" && !thisMachine(b.Hostname())) {
		return fail.New(fail.Invalid, "base_url", "base-url is %q; providers send people back over https only.", base)
	}
	return c.Rules.check()
}

func thisMachine(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// Provider is one identity provider. Make it with [New]. It is safe for concurrent use.
type Provider struct {
	Config
	RedirectURI string // to which the provider sends browsers back; it must know it

	clk     clock.Clock
	client  *http.Client
	finding finding
}

// New makes a provider and asks it nothing. base is the gateway's own URL. clk tells whether what the provider says has
// expired: the system's clock, since the provider knows no other.
//
// Errors: fail.Invalid for a setting that cannot be, saying which.
func New(c Config, base string, clk clock.Clock) (*Provider, error) {
	if err := c.check(base); err != nil {
		return nil, err
	}
	if c.Claim == "" {
		c.Claim = DefaultClaim
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"profile", "email"}
	}
	if c.Name == "" {
		u, _ := url.Parse(c.Issuer) // checked
		c.Name = u.Host
	}
	return &Provider{Config: c, RedirectURI: strings.TrimRight(base, "/") + CallbackPath, clk: clk, client: newClient(), finding: newFinding()}, nil
}
