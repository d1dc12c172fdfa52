package entitlement

import (
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// Reader judges like a [Keeper] that another process has, by what that one has kept. It asks nobody. It is safe for concurrent use.
type Reader struct{ keeper *Keeper }

// NewReader makes a reader to which nothing is known.
func NewReader(clk clock.Clock, products core.Catalogue) *Reader {
	return &Reader{newKeeper(Config{Clock: clk, Products: products})}
}

// Learn takes over what is known of a licence by now.
func (r *Reader) Learn(n Knowledge) {
	n.DueAt = time.Time{} // another one asks
	r.keeper.mu.Lock()
	defer r.keeper.mu.Unlock()
	r.keeper.install(n.indexed())
}

// Check is [Keeper.Check].
func (r *Reader) Check(l *license.License, d core.Dimension, quantity usage.Quantity) Verdict {
	return r.keeper.Check(l, d, quantity)
}
