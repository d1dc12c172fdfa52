package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/examples/inkwell/app"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/sandbox"
	"souk.dev/souk/internal/sandbox/world"
)

// bazaar is everything on one machine: a sandbox and a gateway in this process, which meet over HTTP alone, and the
// example application in its own.
type bazaar struct {
	Sandbox, Gateway, App string // URLs
	APIKey                string
	Console               signIn // to the gateway's console
	Database              string // the gateway's, as a URL
	Product               string // the product code that the application is sold under first

	sandbox, gateway *service
	app              *inkwell
}

// bazaarPlan says how to open one.
type bazaarPlan struct {
	sandboxAddr, gatewayAddr, appAddr string
	mailAddr                          string        // as the setting smtp-listen
	data                              string        // a folder for all state
	database                          string        // the gateway's, as a URL; empty: a file in data
	now                               time.Time     // where the sandbox's clock starts; zero: the system's time
	entitlementsEvery                 time.Duration // as the gateway's setting
	eventsSecrets                     []string      // as the gateway's setting
	chats                             []chat.Room   // as the gateway's setting
	noQueue                           bool          // the gateway reads none: AWS posts to it
	world                             *world.File   // nil: the built-in one
	log                               *slog.Logger
	logs                              io.Writer // the application's log
}

// openBazaar opens all three and returns when each has served a page. What was opened is closed again if that fails.
func openBazaar(ctx context.Context, plan bazaarPlan) (_ *bazaar, err error) {
	b := &bazaar{Database: plan.database}
	if b.Database == "" {
		b.Database = "sqlite:" + filepath.Join(plan.data, "gateway.db")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if err := os.MkdirAll(plan.data, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for the state: %w", err)
	}
	// The application starts while the rest is being made ready.
	child := sync.OnceValues(func() (*inkwell, error) { return startInkwell(plan.appAddr, plan.logs) })
	go child()
	err = b.openServers(ctx, plan, func() (string, error) {
		app, err := child()
		if err != nil {
			return "", err
		}
		b.app = app
		return app.url, nil
	})
	if err != nil {
		b.app, _ = child() // it may be on its way; close ends it
		return nil, err
	}
	return b, b.awaitPages(ctx)
}

// openServers opens sandbox and gateway and configures the application, whose URL appURL waits for.
func (b *bazaar) openServers(ctx context.Context, plan bazaarPlan, appURL func() (string, error)) error {
	sandboxLn, err := listen(ctx, plan.sandboxAddr, "sandbox-listen")
	if err != nil {
		return err
	}
	gatewayLn, err := listen(ctx, plan.gatewayAddr, "gateway-listen")
	if err != nil {
		return errors.Join(err, sandboxLn.Close())
	}
	b.Sandbox, b.Gateway = addressOf(sandboxLn), addressOf(gatewayLn)
	if b.App, err = appURL(); err == nil {
		err = b.openSandbox(ctx, plan, sandboxLn)
	}
	if err != nil {
		return errors.Join(err, sandboxLn.Close(), gatewayLn.Close())
	}
	if err := b.openGateway(ctx, plan, gatewayLn); err != nil {
		return errors.Join(err, gatewayLn.Close())
	}
	return nil
}

func (b *bazaar) openSandbox(ctx context.Context, plan bazaarPlan, ln net.Listener) error {
	log := plan.log.With("part", "sandbox")
	mail, err := listenMail(ctx, plan.mailAddr)
	if err != nil {
		return err
	}
	s, err := sandbox.Open(ctx, sandbox.Config{
		World: plan.world, BaseURL: b.Sandbox, FulfillmentURL: b.Gateway + "/register", SignInURL: b.App + "/",
		Now: plan.now, Data: filepath.Join(plan.data, "sandbox"), Mail: mail, Log: log,
	})
	if err != nil {
		return fmt.Errorf("open the sandbox: %w", err)
	}
	b.sandbox = launch(ctx, func(ctx context.Context) error { return sandboxServer.run(ctx, ln, s, log) })
	return nil
}

// thisMachine is where everything of a bazaar is, and the programs that try its webhooks.
var thisMachine = courier.Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// openGateway wires the gateway by the sandbox's own word, as anybody would who points a gateway at it.
func (b *bazaar) openGateway(ctx context.Context, plan bazaarPlan, ln net.Listener) error {
	env, err := marketplaceAt(b.Sandbox).env(ctx)
	if err != nil {
		return err
	}
	var products productsValue
	if err := products.Set(env["SOUK_PRODUCTS"]); err != nil {
		return fmt.Errorf("the sandbox's products: %w", err)
	}
	for i := range products {
		products[i].AppURL = b.App + "/"
	}
	if len(products) == 0 {
		return errors.New("the sandbox's world has no product to sell")
	}
	b.Product = string(products[0].Code)
	log := plan.log.With("part", "gateway")
	if plan.noQueue {
		env["SOUK_QUEUE_URL"] = ""
	}
	g, err := gateway.New(ctx, gateway.Config{
		DatabaseURL: b.Database, BaseURL: b.Gateway, QueueURL: env["SOUK_QUEUE_URL"], ClockURL: b.Sandbox, InstanceName: "souk-up",
		Endpoint: b.Sandbox, Region: env["AWS_REGION"], AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"],
		Products: core.Catalogue(products), Seller: core.Brand{Name: "Inkwell", SupportEmail: "help@inkwell.example", Accent: "#2b4a6f"},
		Mail:     gateway.Mail{Server: env["SOUK_SMTP_URL"], From: "Inkwell <hello@inkwell.example>"},
		SNSTrust: b.Sandbox, EventsSecrets: plan.eventsSecrets, MarketplaceURL: b.Sandbox + "/subscriptions", AWSSupportURL: b.Sandbox + "/support", EntitlementsEvery: plan.entitlementsEvery,
		Chats: plan.chats, WebhookNetworks: thisMachine, Log: log,
	})
	if err != nil {
		return fmt.Errorf("open the gateway: %w", err)
	}
	b.gateway = launch(ctx, func(ctx context.Context) error { return gatewayServer.run(ctx, ln, g, log) })
	if b.APIKey, err = standingKey(ctx, b.Database, filepath.Join(plan.data, "api-key")); err != nil {
		return err
	}
	if b.Console, err = standingOperator(ctx, b.Database, filepath.Join(plan.data, "console-password")); err != nil {
		return err
	}
	var codes []string
	for _, p := range products {
		codes = append(codes, string(p.Code))
	}
	return b.app.open(app.Config{
		Gateway: b.Gateway, APIKey: b.APIKey, Products: codes, Dimension: "pages", URL: b.App, Marketplace: b.Sandbox + "/subscriptions",
		Data:  filepath.Join(plan.data, "inkwell"),
		Stamp: false, // the sandbox's clock may be moved, and only the gateway follows it
	})
}

// awaitPages asks each of the three for a page; they answer as soon as they can.
func (b *bazaar) awaitPages(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, page := range []string{b.Sandbox + "/", b.Gateway + "/readyz", b.App + "/healthz"} {
		if err := awaitPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func awaitPage(ctx context.Context, page string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", res.Status)
		}
		if clock.Sleep(ctx, 5*time.Millisecond) != nil {
			return fmt.Errorf("%s is not ready: %w", page, err)
		}
	}
}

// failed is closed when one of the three ends without having been asked to.
func (b *bazaar) failed() <-chan struct{} {
	any := make(chan struct{})
	go func() {
		defer close(any)
		select {
		case <-b.sandbox.done:
		case <-b.gateway.done:
		case <-b.app.done:
		}
	}()
	return any
}

// close ends what is open: those who ask before those who answer.
func (b *bazaar) close() error {
	var errs []error
	if b.app != nil {
		errs = append(errs, b.app.end())
	}
	if b.gateway != nil {
		errs = append(errs, b.gateway.end())
	}
	if b.sandbox != nil {
		errs = append(errs, b.sandbox.end())
	}
	return errors.Join(errs...)
}

// env asks the sandbox for the variables that point a program at it.
func (m marketplace) env(ctx context.Context) (map[string]string, error) {
	raw := map[string]json.RawMessage{}
	if err := m.call(ctx, http.MethodGet, "env", nil, &raw); err != nil {
		return nil, err
	}
	env := map[string]string{}
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value) // products as they are
		}
		env[name] = text
	}
	return env, nil
}

// keyedClient is a client of the gateway, as the seller's program has one.
func (b *bazaar) keyedClient() (*client.Client, error) { return client.New(b.Gateway, b.APIKey) }
