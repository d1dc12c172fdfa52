package world

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

type token struct {
	agreement *agreement
	expiresAt time.Time
	used      bool
}

// MintToken makes a fresh registration token, as the buyer's "Set up your account" does. Earlier ones keep their
// life. Errors: fail.NotFound for an unknown agreement; fail.Conflict for one that has ended.
func (w *World) MintToken(now time.Time, agreementID string) (Token, error) {
	return w.mint(now, agreementID, actMintToken, "The buyer pressed Set up your account.")
}

// MintAPIToken makes a registration token as the Agreement API does for the buyer's programs: it lives for
// contract.APITokenLife, whatever the profile token-life says. Errors: see [World.MintToken].
func (w *World) MintAPIToken(now time.Time, agreementID string) (Token, error) {
	return w.mint(now, agreementID, actMintAPIToken, "The buyer asked for it with GetAgreementEntitlements.")
}

func (w *World) mint(now time.Time, agreementID string, act Act, why string) (Token, error) {
	defer w.act()()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Token{}, unknownAgreement(agreementID)
	}
	if a.Status != Active {
		return Token{}, fail.New(fail.Conflict, "ended", "The agreement %s has ended (%s); subscribe again to set up an account.", agreementID, a.Status)
	}
	if err := w.record(Command{At: now, Act: act, ID: agreementID}); err != nil {
		return Token{}, err
	}
	life := w.profiles.Duration(profile.TokenLife)
	if act == actMintAPIToken {
		life = contract.APITokenLife
	}
	t := Token{Text: w.ids.token(), AgreementID: agreementID, FulfillmentURL: a.product.FulfillmentURL, ExpiresAt: now.Add(life)}
	if a.Accepted.Trial != nil {
		t.OfferType = contract.FreeTrialOffer
	}
	if w.profiles.Is(profile.TokenRenewal, profile.ReplaceTokens) {
		w.expireTokens(a, now)
	}
	w.tokens[t.Text] = &token{agreement: a, expiresAt: t.ExpiresAt}
	a.note(now, "token minted", why)
	return t, nil
}

// expireTokens ends the life of all tokens of a.
func (w *World) expireTokens(a *agreement, now time.Time) {
	for _, t := range w.tokens {
		if t.agreement == a && now.Before(t.expiresAt) {
			t.expiresAt = now
		}
	}
}

// ResolveToken tells seller what a registration token stands for. It proves who the buyer is, not that the
// subscription runs. Errors are [Refusal]s: InvalidTokenException, ExpiredTokenException.
func (w *World) ResolveToken(now time.Time, seller, text string) (Resolved, error) {
	defer w.act()()
	t, ok := w.tokens[text]
	if !ok {
		return Resolved{}, refuse(contract.InvalidToken, "The registration token is not valid.")
	}
	a := t.agreement
	if a.product.SellerAccount != seller {
		if w.profiles.Is(profile.ForeignToken, profile.AccessDenied) {
			return Resolved{}, refuse(contract.AccessDenied, "The account %s did not publish the product of this registration token.", seller)
		}
		return Resolved{}, refuse(contract.InvalidToken, "The registration token is not valid for the account %s.", seller)
	}
	if !now.Before(t.expiresAt) {
		return Resolved{}, refuse(contract.ExpiredToken, "The registration token has expired.")
	}
	if w.profiles.Is(profile.TokenReuse, profile.Once) {
		if t.used {
			return Resolved{}, refuse(contract.InvalidToken, "The registration token was used already.")
		}
		if err := w.record(Command{At: now, Act: actUseToken, Token: text}); err != nil {
			return Resolved{}, err
		}
		t.used = true
	}
	r := Resolved{ProductCode: a.ProductCode, BuyerAccount: a.BuyerAccount, CustomerIdentifier: a.CustomerIdentifier, LicenseARN: a.License.ARN}
	if !a.product.Identity.ByTopics() { // it was migrated since
		r.CustomerIdentifier = ""
	}
	if a.product.Identity == Legacy && w.profiles.Is(profile.LegacyLicenseARN, profile.Absent) {
		r.LicenseARN = ""
	}
	return r, nil
}
