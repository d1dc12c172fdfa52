package api

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
)

// entitlementsOut is what a licence has bought in advance, as AWS last said.
type entitlementsOut struct {
	AsOf       *time.Time       `json:"asOf"`       // when AWS was asked for it; null while it never answered
	AgeSeconds int64            `json:"ageSeconds"` // since AsOf
	ChangedAt  time.Time        `json:"changedAt,omitzero"`
	NextAt     time.Time        `json:"nextAt,omitzero"` // when AWS is asked next
	Failure    string           `json:"failure,omitempty"`
	Items      []entitlementOut `json:"items"`
}

type entitlementOut struct {
	Dimension core.Dimension    `json:"dimension"`
	Name      string            `json:"name,omitempty"`
	Unit      string            `json:"unit,omitempty"`
	Value     entitlement.Value `json:"value"`
	ExpiresAt time.Time         `json:"expiresAt,omitzero"`
	Expired   bool              `json:"expired"`
}

// failureShown is what is told of why AWS gave no answer; the log has the rest.
const failureShown = "AWS could not be asked; see the log."

func (h Licenses) entitlementsOf(l license.License) *entitlementsOut {
	if h.Entitlements == nil {
		return nil
	}
	n, ok := h.Entitlements.Known(l)
	if !ok {
		return nil
	}
	out := &entitlementsOut{ChangedAt: n.ChangedAt, NextAt: n.DueAt, Items: []entitlementOut{}}
	if !n.At.IsZero() {
		out.AsOf, out.AgeSeconds = &n.At, int64(h.Clock.Now().Sub(n.At)/time.Second)
	}
	if n.Failure != "" {
		out.Failure = failureShown
	}
	p := h.Products.Product(l.ProductCode)
	for _, e := range n.Entitlements {
		m := p.Measure(e.Dimension)
		out.Items = append(out.Items, entitlementOut{e.Dimension, m.Name, m.Unit, e.Value, e.ExpiresAt, h.Entitlements.Over(l, n, e)})
	}
	return out
}
