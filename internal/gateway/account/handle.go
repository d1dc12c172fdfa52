package account

import (
	"context"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// HandleLife is how long a sign-in handle can be redeemed: it travels in a URL, from one redirect to the next page.
const HandleLife = 2 * time.Minute

// Handle introduces a signed-in account to the seller's application, once, as it is stored.
type Handle struct {
	Hash    string // of the secret that travels
	Account core.AccountID
	Product core.ProductCode
	Expires time.Time
}

// IssueHandle makes a handle that introduces account id to product's application.
func (s *Service) IssueHandle(ctx context.Context, id core.AccountID, product core.ProductCode) (secret string, err error) {
	secret = credential.NewSecret()
	return secret, s.store.CreateHandle(ctx, Handle{Hash: credential.HashOf(secret), Account: id, Product: product, Expires: s.clk.Now().Add(HandleLife)})
}

// RedeemHandle tells whom a handle introduces and to which product. A handle works once and for two minutes; after
// that, as for one that was never made, it is fail.NotFound.
func (s *Service) RedeemHandle(ctx context.Context, secret string) (Account, core.ProductCode, error) {
	h, err := s.store.TakeHandle(ctx, credential.HashOf(secret))
	if err != nil && !fail.Is(err, fail.NotFound) {
		return Account{}, "", err
	}
	if err != nil || !s.clk.Now().Before(h.Expires) {
		return Account{}, "", fail.New(fail.NotFound, "no_such_handle", "There is no such sign-in handle, or it was redeemed before, or it is older than two minutes; send the browser to /signin again.")
	}
	a, err := s.store.Account(ctx, h.Account)
	return a, h.Product, err
}
