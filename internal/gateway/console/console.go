package console

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/search"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

//go:embed pages/*.html
var pages embed.FS

// Book is where licences are looked up; license.Book is one.
type Book interface {
	license.Directory
	Facts(id core.LicenseID) []license.Fact
}

// Notices is where notices are looked up.
type Notices interface {
	NoticeByKey(ctx context.Context, key string) (intake.Notice, error)
	Notices(ctx context.Context, q intake.Query) ([]intake.Notice, error)
}

// Replayer reads a notice that had no effect again, and applies it; *intake.Intake is one.
type Replayer interface {
	Replay(ctx context.Context, key string) (intake.Notice, error)
}

// Checked is what became of one check of the gateway's health.
type Checked struct {
	Name string // "database", "queue", "clock"
	OK   bool
	Says string
}

// Setting is one thing that the gateway was told from outside, without its secrets.
type Setting struct{ Name, Value string }

// Config is what the console is made of.
type Config struct {
	BaseURL  string // how browsers reach this gateway; https makes cookies Secure
	Name     string // the seller's
	Accent   string // "#rrggbb"; empty: the default look
	Products core.Catalogue
	Settings []Setting

	Operators     *operator.Service
	Provider      *idp.Provider // at which operators may sign in; nil if there is none
	Seal          *seal.Box     // for what a browser carries from one step of a sign-in to the next
	Audit         *audit.Log
	Book          Book
	Engine        *metering.Engine
	Records       func(ctx context.Context) (map[string]int64, error) // numbers of metering records by state
	Notices       Notices
	Replayer      Replayer
	Search        search.Finder
	Agreements    *agreement.Service
	Outbox        *outbox.Service
	Register      *register.Service
	Accounts      *account.Service
	Entitlements  *entitlement.Keeper
	Corrections   *correction.Service
	Cancellations *cancellation.Service
	Payments      *payment.Service
	Alerts        *alert.Service
	Chats         *chat.Service
	Approval      approval.Rule
	Keys          keys.Store
	Health        func(ctx context.Context) []Checked
	Clock         clock.Clock
	Log           *slog.Logger
}

// Console is the door. Make it with [New].
type Console struct {
	Config
	ui      *webui.Renderer
	cookies webui.Cookies
}

const assetPath = "/console/assets/"

// New makes the console and reads its pages.
//
// Errors: fail.Invalid for a setting that cannot be, saying which.
func New(c Config) (*Console, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fail.New(fail.Invalid, "base_url", "The base URL is %q; give one like https://saas.example.com.", c.BaseURL)
	}
	if c.Name == "" {
		c.Name = "souk"
	}
	dir, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	ui, err := webui.New(webui.Theme{Name: c.Name, Tagline: "Console", Accent: c.Accent, Home: "/console", AssetPath: assetPath}, dir)
	if err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "seller_look", "The seller's look cannot be used: %v.", err)
	}
	return &Console{Config: c, ui: ui, cookies: webui.Cookies{Secure: base.Scheme == "https"}}, nil
}

// handler answers somebody who has signed in and whose role is enough.
type handler func(w http.ResponseWriter, r *http.Request, who operator.Person) error

// route is one address, and the role that it needs at least.
type route struct {
	pattern string
	needs   operator.Role
	do      handler
}

// routes are all that need somebody to be signed in.
func (c *Console) routes() []route {
	corrections := c.corrections()
	return slices.Concat(c.cancellations().routes(), c.payments().routes(), []route{
		{"GET /console", operator.Viewer, c.getOverview},
		{"GET /console/search", operator.Viewer, c.getSearch},
		{"GET /console/licenses", operator.Viewer, c.getLicenses},
		{"GET /console/licenses/{id}", operator.Viewer, c.getLicense},
		{"GET /console/agreements", operator.Viewer, c.getAgreements},
		{"GET /console/agreements/{id}", operator.Viewer, c.getAgreement},
		{"GET /console/records", operator.Viewer, c.getRecords},
		{"GET /console/records/{id}", operator.Viewer, c.getRecord},
		{"GET /console/notices", operator.Viewer, c.getNotices},
		{"GET /console/notices/{id}", operator.Viewer, c.getNotice},
		{"POST /console/notices/{id}/replay", operator.Operator, c.postReplay},
		{"GET /console/deliveries", operator.Viewer, c.getDeliveries},
		{"GET /console/deliveries/{id}", operator.Viewer, c.getDelivery},
		{"POST /console/deliveries/{id}/send", operator.Operator, c.postSendAgain},
		{"GET /console/alerts", operator.Viewer, c.getAlerts},
		{"GET /console/alerts/{id}", operator.Viewer, c.getAlert},
		{"POST /console/chats/{id}/test", operator.Operator, c.postChatTest},
		{"GET /console/registrations", operator.Viewer, c.getRegistrations},
		{"GET /console/registrations/{id}", operator.Viewer, c.getRegistration},
		{"POST /console/registrations/{id}/ready", operator.Operator, c.postReady},
		{"GET /console/accounts", operator.Viewer, c.getAccounts},
		{"GET /console/accounts/{id}", operator.Viewer, c.getAccount},
		{"POST /console/accounts/{id}/members/{person}/factor/remove", operator.Operator, c.postMemberFactor},
		{"GET /console/corrections", operator.Viewer, corrections.list},
		{"GET /console/corrections/new", operator.Operator, c.getProposalForm(c.correctionForm)},
		{"POST /console/corrections", operator.Operator, c.postProposalForm(audit.CorrectionAsked, c.correctionForm, c.askCorrection)},
		{"GET /console/corrections/{id}", operator.Viewer, c.getCorrection},
		{"POST /console/corrections/{id}/approve", operator.Operator, corrections.decide(audit.CorrectionOkayed, "approved", c.approveCorrection)},
		{"POST /console/corrections/{id}/reject", operator.Operator, corrections.reject()},
		{"GET /console/settings", operator.Viewer, c.getSettings},
		{"GET /console/me", operator.Viewer, c.getMe},
		{"POST /console/me/password", operator.Viewer, c.postPassword},
		{"GET " + browsersPath + "{id}", operator.Viewer, c.getBrowser},
		{"POST " + browsersPath + "{id}", operator.Viewer, c.postBrowser},
		{"GET " + factorPath, operator.Viewer, c.getFactor},
		{"POST " + factorPath, operator.Viewer, c.postFactor},
		{"POST " + factorPath + "/remove", operator.Viewer, c.postFactorRemove},
		{"POST /console/signout", operator.Viewer, c.postSignOut},
		{"GET /console/keys", operator.Admin, c.getKeys},
		{"POST /console/keys", operator.Admin, c.postKey},
		{"POST /console/keys/{id}/revoke", operator.Admin, c.postRevoke},
		{"GET /console/operators", operator.Admin, c.getOperators},
		{"POST /console/operators", operator.Admin, c.postOperator},
		{"POST /console/operators/{id}/role", operator.Admin, c.postRole},
		{"POST /console/operators/{id}/remove", operator.Admin, c.postRemove},
		{"POST /console/operators/{id}/factor/remove", operator.Admin, c.postFactorForget},
		{"GET /console/log", operator.Admin, c.getLog},
		{"GET /console/", operator.Viewer, c.getNowhere},
	})
}

// Mount adds the console's routes, and the files its pages need, to mux.
func (c *Console) Mount(mux *http.ServeMux) {
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(c.try(c.refuseForeignForm))
	for _, rt := range c.routes() {
		mux.Handle(rt.pattern, same.Handler(c.try(c.only(rt))))
	}
	mux.Handle("GET /console/signin", same.Handler(c.try(c.getSignIn)))
	mux.Handle("POST /console/signin", same.Handler(c.try(c.postSignIn)))
	mux.Handle("GET "+codePath, same.Handler(c.try(c.getCode)))
	mux.Handle("POST "+codePath, same.Handler(c.try(c.postCode)))
	if c.Provider != nil {
		mux.Handle("GET /console/signin/provider", same.Handler(c.try(c.getProvider)))
		mux.Handle("GET "+idp.CallbackPath, same.Handler(c.try(c.getCallback)))
	}
	mux.Handle("GET "+assetPath, c.ui.Assets())
}

// only lets rt be used by who is signed in and may.
func (c *Console) only(rt route) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := c.Operators.SignedIn(r.Context(), c.cookies.Get(r, sessionCookie), !webui.Live(r))
		if fail.Is(err, fail.Denied) {
			seeOther(w, r, signInPath(r))
			return nil
		}
		if err != nil {
			return err
		}
		if !who.Role.May(rt.needs) {
			c.Log.InfoContext(r.Context(), "console request refused: the role does not reach that far", "operator", who.ID, "role", who.Role, "route", rt.pattern)
			c.showProblem(w, r, webui.Problem{Status: http.StatusForbidden, Title: "Your role does not reach that far",
				Say: "You are signed in as " + who.Email + " with the role " + string(who.Role) + "; this takes the role " + string(rt.needs) + ". An admin can change it."})
			return nil
		}
		if c.Operators.MustAddFactor(who) && !strings.HasPrefix(r.URL.Path, factorPath) && r.URL.Path != "/console/signout" {
			seeOther(w, r, factorPath)
			return nil
		}
		return rt.do(w, r, who)
	}
}

// try makes a page's handler; what fails is answered with a page.
func (c *Console) try(f httpx.Func) http.Handler {
	return webui.StrictTransport(c.cookies.Secure, webui.Try(c.Log, c.showProblem, f))
}

type problemView struct {
	Page
	Problem webui.Problem
}

func (c *Console) showProblem(w http.ResponseWriter, r *http.Request, problem webui.Problem) {
	problem.Answer(w, r, c.Log, func() error {
		return c.ui.Render(w, problem.Status, "problem", problemView{Page{Path: r.URL.Path, Now: c.Clock.Now()}, problem})
	})
}

// refuseForeignForm answers what a browser says was sent by another site.
func (c *Console) refuseForeignForm(w http.ResponseWriter, r *http.Request) error {
	c.showProblem(w, r, webui.Problem{Status: http.StatusForbidden, Title: "This form came from another site",
		Say: "For your safety it was not taken. Open the page here and send the form again."})
	return nil
}

func (c *Console) getNowhere(http.ResponseWriter, *http.Request, operator.Person) error {
	return fail.New(fail.NotFound, "no_page", "There is no page at this address. It may have been mistyped, or what it showed is gone.")
}

// Page is what every page knows.
type Page struct {
	Path  string
	Now   time.Time
	Who   *operator.Person // who is signed in; nil if nobody
	Query string           // what was searched for
	ToDo  toDo             // what waits for a decision, for the column of places
	Said  webui.Notice     // what became of the form before
}

// Can reports whether who is signed in has at least that role, so that a page leaves out what would be refused.
func (g Page) Can(role string) bool { return g.Who != nil && g.Who.Role.May(operator.Role(role)) }

// toDo counts proposals that wait for a decision, and alerts that are raised, up to maxToDo of each kind.
type toDo struct{ Corrections, Cancellations, Payments, Alerts int }

const maxToDo = 100

func (c *Console) page(r *http.Request, who operator.Person) (Page, error) {
	page := Page{Path: r.URL.Path, Now: c.Clock.Now(), Who: &who}
	fixes, err := c.Corrections.List(r.Context(), proposal.Query{State: correction.Proposed, Limit: maxToDo})
	if err != nil {
		return page, err
	}
	ends, err := c.Cancellations.List(r.Context(), proposal.Query{State: cancellation.Proposed, Limit: maxToDo})
	if err != nil {
		return page, err
	}
	asks, err := c.Payments.List(r.Context(), proposal.Query{State: payment.Proposed, Limit: maxToDo})
	if err != nil {
		return page, err
	}
	raised, err := c.Alerts.Alerts(r.Context(), alert.Query{State: alert.Raised, Limit: maxToDo})
	page.ToDo = toDo{len(fixes), len(ends), len(asks), len(raised)}
	return page, err
}

// waiting is a place in the column of places, with how many things there wait for a decision.
type waiting struct {
	webui.Link
	N int
}

// Place is the place at href, current on its pages, where n things wait.
func (g Page) Place(href, label string, n int) waiting {
	return waiting{webui.NewLink(href, label, g.Path), n}
}

// maxForm bounds a form, in bytes.
const maxForm = 16 << 10

// form reads a form of one of our own pages.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "bad_form", "The form did not arrive whole; go back and send it again.")
	}
	return r.PostForm, nil
}

func seeOther(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// actor is who as the audit log names it.
func actor(r *http.Request, who operator.Person) audit.Actor {
	return who.Actor(httpx.ClientAddress(r))
}

// decider is who as proposals name it.
func decider(who operator.Person) approval.Actor {
	return approval.Actor{Key: string(who.ID), Person: who.Email}
}
