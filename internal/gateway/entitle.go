package gateway

import (
	"context"

	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
)

// heard is the book of licences as notices reach it: of one that may mean that entitlements changed, those who ask for
// them hear as soon as it is written down.
type heard struct {
	intake.Book
	entitlements *entitlement.Keeper
	wake         func()
}

// Note implements [intake.Book].
func (h heard) Note(ctx context.Context, n license.Note) (license.Verdict, error) {
	v, err := h.Book.Note(ctx, n)
	if err == nil && v.License != "" && (n.Kind == "" || n.Kind == license.Activated) {
		h.entitlements.Heard(v.License)
		h.wake()
	}
	return v, err
}
