package account

import (
	"context"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// HandleLife is how long a sign-in handle can be redeemed: it travels in a URL, from one redirect to the next page.
const HandleLife = 2 * time.Minute

// Handle introduces a person, at an account, to the seller's application, once, as it is stored.
type Handle struct {
	Hash    string // of the secret that travels
	Account core.AccountID
	Person  core.PersonID
	Product core.ProductCode
	Expires time.Time
}

// IssueHandle makes a handle that introduces w to product's application.
func (s *Service) IssueHandle(ctx context.Context, w Who, product core.ProductCode) (secret string, err error) {
	secret = credential.NewSecret()
	return secret, s.store.CreateHandle(ctx, Handle{Hash: credential.HashOf(secret), Account: w.Account.ID, Person: w.ID, Product: product, Expires: s.clk.Now().Add(HandleLife)})
}

// RedeemHandle tells whom a handle introduces and to which product. A handle works once and for two minutes; after
// that, as for one that was never made or whose person is out of the account, it is fail.NotFound.
func (s *Service) RedeemHandle(ctx context.Context, secret string) (Who, core.ProductCode, error) {
	none := fail.New(fail.NotFound, "no_such_handle", "There is no such sign-in handle, or it was redeemed before, or it is older than two minutes; send the browser to /signin again.")
	h, err := s.store.TakeHandle(ctx, credential.HashOf(secret))
	if err != nil && !fail.Is(err, fail.NotFound) {
		return Who{}, "", err
	}
	if err != nil || !s.clk.Now().Before(h.Expires) {
		return Who{}, "", none
	}
	seats, err := s.store.Seats(ctx, h.Person, "")
	if err != nil {
		return Who{}, "", err
	}
	i := slices.IndexFunc(seats, func(w Who) bool { return w.Account.ID == h.Account })
	if i < 0 {
		return Who{}, "", none
	}
	return seats[i], h.Product, nil
}
