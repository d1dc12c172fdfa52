package console

import (
	"net/http"
	"net/url"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

func (c *Console) payments() requests[payment.Payment, paymentRow] {
	return requests[payment.Payment, paymentRow]{
		proposals: proposals[payment.Payment, paymentRow]{c, "/console/payments", "payment request", payment.States, c.Payments.Desk, c.paymentRow,
			func(row paymentRow) string { return row.Name + ", " + row.Amount + " " + row.Currency },
			"A private offer can have room for payments that you ask for one by one. Propose one on the page of its agreement or licence; another person approves, and AWS asks the buyer.",
			audit.PaymentRefused},
		form: c.paymentForm, ask: c.askPayment, get: c.getPayment, approve: c.Payments.Approve, withdraw: c.Payments.Withdraw,
		proposed: audit.PaymentProposed, okayed: audit.PaymentOkayed, withdrawn: audit.PaymentWithdrawn}
}

// paymentRow is a payment request in a list.
type paymentRow struct {
	payment.Payment
	Product, Buyer string
}

// Href is the request's own page.
func (p paymentRow) Href() string { return "/console/payments/" + string(p.ID) }

// LicenseHref is its licence's page.
func (p paymentRow) LicenseHref() string { return "/console/licenses/" + string(p.License) }

func (c *Console) paymentRow(p payment.Payment) paymentRow {
	product, buyer := c.whose(p.License)
	return paymentRow{p, product, buyer}
}

func (c *Console) paymentRows(list []payment.Payment) (rows []paymentRow) {
	for _, p := range list {
		rows = append(rows, c.paymentRow(p))
	}
	return rows
}

type paymentView struct {
	Page
	paymentRow
	Decision decision
}

var paymentSaid = map[string]webui.Notice{
	"proposed":  {Tone: webui.Success, Title: "Proposed", Text: "Another person approves it; then AWS asks the buyer."},
	"approved":  {Tone: webui.Success, Title: "Approved", Text: "AWS asks the buyer, who accepts or denies it."},
	"rejected":  {Tone: webui.Info, Title: "Rejected", Text: "Nothing went to AWS; the buyer pays nothing."},
	"withdrawn": {Tone: webui.Info, Title: "Being withdrawn", Text: "AWS is told. Should the buyer have been faster, their answer counts."},
}

func (c *Console) getPayment(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	p, err := c.Payments.Find(r.Context(), payment.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	page.Said = said(r, paymentSaid)
	row := c.paymentRow(p)
	return c.ui.Render(w, http.StatusOK, "payment", paymentView{page, row, payDecision(c.decision(who, p.Life, row.Href()), p)})
}

// payDecision is d in the words of this kind.
func payDecision(d decision, p payment.Payment) decision {
	d.Asks, d.Told = "AWS asks the buyer for "+webui.Money(p.Currency, p.Amount)+".", "Nobody outside is told."
	if p.Silence != "" {
		d.Asks += " The buyer chose that silence is a yes after " + period(p.Silence) + "."
	}
	return d
}

// paymentForm is the form in which a payment under one of a licence's agreements is proposed.
func (c *Console) paymentForm(l license.License, in url.Values) proposalForm {
	return proposalForm{Title: "Ask the buyer for a payment", Place: "/console/payments",
		Lede: "Somebody else approves this; then AWS asks the buyer, who accepts or denies it. It counts towards the most that the agreement has for all payments together.",
		Fields: append(agreementFields(l, in),
			webui.Field{Name: "name", Label: "Name", Hint: "What the buyer reads first, such as: Second milestone.", Required: true, Value: in.Get("name"), MaxLength: contract.MaxPaymentName},
			webui.Field{Name: "amount", Label: "How much", Hint: "In the currency of the agreement, such as 4000.00.", InputMode: "decimal", Required: true, Bare: true, Value: in.Get("amount")},
			webui.Field{Name: "description", Label: "In your words", Hint: "The buyer reads it, and decides with it.", Type: "textarea", Value: in.Get("description"), MaxLength: proposal.Room(contract.MaxRequestDescription)})}
}

// askPayment proposes to ask for a payment.
func (c *Console) askPayment(r *http.Request, l license.License, by approval.Actor, in url.Values) (proposal.ID, error) {
	made, err := c.Payments.Ask(r.Context(), payment.Payment{Life: proposal.Life{License: l.ID, AskedBy: by}, Agreement: core.AgreementID(in.Get("agreement")),
		Name: in.Get("name"), Amount: in.Get("amount"), Description: in.Get("description")})
	return made.ID, err
}
