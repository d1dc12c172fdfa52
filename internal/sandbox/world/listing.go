package world

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Sellers lists the sellers, the default one first.
func (w *World) Sellers() []Seller {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return collect(w.order.sellers, w.sellers)
}

// Buyers lists the buyers as they were made.
func (w *World) Buyers() []Buyer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return collect(w.order.buyers, w.buyers)
}

func collect[T any](order []string, from map[string]*T) []T {
	all := make([]T, 0, len(order))
	for _, id := range order {
		all = append(all, *from[id])
	}
	return all
}

// Products lists the products as they were made.
func (w *World) Products() []Product {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]Product, 0, len(w.order.products))
	for _, id := range w.order.products {
		all = append(all, w.products[id].copy())
	}
	return all
}

func (p *product) copy() Product {
	c := p.Product
	c.Dimensions = slices.Clone(c.Dimensions)
	for i := range c.Dimensions {
		c.Dimensions[i].Prices, c.Dimensions[i].Kinds = maps.Clone(c.Dimensions[i].Prices), slices.Clone(c.Dimensions[i].Kinds)
	}
	return c
}

// Product finds a product by its id or its code; otherwise fail.NotFound.
func (w *World) Product(idOrCode string) (Product, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.products[idOrCode]
	if !ok {
		return Product{}, w.unknownProduct(idOrCode)
	}
	return p.copy(), nil
}

// Buyer finds a buyer by account id; otherwise fail.NotFound.
func (w *World) Buyer(account string) (Buyer, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	b, ok := w.buyers[account]
	if !ok {
		return Buyer{}, w.unknownBuyer(account)
	}
	return *b, nil
}

// Seller finds a seller by account id; otherwise fail.NotFound.
func (w *World) Seller(account string) (Seller, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.sellers[account]
	if !ok {
		return Seller{}, w.unknownSeller(account)
	}
	return *s, nil
}

func (w *World) addSeller(s Seller) error {
	if !accountID.MatchString(s.AccountID) {
		return fail.New(fail.Invalid, "account_id", "The seller %q needs an accountId of 12 digits (in YAML: in quotes).", s.Name)
	}
	if _, have := w.sellers[s.AccountID]; have {
		return fail.New(fail.Invalid, "account_id", "Two sellers have the account %s.", s.AccountID)
	}
	w.sellers[s.AccountID] = &s
	w.order.sellers = append(w.order.sellers, s.AccountID)
	return nil
}

// CreateBuyer adds a buyer. Without an account id, one is drawn. fail.Invalid: a malformed one; fail.Conflict: one
// that is taken.
func (w *World) CreateBuyer(now time.Time, b Buyer) (Buyer, error) {
	defer w.act()()
	b, err := w.checkBuyer(b)
	if err != nil {
		return Buyer{}, err
	}
	if err := w.record(Command{At: now, Act: actCreateBuyer, Buyer: &b}); err != nil {
		return Buyer{}, err
	}
	w.addBuyer(b)
	return b, nil
}

func (w *World) checkBuyer(b Buyer) (Buyer, error) {
	if b.AccountID == "" {
		b.AccountID = w.ids.accountID()
	}
	if !accountID.MatchString(b.AccountID) {
		return b, fail.New(fail.Invalid, "account_id", "The buyer's accountId %q must be 12 digits (in YAML: in quotes).", b.AccountID)
	}
	if b.Name == "" {
		return b, fail.New(fail.Invalid, "name", "The buyer %s needs a name.", b.AccountID)
	}
	if _, have := w.buyers[b.AccountID]; have {
		return b, fail.New(fail.Conflict, "account_id", "There is a buyer %s already; choose another accountId.", b.AccountID)
	}
	return b, nil
}

func (w *World) addBuyer(b Buyer) {
	w.buyers[b.AccountID] = &b
	w.order.buyers = append(w.order.buyers, b.AccountID)
}

// BuyerPatch is a change of a buyer: what is nil stays.
type BuyerPatch struct {
	Name      *string `json:"name,omitempty"`
	Email     *string `json:"email,omitempty"`
	Suspended *bool   `json:"suspended,omitempty"`
}

// ChangeBuyer changes a buyer. fail.NotFound: no such account.
func (w *World) ChangeBuyer(now time.Time, account string, p BuyerPatch) (Buyer, error) {
	defer w.act()()
	b, ok := w.buyers[account]
	if !ok {
		return Buyer{}, w.unknownBuyer(account)
	}
	if err := w.record(Command{At: now, Act: actChangeBuyer, ID: account, BuyerPatch: &p}); err != nil {
		return Buyer{}, err
	}
	set(&b.Name, p.Name)
	set(&b.Email, p.Email)
	set(&b.Suspended, p.Suspended)
	return *b, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
