package portal

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

type subscriptionView struct {
	Page
	subscription
	Welcome bool // shown for the first time
	Notice  webui.Notice
	Month   string // the month that Usage is of
	Usage   []usageLine
	// HasUsage is true where usage is known, be it none.
	HasUsage bool
	// Bought is what was bought in advance and is not over, as AWS said at BoughtAsOf.
	Bought     []boughtLine
	BoughtAsOf time.Time
	Months     []month          // whose statements can be had, the newest first
	Trial      *agreement.Trial // nil: it is in none
	HasBudgets bool             // budgets can be set
	Budgets    []budgetLine
}

type boughtLine struct {
	Name  string
	Much  string // in words
	Until time.Time
}

// WelcomeNotice greets a customer at the end of registration.
func (v subscriptionView) WelcomeNotice() webui.Notice {
	if v.Setup != nil {
		return webui.Notice{Tone: webui.Success, Title: "Your registration is complete", Text: "You are signed in as " + v.Account.Email + ". Sign in here with this address to see how far we are."}
	}
	return webui.Notice{Tone: webui.Success, Title: "Your account is ready", Text: "You are signed in as " + v.Account.Email + ". Next time, sign in here with this address."}
}

type usageLine struct {
	Name     string
	Unit     string
	Quantity string
	Days     webui.Bars
}

// own makes a page about one of the licences of whoever has signed in. Every page with a licence's id in its address is made so.
func (p *Portal) own(page func(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, done, err := p.signedIn(w, r)
		if err != nil || done {
			return err
		}
		lic, err := p.ownLicense(r, who)
		if err != nil {
			return err
		}
		return page(w, r, who, lic)
	}
}

// ownLicense finds the licence that the address names among those of who. Another customer's is answered as one that
// does not exist.
func (p *Portal) ownLicense(r *http.Request, who *account.Who) (license.License, error) {
	owned, err := p.Register.Licenses(r.Context(), who.Account.ID)
	if err != nil {
		return license.License{}, err
	}
	for _, lic := range owned {
		if string(lic.ID) == r.PathValue("id") {
			return lic, nil
		}
	}
	return license.License{}, fail.New(fail.NotFound, "no_such_license", "There is no such subscription in your account.")
}

// getSubscription shows one subscription: where it stands, why, what comes next, and what was used this month.
func (p *Portal) getSubscription(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	view := subscriptionView{Page: p.pageOf(r, who, lic.ProductCode), subscription: p.subscriptionOf(lic), Welcome: r.URL.Query().Has("new")}
	regs, err := p.Register.OfAccount(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	p.settingUp(&view.subscription, lic, regs)
	if view.Words.Title != "" && !view.Ending() { // the banner of a cancellation is its own
		view.Notice = webui.Notice{Tone: view.Words.Tone, Title: view.Words.Title, Text: view.Words.Text}
	}
	if p.Usage != nil {
		used, err := p.Usage.Month(r.Context(), lic.ID, view.Now)
		if err != nil {
			return err
		}
		view.HasUsage, view.Month = true, view.Now.Format("January 2006")
		for _, u := range used {
			view.Usage = append(view.Usage, p.usageLine(lic.ProductCode, u, view.Now))
		}
	}
	if p.Statements != nil {
		view.Months = monthsOf(lic.Standing, view.Now)
	}
	view.Bought, view.BoughtAsOf = p.bought(lic)
	view.HasBudgets = p.Budgets != nil
	if view.Budgets, err = p.budgets(r.Context(), lic); err != nil {
		return err
	}
	if p.Trials != nil && lic.Standing.State == license.Active {
		trial, ok, err := p.Trials.TrialOf(r.Context(), lic, view.Now)
		if err != nil {
			return err
		}
		if ok {
			view.Trial = &trial
		}
	}
	return p.ui.Render(w, http.StatusOK, "subscription", view)
}

func (p *Portal) bought(lic license.License) (lines []boughtLine, asOf time.Time) {
	if p.Entitlements == nil {
		return nil, asOf
	}
	known, _ := p.Entitlements.Known(lic)
	product := p.Products.Product(lic.ProductCode)
	for _, e := range known.Entitlements {
		if p.Entitlements.Over(lic, known, e) {
			continue
		}
		m := product.Measure(e.Dimension)
		line := boughtLine{Name: m.Name, Until: e.ExpiresAt}
		if line.Name == "" {
			line.Name = webui.Words(e.Dimension)
		}
		switch text := e.Value.Text(); {
		case e.Value == entitlement.Boolean(true):
			line.Much = "Included"
		case e.Value == entitlement.Boolean(false):
			line.Much = "Not included"
		default:
			line.Much = strings.TrimSpace(text + " " + m.Unit)
		}
		lines = append(lines, line)
	}
	return lines, known.At
}

func (p *Portal) usageLine(code core.ProductCode, u DimensionUsage, now time.Time) usageLine {
	line := usageLine{Name: webui.Words(u.Dimension), Quantity: u.Quantity}
	for _, m := range p.Products.Product(code).Dimensions {
		if m.Key == u.Dimension {
			line.Name, line.Unit = m.Name, m.Unit
		}
	}
	line.Days = webui.Bars{What: line.Name, Unit: line.Unit}
	for i, amount := range u.ByDay {
		line.Days.Bars = append(line.Days.Bars, webui.Bar{Label: fmt.Sprintf("%d %s", i+1, now.UTC().Format("Jan")), Amount: amount})
	}
	return line
}

type cancelView struct {
	Page
	subscription
}

// getCancel explains how a subscription is cancelled: on AWS Marketplace, and nowhere else.
// Source: AWS Marketplace Seller Guide, "SaaS purchase flow" (saas-integrate-subscription).
func (p *Portal) getCancel(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	return p.ui.Render(w, http.StatusOK, "cancel", cancelView{p.pageOf(r, who, lic.ProductCode), p.subscriptionOf(lic)})
}
