package correction

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/usage"
)

// check says what is wrong with what a caller asks.
func (s *Service) check(ctx context.Context, c Correction, l license.License, now time.Time) error {
	if len(c.Besides) > maxBesides {
		return fail.New(fail.Invalid, "besides", "A correction may name at most %d others.", maxBesides)
	}
	if err := c.AskedBy.Asks(); err != nil {
		return err
	}
	switch c.Kind {
	case OverBilled:
		return s.checkOver(ctx, c, l, now)
	case UnderBilled:
		return s.checkUnder(c, l, now)
	}
	return fail.New(fail.Invalid, "kind", "The kind %.40q is none; it is %s or %s.", c.Kind, OverBilled, UnderBilled)
}

func (s *Service) checkOver(ctx context.Context, c Correction, l license.License, now time.Time) error {
	switch {
	case c.Month.IsZero():
		return fail.New(fail.Invalid, "month", "Say in which month too much was billed, such as 2026-11.")
	case c.Month.After(now):
		return fail.New(fail.Invalid, "month", "Nothing was billed yet in %s.", c.Month.Format("2006-01"))
	case (c.Quantity == "") == (c.Amount == ""):
		return fail.New(fail.Invalid, "amount", "Say how much was billed too much: either as quantity, in units that AWS bills, or as amount, in money.")
	case !slices.Contains(contract.AdjustmentReasons, c.Reason):
		return fail.New(fail.Invalid, "reason", "The reason %.60q is none of AWS's, which are %s.", c.Reason, strings.Join(contract.AdjustmentReasons, ", "))
	case utf8.RuneCountInString(c.Description) > maxDescription || !utf8.ValidString(c.Description):
		return fail.New(fail.Invalid, "description", "The description may have at most %d characters.", maxDescription)
	case len(c.InvoiceID) > contract.MaxInvoiceID || !utf8.ValidString(c.InvoiceID):
		return fail.New(fail.Invalid, "invoice", "An invoice's id has at most %d characters.", contract.MaxInvoiceID)
	case len(c.Tags) > 0:
		return fail.New(fail.Invalid, "tags", "Tags belong to usage; a billing adjustment has none.")
	}
	if c.Amount != "" {
		if c.Record != "" {
			return fail.New(fail.Invalid, "record", "A record bills units; say as quantity how many of them are too many.")
		}
		_, err := proposal.Amount(c.Amount)
		return err
	}
	if _, ok := s.cfg.Products.Metered(l.ProductCode, c.Dimension); !ok || c.Dimension == "" {
		return fail.New(fail.Invalid, "unknown_dimension", "The product %s has no metered dimension %.80q.", l.ProductCode, c.Dimension)
	}
	if err := positive(c.Quantity); err != nil || c.Record == "" {
		return err
	}
	return s.checkRecord(ctx, c, l.ID)
}

// checkRecord checks that the record which c names is what c says it is, and was billed.
func (s *Service) checkRecord(ctx context.Context, c Correction, l core.LicenseID) error {
	r, err := s.cfg.Ledger.Record(ctx, c.Record)
	if fail.Is(err, fail.NotFound) {
		return fail.New(fail.Invalid, "record", "There is no record %.60q.", c.Record)
	}
	if err != nil {
		return fmt.Errorf("find the record %s: %w", c.Record, err)
	}
	owner, known := s.cfg.Licenses.ByID(r.License)
	hour := r.Hour.Start()
	switch {
	case !known || owner.ID != l || r.Dimension != c.Dimension || hour.Before(c.Month) || !hour.Before(c.Month.AddDate(0, 1, 0)):
		return fail.New(fail.Invalid, "record", "The record %s is of %s, %s, hour %s; the correction is of something else.", r.ID, r.License, r.Dimension, r.Hour)
	case r.State != metering.Honoured:
		return fail.New(fail.Invalid, "record", "The record %s is %s: AWS bills nothing of it.", r.ID, r.State)
	}
	return nil
}

// maxBesides is how many other corrections one may name.
const maxBesides = 50

func (s *Service) checkUnder(c Correction, l license.License, now time.Time) error {
	m, ok := s.cfg.Products.Metered(l.ProductCode, c.Dimension)
	end, ends := usage.EndOf(l.Standing)
	switch {
	case !ok || c.Dimension == "":
		return fail.New(fail.Invalid, "unknown_dimension", "The product %s has no metered dimension %.80q.", l.ProductCode, c.Dimension)
	case m.Meter != core.Sum:
		return fail.New(fail.Invalid, "not_a_sum", "The dimension %s is metered as %s, to which nothing can be added; send the events that are missing.", c.Dimension, m.Meter)
	case c.Reason == "" || len(c.Reason) > contract.MaxTagValue || !utf8.ValidString(c.Reason):
		return fail.New(fail.Invalid, "reason", "Say why the usage was not reported when it was used, in at most %d bytes.", contract.MaxTagValue)
	case len(c.Tags) >= usage.MaxTags:
		return fail.New(fail.Invalid, "tags", "A correction may have fewer than %d tags; the reason is one more.", usage.MaxTags)
	case ends && !now.Before(end):
		return fail.New(fail.Conflict, "license_ended", "AWS bills no usage of the license after %s.", end.Format(time.RFC3339))
	case c.Amount != "" || !c.Month.IsZero() || c.InvoiceID != "" || c.Record != "" || c.Description != "":
		return fail.New(fail.Invalid, "too_much_said", "Usage that is added has a quantity and a reason; amount, month, invoice, record and description belong to what was billed too much.")
	}
	return positive(c.Quantity)
}

// positive checks a quantity.
func positive(text string) error {
	q, err := usage.ParseQuantity(text)
	if err == nil && q.IsZero() {
		err = fail.New(fail.Invalid, "bad_quantity", "A correction by 0 corrects nothing.")
	}
	return err
}
