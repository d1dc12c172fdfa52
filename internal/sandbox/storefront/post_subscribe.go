package storefront

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// postSubscribe accepts an offer for a product: the one that the form names, or the listing's own. A contract's form that
// was not filled in well is shown again. A form that is sent twice buys once, and a buyer who has accepted that offer
// already (the page stood open in two tabs) is shown what they have.
func (s *Storefront) postSubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	p, err := s.product(r)
	if err != nil {
		return err
	}
	b, err := s.mustBuyer(r)
	if err != nil {
		return err
	}
	nonce := r.PostForm.Get("nonce")
	if nonce == "" {
		return fail.New(fail.Invalid, "no_nonce", "The form is incomplete; go back to the product's page and subscribe there.")
	}
	id := r.PostForm.Get("offer")
	if id == "" {
		o, err := s.opt.World.PublicOffer(p.ProductID)
		if err != nil {
			return err
		}
		id = o.OfferID
	}
	_, o, err := s.option(r, id)
	if err != nil {
		return err
	}
	terms, err := readTerms(offeredAs(p, o), o, r.PostForm)
	if err != nil {
		return s.askAgain(w, r, p, o, err)
	}
	bought := true
	id, err = s.once.do(b.AccountID+" "+p.ProductID+" "+nonce, func() (string, error) {
		have, _ := s.opt.World.AgreementsFrom(0, 1, world.AgreementQuery{BuyerAccount: b.AccountID, ProductCode: p.ProductCode, OfferID: o.OfferID, Status: world.Active})
		if len(have) > 0 {
			bought = false
			return have[0].AgreementID, nil
		}
		a, err := s.opt.World.Subscribe(s.opt.Clock.Now(), world.Subscribe{BuyerAccount: b.AccountID, Product: p.ProductID, OfferID: o.OfferID, Terms: terms})
		return a.AgreementID, err
	})
	if fail.Is(err, fail.Invalid) {
		return s.askAgain(w, r, p, o, err)
	}
	if err != nil {
		return err
	}
	if !bought {
		s.notes.leave(w, webui.Notice{Tone: webui.Info, Title: "You are subscribed already", Text: "Nothing was bought a second time."})
		http.Redirect(w, r, "/subscriptions/"+id, http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/subscriptions/"+id+"/confirmation", http.StatusSeeOther)
	return nil
}

// askAgain shows the offer's form as it was filled in, and what is wrong with it.
func (s *Storefront) askAgain(w http.ResponseWriter, r *http.Request, p world.Product, o world.Offer, wrong error) error {
	if !o.Terms.Contract() { // nothing was filled in
		return wrong
	}
	f := fillContractForm(offeredAs(p, o), o, r.PostForm)
	f.Wrong = webui.Notice{Tone: webui.Error, Title: "Nothing was bought"}
	if e, ok := errors.AsType[*fail.Error](wrong); ok {
		f.Wrong.Text = e.Say
	}
	if r.PostForm.Get("offer") != "" {
		return s.showOption(w, r, p, o, http.StatusUnprocessableEntity, f)
	}
	return s.showProduct(w, r, p, o, http.StatusUnprocessableEntity, f)
}
