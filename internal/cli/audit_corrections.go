package cli

import (
	"fmt"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
)

// auditCorrection is a correction that took effect, or may.
type auditCorrection struct {
	ID        correction.ID    `json:"id"`
	Kind      correction.Kind  `json:"kind"`
	State     correction.State `json:"state"`
	License   core.LicenseID   `json:"license"`
	Dimension core.Dimension   `json:"dimension,omitempty"`
	Quantity  string           `json:"quantity,omitempty"`
	Amount    string           `json:"amount,omitempty"`
	Currency  string           `json:"currency,omitempty"`
	Month     string           `json:"month,omitempty"` // whose bill it puts right
	Hour      core.Hour        `json:"hour,omitzero"`   // in which what was added is billed
	Record    string           `json:"record,omitempty"`
	Reason    string           `json:"reason"`
	AWSID     string           `json:"billingAdjustmentRequestId,omitempty"`
}

// correctionsOf are those of a, of one licence or dimension where only names them.
func correctionsOf(a correction.Audited, only metering.Pair) []auditCorrection {
	out := []auditCorrection{}
	for _, c := range a.Corrections {
		if only.License != "" && c.License != only.License || only.Dimension != "" && c.Dimension != "" && c.Dimension != only.Dimension {
			continue
		}
		one := auditCorrection{ID: c.ID, Kind: c.Kind, State: c.State, License: c.License, Dimension: c.Dimension, Quantity: c.Quantity, Hour: c.Hour, Record: c.Record, Reason: c.Reason, AWSID: c.AWSID}
		if c.Request != nil {
			one.Amount, one.Currency = c.Request.Amount, c.Request.CurrencyCode
		}
		if !c.Month.IsZero() {
			one.Month = c.Month.Format("2006-01")
		}
		out = append(out, one)
	}
	return out
}

// String is c in a line for people.
func (c auditCorrection) String() string {
	if c.Kind == correction.UnderBilled {
		return fmt.Sprintf("CORRECTION %s  %s  %s: %s were added, in the hour %s (%s): %s", c.ID, c.License, c.Dimension, c.Quantity, c.Hour, c.State, c.Reason)
	}
	what := c.Amount + " " + c.Currency
	if c.Quantity != "" {
		what += fmt.Sprintf(" for %s %s", c.Quantity, c.Dimension)
	}
	if c.Record != "" {
		what += " of the record " + c.Record
	}
	return fmt.Sprintf("CORRECTION %s  %s  %s of %s given back (%s, %s): %s", c.ID, c.License, what, c.Month, c.State, c.AWSID, c.Reason)
}
