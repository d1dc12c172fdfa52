package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// InvoiceType is what an invoice is. Source: Agreement API, InvoiceType.
type InvoiceType string

// The types.
const (
	InvoiceCharge     InvoiceType = "INVOICE"
	InvoiceCreditMemo InvoiceType = "CREDIT_MEMO" // gives back; its amount is negative
)

// Currency is what everything is charged in.
const Currency = "USD"

// Invoice is what AWS bills a buyer for one agreement on one occasion: what fell due, or a month's usage; or what a
// credit memo gives back of that.
//
// On AWS one invoice may be for several agreements, and the Agreement API shows of it the part of one. Here every
// invoice is for one.
type Invoice struct {
	InvoiceID     string          `json:"invoiceId"` // ten digits
	Type          InvoiceType     `json:"invoiceType"`
	AgreementID   string          `json:"agreementId"`
	BuyerAccount  string          `json:"buyerAccountId"`
	SellerAccount string          `json:"sellerAccountId"`
	ProductCode   string          `json:"productCode"`
	Month         string          `json:"billingPeriod"` // such as 2026-11: of usage, the month in which it arose
	IssuedAt      time.Time       `json:"issuedTime"`
	Currency      string          `json:"currencyCode"`
	Amount        decimal.Decimal `json:"amount"`
	// MaxAdjustment is what can still be given back of it; never of a credit memo.
	MaxAdjustment     decimal.Decimal `json:"maxAdjustmentAmount"`
	OriginalInvoiceID string          `json:"originalInvoiceId,omitempty"` // of a credit memo
	Lines             []Charge        `json:"lines"`

	month int32 // whose bill it stands on
}

// upfrontOnly reports whether an invoice is for what was agreed on, rather than for usage.
func (v *Invoice) upfrontOnly() bool {
	return !slices.ContainsFunc(v.Lines, func(c Charge) bool { return c.Kind == ChargeUsage })
}

// given is what was given back of an invoice.
func (v *Invoice) given() decimal.Decimal {
	return decimal.Max(v.Amount, decimal.Zero).Sub(v.MaxAdjustment)
}

func (v *Invoice) copy() Invoice {
	c := *v
	c.Lines = slices.Clone(v.Lines)
	return c
}

// issue bills lines, which are a's. month is the billing period. Nothing is issued for no lines.
func (w *World) issue(a *agreement, at time.Time, month int32, kind InvoiceType, lines []Charge) *Invoice {
	if len(lines) == 0 {
		return nil
	}
	v := &Invoice{InvoiceID: w.ids.invoiceID(), Type: kind, AgreementID: a.AgreementID, BuyerAccount: a.BuyerAccount, SellerAccount: a.SellerAccount,
		ProductCode: a.ProductCode, Month: monthName(month), IssuedAt: at, Currency: Currency, Lines: lines, month: month}
	for i := range v.Lines {
		v.Lines[i].InvoiceID = v.InvoiceID
		v.Amount = v.Amount.Add(v.Lines[i].Amount)
	}
	if kind == InvoiceCharge {
		v.MaxAdjustment = decimal.Max(v.Amount, decimal.Zero)
	}
	w.invoicesOf[a.BuyerAccount] = append(w.invoicesOf[a.BuyerAccount], v)
	a.invoices = append(a.invoices, v)
	return w.invoices.put(v.InvoiceID, v)
}

// monthName is a month as bills write it.
func monthName(month int32) string { return monthStart(month).Format("2006-01") }

func monthStart(month int32) time.Time {
	return time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// invoiceDue bills what a was charged by the instant at and no invoice has yet. Until the buyer's payment means were
// verified, which is when the licence is provisioned, nothing is billed; and of what falls due after a's end, nothing.
func (w *World) invoiceDue(a *agreement, at time.Time) {
	if a.License.Status == Provisioning || a.License.Status == FailedLicense {
		return
	}
	var lines []Charge
	var due []*UpfrontCharge
	for i := range a.Charges {
		c := &a.Charges[i]
		if c.InvoiceID == "" && !c.At.After(at) && (a.EndedAt.IsZero() || !c.At.After(a.EndedAt)) {
			lines, due = append(lines, a.line(*c)), append(due, c)
		}
	}
	if v := w.issue(a, at, monthOf(at), InvoiceCharge, lines); v != nil {
		for _, c := range due {
			c.InvoiceID = v.InvoiceID
		}
		a.note(at, "invoiced", "AWS issued the invoice "+v.InvoiceID+" over "+v.Amount.String()+" "+Currency+".")
	}
}

// InvoiceQuery chooses invoices; what is empty chooses all.
type InvoiceQuery struct {
	InvoiceID     string
	AgreementID   string
	BuyerAccount  string
	SellerAccount string
	Type          InvoiceType
	Month         string // the billing period, such as 2026-11
	// IssuedAfter and IssuedBefore are exclusive.
	IssuedAfter, IssuedBefore time.Time
}

func (q InvoiceQuery) wants(v *Invoice) bool {
	return wanted(q.InvoiceID, v.InvoiceID) && wanted(q.AgreementID, v.AgreementID) && wanted(q.BuyerAccount, v.BuyerAccount) &&
		wanted(q.SellerAccount, v.SellerAccount) && wanted(q.Type, v.Type) && wanted(q.Month, v.Month) &&
		(q.IssuedAfter.IsZero() || v.IssuedAt.After(q.IssuedAfter)) && (q.IssuedBefore.IsZero() || v.IssuedAt.Before(q.IssuedBefore))
}

// Invoices lists the invoices and credit memos that q chooses, oldest first.
func (w *World) Invoices(q InvoiceQuery) []Invoice {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := []Invoice{}
	from := w.invoices.order
	if a := w.agreement[q.AgreementID]; a != nil {
		from = a.invoices
	} else if q.BuyerAccount != "" {
		from = w.invoicesOf[q.BuyerAccount]
	}
	for _, v := range from {
		if q.wants(v) {
			all = append(all, v.copy())
		}
	}
	return all
}

// Invoice finds an invoice; otherwise fail.NotFound.
func (w *World) Invoice(id string) (Invoice, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	v, ok := w.invoices.byID[id]
	if !ok {
		return Invoice{}, fail.New(fail.NotFound, "unknown_invoice", "There is no invoice %q.", id)
	}
	return v.copy(), nil
}
