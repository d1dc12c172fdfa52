package portal

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// DefaultAWSSupportURL is where buyers ask AWS Support to cancel a contract and refund it.
// Source: AWS Marketplace Buyer Guide, "Product refunds".
const DefaultAWSSupportURL = "https://support.console.aws.amazon.com/support/home#/case/create"

// refundWindow is how long after a purchase a buyer may ask AWS Support to cancel a public contract and refund all of it.
// Source: AWS Marketplace Seller Guide, "Refunds" (refunds).
const refundWindow = 48 * time.Hour

type refundView struct {
	Page
	subscription
	AWSSupportURL string
	ByUsage       bool // there is no contract: usage alone is paid for
	// Heard is when AWS told us of the purchase, which was a little before; zero while it has not.
	Heard time.Time
	// Until is when the 48 hours are over, counted from Heard: the latest that it can be.
	Until time.Time
	Open  bool // they are not over
}

// getRefund explains how money comes back: by AWS, and for whatever is not AWS's to grant, with the seller's agreement.
func (p *Portal) getRefund(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	return p.ui.Render(w, http.StatusOK, "refund", p.refundOf(p.pageOf(r, who, lic.ProductCode), lic))
}

func (p *Portal) refundOf(page Page, lic license.License) refundView {
	v := refundView{Page: page, subscription: p.subscriptionOf(lic), AWSSupportURL: p.AWSSupportURL, Heard: lic.Standing.ActivatedAt}
	pricing := p.Products.Product(lic.ProductCode).Pricing
	v.ByUsage = pricing == core.Subscription || pricing == core.Free
	if !v.Heard.IsZero() && !v.ByUsage {
		v.Until = v.Heard.Add(refundWindow)
		v.Open = page.Now.Before(v.Until)
	}
	return v
}
