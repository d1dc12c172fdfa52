package storefront

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/inbox"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

//go:embed pages/*.html
var pages embed.FS

// Options is what a storefront stands on.
type Options struct {
	World *world.World
	// Clock is the sandbox's.
	Clock clock.Clock
	// Time moves it; a *lockstep.Leader does.
	Time Time
	// Calls is the log of the AWS APIs, Faults what is switched on there and in notices, Desk what delivers those.
	// The control room has no page for what is nil.
	Calls  *wire.Calls
	Faults *fault.Set
	Desk   *notice.Desk
	// Channels is what the seller's desk shows of topics, rules and queues; nil: it has no page for them.
	Channels *channel.Board
	// Changes counts what has changed in the sandbox, so that pages being looked at are told; nil: only the clock is watched.
	Changes func() uint64
	// Reset makes everything as the world's file says. Snapshot is whether GET /_sandbox/snapshot has something to give.
	Reset    func() error
	Snapshot bool
	Inbox    *inbox.Inbox // nil: no mails are caught, and their page says how they would be
	Log      *slog.Logger
}

// Time is the clock as the control room moves it. *lockstep.Leader says what each method promises.
type Time interface {
	Advance(ctx context.Context, target time.Time) (silent []string, err error)
	Change(ctx context.Context, rate float64, frozen bool)
	Running() (rate float64, frozen bool)
	Followers() []string
}

// Storefront serves the pages. It is an http.Handler for every path that nobody else on the sandbox's listener owns,
// and answers the ones that lead nowhere with a page as well.
type Storefront struct {
	opt   Options
	ui    *webui.Renderer
	once  *once
	notes *notes
	rooms []webui.Link // of the control room
	root  http.Handler
	life  context.Context // what outlives a request, such as a running clock
}

// theme is the sandbox's brand. It must not be taken for AWS's site: neither its names, nor its colours, nor its layout.
func theme() webui.Theme {
	return webui.Theme{Name: "souk sandbox", Accent: "#0d7264", Mark: mark,
		Ribbon: "A practice marketplace on your own machine. It is not AWS, and nothing here costs money."}
}

// mark is an arch of a market hall.
const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">` +
	`<rect width="32" height="32" rx="8" fill="#0d7264"/><path d="M7 25V15.5C7 10 11 6 16 6s9 4 9 9.5V25" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>` +
	`<path d="M12 25v-8.5c0-2.6 1.7-4.5 4-4.5s4 1.9 4 4.5V25" fill="#f3c969"/></svg>`

// renderer is that of every storefront of this process: they look the same, and reading the pages is most of what it
// takes to open one.
var renderer = sync.OnceValues(func() (*webui.Renderer, error) {
	templates, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	return webui.New(theme(), templates)
})

// New makes the storefront. life ends what the control room sets going, such as a clock that runs fast.
func New(life context.Context, opt Options) (*Storefront, error) {
	ui, err := renderer()
	if err != nil {
		return nil, fmt.Errorf("storefront: %w", err)
	}
	s := &Storefront{opt: opt, ui: ui, once: newOnce(), notes: newNotes(), life: life}
	mux := http.NewServeMux()
	s.mount(mux)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(s.crossSite))
	s.root = guard.Handler(mux)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Storefront) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.root.ServeHTTP(w, r) }

func (s *Storefront) mount(mux *http.ServeMux) {
	mux.Handle(webui.AssetPath, s.ui.Assets())
	handle := func(pattern string, f httpx.Func) { mux.HandleFunc(pattern, webui.Try(s.opt.Log, s.problem, f)) }
	handle("GET /{$}", s.getHome)
	handle("POST /buyer", s.postBuyer)
	handle("GET /products/{product}", s.getProduct)
	handle("GET /products/{product}/offers/{offer}", s.getOption)
	handle("POST /products/{product}/subscribe", s.postSubscribe)
	handle("GET /subscriptions", s.getSubscriptions)
	handle("GET /subscriptions/{agreement}", s.getSubscription)
	handle("GET /subscriptions/{agreement}/confirmation", s.getConfirmation)
	handle("POST /subscriptions/{agreement}/setup", s.postSetup)
	handle("GET /subscriptions/{agreement}/cancel", s.getCancel)
	handle("POST /subscriptions/{agreement}/cancel", s.postCancel)
	handle("GET /subscriptions/{agreement}/amend", s.getAmend)
	handle("POST /subscriptions/{agreement}/amend", s.postAmend)
	handle("POST /subscriptions/{agreement}/renewal", s.postRenewal)
	handle("POST /subscriptions/{agreement}/requests/{request}/{act}", s.postAnswer)
	handle("POST /subscriptions/{agreement}/payments/{payment}/{act}", s.postPaymentAnswer)
	handle("GET /bill", s.getBill)
	handle("GET /bill/records", s.getBillRecords)
	s.mountSeller(handle)
	s.mountSupport(handle)
	s.mountInbox(handle)
	handle("GET /live", s.getLive)
	s.mountControl(handle)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.problem(w, r, webui.NotFound()) })
}
