package idp

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// retryEvery is how long, in real time, a provider that could not be found is left alone: who comes meanwhile is told at
// once, instead of waiting in a row for the same silence.
const retryEvery = 3 * time.Second

// found is what the provider's discovery document says.
type found struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	// namesItself says that the provider puts its name into every answer (RFC 9207, section 3).
	namesItself bool
}

// finding keeps what was found, once it was. Its channel holds one place, for who looks.
type finding struct {
	looking chan struct{}
	found   *found
	failed  func() time.Duration // since the last look that failed; nil: none did
	why     error
}

func newFinding() finding { return finding{looking: make(chan struct{}, 1)} }

// Reach asks the provider who it is. Errors: fail.Later where it is away or is not the one that it should be.
func (p *Provider) Reach(ctx context.Context) error {
	_, err := p.find(ctx)
	return err
}

// find reads the discovery document, the first time that it is needed. Errors: fail.Later where the provider is away or is not
// the one that it should be.
func (p *Provider) find(ctx context.Context) (*found, error) {
	f := &p.finding
	select {
	case f.looking <- struct{}{}:
		defer func() { <-f.looking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case f.found != nil:
		return f.found, nil
	case f.failed != nil && f.failed() < retryEvery:
		return nil, f.why
	}
	f.found, f.why = p.look(ctx)
	if f.why != nil && ctx.Err() == nil {
		f.failed = clock.Stopwatch()
	}
	return f.found, f.why
}

func (p *Provider) look(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if err != nil {
		if _, other := errors.AsType[*oidc.IssuerMismatchError](err); other {
			return nil, fail.Wrap(fail.Later, err, "other_issuer", "The sign-in provider calls itself by another name than this gateway was told. Whoever runs the gateway must put the name right (oidc-issuer).")
		}
		return nil, fail.Wrap(fail.Later, brief(err), "no_provider", "The sign-in provider cannot be reached just now. Try again in a moment; if it goes on, tell whoever runs the gateway.")
	}
	var more struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Names   bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fail.Wrap(fail.Later, brief(err), "no_provider", "The sign-in provider does not describe itself as it should. Tell whoever runs the gateway.")
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // OpenID Connect Discovery 1.0, section 3: client_secret_basic unless it says otherwise
	if p.ClientSecret == "" || (len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &found{
		provider: provider, namesItself: more.Names,
		verifier: provider.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.clk.Now}),
		oauth:    oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.RedirectURI, Endpoint: endpoint, Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...)},
	}, nil
}

// maxBrief bounds what of a provider's answer goes into our log, in bytes.
const maxBrief = 300

// brief is err as it may be logged: failures of these libraries quote whole answers.
func brief(err error) error {
	if text := err.Error(); len(text) > maxBrief {
		return errors.New(text[:maxBrief] + "…")
	}
	return err
}
