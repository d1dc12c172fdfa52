package control

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"souk.dev/souk/api"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/inbox"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Time is the clock as it is moved, and as others follow it. *lockstep.Leader says what each method promises.
type Time interface {
	Advance(ctx context.Context, target time.Time) (silent []string, err error)
	Change(ctx context.Context, rate float64, frozen bool)
	Running() (rate float64, frozen bool)
	Followers() []string
	Serve(ctx context.Context, name string, p lockstep.Poll) (lockstep.Answer, error)
	Attend(ctx context.Context, name string)
	Leave(name string)
}

// Options is what the control API controls.
type Options struct {
	World  *world.World
	Queues *queue.Service
	Topics *topic.Service
	Desk   *notice.Desk
	// Channels shows and changes Topics, the rules and Queues as a seller sees them.
	Channels *channel.Board
	Faults   *fault.Set
	Calls    *wire.Calls
	Clock    clock.Clock
	Time     Time
	// Base is the sandbox's own address, without a slash at the end.
	Base func() string
	Log  *slog.Logger
	// Snapshot writes down what it takes to make the sandbox again.
	Snapshot func(io.Writer) error
	// Reset makes everything as the world's file says.
	Reset func() error
	// Inbox is the mails that were caught, and SMTP where programs send them; nil and empty when none are.
	Inbox *inbox.Inbox
	SMTP  string
	// Restore makes a snapshot take the place of all this; nil: it cannot.
	Restore func(snapshot []byte) (Restored, error)
	// Name is the world's, where several are served at one address; empty: the main one, which has Worlds.
	Name   string
	Worlds Worlds
}

// Control serves /_sandbox/ and /openapi.json.
type Control struct {
	opt  Options
	life context.Context
	told answers
}

// New makes the control API. life ends what outlives a request: a clock that was told to run fast.
func New(life context.Context, opt Options) *Control {
	return &Control{opt: opt, life: life}
}

// Mount adds the calls to mux.
func (c *Control) Mount(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		forbid(w, "A page of another site may not control this sandbox.")
	}))
	for pattern, f := range c.calls() {
		if isAct(pattern) {
			f = c.told.once(f)
		}
		mux.Handle(pattern, guard.Handler(httpx.Try(c.opt.Log, f)))
	}
	mux.Handle("GET /openapi.json", api.Handler(api.Sandbox))
	mux.Handle("GET "+topic.CertificatePath, httpx.Try(c.opt.Log, c.getCertificate))
	mux.Handle("/_sandbox/", guard.Handler(httpx.Try(c.opt.Log, noSuchCall)))
}

// calls are what api/sandbox.yaml describes, by method and path.
func (c *Control) calls() map[string]httpx.Func {
	all := map[string]httpx.Func{
		"GET /_sandbox/clock":                             c.getClock,
		"POST /_sandbox/clock":                            c.postClock,
		"POST " + lockstep.Path + "/{name}":               c.postFollower,
		"GET " + lockstep.Path + "/{name}":                c.getFollower,
		"DELETE " + lockstep.Path + "/{name}":             c.deleteFollower,
		"GET /_sandbox/products":                          c.getProducts,
		"POST /_sandbox/products":                         c.postProduct,
		"GET /_sandbox/products/{id}":                     c.getProduct,
		"PATCH /_sandbox/products/{id}":                   c.patchProduct,
		"GET /_sandbox/offers":                            c.getOffers,
		"POST /_sandbox/offers":                           c.postOffer,
		"GET /_sandbox/offers/{id}":                       c.getOffer,
		"PATCH /_sandbox/offers/{id}":                     c.patchOffer,
		"GET /_sandbox/buyers":                            c.getBuyers,
		"POST /_sandbox/buyers":                           c.postBuyer,
		"GET /_sandbox/buyers/{id}":                       c.getBuyer,
		"PATCH /_sandbox/buyers/{id}":                     c.patchBuyer,
		"GET /_sandbox/agreements":                        c.getAgreements,
		"POST /_sandbox/agreements":                       c.postAgreement,
		"GET /_sandbox/agreements/{id}":                   c.getAgreement,
		"POST /_sandbox/agreements/{id}/token":            c.postToken,
		"POST /_sandbox/agreements/{id}/amend":            c.postAmend,
		"POST /_sandbox/agreements/{id}/replace":          c.postReplace,
		"POST /_sandbox/agreements/{id}/price-increase":   c.postIncrease,
		"POST /_sandbox/agreements/{id}/refund":           c.postRefund,
		"POST /_sandbox/agreements/{id}/{act}":            c.postAct,
		"GET /_sandbox/cancellation-requests":             c.getCancellations,
		"POST /_sandbox/cancellation-requests":            c.postCancellation,
		"GET /_sandbox/cancellation-requests/{id}":        c.getCancellation,
		"POST /_sandbox/cancellation-requests/{id}/{act}": c.postCancellationAct,
		"GET /_sandbox/payment-requests":                  c.getPayments,
		"POST /_sandbox/payment-requests":                 c.postPayment,
		"GET /_sandbox/payment-requests/{id}":             c.getPayment,
		"POST /_sandbox/payment-requests/{id}/{act}":      c.postPaymentAct,
		"GET /_sandbox/invoices":                          c.getInvoices,
		"GET /_sandbox/invoices/{id}":                     c.getInvoice,
		"GET /_sandbox/adjustments":                       c.getAdjustments,
		"POST /_sandbox/adjustments":                      c.postAdjustments,
		"GET /_sandbox/adjustments/{id}":                  c.getAdjustment,
		"GET /_sandbox/cases":                             c.getCases,
		"POST /_sandbox/cases":                            c.postCase,
		"GET /_sandbox/cases/{id}":                        c.getCase,
		"POST /_sandbox/cases/{id}/{act}":                 c.postCaseAct,
		"GET /_sandbox/records":                           c.getRecords,
		"GET /_sandbox/bill":                              c.getBill,
		"GET /_sandbox/reports":                           c.getReports,
		"GET /_sandbox/reports/{file}":                    c.getReport,
		"GET /_sandbox/calls":                             c.getCalls,
		"GET /_sandbox/deliveries":                        c.getDeliveries,
		"GET /_sandbox/deliveries/{id}":                   c.getDelivery,
		"POST /_sandbox/deliveries/{id}/redeliver":        c.postRedeliver,
		"GET /_sandbox/faults":                            c.getFaults,
		"POST /_sandbox/faults":                           c.postFault,
		"DELETE /_sandbox/faults":                         c.deleteFaults,
		"DELETE /_sandbox/faults/{id}":                    c.deleteFault,
		"GET /_sandbox/profiles":                          c.getProfiles,
		"POST /_sandbox/profiles":                         c.postProfiles,
		"GET /_sandbox/inbox":                             c.getInbox,
		"GET /_sandbox/inbox/{id}":                        c.getMail,
		"DELETE /_sandbox/inbox":                          c.deleteInbox,
		"GET /_sandbox/env":                               c.getEnv,
		"GET /_sandbox/world.schema.json":                 c.getWorldSchema,
		"POST /_sandbox/reset":                            c.postReset,
		"GET /_sandbox/snapshot":                          c.getSnapshot,
		"POST /_sandbox/snapshot":                         c.postSnapshot,
		"GET /_sandbox/worlds":                            c.getWorlds,
		"POST /_sandbox/worlds":                           c.postWorld,
		"GET /_sandbox/worlds/{name}":                     c.getWorld,
		"DELETE /_sandbox/worlds/{name}":                  c.deleteWorld,
	}
	maps.Copy(all, c.channelCalls())
	return all
}

func noSuchCall(_ http.ResponseWriter, r *http.Request) error {
	return fail.New(fail.NotFound, "unknown_call", "There is no call %s %s; GET /openapi.json lists them.", r.Method, r.URL.Path)
}

// acted lets what an act made due happen before the act is answered: where time stands still and others follow it,
// they have done their part when the caller reads the answer. Where time runs, it happens by itself.
func (c *Control) acted(ctx context.Context) {
	if _, frozen := c.opt.Time.Running(); !frozen {
		return
	}
	silent, err := c.opt.Time.Advance(ctx, c.opt.Clock.Now())
	if err != nil && ctx.Err() == nil {
		// Somebody moved the clock meanwhile, and so did the same.
		c.opt.Log.DebugContext(ctx, "not settled after an act", "err", err)
	}
	if len(silent) > 0 {
		c.opt.Log.WarnContext(ctx, "followers did not answer and are followed no longer", "followers", silent)
	}
}
