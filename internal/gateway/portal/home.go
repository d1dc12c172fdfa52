package portal

import (
	"net/http"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/webui"
)

type homeView struct {
	Page
	Notice        webui.Notice
	Subscriptions []subscription
	Waiting       bool // one of them may change by itself
}

// Nothing is what stands on the page of somebody without a subscription.
func (v homeView) Nothing() webui.Empty {
	return webui.Empty{Title: "No subscriptions yet", Text: "Subscribe on AWS Marketplace, then press Set up your account there: the subscription appears here.",
		Href: v.MarketplaceURL, Label: "Your subscriptions on AWS Marketplace"}
}

// subscription is one licence as its owner sees it.
type subscription struct {
	ID       core.LicenseID
	Product  string
	AppURL   string // empty where there is nothing to open now
	Customer core.AWSAccountID
	ARN      core.LicenseARN
	// Agreement is the newest agreement of the licence, as AWS names it; empty where it was not told.
	Agreement core.AgreementID
	Standing  license.Standing
	Words     words
	// Setup is what the seller's people do before the account is ready; nil where there is nothing.
	Setup *setup
}

// Href is the subscription's own page.
func (s subscription) Href() string { return "/portal/licenses/" + string(s.ID) }

// CustomerAs is the buyer's AWS account as AWS's console writes it.
func (s subscription) CustomerAs() string { return groupAccount(s.Customer) }

// CanCancel reports whether there is anything left to cancel.
func (s subscription) CanCancel() bool {
	return s.Standing.State != license.Ended && s.Standing.State != license.Failed
}

// Next is what happens next, in words; there always is something to say (law 7).
func (s subscription) Next() string {
	switch {
	case s.Setup != nil:
		return "We contact you, and make your account ready."
	case s.Standing.Next != "":
		return s.Standing.Next
	case s.Standing.State == license.Active:
		return "It goes on until it is cancelled on AWS Marketplace."
	case s.Standing.State == license.Ended || s.Standing.State == license.Failed:
		return "Nothing, unless you subscribe again on AWS Marketplace."
	default:
		return "AWS Marketplace confirms the subscription, and this page shows it."
	}
}

// Why is why it stands there, in words.
func (s subscription) Why() string {
	why := s.Standing.Why
	if why == "" {
		why = "Nothing has been heard of it yet."
	}
	if s.Setup != nil {
		why += " Your account is set up by hand."
	}
	return why
}

// By is when what happens next has happened; zero where nothing is said of it.
func (s subscription) By() time.Time {
	if s.Setup != nil {
		return s.Setup.By
	}
	return s.Standing.By
}

// Ending reports whether the last hour runs.
func (s subscription) Ending() bool { return s.Standing.State == license.WindingDown }

// Until is when access ends, where that is known.
func (s subscription) Until() time.Time {
	if s.Ending() {
		return s.Standing.ClosesAt
	}
	return time.Time{}
}

func (p *Portal) subscriptionOf(lic license.License) subscription {
	product := p.Products.Product(lic.ProductCode)
	s := subscription{ID: lic.ID, Product: product.Title, Customer: lic.Customer, ARN: lic.ARN, Standing: lic.Standing, Words: wordsFor(lic.Standing)}
	if n := len(lic.Agreements); n > 0 {
		s.Agreement = lic.Agreements[n-1]
	}
	if lic.Standing.Access() {
		s.AppURL = product.AppURL
	}
	return s
}

// signedIn finds who asks, and sends away who has not signed in. done is true when that was done.
func (p *Portal) signedIn(w http.ResponseWriter, r *http.Request) (who *account.Who, done bool, err error) {
	who, err = p.who(r)
	if err != nil {
		return nil, false, err
	}
	if who == nil {
		seeOther(w, r, "/signin")
		return nil, true, nil
	}
	return who, false, nil
}

// getHome lists the customer's subscriptions.
func (p *Portal) getHome(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	owned, err := p.Register.Licenses(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	view := homeView{Page: p.page(r, who)}
	switch q := r.URL.Query(); {
	case q.Has("verified"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your address is confirmed."}
	case q.Has("mailed"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "The mail is on its way to " + who.Email + "."}
	}
	regs, err := p.Register.OfAccount(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	for _, lic := range owned {
		s := p.subscriptionOf(lic)
		p.settingUp(&s, lic, regs)
		view.Subscriptions = append(view.Subscriptions, s)
		view.Waiting = view.Waiting || s.Words.Wait
	}
	return p.ui.Render(w, http.StatusOK, "home", view)
}

// groupAccount writes an AWS account id as AWS's console does.
func groupAccount(id core.AWSAccountID) string {
	if len(id) != 12 {
		return string(id)
	}
	return strings.Join([]string{string(id[:4]), string(id[4:8]), string(id[8:])}, "-")
}
