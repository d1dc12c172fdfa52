// Package gateway is the seller's side, assembled: New wires the features, the doors and the jobs.
//
// It owns: which part is given to which, and the order of starting and stopping. It does not own anything that a part
// does.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/console"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/privacy"
	"souk.dev/souk/internal/gateway/push"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/webhook"
	"souk.dev/souk/internal/job"
	"souk.dev/souk/internal/lockstep"
)

// Gateway is a running seller's side. Serve [Gateway.Handler], call [Gateway.Run], and [Gateway.Close] when it returned.
type Gateway struct {
	db       *store.DB
	clk      clock.Clock
	follower *lockstep.Follower // nil: the system's clock
	runner   *job.Runner
	jobs     []string
	woken    chan struct{}
	handler  http.Handler
	log      *slog.Logger
}

// New opens the database, reads what is known, and gets ready to work. It does not listen: that is its caller's. With
// a clock to follow, the sandbox waits for this gateway from here on, so that Run must follow soon.
//
// Errors: fail.Invalid for a setting that cannot be, saying which; fail.Conflict for a database whose schema is not
// this program's, or whose books another gateway keeps (see [OpenNode]).
func New(ctx context.Context, c Config) (*Gateway, error) {
	c = c.withDefaults()
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := db.Claim(ctx, c.Log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return assemble(ctx, c, db, api.NewNodeMetrics())
}

// assemble makes a gateway of the books in db, which this process owns. It closes db when it fails, and the gateway does when
// it is closed. talk counts what passes between the nodes.
func assemble(ctx context.Context, c Config, db *store.DB, talk *api.NodeMetrics) (g *Gateway, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	g = &Gateway{db: db, clk: clock.System{}, log: c.Log, woken: make(chan struct{}, 1)}
	made := g
	defer func() {
		if err != nil && made.follower != nil {
			made.follower.Leave()
		}
	}()
	metrics := api.NewMetrics(c.Log, talk)
	aws, err := awsapi.Load(ctx, awsapi.Settings{Endpoint: c.Endpoint, Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Observe: metrics.AWSCall})
	if err != nil {
		return nil, err
	}
	if c.ClockURL != "" {
		metering, err := awsapi.MeteringEndpoint(ctx, aws)
		if err != nil {
			return nil, err
		}
		if err := g.join(ctx, c, metering); err != nil {
			return nil, err
		}
	}
	book, err := license.OpenBook(ctx, g.db.Licenses(), g.clk, c.Products)
	if err != nil {
		return nil, err
	}
	var queue intake.Queue
	if c.QueueURL != "" {
		if queue, err = awsapi.NewQueue(aws, c.QueueURL); err != nil {
			return nil, err
		}
	}
	entitlements, err := entitlement.Open(ctx, entitlement.Config{Store: g.db.Entitlements(), AWS: awsapi.NewEntitlements(aws), Licenses: book, Book: book, Products: c.Products,
		Clock: g.clk, Log: c.Log, Every: c.EntitlementsEvery, Observe: metrics.Entitlements})
	if err != nil {
		return nil, err
	}
	agreements := awsapi.NewAgreements(aws)
	resync, err := agreement.Open(ctx, agreement.Config{Store: g.db.Agreements(), AWS: agreements, Licenses: book, Book: heard{book, entitlements, g.wake}, Products: c.Products,
		Clock: g.clk, Log: c.Log, Every: c.ResyncEvery, Reminders: c.Reminders, Wake: g.wake, Changed: entitlements.Changed, Observe: metrics.Resync})
	if err != nil {
		return nil, err
	}
	in := intake.New(queue, g.db.Notices(), heard{book, entitlements, g.wake}, c.Products, g.clk, c.Log)
	in.Wake = g.wake
	posts, err := push.New(push.Config{Intake: in, Clock: g.clk, Log: c.Log, Products: c.Products, Topics: c.SNSTopics, Trust: c.SNSTrust, Secrets: c.EventsSecrets,
		Observe: metrics.Post})
	if err != nil {
		return nil, err
	}
	accounts := account.New(g.db.Accounts(), g.clk, c.Log)
	registrations := register.New(g.db.Registrations(), book, awsapi.NewResolver(aws, c.Log), c.Products, g.clk, c.Log)
	box, err := seal.New(ctx, g.db.Settings(), g.clk)
	if err != nil {
		return nil, fmt.Errorf("read the keys that seal sessions: %w", err)
	}
	delegation := register.NewDelegation(registrations, g.db.Registrations(), box, seal.Expired, accounts)
	bell := &threshold.Bell{Wake: g.wake}
	events, engine, err := g.openLedger(ctx, c, aws, book, entitlements, resync, bell)
	if err != nil {
		return nil, err
	}
	thresholds, err := threshold.New(threshold.Config{Store: g.db.Thresholds(), Ledger: engine, Hours: events, Bought: entitlements, Licenses: book, Products: c.Products, Prices: resync, Bell: bell,
		Clock: g.clk, Log: c.Log, Wake: g.wake})
	if err != nil {
		return nil, err
	}
	rule := approval.Rule{Own: c.ApproveOwn}
	corrections := correction.New(correction.Config{Store: g.db.Corrections(), AWS: agreements, Usage: counted{events, metrics}, Ledger: metering.Ledger{Store: store.NewMetering(g.db), Log: store.NewUsage(g.db)},
		Licenses: book, Products: c.Products, Approval: rule, Clock: g.clk, Log: c.Log, Wake: g.wake})
	cancellations := cancellation.New(cancellation.Config{Store: g.db.Cancellations(), AWS: agreements, Licenses: book, Approval: rule, Clock: g.clk, Log: c.Log, Wake: g.wake})
	payments := payment.New(payment.Config{Store: g.db.Payments(), AWS: agreements, Terms: resync, Licenses: book, Approval: rule, Clock: g.clk, Log: c.Log, Wake: g.wake})
	in.Observe = observed(metrics, heardOf{corrections, cancellations, payments}, resync)
	out := courier.New(c.WebhookNetworks)
	hooks := webhook.New(webhook.Config{Store: g.db.Webhooks(), Poster: out, Clock: g.clk, Log: c.Log})
	chats, err := chat.New(chat.Config{Rooms: c.Chats, Poster: out, Console: strings.TrimRight(c.BaseURL, "/") + "/console", Clock: g.clk, Log: c.Log})
	if err != nil {
		return nil, err
	}
	channels := []outbox.Channel{hooks, chats}
	accounts.OnAsking(g.wake)
	if c.Mail.Server != "" {
		mails, err := c.letters(accounts, book, resync, box, g.clk)
		if err != nil {
			return nil, err
		}
		channels = append(channels, mails)
	}
	alerts := alert.New(alert.Config{Store: g.db.Alerts(), Clock: g.clk, Log: c.Log, Wake: g.wake, Stands: map[outbox.Kind]func(context.Context, alert.Alert) (bool, error){
		outbox.AlertCallsDenied: engine.Stands, outbox.AlertRecordsRefused: engine.Stands, outbox.AlertDeadlineNear: engine.Stands, outbox.AlertProductUnknown: in.Unserved,
		outbox.AlertBuyerAdvised: book.Advised, outbox.AlertQueueAway: in.Silent, outbox.AlertEntitlementsStale: entitlements.Stale}})
	told := outbox.New(outbox.Config{Store: g.db.Outbox(), Channels: channels, Clock: g.clk, Log: c.Log, Observe: metrics.Delivery, Wake: g.wake})
	hooks.Use(told)
	chats.Use(told)
	signer, err := statement.NewSigner(ctx, g.db.Settings())
	if err != nil {
		return nil, err
	}
	maker := statement.Maker{Ledger: store.NewMetering(g.db), Corrections: g.db.Corrections(), Products: c.Products}
	applications, err := c.openSignOns(ctx, g, accounts, registrations, box)
	if err != nil {
		return nil, err
	}
	pages, err := portal.New(portal.Config{BaseURL: c.BaseURL, MarketplaceURL: c.MarketplaceURL, AWSSupportURL: c.AWSSupportURL, Products: c.Products, FormFields: c.FormFields, Templates: c.PageTemplates, Seller: c.Seller,
		Register: registrations, Delegation: delegation, Accounts: accounts, Mails: c.Mail.Server != "", Usage: months{engine, book}, Statements: statements{maker}, Trials: resync, Budgets: thresholds, Entitlements: entitlements, SignOns: applications.portal, Seal: box, Clock: g.clk, Log: c.Log})
	if err != nil {
		return nil, err
	}

	acts := audit.New(g.db.Audit(), g.clk)
	ring := keys.NewRing(g.db.Keys(), g.clk, c.Log)
	door := api.NewDoor(ring, g.db.Answers(), acts, g.clk, c.Log,
		api.Licenses{Directory: book, Facts: book.Facts, Entitlements: entitlements, Products: c.Products, Clock: g.clk, Agreements: api.Agreements{Resync: resync, Directory: book}},
		api.Checks{Directory: book, Entitlements: entitlements, Used: engine.Used, Clock: g.clk},
		api.Notifications{Notices: g.db.Notices(), Replayer: in},
		api.Accounts{Accounts: accounts, Register: registrations},
		api.Privacy{Privacy: privacy.New(accounts, registrations, g.db.SignOns(), g.clk, c.Log)},
		api.Registrations{Register: registrations, Delegation: delegation},
		api.SignIns{Accounts: accounts, Register: registrations},
		api.Events{Intake: counted{events, metrics}},
		api.Records{Engine: engine, Directory: book},
		api.Usage{Engine: engine, Directory: book, Clock: g.clk},
		api.Finalize{Engine: engine, Directory: book},
		api.Corrections{Corrections: corrections, Directory: book},
		api.Cancellations{Cancellations: cancellations, Directory: book},
		api.Payments{Payments: payments, Directory: book},
		api.Statements{Maker: maker, Signer: signer, Directory: book, Clock: g.clk},
		api.Resync{Resync: resync, Directory: book},
		api.Agreements{Resync: resync, Directory: book},
		api.Webhooks{Webhooks: hooks},
		api.Deliveries{Outbox: told, Directory: book},
		api.Alerts{Alerts: alerts},
	)
	metrics.Gauges("souk_licenses", "Licences by state.", "state", api.LicensesByState(book))
	metrics.Gauges("souk_records", "Metering records by state.", "state", store.NewMetering(g.db).RecordsByState)
	metrics.Gauge("souk_entitlements_oldest_seconds", "Age, in business time, of the oldest answer of AWS's that a licence with access rests on.", func() (float64, bool) {
		age, ok := entitlements.Oldest()
		return age.Seconds(), ok
	})
	metrics.Gauge("souk_queue_silence_seconds", "Real time since the queue of AWS's notices last answered.", func() (float64, bool) {
		ago, ok := in.Answered()
		return ago.Seconds(), ok
	})
	tellFilters(metrics, events)
	if o, _ := db.Ownership(); o.Epoch > 0 {
		metrics.Gauge(ownerGauge, ownerHelp, func() (float64, bool) { return 1, true })
	}
	health := api.Health{Log: c.Log, Checks: g.checks(c, in)}
	desk, err := g.openConsole(c, health, console.Config{Audit: acts, Book: book, Engine: engine, Notices: g.db.Notices(), Replayer: in, Search: g.db.Search(), Agreements: resync, Outbox: told, Register: registrations, Accounts: accounts,
		Entitlements: entitlements, Corrections: corrections, Cancellations: cancellations, Payments: payments, Seal: box, Alerts: alerts, Chats: chats})
	if err != nil {
		return nil, err
	}
	g.handler = handler(c.Log, door, gathered{counted{events, metrics}, ring.Used}, pages, desk, posts, applications.door, health, metrics)

	// In this order when stepped: what AWS told, then what follows from it, then what goes to AWS, then what is told of it.
	jobs := slices.Concat(in.Jobs(), resync.Jobs(), []job.Job{book.Job(), entitlements.Job(), registrations.Attach(), corrections.Job(), cancellations.Job(), payments.Job()}, engine.Jobs(), events.Jobs(), []job.Job{thresholds.Job(), alerts.Job()}, told.Jobs(),
		applications.jobs,
		[]job.Job{accounts.Sweep(), api.ForgetAnswers(g.db.Answers(), g.clk)})
	for _, j := range jobs {
		g.jobs = append(g.jobs, j.Name)
	}
	g.runner = job.New(g.clk, c.Log, jobs...)
	book.OnChange(func(license.License) { g.wake() })
	return g, nil
}

// Handler serves everything the gateway has.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Run works until ctx ends: notices, deadlines, sending. What it was in the middle of is stored, and taken up by the
// next process. It ends by itself, with fail.Conflict, when another gateway has taken the database over.
func (g *Gateway) Run(ctx context.Context) (err error) {
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		defer stop()
		select {
		case err = <-g.db.Lost():
		case <-ctx.Done():
		}
	})
	if g.follower != nil {
		g.follower.Run(ctx, g.runner, g.woken)
	} else {
		g.runner.Run(ctx)
	}
	stop()
	watch.Wait()
	return err
}

// Close releases the database. Nothing may be in use any more.
func (g *Gateway) Close() error { return g.db.Close() }

// wake makes every job look again at what is due. It never blocks, and may be called from anywhere.
func (g *Gateway) wake() {
	if g.runner == nil {
		return // still being assembled: everything is looked at when it starts
	}
	for _, name := range g.jobs {
		g.runner.Wake(name)
	}
	select {
	case g.woken <- struct{}{}:
	default:
	}
}

// openDatabase opens the gateway's database. An empty one is given its schema; one that is older is left to `souk
// migrate`, so that nobody's data is changed by starting a program. Secrets in it that another key sealed, or none, are sealed
// with the present one.
func openDatabase(ctx context.Context, c Config) (*store.DB, error) {
	db, err := store.Open(ctx, c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	db.UseVault(c.Vault)
	if err := readySchema(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.Stays(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n, err := db.SealSecrets(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("seal the secrets in the database: %w", err), db.Close())
	}
	if n > 0 {
		c.Log.Info("secrets in the database are sealed with the present key now", "number", n)
	}
	return db, nil
}

func readySchema(ctx context.Context, db *store.DB) error {
	s, err := db.Schema(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.Empty():
		_, err := db.Migrate(ctx)
		return err
	case s.Behind > 0:
		return fail.New(fail.Conflict, "older_schema", "The database's schema is %d steps behind this souk; make a copy of it, then run souk migrate.", s.Behind)
	}
	return nil
}
