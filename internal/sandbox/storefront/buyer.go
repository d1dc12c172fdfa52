package storefront

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// buyerCookie holds the account id of the buyer that the visitor picked. It is no secret and proves nothing.
const buyerCookie = "souk_sandbox_buyer"

// buyer is who the visitor says they are.
func (s *Storefront) buyer(r *http.Request) (world.Buyer, bool) {
	c, err := r.Cookie(buyerCookie)
	if err != nil {
		return world.Buyer{}, false
	}
	b, err := s.opt.World.Buyer(c.Value)
	return b, err == nil // a buyer of a world that was reset since is nobody
}

// mustBuyer is like buyer, for acts that need one.
func (s *Storefront) mustBuyer(r *http.Request) (world.Buyer, error) {
	b, ok := s.buyer(r)
	if !ok {
		return b, fail.New(fail.Invalid, "no_buyer", "Choose a buyer first, at the top of the page: the sandbox has to know whose account this is for.")
	}
	return b, nil
}

// mine is an agreement of the visitor's. Another buyer's is not found, as on the real site.
func (s *Storefront) mine(r *http.Request) (world.Agreement, world.Buyer, error) {
	b, err := s.mustBuyer(r)
	if err != nil {
		return world.Agreement{}, b, err
	}
	a, err := s.opt.World.Agreement(r.PathValue("agreement"))
	if err == nil && a.BuyerAccount != b.AccountID {
		err = fail.New(fail.NotFound, "not_yours", "%s has no subscription %q. If it is another buyer's, choose that buyer at the top of the page.", b.Name, a.AgreementID)
	}
	return a, b, err
}

// postBuyer makes the visitor a buyer and shows the page that they came from.
func (s *Storefront) postBuyer(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	b, err := s.opt.World.Buyer(r.PostForm.Get("account"))
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: buyerCookie, Value: b.AccountID, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// localPath is where a form asks to be taken afterwards, or the start if that is not a page of this site.
func localPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		return "/"
	}
	return back
}

// maxForm is the largest form, in bytes, that these pages take.
const maxForm = 64 << 10

// form reads a form that was posted. fail.Invalid: it is too large or garbled.
func form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fail.Wrap(fail.Invalid, err, "bad_form", "The form did not arrive whole; send it again.")
	}
	return nil
}
