package storefront

import (
	"net/http"
	"net/url"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type setupView struct {
	Chrome
	Product        world.Product
	Host           string // of the seller's site
	Token          world.Token
	TokenField     string
	OfferTypeField string // sent only where the token has an offer type
}

// postSetup is "Set up your account". It mints a token and answers with a page whose form posts it to the seller's
// fulfilment URL: a real cross-site form POST from the buyer's browser, as AWS Marketplace makes it. A small script
// sends the form at once; without scripts its button does.
//
// The token is minted on the press, not when a page is shown: so looking changes nothing, a page left open over lunch
// does not hold a token that has expired, and the token is in no URL.
func (s *Storefront) postSetup(w http.ResponseWriter, r *http.Request) error {
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	token, err := s.opt.World.MintToken(s.opt.Clock.Now(), a.AgreementID)
	if err != nil {
		return err
	}
	p, err := s.opt.World.Product(a.ProductID)
	if err != nil {
		return err
	}
	v := setupView{Chrome: s.chrome(w, r), Product: p, Token: token, TokenField: contract.TokenField, OfferTypeField: contract.OfferTypeField}
	if u, err := url.Parse(token.FulfillmentURL); err == nil {
		v.Host = u.Host
	}
	// The seller may send the browser on to wherever accounts are made, and sees where the form came from.
	return s.ui.Render(w, http.StatusOK, "setup", v, webui.FormsMayGoAnywhere(), webui.TellOrigin())
}
