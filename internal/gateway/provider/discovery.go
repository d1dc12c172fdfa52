package provider

import (
	"context"

	"github.com/zitadel/oidc/v3/pkg/op"

	"souk.dev/souk/internal/gateway/signon"
)

// metadata is what the provider says of itself: all that it does, and nothing that it does not. Sources: OpenID Connect
// Discovery 1.0, section 3; RP-Initiated Logout 1.0, section 2.1; RFC 9207, section 3.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Keys          string `json:"jwks_uri"`

	Scopes            []string `json:"scopes_supported"`
	Claims            []string `json:"claims_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	ResponseModes     []string `json:"response_modes_supported"`
	GrantTypes        []string `json:"grant_types_supported"`
	Subjects          []string `json:"subject_types_supported"`
	Algorithms        []string `json:"id_token_signing_alg_values_supported"`
	TokenAuth         []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuth    []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuth []string `json:"introspection_endpoint_auth_methods_supported"`
	Challenges        []string `json:"code_challenge_methods_supported"`
	Prompts           []string `json:"prompt_values_supported"`

	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
	ClaimsParam bool `json:"claims_parameter_supported"`
	Request     bool `json:"request_parameter_supported"`
	RequestURI  bool `json:"request_uri_parameter_supported"`
}

// Discovery implements [op.Server].
func (s *server) Discovery(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	at := s.Issuer()
	withSecret := []string{"client_secret_basic", "client_secret_post"}
	either := append([]string{"none"}, withSecret...)
	return document(metadata{
		Issuer: at, Authorization: at + s.AuthorizePath, Token: at + tokenPath, UserInfo: at + userInfoPath, EndSession: at + s.SignOutPath,
		Introspection: at + introspectPath, Revocation: at + revokePath, Keys: at + keysPath,
		Scopes: signon.Scopes,
		Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "name", "email", "email_verified",
			"https://souk.dev/claims/account", "https://souk.dev/claims/licenses"},
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{"authorization_code", "refresh_token"}, Subjects: []string{"public"},
		Algorithms: []string{"RS256"}, TokenAuth: either, RevocationAuth: either, IntrospectionAuth: withSecret, Challenges: []string{"S256"},
		Prompts: []string{"none", "login", "consent", "select_account"}, NamesItself: true,
	}), nil
}
