package storefront

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type productFormView struct {
	Counter
	Product world.Product // what is changed; zero for a new one
	Locked  time.Time     // until when its prices cannot be changed; zero: they can
	Form    productForm
}

// getNewProduct asks what is to be listed.
func (s *Storefront) getNewProduct(w http.ResponseWriter, r *http.Request) error {
	p := world.Product{Pricing: world.Pricing(r.URL.Query().Get("pricing")), Identity: world.ByLicense}
	if p.Pricing == "" {
		p.Pricing = world.Subscription
	}
	return s.showProductForm(w, r, http.StatusOK, world.Product{}, newProductForm(p))
}

// getEditProduct shows a listing to be changed.
func (s *Storefront) getEditProduct(w http.ResponseWriter, r *http.Request) error {
	p, err := s.ownProduct(r)
	if err != nil {
		return err
	}
	return s.showProductForm(w, r, http.StatusOK, p, newProductForm(p))
}

func (s *Storefront) showProductForm(w http.ResponseWriter, r *http.Request, status int, p world.Product, f productForm) error {
	v := productFormView{Counter: s.counter(w, r), Product: p, Form: f}
	if p.ProductID != "" {
		var err error
		if v.Locked, err = s.opt.World.PricesLockedUntil(v.Now, p.ProductID); err != nil {
			return err
		}
	}
	return s.ui.Render(w, status, "seller_product", v)
}

// ownProduct is the product that the address names, if it is the visitor's.
func (s *Storefront) ownProduct(r *http.Request) (world.Product, error) {
	p, err := s.product(r)
	if seller := s.seller(r); err == nil && p.SellerAccount != seller.AccountID {
		err = fail.New(fail.NotFound, "not_yours", "%s does not list %q.", seller.Name, p.Title)
	}
	return p, err
}

// postNewProduct lists a product.
func (s *Storefront) postNewProduct(w http.ResponseWriter, r *http.Request) error {
	return s.takeProductForm(w, r, world.Product{}, func(in world.Product) (world.Product, error) {
		in.SellerAccount = s.seller(r).AccountID
		return s.opt.World.CreateProduct(s.opt.Clock.Now(), in)
	})
}

// postEditProduct changes a listing.
func (s *Storefront) postEditProduct(w http.ResponseWriter, r *http.Request) error {
	have, err := s.ownProduct(r)
	if err != nil {
		return err
	}
	return s.takeProductForm(w, r, have, func(in world.Product) (world.Product, error) {
		patch := world.ProductPatch{Title: &in.Title, Summary: &in.Summary, Description: &in.Description, Dimensions: in.Dimensions}
		if in.Identity != have.Identity {
			patch.Identity = &in.Identity
		}
		for to, field := range map[**string]*[2]string{&patch.FulfillmentURL: {in.FulfillmentURL, have.FulfillmentURL}, &patch.SignInURL: {in.SignInURL, have.SignInURL}} {
			if field[0] != field[1] {
				*to = &field[0]
			}
		}
		return s.opt.World.ChangeProduct(s.opt.Clock.Now(), have.ProductID, patch)
	})
}

// takeProductForm reads the form and keeps what it says; one that was not filled in well is shown again.
func (s *Storefront) takeProductForm(w http.ResponseWriter, r *http.Request, have world.Product, keep func(world.Product) (world.Product, error)) error {
	if err := form(w, r); err != nil {
		return err
	}
	again := func(status int, err error) error {
		f := fillProductForm(have, r.PostForm)
		if e, ok := errors.AsType[*fail.Error](err); ok {
			f.Wrong = webui.Notice{Tone: webui.Error, Title: "Nothing was changed", Text: e.Say}
		}
		return s.showProductForm(w, r, status, have, f)
	}
	if r.PostForm.Has("more") {
		return again(http.StatusOK, nil)
	}
	in, err := readProduct(have, r.PostForm)
	var p world.Product
	if err == nil {
		p, err = keep(in)
	}
	if fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict) {
		return again(http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: p.Title + " is listed", Text: "Its product code is " + p.ProductCode + "."})
	http.Redirect(w, r, "/seller#"+url.PathEscape(p.ProductID), http.StatusSeeOther)
	return nil
}
