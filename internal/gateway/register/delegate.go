package register

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
)

// HandleLife is how long a registration handle can be redeemed: it travels in a URL, from a redirect to the page that
// it leads to.
const HandleLife = 5 * time.Minute

// handlePurpose binds a seal to its use.
const handlePurpose = "registration handle"

// Codes of what can be wrong with a handle, and with completing.
const (
	HandleUnknown  = "no_such_handle"    // not made here, or changed on the way
	HandleExpired  = "handle_expired"    // genuine, and too old
	HandleRedeemed = "handle_redeemed"   // it was redeemed before
	OtherProduct   = "other_product"     // it is of another product than its bearer expects
	Hosted         = "accounts_are_here" // the gateway keeps the accounts of this product
)

// Sealer seals what a browser carries, so that nobody else can make it or read it. It is fulfilled by [seal.Box].
type Sealer interface {
	Seal(purpose string, expires time.Time, content []byte) string
	// Open gives back what was sealed for purpose. Errors: fail.Denied, with code [seal.Expired] where it was genuine.
	Open(ctx context.Context, purpose, sealed string) ([]byte, error)
}

// Accounts keeps, for customers whose accounts the seller keeps, what stands for them here. It is fulfilled by
// [account.Service].
type Accounts interface {
	Refer(ctx context.Context, who account.Referred) (account.Account, error)
	Account(ctx context.Context, id core.AccountID) (account.Account, error)
}

// HandleStore remembers which handles were redeemed.
type HandleStore interface {
	// SpendHandle notes, until the instant until, that the handle of that hash was redeemed, and forgets those whose
	// instant has come by now. Errors: fail.Conflict where it had been noted before.
	SpendHandle(ctx context.Context, hash string, now, until time.Time) error
}

// Delegation is registration for products whose accounts the seller keeps: the browser is sent to the seller's own
// sign-up page with a handle, which the seller's program redeems, and completes when it has an account.
//
// Always true: a handle is redeemed at most once, within [HandleLife], and tells nothing to who cannot redeem it.
type Delegation struct {
	service  *Service
	store    HandleStore
	seal     Sealer
	expired  string
	accounts Accounts
}

// NewDelegation makes it. expired is the code by which seal tells of a genuine seal that is too old.
func NewDelegation(service *Service, store HandleStore, seal Sealer, expired string, accounts Accounts) *Delegation {
	return &Delegation{service, store, seal, expired, accounts}
}

// IssueHandle makes a handle of reg. Every call makes another.
func (d *Delegation) IssueHandle(reg Registration) string {
	return d.seal.Seal(handlePurpose, d.service.clk.Now().Add(HandleLife), []byte(reg.ID))
}

// RedeemHandle tells, once, whose registration a handle is of. Where product is given, a handle of another product is
// refused, and not used up.
//
// Errors: fail.NotFound with code [HandleUnknown] or [HandleExpired]; fail.Conflict with [HandleRedeemed] or [OtherProduct].
func (d *Delegation) RedeemHandle(ctx context.Context, handle string, product core.ProductCode) (Registration, error) {
	const again = "have the buyer press Set up your account in AWS Marketplace once more."
	id, err := d.seal.Open(ctx, handlePurpose, handle)
	switch {
	case fail.CodeOf(err) == d.expired:
		return Registration{}, fail.New(fail.NotFound, HandleExpired, "This registration handle is older than five minutes; %s", again)
	case fail.Is(err, fail.Denied):
		return Registration{}, fail.New(fail.NotFound, HandleUnknown, "This registration handle was not made here, or was changed on the way; %s", again)
	case err != nil:
		return Registration{}, fmt.Errorf("open a registration handle: %w", err)
	}
	reg, err := d.service.Registration(ctx, ID(id))
	if fail.Is(err, fail.NotFound) { // a database put back to an older copy
		return Registration{}, fail.New(fail.NotFound, HandleUnknown, "The registration of this handle is gone; %s", again)
	}
	if err != nil {
		return Registration{}, err
	}
	if product != "" && product != reg.Buyer.ProductCode {
		return Registration{}, fail.New(fail.Conflict, OtherProduct, "This registration is of the product %s; send its buyer to that product's sign-up page.", reg.Buyer.ProductCode)
	}
	sum := sha256.Sum256([]byte(handle))
	now := d.service.clk.Now()
	err = d.store.SpendHandle(ctx, hex.EncodeToString(sum[:]), now, now.Add(HandleLife))
	if fail.Is(err, fail.Conflict) {
		return Registration{}, fail.New(fail.Conflict, HandleRedeemed, "This registration handle was redeemed before; %s", again)
	}
	if err != nil {
		return Registration{}, err
	}
	d.service.log.InfoContext(ctx, "registration handle redeemed", "registration", reg.ID)
	return reg, nil
}

// Complete makes the customer, whose account the seller keeps, the owner of the registration's licence. The same
// customer may complete any number of registrations, and one registration again: then only what is told of them changes.
//
// Errors: fail.NotFound; fail.Invalid for what is told of the customer; fail.Conflict with code [Claimed] if the licence
// is another customer's, or [Hosted].
func (d *Delegation) Complete(ctx context.Context, id ID, who account.Referred) (Registration, error) {
	reg, err := d.service.Registration(ctx, id)
	if err != nil {
		return Registration{}, err
	}
	if !d.service.products.Product(reg.Buyer.ProductCode).Delegated() {
		return Registration{}, fail.New(fail.Conflict, Hosted, "The gateway itself keeps the accounts of %s; give the product a signUpUrl to keep them yourself.", reg.Buyer.ProductCode)
	}
	if reg.Account != "" { // before anything is written for somebody who cannot have it
		owner, err := d.accounts.Account(ctx, reg.Account)
		if err != nil {
			return Registration{}, err
		}
		if owner.Reference != who.Reference {
			return Registration{}, fail.New(fail.Conflict, Claimed, "This subscription belongs to another customer of yours; ask them to sign in.")
		}
	}
	a, err := d.accounts.Refer(ctx, who)
	if err != nil {
		return Registration{}, err
	}
	return d.service.Claim(ctx, id, a.ID, nil)
}

// Reference is the seller's own name for the owner of reg; "" where it has none, or the account is kept here.
func (d *Delegation) Reference(ctx context.Context, reg Registration) (string, error) {
	if reg.Account == "" {
		return "", nil
	}
	a, err := d.accounts.Account(ctx, reg.Account)
	return a.Reference, err
}
