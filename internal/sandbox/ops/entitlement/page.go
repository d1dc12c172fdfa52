package entitlement

import (
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// result is the output of GetEntitlements. Where there is nothing, AWS leaves Entitlements out; see profile
// empty-entitlements.
type result struct {
	Entitlements []entitlement `json:"Entitlements,omitzero"`
	NextToken    *string       `json:"NextToken,omitempty"`
}

type entitlement struct {
	ProductCode          string    `json:"ProductCode"`
	Dimension            string    `json:"Dimension"`
	CustomerIdentifier   string    `json:"CustomerIdentifier,omitempty"`
	CustomerAWSAccountID string    `json:"CustomerAWSAccountId,omitempty"`
	LicenseARN           string    `json:"LicenseArn,omitempty"`
	Value                value     `json:"Value"`
	ExpirationDate       wire.Time `json:"ExpirationDate,omitzero"`
}

// value has exactly one member.
type value struct {
	Integer *int64   `json:"IntegerValue,omitempty"`
	Double  *float64 `json:"DoubleValue,omitempty"`
	Boolean *bool    `json:"BooleanValue,omitempty"`
	String  *string  `json:"StringValue,omitempty"`
}

// keyOf is where an entitlement stands in the list: by licence, then dimension. It does not change when others come or go.
func keyOf(e world.Entitlement) page.Key { return page.Key{ID: e.LicenseARN + "\x00" + e.Dimension} }

// cut is the page t of all.
func cut(all []world.Entitlement, t page.Turn) (out result) {
	part, next := page.Cut(all, keyOf, false, t)
	for _, e := range part {
		out.Entitlements = append(out.Entitlements, entitlement{e.ProductCode, e.Dimension, e.CustomerIdentifier, e.CustomerAWSAccountID,
			e.LicenseARN, value(e.Value), wire.Time{Time: e.ExpirationDate}})
	}
	out.NextToken = next
	return out
}
