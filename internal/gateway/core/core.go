// Package core holds the words of the gateway: the identifiers and measures that every feature speaks of.
//
// It owns: their types, so that the compiler stops a mix-up. It does not own any rule; rules live with the features.
package core

import (
	"fmt"
	"time"
)

// Identifiers, as AWS names them. Formats and sources: docs/aws/identifiers.md.
type (
	// ProductCode names a product in metering and entitlements; not the product id of the catalogue.
	ProductCode string
	// LicenseARN names one granted licence: one agreement's entitlement to one product.
	LicenseARN string
	// AWSAccountID is the buyer's account: 12 digits.
	AWSAccountID string
	// CustomerIdentifier is the opaque customer handle of the generation before license ARNs.
	CustomerIdentifier string
	// AgreementID names an accepted offer. A renewal has a new one and keeps the licence.
	AgreementID string
	// OfferID names a set of terms.
	OfferID string
	// Dimension is the API name of a metered or entitled unit.
	Dimension string
)

// Identifiers of the gateway's own.
type (
	// LicenseID is the gateway's own name for a licence ("lic_…"): it exists before an ARN is known, and for legacy
	// products that have none.
	LicenseID string
	// AccountID names an account of the seller's customer ("acc_…").
	AccountID string
	// PersonID names somebody who signs in for an account ("per_…"; "acc_…" of who had one before accounts had members).
	PersonID string
)

// Hour is a clock hour in UTC, counted from the epoch: the grain in which AWS honours one quantity.
type Hour int64

// HourOf is the hour that t lies in.
func HourOf(t time.Time) Hour {
	s := t.Unix()
	if s < 0 {
		s -= 3599
	}
	return Hour(s / 3600)
}

// Start is the hour's first instant.
func (h Hour) Start() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// End is the next hour's first instant.
func (h Hour) End() time.Time { return (h + 1).Start() }

// String is the hour's start, to the minute.
func (h Hour) String() string { return h.Start().Format("2006-01-02T15:04Z") }

// MarshalText writes the hour's start in RFC 3339.
func (h Hour) MarshalText() ([]byte, error) { return []byte(h.Start().Format(time.RFC3339)), nil }

// UnmarshalText reads an RFC 3339 instant that starts an hour.
func (h *Hour) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("an hour is written like 2026-11-01T10:00:00Z: %w", err)
	}
	if *h = HourOf(t); !h.Start().Equal(t) {
		return fmt.Errorf("%s does not start an hour; write it like 2026-11-01T10:00:00Z", text)
	}
	return nil
}
