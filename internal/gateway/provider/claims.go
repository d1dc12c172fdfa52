package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"souk.dev/souk/internal/fail"
	people "souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/signon"
)

// idTokenLife is how long an application may take an ID token for the answer to its question.
const idTokenLife = 10 * time.Minute

// person is what is said of somebody: to userinfo, and in ID tokens. Names of our own are URLs, so that they are nobody else's
// (OpenID Connect Core 1.0, section 5.1.2).
type person struct {
	Subject       string   `json:"sub"` // the person's id, which stays when their address changes
	Name          string   `json:"name,omitempty"`
	Email         string   `json:"email,omitempty"`
	EmailVerified *bool    `json:"email_verified,omitempty"` // with Email
	Account       account  `json:"https://souk.dev/claims/account"`
	Licenses      *[]owned `json:"https://souk.dev/claims/licenses,omitempty"` // with the scope
}

type account struct {
	ID      core.AccountID `json:"id"`
	Role    people.Role    `json:"role"`              // the person's in it
	Company string         `json:"company,omitempty"` // with the scope profile
}

// owned is a licence of the person's account.
type owned struct {
	ID          core.LicenseID   `json:"id"`
	LicenseARN  core.LicenseARN  `json:"licenseArn,omitempty"`
	ProductCode core.ProductCode `json:"productCode"`
	State       license.State    `json:"state"`
}

// claims are what g's application is told of its person now.
func (d *Door) claims(ctx context.Context, g signon.Granted) (person, error) {
	w := g.Who
	p := person{Subject: string(w.ID), Account: account{ID: w.Account.ID, Role: w.Role}}
	if g.Has(signon.ScopeProfile) {
		p.Name, p.Account.Company = w.Name, w.Account.Company
	}
	if g.Has(signon.ScopeEmail) {
		verified := !w.VerifiedAt.IsZero()
		p.Email, p.EmailVerified = w.Email, &verified
	}
	if !g.Has(signon.ScopeLicenses) {
		return p, nil
	}
	all, err := d.Owned.Licenses(ctx, w.Account.ID)
	if err != nil {
		return person{}, fmt.Errorf("find the licences of account %s: %w", w.Account.ID, err)
	}
	app, _ := d.Applications.Find(g.Application)
	list := []owned{}
	for _, l := range all {
		if app.Product == "" || l.ProductCode == app.Product {
			list = append(list, owned{l.ID, l.ARN, l.ProductCode, l.Standing.State})
		}
	}
	p.Licenses = &list
	return p, nil
}

// idClaims are an ID token's. Source: OpenID Connect Core 1.0, section 2.
type idClaims struct {
	Issuer          string           `json:"iss"`
	Audience        string           `json:"aud"`
	Expires         *jwt.NumericDate `json:"exp"`
	IssuedAt        *jwt.NumericDate `json:"iat"`
	AuthenticatedAt *jwt.NumericDate `json:"auth_time"`
	Nonce           string           `json:"nonce,omitempty"`
	AccessHash      string           `json:"at_hash,omitempty"`
	Session         string           `json:"sid"`
	person
}

// idToken says to g's application who its person is.
func (d *Door) idToken(ctx context.Context, g signon.Granted) (string, error) {
	said, err := d.claims(ctx, g)
	if err != nil {
		return "", err
	}
	now := d.Outside.Now()
	c := idClaims{Issuer: d.Issuer(), Audience: g.Application, Nonce: g.Nonce, Session: signon.SessionID(g.Session), person: said,
		IssuedAt: jwt.NewNumericDate(now), Expires: jwt.NewNumericDate(now.Add(idTokenLife)),
		AuthenticatedAt: jwt.NewNumericDate(now.Add(-d.Clock.Now().Sub(g.AuthenticatedAt)))}
	sum := sha256.Sum256([]byte(g.Access))
	c.AccessHash = base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	key := d.Keys.Signing()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key.Private, KeyID: key.ID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign an ID token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign an ID token: %w", err)
	}
	return token, nil
}

// ReadHint reads an ID token of ours that an application brings back at sign-out, however old: whose it is, and from which session.
// Errors: fail.Denied for what is none.
func (d *Door) ReadHint(token string) (application, session string, err error) {
	t, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(t.Headers) != 1 {
		return "", "", noHint()
	}
	for _, k := range d.Keys.Known() {
		if k.ID != t.Headers[0].KeyID {
			continue
		}
		var c idClaims
		if err := t.Claims(&k.Private.PublicKey, &c); err != nil || c.Issuer != d.Issuer() {
			return "", "", noHint()
		}
		return c.Audience, c.Session, nil
	}
	return "", "", noHint()
}

func noHint() error { return fail.New(fail.Denied, "no_hint", "This is no ID token of ours.") }
