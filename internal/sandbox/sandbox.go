// Package sandbox is AWS Marketplace's side, assembled: New wires the market, its APIs, its notices and its pages, and
// brings them back from the journal.
//
// It owns: which part is given to which, the sandbox's clock and how it goes on after a restart, and who gets which
// request. It does not own anything that a part does.
package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/job"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/control"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/inbox"
	"souk.dev/souk/internal/sandbox/journal"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/ops/agreement"
	"souk.dev/souk/internal/sandbox/ops/discovery"
	"souk.dev/souk/internal/sandbox/ops/entitlement"
	"souk.dev/souk/internal/sandbox/ops/metering"
	"souk.dev/souk/internal/sandbox/ops/sns"
	"souk.dev/souk/internal/sandbox/ops/sqs"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/storefront"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Config is what a sandbox is told from outside.
type Config struct {
	World          *world.File  // nil: the built-in world
	FulfillmentURL string       // of products whose listing has none; empty: http://127.0.0.1:4710/register
	SignInURL      string       // of products whose listing has none; may be empty
	Now            time.Time    // where the clock starts; zero: the system's time. With Data, only the first time
	Frozen         bool         // the clock starts standing still, at Now exactly. With Data, only the first time
	BaseURL        string       // where others reach this sandbox, such as http://127.0.0.1:4700
	Data           string       // the folder that keeps the state; empty: none is kept
	Mail           net.Listener // where programs send their mails to be caught; served by Run, closed by Close. nil: none are caught
	Snapshot       []byte       // what [Sandbox.Snapshot] wrote, to go on from; World, Now, Frozen and Seed are its own then
	Seed           uint64       // of all identifiers, so that a run can be repeated; 0: another for every new world
	Shuffle        uint64       // chooses every disputed behaviour, and how notices travel; 0: the world file does. With Data, only the first time
	Log            *slog.Logger

	// Of one of several [Worlds]: its name, its address by host name, and who makes others (the main one only).
	name   string
	pages  string
	worlds control.Worlds
	// restore makes a snapshot take this sandbox's place; nil: it has none that it could leave.
	restore func(snapshot []byte) (control.Restored, error)
	// replaces says that the snapshot is to take the place of what Data holds, by its journal's Succeed.
	replaces bool
}

// Sandbox is a running marketplace. Serve [Sandbox.Handler], call [Sandbox.Run], and [Sandbox.Close] when it returned.
type Sandbox struct {
	cfg      Config
	log      *slog.Logger
	clock    *clock.Virtual
	journal  *journal.Journal  // nil: nothing is kept
	snapshot *journal.Snapshot // what this sandbox goes on from; nil: it began by itself, or in Data
	keeping  bool              // changes go to the journal; false while it is replayed

	world  *world.World
	queues *queue.Service
	topics *topic.Service
	bus    *bus.Service
	desk   *notice.Desk
	board  *channel.Board
	faults *fault.Set
	calls  *wire.Calls
	inbox  *inbox.Inbox // nil: no mails are caught
	front  *wire.Front

	kept   atomic.Uint64 // counts what was, or could have been, written to the journal
	runner *job.Runner
	time   timekeeper
	fast   float64      // the rate at which the clock ran before a restart; 0 if it needs no start
	people http.Handler // the pages and the control API
	remote *control.Control
}

const defaultFulfillmentURL = "http://127.0.0.1:4710/register"

// New makes a sandbox, or brings back the one that c.Data keeps. ctx ends what outlives a request, such as a clock
// that runs fast. It does not listen: that is its caller's.
//
// Errors: fail.Invalid for a world that cannot be; fail.Conflict for a data folder that is in use, of another version,
// of another world than c.World, or not empty and c.Snapshot is given, or for a snapshot of another version.
func New(ctx context.Context, c Config) (*Sandbox, error) {
	if c.FulfillmentURL == "" {
		c.FulfillmentURL = defaultFulfillmentURL
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	s := &Sandbox{cfg: c, log: c.Log, faults: &fault.Set{}, calls: &wire.Calls{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.assemble(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open finds out what the world is made from: the configuration, or the journal.
func (s *Sandbox) open() error {
	if s.cfg.Snapshot != nil {
		return s.openSnapshot()
	}
	if s.cfg.Seed == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		s.cfg.Seed = binary.BigEndian.Uint64(b[:])
	}
	given := s.cfg.World
	if given == nil {
		s.cfg.World = world.Builtin()
	}
	if s.cfg.Data == "" {
		return nil
	}
	if len(s.cfg.World.Source) == 0 {
		return fail.New(fail.Invalid, "world_source", "A world without its file's text cannot be kept in a data folder; read it with world.ParseFile.")
	}
	j, err := journal.Open(s.cfg.Data, s.cfg.Seed, string(s.cfg.World.Source))
	if err != nil {
		return err
	}
	s.journal = j
	return s.adopt(j.Header, given)
}

func (s *Sandbox) assemble(ctx context.Context) error {
	s.startClock()
	if s.cfg.Mail != nil {
		s.inbox = inbox.New(s.clock, s.log)
	}
	base := func() string { return s.cfg.BaseURL }
	s.faults.Keep(s.keepFaults)
	s.queues = queue.New(queue.Options{Clock: s.clock, NewID: newUUID, Log: s.keepQueue, Ready: func() { s.time.nudge() }, Hid: func() { s.wake(queuesJob) }})
	if err := s.wireUp(base); err != nil {
		return err
	}
	w, err := world.New(world.Options{File: s.cfg.World, Seed: s.cfg.Seed, FulfillmentURL: s.cfg.FulfillmentURL, SignInURL: s.cfg.SignInURL,
		Sink: s.desk.Accept, Record: s.keepWorld})
	if err != nil {
		return err
	}
	s.world = w
	s.board = channel.New(channel.Options{World: w, Topics: s.topics, Bus: s.bus, Queues: s.queues, Desk: s.desk})
	s.runner = job.New(s.clock, s.log, s.marketJob(), named(noticesJob, s.desk), named(queuesJob, s.queues))
	s.time = timekeeper{Leader: lockstep.NewLeader(s.clock, s.runner), keep: s.keepClock, log: s.log}
	if err := s.restore(); err != nil {
		return fmt.Errorf("bring the sandbox back: %w", err)
	}
	s.front = &wire.Front{Clock: s.clock, Accounts: keyring{w, s.cfg.name}, Faults: s.faults, Calls: s.calls, Log: s.log,
		Namespaced: func() bool { return w.Profiles().Is(profile.ErrorType, profile.NamespacedName) }}
	s.front.Register(metering.Service(w), entitlement.Service(w), agreement.Service(w), discovery.Service(w, base), (&sqs.Service{Queues: s.queues, Base: base}).Wire(),
		s.sns().Wire(), s.eventbridge().Wire())
	return s.mount(ctx)
}

// mount gives every path to its part.
func (s *Sandbox) mount(ctx context.Context) error {
	pages, err := storefront.New(ctx, storefront.Options{World: s.world, Clock: s.clock, Time: s.time, Log: s.log, Calls: s.calls, Faults: s.faults, Desk: s.desk, Channels: s.board, Inbox: s.inbox,
		Changes: s.changes, Reset: s.reset, Snapshot: s.journal != nil})
	if err != nil {
		return err
	}
	base := func() string { return s.cfg.BaseURL }
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("GET "+discovery.LogoPath, discovery.Logo)
	mux.Handle("GET "+metering.PublicKeyPath, httpx.Try(s.log, getPublicKey))
	s.remote = control.New(ctx, control.Options{World: s.world, Queues: s.queues, Topics: s.topics, Desk: s.desk, Channels: s.board, Faults: s.faults, Calls: s.calls, Clock: s.clock,
		Time: s.time, Base: base, Log: s.log, Snapshot: s.Snapshot, Reset: s.reset, Restore: s.cfg.restore, Name: s.cfg.name, Worlds: s.cfg.worlds, Inbox: s.inbox, SMTP: s.smtpURL()})
	s.remote.Mount(mux)
	s.people = control.Guard(func() []string { return []string{s.cfg.BaseURL, s.cfg.pages} }, mux)
	return nil
}

// getPublicKey serves the key with which sellers verify what RegisterUsage signs.
func getPublicKey(w http.ResponseWriter, _ *http.Request) error {
	text, err := metering.PublicKey()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(text) // a client that has gone is told nothing
	return nil
}

// Handler serves everything the sandbox has: AWS's APIs, the control API and the pages.
func (s *Sandbox) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case wire.IsCall(r):
			s.front.ServeHTTP(w, r)
		case sns.IsLink(r):
			s.sns().ServeLink(w, r)
		default:
			s.people.ServeHTTP(w, r)
		}
	})
}

// Run works until ctx ends: the calendar, notices on their way, and mails to catch.
func (s *Sandbox) Run(ctx context.Context) error {
	if s.fast > 0 {
		s.time.Change(ctx, s.fast, false)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mail sync.WaitGroup
	var failed error
	if s.inbox != nil {
		mail.Go(func() {
			defer cancel() // a sandbox that catches no more mails must not look as if nobody wrote any
			failed = s.inbox.Serve(ctx, s.cfg.Mail)
		})
	}
	s.runner.Run(ctx)
	mail.Wait()
	return failed
}

// Close releases the data folder and the listener for mails. The sandbox must not be used any more.
func (s *Sandbox) Close() error {
	var errs []error
	if s.cfg.Mail != nil {
		if err := s.cfg.Mail.Close(); !errors.Is(err, net.ErrClosed) { // Run has closed it, if it ran
			errs = append(errs, err)
		}
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	return errors.Join(errs...)
}

// smtpURL is where mails are caught, such as smtp://127.0.0.1:4725; empty when none are.
func (s *Sandbox) smtpURL() string {
	if s.cfg.Mail == nil {
		return ""
	}
	host, port, err := net.SplitHostPort(s.cfg.Mail.Addr().String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "smtp://" + net.JoinHostPort(host, port)
}

// The jobs' names.
const (
	marketJob  = "market"
	noticesJob = "notices"
	queuesJob  = "queues"
)

// marketJob does what the market's calendar has.
func (s *Sandbox) marketJob() job.Job {
	return job.Job{
		Name: marketJob,
		Due: func(context.Context) (time.Time, bool, error) {
			at, ok := s.world.Due()
			return at, ok, nil
		},
		Run: func(context.Context) (bool, error) { return s.world.RunDue(s.clock.Now()) },
	}
}

// named makes a job of a part that brings its work along.
func named(name string, part interface {
	Job() (due func(context.Context) (time.Time, bool, error), run func(context.Context) (bool, error))
}) job.Job {
	due, run := part.Job()
	return job.Job{Name: name, Due: due, Run: run}
}
