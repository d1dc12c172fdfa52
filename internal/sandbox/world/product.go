package world

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// maxDimensions is how many dimensions a product may have. Source: seller guide, saas-pricing-models.
const maxDimensions = 24

var (
	productCode  = regexp.MustCompile(contract.ProductCodePattern)
	productID    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)
	dimensionKey = regexp.MustCompile(`^[A-Za-z0-9_]{1,255}$`)
)

// CreateProduct lists a product. Missing identifiers are drawn, and missing URLs are the sandbox's defaults.
// fail.Invalid: something a listing must have is missing or wrong; fail.Conflict: the id or code is taken.
func (w *World) CreateProduct(now time.Time, p Product) (Product, error) {
	defer w.act()()
	p, err := w.completeProduct(p)
	if err != nil {
		return Product{}, err
	}
	if err := w.record(Command{At: now, Act: actCreateProduct, Product: &p}); err != nil {
		return Product{}, err
	}
	return w.addProduct(now, p).copy(), nil
}

// completeProduct checks p and fills in what it leaves out.
func (w *World) completeProduct(p Product) (Product, error) {
	if p.ProductID == "" {
		p.ProductID = w.ids.productID()
	}
	if p.ProductCode == "" {
		p.ProductCode = w.ids.productCode()
	}
	if p.SellerAccount == "" {
		p.SellerAccount = w.order.sellers[0]
	}
	if p.FulfillmentURL == "" {
		p.FulfillmentURL = w.opt.FulfillmentURL
	}
	if p.SignInURL == "" {
		p.SignInURL = w.opt.SignInURL
	}
	if p.Pricing == "" {
		p.Pricing = Subscription
	}
	if p.Identity == "" {
		p.Identity = ByLicense
	}
	if p.Selection == "" && p.Pricing.IsContract() {
		p.Selection = Quantities
	}
	p.Dimensions = completed(p.Pricing, p.Dimensions)
	return p, w.checkProduct(p)
}

func (w *World) checkProduct(p Product) error {
	bad := func(code, format string, args ...any) error {
		return fail.New(fail.Invalid, code, "The product %s: %s", p.ProductID, fmt.Sprintf(format, args...))
	}
	switch {
	case !productID.MatchString(p.ProductID):
		return bad("product_id", "the productId must be letters, digits and hyphens, at most 64.")
	case p.ProductCode == "" || len(p.ProductCode) > contract.MaxProductCode || !productCode.MatchString(p.ProductCode):
		return bad("product_code", "the productCode %q does not fit AWS's pattern %s.", p.ProductCode, contract.ProductCodePattern)
	case p.Title == "":
		return bad("title", "a title is missing.")
	case p.Pricing != Subscription && !p.Pricing.IsContract():
		return bad("pricing", "the pricing %q cannot be sold by this sandbox; use %s, %s or %s.", p.Pricing, Subscription, Contract, ContractWithConsumption)
	case p.Identity != ByLicense && p.Identity != Legacy && p.Identity != Migrating:
		return unknownIdentity(p, p.Identity)
	case w.sellers[p.SellerAccount] == nil:
		return bad("seller", "there is no seller %q%s", p.SellerAccount, meant(p.SellerAccount, w.sellers))
	case w.products[p.ProductID] != nil || w.products[p.ProductCode] != nil:
		return fail.New(fail.Conflict, "product_taken", "There is a product with the id %s or the code %s already.", p.ProductID, p.ProductCode)
	}
	if err := w.checkURL(p.FulfillmentURL); err != nil {
		return bad("fulfillment_url", "the fulfillmentUrl %v", err)
	}
	if p.SignInURL != "" {
		if err := w.checkURL(p.SignInURL); err != nil {
			return bad("sign_in_url", "the signInUrl %v", err)
		}
	}
	return checkDimensions(p)
}

func unknownIdentity(p Product, i Identity) error {
	return fail.New(fail.Invalid, "identity", "The product %s: the identity %q is unknown; use license, legacy or migrating.", p.ProductID, i)
}

func checkDimensions(p Product) error {
	bad := func(code, format string, args ...any) error {
		return fail.New(fail.Invalid, code, "The product %s: %s", p.ProductID, fmt.Sprintf(format, args...))
	}
	if len(p.Dimensions) == 0 || len(p.Dimensions) > maxDimensions {
		return bad("dimensions", "it has %d dimensions; give 1 to %d.", len(p.Dimensions), maxDimensions)
	}
	seen, priced := map[string]bool{}, false
	for _, d := range p.Dimensions {
		if !dimensionKey.MatchString(d.Key) {
			return bad("dimension_key", "the dimension key %q must be letters, digits and underscores, at most 255.", d.Key)
		}
		if seen[d.Key] {
			return bad("dimension_key", "the dimension %q is there twice.", d.Key)
		}
		seen[d.Key] = true
		for _, k := range d.Kinds {
			if k != Metered && k != Entitled {
				return bad("dimension_kind", "the dimension %q has the kind %q; use metered or entitled.", d.Key, k)
			}
		}
		for name, price := range d.Prices {
			if price.IsNegative() {
				return bad("price", "the price %q of %q is negative.", name, d.Key)
			}
			priced = priced || price.IsPositive()
		}
	}
	if !priced { // seller guide, saas-guidelines: a paid listing has a dimension above $0
		return bad("price", "no dimension has a price above 0; give one, such as prices: {usage: 0.001}.")
	}
	return checkRates(p)
}

// checkURL refuses what AWS Marketplace would not send a buyer to: anything but HTTPS, unless it is on this machine
// or the world's file allows it.
func (w *World) checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%q must be an absolute https URL", s)
	}
	if u.Scheme == "http" && !w.opt.File.AllowHTTP && !loopback(u.Hostname()) {
		return fmt.Errorf("%q must be https (http is for this machine only, unless the world file says allowHttp: true)", s)
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (w *World) addProduct(now time.Time, p Product) *product {
	in := &product{Product: p}
	in.index()
	w.products[p.ProductID], w.products[p.ProductCode] = in, in
	w.order.products = append(w.order.products, p.ProductID)
	w.list(now, in)
	return in
}

func (p *product) index() {
	p.dims = make(map[string]uint16, len(p.Dimensions))
	for i, d := range p.Dimensions {
		p.dims[d.Key] = uint16(i)
	}
}

// ProductPatch is a change of a listing: what is nil stays. Dimensions replaces the list; a dimension that was listed
// must stay, under its key and in its place, because usage was recorded for it.
type ProductPatch struct {
	Title          *string     `json:"title,omitempty"`
	Summary        *string     `json:"summary,omitempty"`
	Description    *string     `json:"description,omitempty"`
	FulfillmentURL *string     `json:"fulfillmentUrl,omitempty"`
	SignInURL      *string     `json:"signInUrl,omitempty"`
	Identity       *Identity   `json:"identity,omitempty"` // legacy, migrating or license; a product by license stays one
	Dimensions     []Dimension `json:"dimensions,omitempty"`
}

// ChangeProduct changes a listing, given by id or code. fail.NotFound: no such product; fail.Invalid: not a listing
// any more; fail.Conflict with the code "prices_locked": other prices within 90 days of a rise.
func (w *World) ChangeProduct(now time.Time, idOrCode string, p ProductPatch) (Product, error) {
	return w.changeProduct(now, idOrCode, p, (*product).locked)
}

// letThrough is the lock of a change that is done again: it was let through the first time, maybe before prices were locked.
func letThrough(*product, time.Time, Product) error { return nil }

// changeProduct changes a listing unless lock refuses what it becomes.
func (w *World) changeProduct(now time.Time, idOrCode string, p ProductPatch, lock func(p *product, now time.Time, next Product) error) (Product, error) {
	defer w.act()()
	have, ok := w.products[idOrCode]
	if !ok {
		return Product{}, w.unknownProduct(idOrCode)
	}
	next, err := w.patched(have.Product, p)
	if err != nil {
		return Product{}, err
	}
	if err := lock(have, now, next); err != nil {
		return Product{}, err
	}
	if err := w.record(Command{At: now, Act: actChangeProduct, ID: idOrCode, ProductPatch: &p}); err != nil {
		return Product{}, err
	}
	if _, raised := have.repriced(next); raised {
		have.raisedAt = now
	}
	have.Product = next
	have.index()
	w.list(now, have)
	return have.copy(), nil
}

func (w *World) patched(next Product, p ProductPatch) (Product, error) {
	set(&next.Title, p.Title)
	set(&next.Summary, p.Summary)
	set(&next.Description, p.Description)
	if p.Identity != nil {
		switch {
		case *p.Identity != ByLicense && *p.Identity != Legacy && *p.Identity != Migrating:
			return next, unknownIdentity(next, *p.Identity)
		case next.Identity == ByLicense && *p.Identity != ByLicense:
			return next, fail.New(fail.Invalid, "identity", "The product %s: its buyers are known by license; there is no way back.", next.ProductID)
		}
		next.Identity = *p.Identity
	}
	for to, from := range map[*string]*string{&next.FulfillmentURL: p.FulfillmentURL, &next.SignInURL: p.SignInURL} {
		if from == nil {
			continue
		}
		if err := w.checkURL(*from); err != nil {
			return next, fail.New(fail.Invalid, "url", "The product %s: the URL %v", next.ProductID, err)
		}
		*to = *from
	}
	if next.Title == "" {
		return next, fail.New(fail.Invalid, "title", "The product %s: a title is missing.", next.ProductID)
	}
	if p.Dimensions == nil {
		return next, nil
	}
	for i, d := range next.Dimensions {
		if i >= len(p.Dimensions) || p.Dimensions[i].Key != d.Key {
			return next, fail.New(fail.Invalid, "dimensions", "The product %s: the dimension %q must stay in its place; add new ones after it.", next.ProductID, d.Key)
		}
	}
	next.Dimensions = completed(next.Pricing, p.Dimensions)
	return next, checkDimensions(next)
}
