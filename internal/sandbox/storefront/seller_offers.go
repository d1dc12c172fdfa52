package storefront

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Offered is an offer as the seller's desk shows it.
type Offered struct {
	world.Offer
	Product world.Product
	For     string // who may accept it
	Tone    webui.Tone
	Word    string
	Says    []string // its terms, in words
}

type offersView struct {
	Counter
	Offers   []Offered // the newest first
	Products []world.Product
	Kinds    []webui.Choice
	Nothing  webui.Empty
}

// getOffers lists a seller's offers beside the listings' own.
func (s *Storefront) getOffers(w http.ResponseWriter, r *http.Request) error {
	v := offersView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "No private offers", Text: "An offer gives some buyers terms of their own: another price, a payment schedule, a later start. A free trial is an offer to everybody."}}
	v.Products, v.Kinds = s.ownProducts(v.Seller), offerKinds()
	for _, o := range slices.Backward(s.opt.World.Offers()) {
		if o.SellerAccount != v.Seller.AccountID || o.Public && o.Terms.Trial == nil {
			continue
		}
		shown, err := s.offered(o, v.Now)
		if err != nil {
			return err
		}
		v.Offers = append(v.Offers, shown)
	}
	return s.ui.Render(w, http.StatusOK, "seller_offers", v)
}

func (s *Storefront) offered(o world.Offer, now time.Time) (Offered, error) {
	p, err := s.opt.World.Product(o.ProductID)
	if err != nil {
		return Offered{}, err
	}
	v := Offered{Offer: o, Product: p, For: "Everybody", Tone: webui.Success, Word: "Open", Says: offerWords(o, p)}
	if !o.Public {
		v.For = ""
		for i, account := range o.Buyers {
			if i > 0 {
				v.For += ", "
			}
			if b, err := s.opt.World.Buyer(account); err == nil {
				account = b.Name
			}
			v.For += account
		}
	}
	switch {
	case o.Withdrawn:
		v.Tone, v.Word = webui.Neutral, "Withdrawn"
	case !o.Open(now):
		v.Tone, v.Word = webui.Neutral, "Expired"
	}
	return v, nil
}

// ownOffer is the offer that the address names, if it is the visitor's and not a listing's own.
func (s *Storefront) ownOffer(r *http.Request) (world.Offer, error) {
	o, err := s.opt.World.Offer(r.PathValue("offer"))
	if seller := s.seller(r); err == nil && o.SellerAccount != seller.AccountID {
		err = fail.New(fail.NotFound, "not_yours", "%s has no offer %q.", seller.Name, o.OfferID)
	}
	return o, err
}

type offerView struct {
	Counter
	Offer   Offered
	Made    []Agreed // agreements that were made from it, the newest first
	Nothing webui.Empty
}

// offerAgreements is how many of an offer's agreements its page shows.
const offerAgreements = 20

// getOffer shows one offer and what came of it.
func (s *Storefront) getOffer(w http.ResponseWriter, r *http.Request) error {
	o, err := s.ownOffer(r)
	if err != nil {
		return err
	}
	v := offerView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "Nobody has accepted it", Text: "What is made from this offer is listed here."}}
	if v.Offer, err = s.offered(o, v.Now); err != nil {
		return err
	}
	made, _ := s.opt.World.NewestAgreements(world.AgreementQuery{OfferID: o.OfferID}, 0, offerAgreements)
	if v.Made, err = s.allAgreed(made, v.Now); err != nil {
		return err
	}
	return s.ui.Render(w, http.StatusOK, "seller_offer", v)
}

// postOffer withdraws an offer, or opens it again. What it is already, it stays.
func (s *Storefront) postOffer(w http.ResponseWriter, r *http.Request) error {
	o, err := s.ownOffer(r)
	if err != nil {
		return err
	}
	act := r.PathValue("act")
	if act != "withdraw" && act != "reopen" {
		return fail.New(fail.NotFound, "unknown_act", "Nobody can do %q to an offer.", act)
	}
	if _, err := s.opt.World.ChangeOffer(s.opt.Clock.Now(), o.OfferID, world.OfferPatch{Withdrawn: new(act == "withdraw")}); err != nil {
		return err
	}
	http.Redirect(w, r, "/seller/offers/"+o.OfferID, http.StatusSeeOther)
	return nil
}

type newOfferView struct {
	Counter
	Product world.Product
	Kind    string
	Form    offerForm
	Nonce   string
}

// getNewOffer asks for the terms of an offer of a kind for a product.
func (s *Storefront) getNewOffer(w http.ResponseWriter, r *http.Request) error {
	p, err := s.offerable(r, r.URL.Query().Get("product"))
	if err != nil {
		return err
	}
	kind := suitableKind(p, r.URL.Query().Get("kind"))
	return s.showOfferForm(w, r, http.StatusOK, p, kind, s.newOfferForm(p, kind, s.opt.Clock.Now()))
}

// offerable is a product of the visitor's, by its id or code; the first one, where none is named.
func (s *Storefront) offerable(r *http.Request, idOrCode string) (world.Product, error) {
	seller := s.seller(r)
	for _, p := range s.ownProducts(seller) {
		if idOrCode == "" || p.ProductID == idOrCode || p.ProductCode == idOrCode {
			return p, nil
		}
	}
	return world.Product{}, fail.New(fail.NotFound, "not_yours", "%s lists no product %q that it could offer.", seller.Name, idOrCode)
}

func (s *Storefront) showOfferForm(w http.ResponseWriter, r *http.Request, status int, p world.Product, kind string, f offerForm) error {
	return s.ui.Render(w, status, "seller_offer_new", newOfferView{s.counter(w, r), p, kind, f, nonce()})
}

// postNewOffer makes an offer. A form that is sent twice makes one; one that was not filled in well is shown again.
func (s *Storefront) postNewOffer(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	p, err := s.offerable(r, r.PostForm.Get("product"))
	if err != nil {
		return err
	}
	kind := suitableKind(p, r.PostForm.Get("kind"))
	in, err := readOffer(p, kind, r.PostForm)
	id := ""
	if err == nil {
		in.SellerAccount = s.seller(r).AccountID
		id, err = s.once.do("offer "+in.SellerAccount+" "+r.PostForm.Get("nonce"), func() (string, error) {
			o, err := s.opt.World.CreateOffer(s.opt.Clock.Now(), in)
			return o.OfferID, err
		})
	}
	if wrong, ok := errors.AsType[*fail.Error](err); ok && (wrong.Kind == fail.Invalid || wrong.Kind == fail.Conflict) {
		f := s.fillOfferForm(p, kind, r.PostForm)
		f.Wrong = webui.Notice{Tone: webui.Error, Title: "Nothing was offered", Text: wrong.Say}
		return s.showOfferForm(w, r, http.StatusUnprocessableEntity, p, kind, f)
	}
	if err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "The offer is made", Text: "Its buyers find it on the product's page."})
	http.Redirect(w, r, "/seller/offers/"+id, http.StatusSeeOther)
	return nil
}
