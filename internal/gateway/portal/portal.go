package portal

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/passkey"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

//go:embed pages/*.html
var pages embed.FS

// DefaultMarketplaceURL is where buyers manage what they bought on AWS Marketplace.
// Source: AWS Marketplace Buyer Guide, "Cancelling product subscriptions".
const DefaultMarketplaceURL = "https://console.aws.amazon.com/marketplace/home#/subscriptions"

// Config is what the portal is made of.
type Config struct {
	BaseURL        string         // how browsers reach this gateway; https makes cookies Secure
	MarketplaceURL string         // where buyers manage their subscriptions; DefaultMarketplaceURL when empty
	AWSSupportURL  string         // where buyers ask AWS for refunds; DefaultAWSSupportURL when empty
	Products       core.Catalogue // titles and addresses; may be empty
	Seller         core.Brand
	// Templates is a folder whose files stand over those of our pages of the same name; empty: none do.
	Templates string
	// FormFields are what buyers of all products are asked on the sign-up form besides.
	FormFields []core.FormField

	Register *register.Service
	// Delegation is for products whose accounts the seller keeps; nil where there are none.
	Delegation *register.Delegation
	Accounts   *account.Service
	Mails      bool  // the outbox sends what accounts ask for; otherwise pages do not offer it
	Usage      Usage // may be nil: then no usage is shown
	// Statements makes months' statements; may be nil: then none are offered.
	Statements Statements
	// Trials tells of free trials; may be nil: then none is shown.
	Trials Trials
	// Budgets keeps customers' budgets; may be nil: then there are none.
	Budgets Budgets
	// Entitlements tells what was bought in advance; may be nil: then that is not shown.
	Entitlements *entitlement.Keeper
	// SignOns lets people use the seller's applications with their account here; nil where there are none.
	SignOns *SignOns
	Seal    *seal.Box
	Clock   clock.Clock
	Log     *slog.Logger
}

// Usage tells what a licence has used.
type Usage interface {
	// Month sums the usage accepted for the licence in the calendar month, in UTC, that at lies in.
	Month(ctx context.Context, id core.LicenseID, at time.Time) ([]DimensionUsage, error)
}

// DimensionUsage is what was used of one dimension.
type DimensionUsage struct {
	Dimension core.Dimension
	Quantity  string // decimal, in the units that AWS bills
	// ByDay is the same by day, from the month's first to the one that at lies in.
	ByDay []string
}

// Trials tells of free trials. It is fulfilled by [agreement.Service].
type Trials interface {
	// TrialOf finds the free trial that l is in at now; ok is false where it is in none, or that is not known yet.
	TrialOf(ctx context.Context, l license.License, now time.Time) (t agreement.Trial, ok bool, err error)
}

// Statements makes statements for the customers that they are of.
type Statements interface {
	// Statement is the licence's statement of a month, such as 2026-11, as CSV. Errors: fail.Invalid if that is no month.
	Statement(ctx context.Context, l license.License, month string, now time.Time) ([]byte, error)
}

// Portal is the door. Make it with [New].
type Portal struct {
	Config
	ui       *faces
	secure   bool // browsers reach us over https
	gate     *gate
	passkeys *passkey.Party // nil where no browser would make one
}

// New makes the portal and reads its pages.
//
// Errors: fail.Invalid for a setting that cannot be, saying which.
func New(c Config) (*Portal, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fail.New(fail.Invalid, "base_url", "The base URL is %q; give one like https://saas.example.com.", c.BaseURL)
	}
	if c.MarketplaceURL == "" {
		c.MarketplaceURL = DefaultMarketplaceURL
	}
	if c.AWSSupportURL == "" {
		c.AWSSupportURL = DefaultAWSSupportURL
	}
	if c.Seller.Name == "" {
		c.Seller.Name = "Customer portal"
		if len(c.Products) == 1 {
			c.Seller.Name = c.Products[0].Title
		}
	}
	dir, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	over, err := overrides(c.Templates, dir)
	if err != nil {
		return nil, err
	}
	ui, err := newFaces(c.Seller, c.Products, dir, over...)
	if err != nil {
		return nil, err
	}
	if len(over) > 0 {
		if err := ui.try(samples()); err != nil {
			return nil, fail.Wrap(fail.Invalid, err, "page_templates", "A page template cannot be used: %v.", err)
		}
	}
	passkeys, err := passkey.New(c.BaseURL, c.Seller.Name)
	if err != nil {
		return nil, err
	}
	return &Portal{Config: c, ui: ui, secure: base.Scheme == "https", gate: newGate(), passkeys: passkeys}, nil
}

// route is one address. Its form, where it takes one, comes from this site: another's is refused.
type route struct {
	pattern string
	do      httpx.Func
}

// routes are all but the one that AWS Marketplace sends buyers to.
func (p *Portal) routes() []route {
	return []route{
		{"GET /register", p.getRegister},
		{"GET /register/account", p.getAccount},
		{"GET /register/", p.getForms}, // the forms' own addresses, in a browser that is reloaded
		{"POST /register/signup", p.postSignUp},
		{"POST /register/signin", p.postKnown},
		{"POST /register/link", p.postLink},

		{"GET /signin", p.getSignIn},
		{"POST /signin", p.postSignIn},
		{"GET " + codePath, p.getCode},
		{"POST " + codePath, p.postCode},
		{"POST " + passkeyPath, p.postPasskey},
		{"POST " + codePasskeyPath, p.postCodePasskey},
		{"GET " + AuthorizePath, p.getAuthorize},
		{"GET " + SignOutPath, p.getSignOutFrom},
		{"GET /signout", p.getSignOut},
		{"POST /signout", p.postSignOut},

		{"GET /password/forgot", p.getForgot},
		{"POST /password/forgot", p.postForgot},
		{"GET " + letter.ResetPage, p.getReset},
		{"POST " + letter.ResetPage, p.postReset},
		{"GET " + letter.VerifyPage, p.getVerify},
		{"POST " + letter.VerifyPage, p.postVerify},
		{"GET " + letter.AddressPage, p.getAddress},
		{"POST " + letter.AddressPage, p.postAddress},
		{"GET " + letter.JoinPage, p.getJoin},
		{"POST " + letter.JoinPage, p.postJoin},
		{"GET " + letter.UnsubscribePage, p.getReminders},
		{"POST " + letter.UnsubscribePage, p.postReminders},

		{"GET /portal", p.getHome},
		{"POST /portal/verify", p.postVerifyAgain},
		{"GET " + selfPath, p.getSelf},
		{"GET " + namePath, p.getName},
		{"POST " + namePath, p.postName},
		{"GET " + emailPath, p.getEmail},
		{"POST " + emailPath, p.postEmail},
		{"POST " + emailPath + "/drop", p.postEmailDrop},
		{"GET " + passwordPath, p.getPassword},
		{"POST " + passwordPath, p.postPassword},
		{"GET " + browsersPath + "{session}", p.getBrowser},
		{"POST " + browsersPath + "{session}", p.postBrowser},
		{"GET " + newPasskeyPath, p.getNewPasskey},
		{"POST " + newPasskeyPath, p.postNewPasskey},
		{"POST " + passkeysPath, p.postPasskeys},
		{"GET " + passkeysPath + "/{passkey}", p.getPasskey},
		{"POST " + passkeysPath + "/{passkey}", p.postPasskeyRemove},
		{"GET " + factorPath, p.getFactor},
		{"POST " + factorPath, p.postFactor},
		{"POST " + factorPath + "/remove", p.postFactorRemove},
		{"GET " + applicationsPath, p.getApplications},
		{"POST " + applicationsPath + "/end", p.postApplicationEnd},
		{"GET " + peoplePath, p.getPeople},
		{"POST " + peoplePath + "/invite", p.peopleForm("invited", p.postInvite)},
		{"POST " + peoplePath + "/invite-again", p.peopleForm("invited", p.postInviteAgain)},
		{"POST " + peoplePath + "/revoke", p.peopleForm("revoked", p.postRevoke)},
		{"POST " + peoplePath + "/role", p.peopleForm("role", p.postRole)},
		{"POST " + peoplePath + "/remove", p.peopleForm("removed", p.postRemove)},
		{"POST /portal/account", p.postSeat},
		{"GET /portal/licenses/{id}", p.own(p.getSubscription)},
		{"GET /portal/licenses/{id}/cancel", p.own(p.getCancel)},
		{"GET /portal/licenses/{id}/budget", p.own(p.getBudget)},
		{"POST /portal/licenses/{id}/budget", p.own(p.postBudget)},
		{"GET /portal/licenses/{id}/refund", p.own(p.getRefund)},
		{"GET /portal/licenses/{id}/statements/{month}", p.own(p.getStatement)},
		{"GET /portal/", p.getNowhere},
	}
}

// Mount adds the portal's routes, and the files its pages need, to mux.
func (p *Portal) Mount(mux *http.ServeMux) {
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(p.try(p.refuseForeignForm))
	for _, rt := range p.routes() {
		mux.Handle(rt.pattern, same.Handler(p.try(rt.do)))
	}
	// AWS Marketplace has the buyer's browser send this from its own site: the one form that may come from elsewhere.
	// It changes nothing for whoever is signed in; the page it leads to asks.
	mux.Handle("POST /register", p.try(p.postRegister))
	// Applications may send people here by a form; it changes nothing either, and goes on as if it had been a link.
	mux.Handle("POST "+AuthorizePath, p.try(p.asLink))
	mux.Handle("POST "+SignOutPath, p.try(p.asLink))
	p.ui.mount(mux)
}

// try makes a page's handler; what fails is answered with a page.
func (p *Portal) try(f httpx.Func) http.Handler {
	return webui.StrictTransport(p.secure, webui.Try(p.Log, p.showProblem, f))
}

type problemView struct {
	Page
	Problem webui.Problem
}

func (p *Portal) showProblem(w http.ResponseWriter, r *http.Request, problem webui.Problem) {
	problem.Answer(w, r, p.Log, func() error { return p.ui.Render(w, problem.Status, "problem", problemView{p.page(r, nil), problem}) })
}

// refuseForeignForm answers what a browser says was sent by another site.
func (p *Portal) refuseForeignForm(w http.ResponseWriter, r *http.Request) error {
	p.showProblem(w, r, webui.Problem{Status: http.StatusForbidden, Title: "This form came from another site",
		Say: "For your safety it was not taken. Open the page here and send the form again.", Href: "/portal", Label: "Go to your subscriptions"})
	return nil
}

// getForms leads who has the address of one of the registration's forms to the page that it stands on.
func (p *Portal) getForms(w http.ResponseWriter, r *http.Request) error {
	seeOther(w, r, "/register/account")
	return nil
}

// Nowhere answers people at an address where nothing is.
func (p *Portal) Nowhere() http.Handler { return p.try(p.getNowhere) }

func (p *Portal) getNowhere(http.ResponseWriter, *http.Request) error {
	return fail.New(fail.NotFound, "no_page", "There is no page at this address. It may have been mistyped, or what it showed is gone.")
}

// Page is what every page knows.
type Page struct {
	Path           string
	Now            time.Time
	Account        *account.Who // who is signed in, and at which account; nil if nobody
	Seller         core.Brand
	MarketplaceURL string
	Mails          bool // as in [Config]
	SignsOn        bool // there are applications that people sign on to

	product core.ProductCode // that the page is about; empty: none
}

func (p *Portal) page(r *http.Request, a *account.Who) Page {
	return Page{Path: r.URL.Path, Now: p.Clock.Now(), Account: a, Seller: p.Seller, MarketplaceURL: p.MarketplaceURL, Mails: p.Mails, SignsOn: p.SignOns != nil}
}

// pageOf is page for one that is about a product, and shows the seller as for that.
func (p *Portal) pageOf(r *http.Request, a *account.Who, code core.ProductCode) Page {
	g := p.page(r, a)
	g.product, g.Seller = code, p.Products.Product(code).Brand.Over(p.Seller)
	return g
}

// FirstName is what the header calls the person who is signed in.
func (g Page) FirstName() string {
	first, _, _ := strings.Cut(g.Account.Name, " ")
	return first
}

// maxForm bounds the forms of our own pages, in bytes.
const maxForm = 16 << 10

// form reads a form of one of our own pages.
func (p *Portal) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return formUpTo(w, r, maxForm)
}

// formUpTo reads a form of one of our own pages, of at most limit bytes.
func formUpTo(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if err := r.ParseForm(); err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "bad_form", "The form did not arrive whole; go back and send it again.")
	}
	return r.PostForm, nil
}

func seeOther(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
