package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	openapi "souk.dev/souk/api"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/relay"
	"souk.dev/souk/internal/gateway/store"
)

// standIn mounts what a node that stands by does by itself, and has whole do the rest of it:
//
// Usage events: all that can be said of them without knowing others, and of who sends them, is said here, and the owner is brought what
// they say. An owner that does not know that is brought the request whole.
//
// Checks: they are answered from what this node remembers of licences. It does not know how much is used up, which the owner counts;
// nor what time it is for an owner that follows a sandbox's clock.
func (n *Node) standIn(standby *http.ServeMux, whole http.Handler) {
	ring := keys.NewRing(sharedKeys{n}, clock.System{}, n.c.Log)
	door := api.NewDoor(ring, nil, nil, clock.System{}, n.c.Log, api.Events{Intake: n.gather}, api.StandbyChecks{
		Memory: n.memory, Owner: whole, Observe: func() { n.talk.Brought("remembered") },
		Counted: func(code core.ProductCode, d core.Dimension) bool { return metering.CountsUsed(n.c.Products, code, d) },
	})
	here := asItSays(http.MaxBytesHandler(door, maxBody))
	take := func(pattern string, able func() bool) {
		standby.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if able() && !relay.WasBrought(r) { // one that was brought is for an owner: this node was it a moment ago
				here.ServeHTTP(w, r)
				return
			}
			whole.ServeHTTP(w, r)
		})
	}
	take("POST /v1/events", n.gather.Ready)
	take("GET /v1/licenses/{id}/check", func() bool {
		_, _, ok := n.memory()
		return ok
	})
	standby.Handle("GET /openapi.json", asItSays(openapi.Handler(openapi.Gateway)))
}

// memory is what this node may say of licences at this moment, without asking the owner.
func (n *Node) memory() (known license.Finder, rights api.Judge, ok bool) {
	db := n.joined.Load()
	if db == nil || n.c.ClockURL != "" {
		return nil, nil, false
	}
	o, _ := db.Ownership()
	if o.Mine || o.Speaks < relay.NotesChanges {
		return nil, nil, false
	}
	view := n.known.Now(o.Epoch)
	return view, view, view != nil
}

// remember keeps what this node remembers of licences up to date until forget is called.
func (n *Node) remember(ctx context.Context, db *store.DB) (forget func()) {
	ctx, stop := context.WithCancel(ctx)
	from := db.Replica()
	var running sync.WaitGroup
	running.Go(func() {
		defer from.Close()
		n.known.Run(ctx, from)
	})
	return func() {
		stop()
		running.Wait()
	}
}

// sharedKeys are the API keys as a node that stands by looks them up.
type sharedKeys struct{ *Node }

func (n sharedKeys) store() (keys.Store, error) {
	if db := n.joined.Load(); db != nil {
		return db.Keys(), nil
	}
	return nil, fail.New(fail.Later, "no_owner", "This gateway is not joined to the others at the moment; send the same again.")
}

// KeyByHash implements [keys.Finder].
func (n sharedKeys) KeyByHash(ctx context.Context, h keys.Hash) (keys.Key, error) {
	s, err := n.store()
	if err != nil {
		return keys.Key{}, err
	}
	return s.KeyByHash(ctx, h)
}

// KeyUsed implements [keys.Finder]. It is the one thing that a node writes which does not keep the books: the owner hears nothing of a
// check that is answered here.
func (n sharedKeys) KeyUsed(ctx context.Context, id string, at time.Time) error {
	s, err := n.store()
	if err != nil {
		return err
	}
	return s.KeyUsed(ctx, id, at)
}
