package license

import (
	"sync"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
)

// Copy is licences of a [Book] that another process keeps, as they were kept last. It is safe for concurrent use. It does not know what
// licences were merged: one that is not found may be another one by now.
type Copy struct {
	clk      clock.Clock
	products core.Catalogue

	mu   sync.RWMutex
	byID map[core.LicenseID]License
	arns map[core.LicenseARN]core.LicenseID
}

var _ Finder = (*Copy)(nil)

// NewCopy makes an empty copy.
func NewCopy(clk clock.Clock, products core.Catalogue) *Copy {
	return &Copy{clk: clk, products: products, byID: map[core.LicenseID]License{}, arns: map[core.LicenseARN]core.LicenseID{}}
}

// Put adds licences and the names that AWS has for them, or replaces them.
func (c *Copy) Put(ls []License, arns []ARNOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range ls {
		c.byID[l.ID] = l
	}
	for _, a := range arns {
		c.arns[a.ARN] = a.License
	}
}

// Forget takes a licence out.
func (c *Copy) Forget(id core.LicenseID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, id)
}

// ByID implements [Finder].
func (c *Copy) ByID(id core.LicenseID) (License, bool) {
	c.mu.RLock()
	l, ok := c.byID[id]
	c.mu.RUnlock()
	if !ok {
		return License{}, false
	}
	return l.present(c.clk, c.products), true
}

// ByARN implements [Finder].
func (c *Copy) ByARN(arn core.LicenseARN) (License, bool) {
	c.mu.RLock()
	id := c.arns[arn]
	c.mu.RUnlock()
	return c.ByID(id)
}
