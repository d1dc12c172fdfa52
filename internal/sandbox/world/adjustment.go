package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// AdjustmentStatus is where a billing adjustment is. Source: Agreement API, BillingAdjustmentStatus.
type AdjustmentStatus string

// The statuses. The last two are final.
const (
	AdjustmentPending   AdjustmentStatus = "PENDING"
	AdjustmentCompleted AdjustmentStatus = "COMPLETED"
	AdjustmentFailed    AdjustmentStatus = "VALIDATION_FAILED"
)

// NewAdjustment is one entry of a batch: what a seller wants to give back of one invoice.
type NewAdjustment struct {
	AgreementID string `json:"agreementId"`
	InvoiceID   string `json:"originalInvoiceId"`
	Amount      string `json:"adjustmentAmount"` // positive, at most [contract.MaxAmountPlaces] decimals
	Currency    string `json:"currencyCode"`
	ReasonCode  string `json:"adjustmentReasonCode"` // one of [contract.AdjustmentReasons]
	Description string `json:"description,omitempty"`
	ClientToken string `json:"clientToken"` // the same token and content again is the same adjustment
}

// Adjustment is an amount that is given back of one invoice: asked for by the seller, or granted by AWS Support.
type Adjustment struct {
	ID            string           `json:"billingAdjustmentRequestId"` // ba-…
	AgreementID   string           `json:"agreementId"`
	InvoiceID     string           `json:"originalInvoiceId"`
	BuyerAccount  string           `json:"buyerAccountId"`
	SellerAccount string           `json:"sellerAccountId"`
	Amount        decimal.Decimal  `json:"adjustmentAmount"`
	Currency      string           `json:"currencyCode"`
	ReasonCode    string           `json:"adjustmentReasonCode"`
	Description   string           `json:"description,omitempty"`
	Status        AdjustmentStatus `json:"status"`
	StatusMessage string           `json:"statusMessage,omitempty"` // why it failed
	CreatedAt     time.Time        `json:"createdAt"`
	UpdatedAt     time.Time        `json:"updatedAt"`
	CreditMemoID  string           `json:"creditMemoId,omitempty"` // what gave the amount back
	ClientToken   string           `json:"clientToken,omitempty"`
	// CaseID is the support case that it was granted in; RefundedBy says that it was AWS who gave it back.
	CaseID     string `json:"caseId,omitempty"`
	RefundedBy string `json:"refundedBy,omitempty"`
}

// AdjustmentError says why an entry of a batch became no adjustment. Source: Agreement API,
// BatchCreateBillingAdjustmentError.
type AdjustmentError struct {
	Code        string `json:"code"` // VALIDATION_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION or CONFLICT_EXCEPTION
	Message     string `json:"message"`
	ClientToken string `json:"clientToken"`
}

// The codes of AdjustmentError.
const (
	adjustmentInvalid  = "VALIDATION_EXCEPTION"
	adjustmentUnknown  = "RESOURCE_NOT_FOUND_EXCEPTION"
	adjustmentConflict = "CONFLICT_EXCEPTION"
)

// Adjust takes seller's batch of entries for one agreement. What can be seen to be wrong at once becomes an error and
// nothing else; the rest is PENDING for the time that the profile adjustment-time says, and then completed or failed,
// with exactly one notice. Pending ones reserve nothing: two that are too much together leave one failed.
// Source: seller guide, refunds; Agreement API, BatchCreateBillingAdjustmentRequest.
//
// Errors of the whole batch: fail.Invalid for none or too many entries, and for those of several agreements;
// fail.NotFound for an unknown agreement; fail.Denied for one that seller has not proposed.
func (w *World) Adjust(now time.Time, seller string, entries []NewAdjustment) ([]Adjustment, []AdjustmentError, error) {
	defer w.act()()
	switch n := len(entries); {
	case n == 0:
		return nil, nil, fail.New(fail.Invalid, "missing_billing_adjustment_request_entry", "A batch needs at least one entry.")
	case n > contract.MaxAdjustments:
		return nil, nil, fail.New(fail.Invalid, "billing_adjustments_limit_exceeded", "A batch has at most %d entries; this one has %d.", contract.MaxAdjustments, n)
	}
	for _, e := range entries {
		if e.AgreementID != entries[0].AgreementID {
			return nil, nil, fail.New(fail.Invalid, "multiple_agreement_ids", "All entries of a batch must be for the same agreement.")
		}
	}
	a, err := w.proposedBy(seller, entries[0].AgreementID)
	if err != nil {
		return nil, nil, err
	}
	items, errs, news := []Adjustment{}, []AdjustmentError{}, []NewAdjustment{}
	amounts := []decimal.Decimal{}
	seen := map[string]bool{}
	for _, e := range entries {
		amount, same, code, why := w.adjustable(a, e)
		switch {
		case seen[e.ClientToken]:
			errs = append(errs, AdjustmentError{adjustmentConflict, "Two entries have the client token " + e.ClientToken + ".", e.ClientToken})
		case code != "":
			errs = append(errs, AdjustmentError{code, why, e.ClientToken})
		case same != nil:
			items = append(items, *same)
		default:
			news, amounts = append(news, e), append(amounts, amount)
		}
		seen[e.ClientToken] = true
	}
	if len(news) == 0 {
		return items, errs, nil
	}
	if err := w.record(Command{At: now, Act: actAdjust, Account: seller, Adjustments: entries}); err != nil {
		return nil, nil, err
	}
	for i, e := range news {
		ad := w.newAdjustment(now.Truncate(time.Millisecond), w.invoices.byID[e.InvoiceID], amounts[i])
		ad.ReasonCode, ad.Description, ad.ClientToken = e.ReasonCode, e.Description, e.ClientToken
		w.plan(now.Add(w.profiles.Duration(profile.AdjustmentTime)), func(at time.Time) { w.adjusted(ad, at) })
		items = append(items, *ad)
	}
	return items, errs, nil
}

// adjustable looks through one entry: its amount, or the adjustment that it repeats, or why it cannot be.
func (w *World) adjustable(a *agreement, e NewAdjustment) (amount decimal.Decimal, same *Adjustment, code, why string) {
	invalid := func(format string, args ...any) (decimal.Decimal, *Adjustment, string, string) {
		return amount, nil, adjustmentInvalid, fmt.Sprintf(format, args...)
	}
	if e.ClientToken == "" {
		return invalid("A client token is needed.")
	}
	amount, err := parseAmount(e.Amount)
	if err != nil {
		return invalid("The adjustment amount %q must be a positive number with at most %d decimals.", e.Amount, contract.MaxAmountPlaces)
	}
	for _, have := range w.adjustments.order {
		if have.ClientToken == e.ClientToken && have.SellerAccount == a.SellerAccount {
			if have.AgreementID != e.AgreementID || have.InvoiceID != e.InvoiceID || !have.Amount.Equal(amount) || have.ReasonCode != e.ReasonCode || have.Description != e.Description {
				return amount, nil, adjustmentConflict, "The client token was used before, with other content."
			}
			return amount, have, "", ""
		}
	}
	if err := checkReason(e.ReasonCode, contract.AdjustmentReasons); err != nil {
		return invalid("%s", said(err))
	}
	if err := checkText("description", e.Description, contract.MaxAdjustmentDescription, false); err != nil {
		return invalid("%s", said(err))
	}
	v, ok := w.invoices.byID[e.InvoiceID]
	switch {
	case !ok || v.AgreementID != a.AgreementID || v.Type != InvoiceCharge:
		return amount, nil, adjustmentUnknown, fmt.Sprintf("The agreement %s has no invoice %q.", a.AgreementID, e.InvoiceID)
	case e.Currency != v.Currency:
		return invalid("The currency must be that of the invoice, %s.", v.Currency)
	case amount.GreaterThan(v.MaxAdjustment):
		return invalid("%s", tooMuch(amount, v))
	}
	return amount, nil, "", ""
}

// said is the sentence of an error for the user.
func said(err error) string { return err.(*fail.Error).Say }

func tooMuch(amount decimal.Decimal, v *Invoice) string {
	return fmt.Sprintf("The adjustment amount %s exceeds the maximum of the invoice %s, %s.", amount, v.InvoiceID, v.MaxAdjustment)
}

// parseAmount reads a positive amount of money as the Agreement API writes it.
func parseAmount(text string) (decimal.Decimal, error) {
	whole, fraction, dot := strings.Cut(text, ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	if whole == "" || !digits(whole) || !digits(fraction) || (dot && fraction == "") || len(fraction) > contract.MaxAmountPlaces || len(whole) > maxWholeDigits {
		return decimal.Decimal{}, fail.New(fail.Invalid, "amount", "The amount %q must be a positive number with at most %d decimals.", text, contract.MaxAmountPlaces)
	}
	d, err := decimal.NewFromString(text)
	if err != nil || !d.IsPositive() {
		return decimal.Decimal{}, fail.New(fail.Invalid, "amount", "The amount %q must be more than 0.", text)
	}
	return d, nil
}

// maxWholeDigits is how long an amount's whole part may be; AWS does not say.
const maxWholeDigits = 15

// newAdjustment enters an adjustment of v that is pending.
func (w *World) newAdjustment(at time.Time, v *Invoice, amount decimal.Decimal) *Adjustment {
	id := w.ids.adjustmentID()
	return w.adjustments.put(id, &Adjustment{ID: id, AgreementID: v.AgreementID, InvoiceID: v.InvoiceID, BuyerAccount: v.BuyerAccount, SellerAccount: v.SellerAccount,
		Amount: amount, Currency: v.Currency, Status: AdjustmentPending, CreatedAt: at, UpdatedAt: at})
}

// adjusted completes an adjustment with a credit memo, or fails it, and tells the seller.
func (w *World) adjusted(ad *Adjustment, at time.Time) {
	at = at.Truncate(time.Millisecond)
	a, v := w.agreement[ad.AgreementID], w.invoices.byID[ad.InvoiceID]
	ad.Status, ad.UpdatedAt = AdjustmentCompleted, at
	if ad.Amount.GreaterThan(v.MaxAdjustment) {
		ad.Status, ad.StatusMessage = AdjustmentFailed, tooMuch(ad.Amount, v)
		a.note(at, "billing adjustment failed", ad.StatusMessage)
		w.tellAdjusted(a, ad, at)
		return
	}
	v.MaxAdjustment = v.MaxAdjustment.Sub(ad.Amount)
	memo := w.issue(a, at, monthOf(at), InvoiceCreditMemo, []Charge{ad.line(a, at)})
	memo.OriginalInvoiceID, ad.CreditMemoID = v.InvoiceID, memo.InvoiceID
	a.note(at, "billing adjustment completed", "The credit memo "+memo.InvoiceID+" gives back "+ad.Amount.String()+" "+ad.Currency+" of the invoice "+v.InvoiceID+".")
	w.tellAdjusted(a, ad, at)
}

// tellAdjusted tells the proposer what came of an adjustment, and the product's seller if that is another.
func (w *World) tellAdjusted(a *agreement, ad *Adjustment, at time.Time) {
	w.tell(BillingAdjusted{About: w.about(a, at), Adjustment: *ad})
	if a.ManufacturerAccount != a.SellerAccount {
		w.tell(BillingAdjusted{About: w.made(a, at), Adjustment: *ad})
	}
}

// line is what ad gives back, as a line of a bill.
func (ad *Adjustment) line(a *agreement, at time.Time) Charge {
	c := Charge{Kind: ChargeAdjustment, ProductCode: a.ProductCode, Title: a.product.Title, AgreementID: a.AgreementID, LicenseARN: a.License.ARN,
		Quantity: 1, Price: ad.Amount.Neg(), Amount: ad.Amount.Neg(), At: at, Original: ad.InvoiceID, Why: ad.ReasonCode}
	if ad.RefundedBy != "" {
		c.Kind = ChargeRefund
	}
	if ad.Description != "" {
		c.Why = ad.Description
	}
	return c
}

// AdjustmentQuery chooses billing adjustments; what is empty chooses all.
type AdjustmentQuery struct {
	AgreementID   string
	SellerAccount string
	BuyerAccount  string
	Status        AdjustmentStatus
	// CreatedAfter and CreatedBefore are exclusive.
	CreatedAfter, CreatedBefore time.Time
}

// Adjustments lists the billing adjustments that q chooses, oldest first.
func (w *World) Adjustments(q AdjustmentQuery) []Adjustment {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.adjustments.list(func(ad *Adjustment) bool {
		return wanted(q.AgreementID, ad.AgreementID) && wanted(q.SellerAccount, ad.SellerAccount) && wanted(q.BuyerAccount, ad.BuyerAccount) && wanted(q.Status, ad.Status) &&
			(q.CreatedAfter.IsZero() || ad.CreatedAt.After(q.CreatedAfter)) && (q.CreatedBefore.IsZero() || ad.CreatedAt.Before(q.CreatedBefore))
	}, clone)
}

// Adjustment finds a billing adjustment; otherwise fail.NotFound.
func (w *World) Adjustment(id string) (Adjustment, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	ad, ok := w.adjustments.byID[id]
	if !ok {
		return Adjustment{}, unknownRequest("billing adjustment", id)
	}
	return *ad, nil
}
