package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/signon"
)

// server does what the endpoints are for. What it does not have is answered as not there.
type server struct {
	op.UnimplementedServer
	*Door
}

// refuse answers a request that is not read at all.
func refuse(w http.ResponseWriter, r *http.Request, say string) {
	op.WriteError(w, r, oidc.ErrInvalidRequest().WithDescription("%s", say), nil)
}

// wrong is err as it is told to an application: what is fail.Denied as said, anything else as our own trouble, without its cause.
func wrong(said *oidc.Error, err error) error {
	switch fail.KindOf(err) {
	case fail.Denied:
		return said.WithDescription("%s", fail.SayOf(err)).WithParent(err)
	case fail.Later, fail.TooMuch:
		return op.NewStatusError(oidc.ErrServerError().WithDescription("try again in a moment").WithParent(err), http.StatusServiceUnavailable)
	default:
		return op.NewStatusError(oidc.ErrServerError().WithDescription("the fault is here").WithParent(err), http.StatusInternalServerError)
	}
}

// VerifyClient implements [op.Server]: an application proves itself by its secret, or has none and says who it is.
func (s *server) VerifyClient(_ context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	app, known := s.Applications.Find(r.Data.ClientID)
	secret := r.Data.ClientSecret
	if !known || r.Data.ClientAssertion != "" || app.Public() != (secret == "") || !app.Public() && !app.Proves(secret) {
		return nil, op.NewStatusError(oidc.ErrInvalidClient().WithDescription("unknown application, or not its secret"), http.StatusUnauthorized)
	}
	return client{app}, nil
}

// CodeExchange implements [op.Server].
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	g, err := s.SignOns.Redeem(ctx, r.Client.(client).Application, r.Data.Code, r.Data.RedirectURI, r.Data.CodeVerifier)
	if err != nil {
		return nil, wrong(oidc.ErrInvalidGrant(), err)
	}
	return s.tokens(ctx, g)
}

// RefreshToken implements [op.Server]. Fewer scopes than before are not given: the answer says which are.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	if len(r.Data.Scopes) > 0 {
		g, err := s.SignOns.Refreshing(ctx, r.Data.RefreshToken)
		if err == nil && slices.ContainsFunc(r.Data.Scopes, func(scope string) bool { return !g.Has(scope) }) {
			return nil, oidc.ErrInvalidScope().WithDescription("scope was not given before")
		}
	}
	g, err := s.SignOns.Renew(ctx, r.Client.(client).Application, r.Data.RefreshToken)
	if err != nil {
		return nil, wrong(oidc.ErrInvalidGrant(), err)
	}
	return s.tokens(ctx, g)
}

func (s *server) tokens(ctx context.Context, g signon.Granted) (*op.Response, error) {
	id, err := s.idToken(ctx, g)
	if err != nil {
		return nil, wrong(oidc.ErrInvalidGrant(), err)
	}
	return op.NewResponse(&oidc.AccessTokenResponse{AccessToken: g.Access, TokenType: oidc.BearerToken, RefreshToken: g.Refresh, IDToken: id,
		ExpiresIn: uint64(signon.AccessLife / time.Second), Scope: g.Scopes}), nil
}

// UserInfo implements [op.Server].
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	g, err := s.SignOns.Bearer(ctx, r.Data.AccessToken)
	_, known := s.Applications.Find(g.Application)
	if fail.Is(err, fail.Denied) || err == nil && !known { // one that the seller has taken off the list
		return nil, op.NewStatusError(oidc.ErrAccessDenied().WithDescription("the access token is not good, or not any more"), http.StatusUnauthorized)
	}
	if err != nil {
		return nil, wrong(nil, err)
	}
	said, err := s.claims(ctx, g)
	if err != nil {
		return nil, wrong(nil, err)
	}
	return op.NewResponse(said), nil
}

// introspection is what an application is told of a token (RFC 7662, section 2.2).
type introspection struct {
	Active   bool   `json:"active"`
	Scope    string `json:"scope,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Subject  string `json:"sub,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	Type     string `json:"token_type,omitempty"`
}

// Introspect implements [op.Server]: an application is told of its own tokens.
func (s *server) Introspect(ctx context.Context, r *op.Request[op.IntrospectionRequest]) (*op.Response, error) {
	c, err := s.VerifyClient(ctx, &op.Request[op.ClientCredentials]{Data: r.Data.ClientCredentials})
	if err != nil {
		return nil, err
	}
	kind := oidc.BearerToken
	g, err := s.SignOns.Bearer(ctx, r.Data.Token)
	if fail.Is(err, fail.Denied) {
		kind = ""
		g, err = s.SignOns.Refreshing(ctx, r.Data.Token)
	}
	if fail.Is(err, fail.Denied) || err == nil && g.Application != c.GetID() {
		return op.NewResponse(introspection{}), nil
	}
	if err != nil {
		return nil, wrong(nil, err)
	}
	return op.NewResponse(introspection{Active: true, Scope: strings.Join(g.Scopes, " "), ClientID: g.Application, Subject: string(g.Who.ID), Issuer: s.Issuer(), Type: kind}), nil
}

// Revocation implements [op.Server].
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	if err := s.SignOns.Revoke(ctx, r.Client.(client).Application, r.Data.Token); err != nil {
		return nil, wrong(nil, err)
	}
	return op.NewResponse(struct{}{}), nil
}

// Keys implements [op.Server].
func (s *server) Keys(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	var set jose.JSONWebKeySet
	for _, k := range s.Config.Keys.Known() {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.Private.PublicKey, KeyID: k.ID, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return document(set), nil
}

// documentLife is how long our documents may be kept: keys are shown for longer before they sign.
const documentLife = "public, max-age=3600"

func document(data any) *op.Response {
	r := op.NewResponse(data)
	r.Header.Set("Cache-Control", documentLife)
	return r
}
