package console

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

type agreementsView struct {
	Page
	Filters []filter
	Status  agreement.Status
	Offer   core.OfferID
	Buyer   core.AWSAccountID
	Rows    []agreementRow
	Next    string
}

// Nothing is what stands where the list would.
func (v agreementsView) Nothing() webui.Empty {
	if v.Status != "" || v.Offer != "" || v.Buyer != "" {
		return webui.Empty{Title: "No agreement fits", Href: "/console/agreements", Label: "Show all agreements"}
	}
	return webui.Empty{Title: "AWS has listed no agreements yet", Text: "AWS is asked for its agreements a quarter of an hour after the gateway starts, once a day, and minutes after each notice."}
}

// agreementRow is an agreement in a list.
type agreementRow struct {
	agreement.Agreement
	Product string // its title, or AWS's id of it
}

// Href is the agreement's own page.
func (a agreementRow) Href() string { return "/console/agreements/" + url.PathEscape(string(a.ID)) }

// Then is what becomes of it at its end, in words; empty where that is not known, or it has none.
func (a agreementRow) Then() string {
	why := ""
	switch a.AtEndWhy {
	case "PROPOSER_RENEW_OPTED_OUT":
		why = ": you opted out of renewing it"
	case "ACCEPTOR_RENEW_OPTED_OUT":
		why = ": the buyer opted out of renewing it"
	case "NO_RENEWAL_TERM":
		why = ": its offer has no renewal"
	case "RENEWAL_LIMIT_EXHAUSTED":
		why = ": it was renewed as often as its offer allows"
	}
	switch a.AtEnd {
	case "":
		return ""
	case "RENEW":
		return "It renews by itself" + why
	case "REPLACE":
		return "Another takes its place" + why
	case "EXPIRE":
		return "It ends" + why
	}
	return webui.Words(a.AtEnd) + why
}

func (c *Console) agreementRow(a agreement.Agreement) agreementRow {
	row := agreementRow{a, a.ProductID}
	for _, p := range c.Products {
		if p.ID != "" && p.ID == a.ProductID {
			row.Product = c.title(p.Code)
			return row
		}
	}
	for _, arn := range a.Licenses {
		if l, ok := c.Book.ByARN(arn); ok {
			row.Product = c.title(l.ProductCode)
			break
		}
	}
	return row
}

var agreementStatuses = []agreement.Status{agreement.Active, agreement.Renewed, agreement.Replaced, agreement.Cancelled, agreement.Expired, agreement.Terminated}

// getAgreements lists AWS's agreements, by id.
func (c *Console) getAgreements(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	const place = "/console/agreements"
	q := r.URL.Query()
	view := agreementsView{Page: page, Status: agreement.Status(q.Get("status")), Offer: core.OfferID(q.Get("offer")), Buyer: core.AWSAccountID(q.Get("buyer"))}
	href := func(status agreement.Status, after core.AgreementID) string {
		return address(place, "offer", string(view.Offer), "buyer", string(view.Buyer), "status", string(status), "after", string(after))
	}
	view.Filters = []filter{{"All", href("", ""), -1, view.Status == ""}}
	for _, s := range agreementStatuses {
		view.Filters = append(view.Filters, filter{webui.Words(s), href(s, ""), -1, view.Status == s})
	}
	list, err := c.Agreements.Agreements(r.Context(), agreement.Query{Status: view.Status, Offer: view.Offer, Customer: view.Buyer, After: core.AgreementID(q.Get("after")), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	view.Rows, view.Next = pageOf(list, c.agreementRow, func(last agreement.Agreement) string { return href(view.Status, last.ID) })
	return c.ui.Render(w, http.StatusOK, "agreements", view)
}

type agreementView struct {
	Page
	agreementRow
	Terms         agreement.Terms
	Told          []termRow // the terms in words
	Trial         time.Time // until when a free trial of it runs, or ran; zero: it has none, or no end of it is known
	Chain         []agreementRow
	Licenses      []licenseRow
	Cancellations []cancellationRow
	Payments      []paymentRow
	Payable       core.LicenseID // whose page leads to asking for a payment; empty: none can be asked for now, or who is signed in may not
}

// chainShown is how many agreements of one chain are shown: one that is renewed each month for four years.
const chainShown = pageSize

// getAgreement shows what AWS tells of one agreement: its terms, what it follows and what follows it, and whom it gives access to.
func (c *Console) getAgreement(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	ctx := r.Context()
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	a, err := c.Agreements.Agreement(ctx, core.AgreementID(r.PathValue("id")))
	if err != nil {
		return err
	}
	view := agreementView{Page: page, agreementRow: c.agreementRow(a)}
	if view.Terms, err = c.Agreements.TermsOf(ctx, a.ID); err != nil {
		return err
	}
	view.Trial = a.TrialEnds(view.Terms)
	_, payable := view.Terms.PaymentTerm()
	var product core.Product
	for _, arn := range a.Licenses {
		if l, ok := c.Book.ByARN(arn); ok {
			view.Licenses, product = append(view.Licenses, c.licenseRow(l)), c.Products.Product(l.ProductCode)
			ends, err := c.Cancellations.List(ctx, proposal.Query{License: l.ID, Limit: pageSize})
			if err != nil {
				return err
			}
			for _, e := range ends {
				if e.Agreement == a.ID {
					view.Cancellations = append(view.Cancellations, c.cancellationRow(e))
				}
			}
			asks, err := c.Payments.List(ctx, proposal.Query{License: l.ID, Limit: pageSize})
			if err != nil {
				return err
			}
			asks = slices.DeleteFunc(asks, func(p payment.Payment) bool { return p.Agreement != a.ID })
			view.Payments = append(view.Payments, c.paymentRows(asks)...)
			if payable && a.Status == agreement.Active && l.Standing.State == license.Active && page.Can(string(operator.Operator)) {
				view.Payable = l.ID
			}
		}
	}
	for _, t := range view.Terms.Accepted {
		view.Told = append(view.Told, termInWords(t, product))
	}
	if a.Initial != "" {
		chain, err := c.Agreements.Agreements(ctx, agreement.Query{Initial: a.Initial, Limit: chainShown})
		if err != nil {
			return err
		}
		if len(chain) > 1 {
			for _, other := range chain {
				view.Chain = append(view.Chain, c.agreementRow(other))
			}
			sortChain(view.Chain)
		}
	}
	return c.ui.Render(w, http.StatusOK, "agreement", view)
}
