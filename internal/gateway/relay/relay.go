package relay

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// Limits of the waiting for an owner.
const (
	patience = 15 * time.Second       // for one request: longer than another node needs to take the books over
	again    = 200 * time.Millisecond // between two looks for an owner
	mostHeld = 500                    // requests that wait; others are refused at once
)

// Owner is the node that keeps the books, if another one does.
type Owner struct {
	Address string          // the URL at which it is reached; empty: there is none, or nobody knows where
	Epoch   int64           // counts the owners
	Speaks  int64           // how much of what nodes say to each other its program understands, see [Speaks]
	Gone    <-chan struct{} // closed when it may not be the owner any more
}

// View is how this process sees itself and the others at one moment.
type View struct {
	Keys  Keys      // of the nodes; nil: this process is none of them
	Now   time.Time // by the database's clock
	Epoch int64     // under which this process keeps the books; 0: it does not
	Owner Owner     // the node that does, if it is another one
}

// Config is what a relay is made of.
type Config struct {
	// Node is this process's name.
	Node string
	// Own is this process's handler while it keeps the books itself; call release when the request is answered. ok is
	// false while it does not.
	Own func() (h http.Handler, release func(), ok bool)
	// View tells who keeps the books, and how that is proven.
	View func() View
	// Observe, if not nil, hears of every request that is brought: its outcome is brought, gathered (its events went with others'),
	// lost or refused.
	Observe func(outcome string)
	// Refused, if not nil, hears of everything that is not believed: what (request, or answer) and why.
	Refused func(what, reason string)
	Log     *slog.Logger
}

// Relay answers requests on any node. Make it with [New].
type Relay struct {
	c        Config
	carrier  *carrier
	seen     windows // of requests that other nodes have brought here
	held     atomic.Int64
	patience time.Duration
}

// New makes a relay.
func New(c Config) *Relay {
	if c.Observe == nil {
		c.Observe = func(string) {}
	}
	if c.Refused == nil {
		c.Refused = func(string, string) {}
	}
	return &Relay{c: c, carrier: newCarrier(c), patience: patience}
}

// ServeHTTP implements [http.Handler]. It must be asked through [Relay.Door].
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.own(w, req) {
		return
	}
	if WasBrought(req) { // this node was the owner a moment ago
		r.refuse(w, req, claim{}, notOwner)
		return
	}
	p := newParcel(w, req)
	if err := p.pack(); err != nil {
		httpx.Fail(w, req, r.c.Log, err)
		return
	}
	if err := r.bring(p); err != nil {
		r.c.Observe("refused")
		httpx.Fail(w, req, r.c.Log, err)
	}
}

// own answers the request here, if this node keeps the books.
func (r *Relay) own(w http.ResponseWriter, req *http.Request) bool {
	h, release, ok := r.c.Own()
	if !ok {
		return false
	}
	defer release()
	h.ServeHTTP(w, req)
	return true
}

// bring has p answered by the owner, whoever that is. After an error p is not answered.
func (r *Relay) bring(p *parcel) error {
	patient, cancel := context.WithTimeout(p.req.Context(), r.patience)
	defer cancel()
	waits := false
	defer func() {
		if waits {
			r.held.Add(-1)
		}
	}()
	for {
		if v := r.c.View(); v.Owner.Address != "" {
			done, err := r.carrier.carry(p, v)
			switch {
			case err != nil:
				r.observe(p, "lost")
				return err
			case done:
				r.observe(p, "brought")
				return nil
			case !p.again:
				return errNoOwner()
			}
		}
		if !waits {
			if r.held.Add(1) > mostHeld {
				r.held.Add(-1)
				return errNoOwner()
			}
			waits = true
		}
		if clock.Sleep(patient, again) != nil {
			return errNoOwner()
		}
		if r.own(p.w, p.fresh(p.req.Context())) {
			return nil
		}
	}
}

// observe tells what became of a request, unless that is this node's own: those whose events are in it are told of one by one.
func (r *Relay) observe(p *parcel, outcome string) {
	if !asksForItself(p.req) {
		r.c.Observe(outcome)
	}
}

func errNoOwner() error {
	return fail.New(fail.Later, "no_owner", "No gateway can be reached that keeps the books; another one takes over in a moment. Repeat then.")
}
