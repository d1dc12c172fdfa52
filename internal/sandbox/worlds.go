package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"souk.dev/souk/internal/sandbox/control"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Worlds are the marketplaces of one address: the main one, and named ones beside it that are made and ended while it
// runs. Each is a [Sandbox] of its own, with its own clock, queues, journal, faults and log of calls; nothing that happens
// in one can be seen in another. Serve it, call [Worlds.Run], and [Worlds.Close] when it returned.
//
// Which one a request is for is said by its host name (NAME.localhost, or NAME. and any name of this machine), by its
// path (/_sandbox/worlds/NAME/…), or by its access key (KEY@NAME); where nothing says so, it is for the main one.
type Worlds struct {
	cfg  Config // the main world's
	life context.Context
	log  *slog.Logger

	post *post // nil: no mails are caught; they are the main world's

	making sync.Mutex // one world is made, ended or replaced at a time

	mu      sync.RWMutex
	tenants map[string]*tenant // by name; the main world's is empty
	running context.Context    // of Run; nil until it is called
	leaving sync.WaitGroup     // worlds that are being ended
	failed  chan error         // why a world has stopped working
}

// tenant is a world with its life.
type tenant struct {
	*Sandbox
	handler http.Handler
	life    context.Context // ends with it, and ends what waits in it, such as a long poll
	end     context.CancelFunc
	busy    sync.WaitGroup // its requests under way
	working sync.WaitGroup // its Run
}

// Open makes the main world, as [New] does, and those named ones that c.Data keeps. ctx ends what outlives a request.
func Open(ctx context.Context, c Config) (*Worlds, error) {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	w := &Worlds{cfg: c, life: ctx, tenants: map[string]*tenant{}, failed: make(chan error, 1)}
	if c.Mail != nil {
		w.post = openPost(c.Mail)
	}
	c.worlds = w
	main, err := w.tenant(c)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	w.tenants[""], w.log = main, main.log
	if err := w.reopen(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// tenant makes a world that nobody serves yet.
func (w *Worlds) tenant(c Config) (*tenant, error) {
	t := &tenant{}
	name := c.name
	if c.Mail != nil {
		c.Mail = w.post.box()
	}
	c.restore = func(snapshot []byte) (control.Restored, error) { return w.Restore(name, snapshot) }
	t.life, t.end = context.WithCancel(w.life)
	var err error
	if t.Sandbox, err = New(t.life, c); err != nil {
		t.end()
		return nil, err
	}
	t.handler = t.Handler()
	return t, nil
}

// admit begins to serve t in the place of the one that had its name, which is returned.
func (w *Worlds) admit(t *tenant) (before *tenant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, w.tenants[t.cfg.name] = w.tenants[t.cfg.name], t
	w.work(t)
	return before
}

// work lets t do its work, once Run was called. w.mu is held.
func (w *Worlds) work(t *tenant) {
	if w.running == nil {
		return
	}
	ctx, cancel := context.WithCancel(w.running)
	stop := context.AfterFunc(t.life, cancel)
	t.working.Go(func() {
		defer cancel()
		defer stop()
		if err := t.Run(ctx); err != nil && t.life.Err() == nil { // of one that is being ended, it is no failure
			select {
			case w.failed <- err:
			default: // one failure ends all
			}
		}
	})
}

// retire ends t, which is served no longer, once its requests are through.
func (w *Worlds) retire(t *tenant) error {
	t.end()
	t.busy.Wait()
	t.working.Wait()
	return t.Sandbox.Close()
}

// Handler serves all worlds.
func (w *Worlds) Handler() http.Handler { return http.HandlerFunc(w.serve) }

func (w *Worlds) serve(rw http.ResponseWriter, r *http.Request) {
	sent := r.URL.Path
	name, r, err := w.choose(r)
	if err != nil {
		w.refuse(rw, r, err)
		return
	}
	t := w.enter(name)
	if t == nil {
		w.refuse(rw, r, unknownWorld(name))
		return
	}
	defer t.busy.Done()
	if wantsPage(sent, r) {
		http.Redirect(rw, r, t.cfg.pages+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(t.life, cancel)()
	t.handler.ServeHTTP(rw, r.WithContext(ctx))
}

// enter finds a world and keeps it from being closed until its busy is done; nil if there is none.
func (w *Worlds) enter(name string) *tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t := w.tenants[name]
	if t != nil {
		t.busy.Add(1)
	}
	return t
}

func (w *Worlds) has(name string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.tenants[name] != nil
}

// Run works in all worlds until ctx ends, or one of them fails.
func (w *Worlds) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mu.Lock()
	w.running = ctx
	for _, t := range w.tenants {
		w.work(t)
	}
	w.mu.Unlock()
	select {
	case <-ctx.Done():
	case err = <-w.failed:
		cancel()
	}
	for _, t := range w.all() {
		t.working.Wait()
	}
	return err
}

// all are the worlds, the main one first and the others by name.
func (w *Worlds) all() []*tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []*tenant
	for _, name := range slices.Sorted(maps.Keys(w.tenants)) {
		all = append(all, w.tenants[name])
	}
	return all
}

// Close releases what the worlds keep their state in. They must not be used any more.
func (w *Worlds) Close() error {
	w.making.Lock()
	defer w.making.Unlock()
	var errs []error
	for _, t := range w.all() {
		if err := w.retire(t); err != nil {
			errs = append(errs, fmt.Errorf("close the world %q: %w", t.cfg.name, err))
		}
	}
	w.leaving.Wait()
	if w.post != nil {
		if err := w.post.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// keyring knows a world's access keys as they are known outside of it.
type keyring struct {
	*world.World
	name string
}

// Account implements wire.Accounts.
func (k keyring) Account(id string) (world.AccessKey, bool) {
	key, name := wire.CutWorld(id)
	if name != k.name {
		key = id
	}
	return k.World.Account(key)
}

// remoteOf describes t as the control API shows it.
func (w *Worlds) remoteOf(t *tenant) control.World { return t.remote.Describe(t.cfg.pages) }
