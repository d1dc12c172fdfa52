package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/world"
)

// history are the columns that every feed begins with: since when a row is true, and when it came into the feed.
var history = []string{"valid_from", "insert_date", "update_date", "delete_date"}

func feed(name, about, page string, rows func(*book), columns ...string) Report {
	return Report{Name: name, About: about + " A data feed, written anew at 00:00 UTC.", Source: guide + page, span: ever, rows: rows, Columns: slices.Concat(history, columns)}
}

var feeds = []Report{
	feed("account", "The accounts that the seller has to do with.", "data-feed-account.html", accountRows,
		"account_id", "aws_account_id", "encrypted_account_id", "mailing_address_id", "tax_address_id", "tax_registration_number", "tax_legal_name"),
	feed("product", "The products that the seller has published, or may resell.", "data-feed-product.html", productRows,
		"product_id", "manufacturer_account_id", "product_code", "title"),
	feed("offer", "The revisions of the seller's offers.", "data-feed-offer.html", offerRows,
		"offer_id", "offer_revision", "name", "expiration_date", "opportunity_name", "opportunity_description"),
	feed("offer_product", "Which product an offer's revision is for.", "data-feed-offer-product.html", offerProductRows,
		"offer_id", "offer_revision", "product_id"),
	feed("offer_target", "Whom an offer's revision is for.", "data-feed-offer-target.html", offerTargetRows,
		"offer_target_id", "offer_id", "offer_revision", "target_type", "polarity", "value"),
	feed("billing_event", "What was invoiced, and what AWS keeps of it.", "data-feed-billing-event.html", billingRows,
		"billing_event_id", "from_account_id", "to_account_id", "end_user_account_id", "product_id", "action", "transaction_type", "parent_billing_event_id",
		"disbursement_billing_event_id", "amount", "currency", "balance_impacting", "invoice_date", "payment_due_date", "usage_period_start_date", "usage_period_end_date",
		"invoice_id", "billing_address_id", "transaction_reference_id", "bank_trace_id", "broker_id"),
	feed("agreements", "The seller's agreements: a row for each change.", "data-feed-agreements.html", agreementRows,
		"status", "estimated_agreement_value", "currency_code", "agreement_id", "license_ids", "proposer_account_id", "acceptor_account_id", "offer_id",
		"offer_revision_at_acceptance", "offer_set_id", "start_time", "end_time", "acceptance_time", "intent", "preceding_agreement_id", "status_reason_code"),
}

// always is since when there is what the world's file has.
var always = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// fact writes a row that is true from an instant on, once the feed has it.
func (b *book) fact(from time.Time, cells ...string) {
	if from.IsZero() {
		from = always
	}
	if inserted := nextMidnight(from); b.covers(inserted) && b.published(inserted) {
		b.row(slices.Concat([]string{instant(from), instant(inserted), instant(inserted), ""}, cells)...)
	}
}

func accountRows(b *book) {
	row := func(from time.Time, account, encrypted string) {
		b.fact(from, guid(account), account, encrypted, "", "", "", "")
	}
	row(always, b.seller, "")
	first := map[string]time.Time{}
	others := []string{} // in the order in which the seller came to know them
	meet := func(account string, at time.Time) {
		if _, met := first[account]; !met && account != b.seller {
			first[account] = at
			others = append(others, account)
		}
	}
	for _, a := range b.Agreements(world.AgreementQuery{}) {
		if a.SellerAccount == b.seller || a.ManufacturerAccount == b.seller {
			meet(a.BuyerAccount, a.AcceptanceTime)
			meet(a.SellerAccount, a.AcceptanceTime)
			meet(a.ManufacturerAccount, a.AcceptanceTime)
		}
	}
	for _, account := range others {
		encrypted := ""
		if _, err := b.Buyer(account); err == nil {
			encrypted = world.CustomerIdentifier(b.seller, account)
		}
		row(first[account], account, encrypted)
	}
}

func productRows(b *book) {
	resold := map[string]bool{}
	for _, o := range b.offers() {
		resold[o.ProductID] = true
	}
	for _, p := range b.Products() {
		if p.SellerAccount == b.seller || resold[p.ProductID] {
			b.fact(always, p.ProductID, guid(p.SellerAccount), p.ProductCode, p.Title)
		}
	}
}

// offers are those that the seller proposes.
func (b *book) offers() []world.Offer {
	return slices.DeleteFunc(b.Offers(), func(o world.Offer) bool { return o.SellerAccount != b.seller })
}

// revisions calls each for every revision of the seller's offers, which are counted from 1.
func (b *book) revisions(each func(o world.Offer, revision string, from time.Time)) {
	for _, o := range b.offers() {
		for i, from := range b.Revisions(o.OfferID) {
			each(o, number(int64(i+1)), from)
		}
	}
}

func offerRows(b *book) {
	b.revisions(func(o world.Offer, revision string, from time.Time) {
		expires := "9999-01-01T00:00:00Z"
		if !o.ExpiresAt.IsZero() {
			expires = instant(o.ExpiresAt)
		}
		b.fact(from, o.OfferID, revision, o.Name, expires, "", "")
	})
}

func offerProductRows(b *book) {
	b.revisions(func(o world.Offer, revision string, from time.Time) { b.fact(from, o.OfferID, revision, o.ProductID) })
}

func offerTargetRows(b *book) {
	b.revisions(func(o world.Offer, revision string, from time.Time) {
		for _, buyer := range o.Buyers {
			b.fact(from, reference("target", o.OfferID, revision, buyer), o.OfferID, revision, "BuyerAccounts", "PositiveTargeting", buyer)
		}
	})
}

// paymentDue is how long after an invoice it is to be paid.
const paymentDue = 30 * day

// billingRows are of every invoice what it is over, and what AWS keeps of that. Nothing is paid in this market, so that
// nothing is disbursed either.
func billingRows(b *book) {
	b.invoices(func(v world.Invoice) {
		start, end := v.IssuedAt, v.IssuedAt
		if len(v.Lines) > 0 && !v.Lines[0].From.IsZero() {
			start, end = v.Lines[0].From, v.Lines[0].To
			for _, c := range v.Lines {
				start, end = slices.MinFunc([]time.Time{start, c.From}, time.Time.Compare), slices.MaxFunc([]time.Time{end, c.To}, time.Time.Compare)
			}
			end = end.Add(-time.Second)
		}
		suffix, due := "", v.IssuedAt.Add(paymentDue)
		if v.Type == world.InvoiceCreditMemo {
			suffix, due = "_REFUND", time.Time{}
		}
		product, _ := b.Product(v.ProductCode)
		event := func(from, to, kind string, amount decimal.Decimal) {
			b.fact(v.IssuedAt, reference("billing event", v.InvoiceID, kind), from, to, guid(v.BuyerAccount), product.ProductID, "INVOICED", kind+suffix, "", "",
				amount.String(), v.Currency, "1", instant(v.IssuedAt), instant(due), instant(start), instant(end), v.InvoiceID, "", reference("transaction", v.InvoiceID), "", "AWS_INC")
		}
		event(guid(v.BuyerAccount), guid(v.SellerAccount), "SELLER_REV_SHARE", v.Amount)
		if f := fee(v.Amount); !f.IsZero() {
			event(guid(v.SellerAccount), "AWS", "AWS_REV_SHARE", f.Neg())
		}
	})
}

// feedStatuses are the feed's words for an agreement's status.
var feedStatuses = map[world.AgreementStatus]string{world.Active: "Active", world.Cancelled: "Cancelled", world.Expired: "Expired", world.Terminated: "Terminated",
	world.Renewed: "Renewed", world.Replaced: "Replaced"}

// agreementRows are of every agreement how it began, what each amendment made of it, and how it ended.
func agreementRows(b *book) {
	for _, a := range b.agreements() {
		row := func(at time.Time, status world.AgreementStatus) {
			end := ""
			if !a.EndTime.IsZero() {
				end = instant(a.EndTime)
			}
			b.fact(at, feedStatuses[status], valueAt(a, at).String(), world.Currency, a.AgreementID, `["`+licenseID(a.License.ARN)+`"]`, guid(a.SellerAccount),
				guid(a.BuyerAccount), a.OfferID, number(b.revisionAt(a)), "", instant(a.StartTime), end, instant(a.AcceptanceTime), string(a.Intent), a.PreviousAgreementID, "")
		}
		row(a.AcceptanceTime, world.Active)
		last := a.AcceptanceTime
		for _, c := range a.Charges {
			if c.Kind == world.ChargeAdded && c.At.After(last) {
				last = c.At
				row(last, world.Active)
			}
		}
		if !a.EndedAt.IsZero() {
			row(a.EndedAt, a.Status)
		}
	}
}

// licenseID is the last part of a licence's ARN.
func licenseID(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// valueAt is what an agreement was worth, as agreed on by the instant at.
func valueAt(a world.Agreement, at time.Time) decimal.Decimal {
	sum := decimal.Zero
	for _, one := range a.Accepted.Schedule {
		sum = sum.Add(one.Amount)
	}
	for _, c := range a.Charges {
		if c.Kind == world.ChargeUpfront || c.Kind != world.ChargeInstalment && !c.At.After(at) {
			sum = sum.Add(c.Amount)
		}
	}
	return sum
}

// revisionAt is the revision of its offer that an agreement was made from.
func (b *book) revisionAt(a world.Agreement) int64 {
	from := b.Revisions(a.OfferID)
	n, found := slices.BinarySearchFunc(from, a.AcceptanceTime, time.Time.Compare)
	if found {
		n++
	}
	return int64(cmp.Or(n, 1))
}
