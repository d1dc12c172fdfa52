package license

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Buyer is whom ResolveCustomer named: what a registration token stands for.
type Buyer struct {
	ProductCode        core.ProductCode
	ARN                core.LicenseARN
	Customer           core.AWSAccountID
	CustomerIdentifier core.CustomerIdentifier
}

// Book is the [Directory] of all licences, and the only writer of what is known of them. It is safe for concurrent use.
type Book struct{}

// Arrive records that buyer came to the landing page at the instant at, and returns the licence, which is made if it
// is not known yet. It may be repeated: there is one licence, and one arrival, however often a buyer comes.
//
// Errors: fail.Invalid if the product is not one that is served here, or buyer names nobody.
func (b *Book) Arrive(ctx context.Context, buyer Buyer, at time.Time) (License, error) {
	panic("skeleton")
}

// AttachAccount says that the licence belongs to an account. Attaching the same again changes nothing.
//
// Errors: fail.NotFound if there is no such licence, fail.Conflict if it belongs to another account.
func (b *Book) AttachAccount(ctx context.Context, id core.LicenseID, account core.AccountID) error {
	panic("skeleton")
}

func (b *Book) ByID(id core.LicenseID) (License, bool)                   { panic("skeleton") }
func (b *Book) ByARN(arn core.LicenseARN) (License, bool)                { panic("skeleton") }
func (b *Book) ByBuyer(buyer string, product core.ProductCode) []License { panic("skeleton") }
func (b *Book) All(yield func(License) bool)                             { panic("skeleton") }
func (b *Book) OnChange(f func(License))                                 { panic("skeleton") }

var _ Directory = (*Book)(nil)
