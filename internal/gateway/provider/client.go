package provider

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"souk.dev/souk/internal/gateway/signon"
)

// client is an application as zitadel/oidc knows one.
type client struct{ signon.Application }

var _ op.Client = client{}

// GetID implements [op.Client].
func (c client) GetID() string { return c.ID }

// RedirectURIs implements [op.Client].
func (c client) RedirectURIs() []string { return c.Redirects }

// PostLogoutRedirectURIs implements [op.Client].
func (c client) PostLogoutRedirectURIs() []string { return c.SignedOut }

// ApplicationType implements [op.Client].
func (c client) ApplicationType() op.ApplicationType {
	if c.Public() {
		return op.ApplicationTypeUserAgent
	}
	return op.ApplicationTypeWeb
}

// AuthMethod implements [op.Client].
func (c client) AuthMethod() oidc.AuthMethod {
	if c.Public() {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes implements [op.Client].
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes implements [op.Client].
func (c client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

// LoginURL implements [op.Client]. Sign-in is the portal's.
func (c client) LoginURL(string) string { return "/signin" }

// AccessTokenType implements [op.Client]: what an access token says is asked for here.
func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }

// IDTokenLifetime implements [op.Client].
func (c client) IDTokenLifetime() time.Duration { return idTokenLife }

// DevMode implements [op.Client].
func (c client) DevMode() bool { return false }

// RestrictAdditionalIdTokenScopes implements [op.Client].
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string { return same }

// RestrictAdditionalAccessTokenScopes implements [op.Client].
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return same }

func same(scopes []string) []string { return scopes }

// IsScopeAllowed implements [op.Client].
func (c client) IsScopeAllowed(scope string) bool { return scope == signon.ScopeLicenses }

// IDTokenUserinfoClaimsAssertion implements [op.Client]: an ID token says all that userinfo does.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return true }

// ClockSkew implements [op.Client].
func (c client) ClockSkew() time.Duration { return 0 }
