package core

import "slices"

// Product is one listing of the seller.
type Product struct {
	Code   ProductCode
	Title  string
	AppURL string // where its users sign in to use it; may be empty
	// Dimensions are those that may be metered. Empty: AWS alone judges.
	Dimensions []Measure
	// Legacy says by what AWS knows its customers: true, by customer identifier; false, by licence ARN; nil, by
	// whichever AWS gives (integrations made since June 2026 are given no customer identifier).
	Legacy *bool
}

// Measure is one metered dimension.
type Measure struct {
	Key  Dimension
	Name string
	Unit string
}

// Catalogue is the seller's products as configured. An empty one learns: whatever product AWS itself names is ours,
// because AWS tells a seller of no other seller's.
type Catalogue []Product

// Learns reports whether products are taken from AWS's word.
func (c Catalogue) Learns() bool { return len(c) == 0 }

// Serves reports whether the product is the seller's to serve.
func (c Catalogue) Serves(code ProductCode) bool { return c.Learns() || c.index(code) >= 0 }

// Product is the product of that code; one that is not configured has only its code.
func (c Catalogue) Product(code ProductCode) Product {
	if i := c.index(code); i >= 0 {
		return c[i]
	}
	return Product{Code: code, Title: string(code)}
}

// Metered reports whether usage of the product may be counted in the dimension.
func (c Catalogue) Metered(code ProductCode, d Dimension) bool {
	p := c.Product(code)
	return len(p.Dimensions) == 0 || slices.ContainsFunc(p.Dimensions, func(m Measure) bool { return m.Key == d })
}

func (c Catalogue) index(code ProductCode) int {
	return slices.IndexFunc(c, func(p Product) bool { return p.Code == code })
}
