package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// RefundKind is how much is given back.
type RefundKind string

// The kinds.
const (
	// FullRefund is all that a contract was charged upfront; of pay as you go, all usage that was invoiced. A contract's
	// usage beyond what it has paid for stays payable.
	FullRefund RefundKind = "full"
	// ProratedRefund is the part of what a contract was charged upfront that falls on the time after now, or after its
	// end, in cents. AWS publishes no formula: see the profile refund-proration.
	ProratedRefund RefundKind = "prorated"
	// PartRefund is a given amount.
	PartRefund RefundKind = "part"
)

// Refund is what an operator of AWS gives back of an agreement, at once.
type Refund struct {
	Kind   RefundKind `json:"kind,omitempty"`
	Amount string     `json:"amount,omitempty"` // in place of Kind, or with part
	Reason string     `json:"reason,omitempty"` // shown on the bill
}

// share is what a refund gives back of one invoice.
type share struct {
	of     *Invoice
	amount decimal.Decimal
}

// Refund gives money back of what a was invoiced, a credit memo for each invoice, the oldest first. The seller is told of
// each with Billing Adjustment Completed. The agreement itself goes on, or stays ended.
//
// Errors: fail.NotFound for an unknown agreement; fail.Invalid for an unknown kind, an amount that cannot be, or a
// prorated refund of pay as you go; fail.Conflict when there is nothing, or less than Amount, to give back.
func (w *World) Refund(now time.Time, agreementID string, in Refund) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Agreement{}, unknownAgreement(agreementID)
	}
	kind, amount, err := in.read(a)
	if err != nil {
		return Agreement{}, err
	}
	shares := w.refundable(a, kind, now)
	if kind == PartRefund {
		var rest decimal.Decimal
		if shares, rest = upTo(amount, shares); rest.IsPositive() {
			return Agreement{}, fail.New(fail.Conflict, "refund_too_large", "Of the agreement %s, at most %s %s can be given back now, not %s.",
				agreementID, amount.Sub(rest), Currency, amount)
		}
	}
	if len(shares) == 0 {
		return Agreement{}, fail.New(fail.Conflict, "nothing_to_refund", "Nothing of the agreement %s is invoiced yet that could be given back. "+
			"What is paid upfront is invoiced when the license is provisioned, usage on the 1st of the next month.", agreementID)
	}
	if err := w.record(Command{At: now, Act: actRefund, ID: agreementID, Refund: &in}); err != nil {
		return Agreement{}, err
	}
	w.giveBack(a, now.Truncate(time.Millisecond), shares, in.Reason, nil)
	return a.copy(), nil
}

// read checks a refund.
func (in Refund) read(a *agreement) (RefundKind, decimal.Decimal, error) {
	if err := checkText("reason", in.Reason, contract.MaxAdjustmentDescription, false); err != nil {
		return "", decimal.Decimal{}, err
	}
	kind := in.Kind
	switch {
	case kind == "" && in.Amount != "":
		kind = PartRefund
	case kind == "":
		kind = FullRefund
	}
	switch {
	case kind != FullRefund && kind != ProratedRefund && kind != PartRefund:
		return "", decimal.Decimal{}, fail.New(fail.Invalid, "refund_kind", "A refund is %s, %s, or of an amount; not %q.", FullRefund, ProratedRefund, kind)
	case kind == ProratedRefund && !a.product.Pricing.IsContract():
		return "", decimal.Decimal{}, fail.New(fail.Invalid, "refund_kind", "Pay as you go has no time that was paid ahead; give an amount, or %s.", FullRefund)
	case kind != PartRefund && in.Amount != "":
		return "", decimal.Decimal{}, fail.New(fail.Invalid, "refund_kind", "Give an amount or a kind, not both.")
	case kind != PartRefund:
		return kind, decimal.Decimal{}, nil
	}
	amount, err := parseAmount(in.Amount)
	return kind, amount, err
}

// refundable is what can be given back of a, by invoice, the oldest first. Of a part, that is everything.
func (w *World) refundable(a *agreement, kind RefundKind, now time.Time) []share {
	if kind == ProratedRefund && len(a.Accepted.Schedule) > 0 {
		return w.unusedInstalments(a, now)
	}
	var shares []share
	for _, v := range a.invoices {
		amount := v.MaxAdjustment
		switch {
		case kind == PartRefund:
		case a.product.Pricing.IsContract() && !v.upfrontOnly():
			continue
		case kind == ProratedRefund:
			amount = decimal.Min(amount, w.unused(a, v, now).Sub(v.given()))
		}
		if amount.IsPositive() {
			shares = append(shares, share{v, amount})
		}
	}
	return shares
}

// unused is the part of an invoice that falls on the time which a did not, or does not yet, use.
func (w *World) unused(a *agreement, v *Invoice, now time.Time) decimal.Decimal {
	if !a.EndedAt.IsZero() {
		now = a.EndedAt
	}
	sum := decimal.Zero
	for _, c := range v.Lines {
		left, all := w.unusedTime(c.At, now, a.EndTime)
		if left > 0 && all > 0 {
			sum = sum.Add(c.Amount.Mul(decimal.NewFromInt(min(left, all))).DivRound(decimal.NewFromInt(all), 2))
		}
	}
	return decimal.Max(sum, decimal.Zero)
}

// unusedTime is how much of the time from start to end is left at an instant, and how much that time is, in a unit that the
// profile refund-proration decides: milliseconds, or whole days, of which one that has begun is used.
func (w *World) unusedTime(start, at, end time.Time) (left, all int64) {
	if w.profiles.Is(profile.RefundProration, profile.ByDay) {
		return int64(end.Sub(at) / day), max(int64((end.Sub(start)+day-1)/day), 1)
	}
	return end.Sub(at).Milliseconds(), end.Sub(start).Milliseconds()
}

// unusedInstalments is what was paid of a schedule for the time that a did not, or does not yet, use: the newest
// instalments first.
func (w *World) unusedInstalments(a *agreement, now time.Time) []share {
	if !a.EndedAt.IsZero() {
		now = a.EndedAt
	}
	whole, paid, given := decimal.Zero, decimal.Zero, decimal.Zero
	for _, one := range a.Accepted.Schedule {
		whole = whole.Add(one.Amount)
	}
	var all []share
	for _, v := range slices.Backward(a.invoices) {
		if v.Type == InvoiceCharge && v.upfrontOnly() {
			paid, given = paid.Add(v.Amount), given.Add(v.given())
			all = append(all, share{v, v.MaxAdjustment})
		}
	}
	left, term := w.unusedTime(a.StartTime, now, a.EndTime)
	used := whole.Mul(decimal.NewFromInt(term-min(left, term))).DivRound(decimal.NewFromInt(term), 2)
	shares, _ := upTo(paid.Sub(used).Sub(given), all)
	return slices.DeleteFunc(shares, func(s share) bool { return !s.amount.IsPositive() })
}

// upTo cuts shares to an amount; rest is what they fall short of it.
func upTo(amount decimal.Decimal, shares []share) (cut []share, rest decimal.Decimal) {
	for _, s := range shares {
		if !amount.IsPositive() {
			break
		}
		s.amount = decimal.Min(s.amount, amount)
		amount = amount.Sub(s.amount)
		cut = append(cut, s)
	}
	return cut, amount
}

// giveBack gives shares back, in a support case or without one, and returns their sum.
func (w *World) giveBack(a *agreement, at time.Time, shares []share, why string, in *Case) decimal.Decimal {
	sum := decimal.Zero
	for _, s := range shares {
		ad := w.newAdjustment(at, s.of, s.amount)
		ad.RefundedBy, ad.ReasonCode, ad.Description = "AWS", "OTHER", why
		if in != nil {
			ad.CaseID, ad.ReasonCode = in.CaseID, reasonCodes[in.Kind]
			in.Adjustments = append(in.Adjustments, ad.ID)
		}
		w.adjusted(ad, at)
		sum = sum.Add(s.amount)
	}
	return sum
}
