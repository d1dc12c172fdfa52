package register

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// Arrive resolves a token at once and returns the registration of its licence: a new one at the buyer's first
// arrival, and the same one ever after, whatever token they bring.
//
// Errors: fail.Invalid with code [TokenInvalid], [TokenExpired] or [ForeignProduct]; fail.Later, where the same
// request may simply be sent again. No error contains the token.
func (s *Service) Arrive(ctx context.Context, token, offer string) (Registration, error) {
	buyer, err := s.resolver.Resolve(ctx, token)
	if err != nil {
		return Registration{}, err
	}
	if !s.products.Serves(buyer.ProductCode) {
		s.log.WarnContext(ctx, "a buyer arrived with a product that is not configured", "product", buyer.ProductCode)
		return Registration{}, fail.New(fail.Invalid, ForeignProduct, "This purchase is of a product that is not served here; ask the seller.")
	}
	return s.arrived(ctx, buyer, offer)
}

func (s *Service) arrived(ctx context.Context, buyer license.Buyer, offer string) (Registration, error) {
	now := s.clk.Now()
	lic, err := s.book.Arrive(ctx, buyer, now)
	if err != nil {
		return Registration{}, fmt.Errorf("record the arrival: %w", err)
	}
	first := Registration{
		ID: ID("reg_" + strings.ToLower(rand.Text())), License: lic.ID, Buyer: buyer, Offer: offer,
		ArrivedAt: now, LastArrivedAt: now, Arrivals: 1,
	}
	reg, err := s.store.Arrived(ctx, first, tidings(outbox.RegistrationArrived, first, now))
	if err != nil {
		return Registration{}, fmt.Errorf("keep the registration of licence %s: %w", lic.ID, err)
	}
	if reg.Account == "" && lic.Account != "" { // the licence was another row's before, and has an owner from there
		if reg, err = s.claim(ctx, reg, lic.Account, nil); err != nil {
			return Registration{}, fmt.Errorf("claim registration %s for its licence's owner: %w", reg.ID, err)
		}
	}
	s.log.InfoContext(ctx, "buyer arrived", "registration", reg.ID, "license", reg.License, "product", buyer.ProductCode, "times", reg.Arrivals)
	return reg, nil
}

// Claim makes account the owner of the registration's licence, and keeps what its owner answered. Claiming again for the same
// account changes nothing.
//
// Errors: fail.NotFound; fail.Conflict with code [Claimed] if it is another account's.
func (s *Service) Claim(ctx context.Context, id ID, account core.AccountID, answers []Answer) (Registration, error) {
	reg, err := s.store.Registration(ctx, id)
	if err == nil {
		reg, err = s.claim(ctx, reg, account, answers)
	}
	if err != nil {
		return Registration{}, fmt.Errorf("claim registration %s: %w", id, err)
	}
	if reg.Account != account {
		return Registration{}, fail.New(fail.Conflict, Claimed, "This subscription belongs to another account; sign in with that one.")
	}
	if reg.AttachedAt.IsZero() {
		// The claim stands. Should the next step fail, the job does it.
		if err := s.attach(ctx, reg); err != nil {
			s.log.ErrorContext(ctx, "claimed, and the licence not told yet", "registration", id, "err", err)
		}
	}
	return reg, nil
}

// claim gives reg to account, if it is nobody's, and has it told.
func (s *Service) claim(ctx context.Context, reg Registration, account core.AccountID, answers []Answer) (Registration, error) {
	now := s.clk.Now()
	reg.Account, reg.ClaimedAt, reg.Answers = account, now, answers
	kind := outbox.RegistrationCompleted
	if product := s.products.Product(reg.Buyer.ProductCode); product.Manual() && !product.Delegated() {
		reg.DueAt, kind = now.Add(product.ManualSetup.Within), outbox.RegistrationSettingUp
	}
	return s.store.Claim(ctx, reg, tidings(kind, reg, now))
}
