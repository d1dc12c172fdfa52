package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// Limits of gathering.
const (
	// lanes is how many bundles may be under way. While the owner stores one, the next comes and is decided: a third would only make
	// all of them smaller.
	lanes       = 2
	fullEvents  = 20_000           // so many in a bundle, and no further request joins
	fullBytes   = 8 << 20          // the same
	mostWaiting = 200_000          // events that wait for a lane; then callers are held off
	bundleLimit = 20 * time.Second // for a bundle's answer, whoever gives it: longer than patience
)

// Gatherer brings usage events to the owner, those of many requests in one piece: what comes while pieces are under way goes with the
// next. The owner then has no HTTP to do for each request, and none of the reading. It is answered for each request as if that had been
// brought alone. Make it with [NewGatherer].
type Gatherer struct {
	relay *Relay
	// key tells the id of the API key with which the request of that context came.
	key func(ctx context.Context) string

	mu      sync.Mutex
	waiting []*load
	events  int // in waiting
	busy    int // lanes
}

// load is one request's events.
type load struct {
	key, source string
	events      []usage.Event
	answer      usage.Answer
	done        chan struct{} // closed when it is answered
}

// NewGatherer makes a gatherer whose bundles r brings. key tells with which API key a request came.
func NewGatherer(r *Relay, key func(ctx context.Context) string) *Gatherer {
	return &Gatherer{relay: r, key: key}
}

// Ready reports whether there is an owner that takes bundles. One of an older version is to be brought requests whole.
func (g *Gatherer) Ready() bool { return g.relay.c.View().Owner.Speaks >= takesBundles }

// Accept is [usage.Intake.Accept], at the owner.
//
// Errors: those that it gives; and fail.Later, where no owner can be reached or its answer was lost: some may have been taken then, so the
// same is to be sent again.
func (g *Gatherer) Accept(ctx context.Context, source string, events []usage.Event) (usage.Result, error) {
	l := &load{key: g.key(ctx), source: source, events: events, done: make(chan struct{})}
	if err := g.enqueue(l); err != nil {
		return usage.Result{}, err
	}
	<-l.done // also if the caller has gone: what it sent is on its way
	return l.answer.Result, l.answer.Err
}

func (g *Gatherer) enqueue(l *load) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.events > 0 && g.events+len(l.events) > mostWaiting {
		return fail.New(fail.TooMuch, "busy", "More events are waiting than the gateway that keeps the books keeps up with; send the same again in a moment.")
	}
	g.waiting = append(g.waiting, l)
	g.events += len(l.events)
	if g.busy < lanes {
		g.busy++
		go g.lane()
	}
	return nil
}

var bundles = sync.Pool{New: func() any { return new(usage.Bundle) }}

// lane brings bundles for as long as there is something to bring.
func (g *Gatherer) lane() {
	b := bundles.Get().(*usage.Bundle)
	defer bundles.Put(b)
	for {
		loads := g.gather(b)
		if len(loads) == 0 {
			return
		}
		// A copy: what is broken off may still be read by whoever sent it.
		answers, err := g.bring(bytes.Clone(b.Bytes()), len(loads))
		if err != nil {
			loads = append(loads, g.all()...) // they have waited as long, for nothing
		}
		for i, l := range loads {
			switch {
			case err != nil:
				l.answer.Err = err
			case answers[i].Err == nil && answers[i].Counts() != len(l.events): // nobody may take that for an answer to what was sent
				l.answer.Err = fmt.Errorf("the owner's answer is for %d events, of %d that were brought", answers[i].Counts(), len(l.events))
			default:
				l.answer = answers[i]
			}
			g.relay.c.Observe(outcome(err))
			close(l.done)
		}
	}
}

// outcome is what is told of a request that was to go with others.
func outcome(err error) string {
	switch {
	case err == nil:
		return "gathered"
	case fail.CodeOf(err) == answerLost:
		return "lost"
	}
	return "refused"
}

// gather makes b the next bundle, and tells whose events are in it; nobody's: the lane has ended. It yields the processor for as long as
// the queue grows, so that those who are just arriving come along.
func (g *Gatherer) gather(b *usage.Bundle) (loads []*load) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for before := -1; g.events != before && g.events < fullEvents; {
		before = g.events
		g.mu.Unlock()
		runtime.Gosched()
		g.mu.Lock()
	}
	b.Reset()
	for len(g.waiting) > 0 && b.Events() < fullEvents && len(b.Bytes()) < fullBytes {
		l := g.waiting[0]
		g.waiting[0] = nil
		g.waiting = g.waiting[1:]
		g.events -= len(l.events)
		loads = append(loads, l)
		b.Add(l.key, l.source, l.events)
	}
	if len(loads) == 0 {
		g.waiting = nil
		g.busy--
	}
	return loads
}

// all empties the queue.
func (g *Gatherer) all() []*load {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.waiting
	g.waiting, g.events = nil, 0
	return all
}

// errNoBundles is of an owner of an older version.
var errNoBundles = fail.New(fail.Later, "no_owner", "The gateway that keeps the books is being replaced by another version; send the same again.")

// bring has a bundle of so many calls answered by whoever keeps the books.
//
// Errors: of [Relay.bring]; fail.Later where the answer is lost; errNoBundles; what else the owner says.
func (g *Gatherer) bring(bundle []byte, calls int) ([]usage.Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), ownKey{}, true), bundleLimit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, EventsPath, bytes.NewReader(bundle))
		if err != nil {
			return nil, fmt.Errorf("make a request with gathered events: %w", err)
		}
		req.Header.Set("Content-Type", bundleType)
		w := &answer{header: http.Header{}}
		if err := g.relay.bring(&parcel{w: w, req: req, body: bundle, again: true}); err != nil {
			return nil, err
		}
		switch answers, whole := usage.ReadAnswers(w.body.Bytes(), calls); {
		case w.status == http.StatusOK && whole:
			return answers, nil
		case w.status == http.StatusNotFound:
			return nil, errNoBundles
		case ctx.Err() != nil:
			return nil, fail.New(fail.Later, answerLost, "The gateway that keeps the books has not answered; what was sent may have been taken. Send the same again.")
		case w.status != http.StatusOK:
			return nil, refusedBy(w)
		}
		// It broke off. What was taken is recognised.
	}
}

// refusedBy is why the owner took nothing of a bundle: what it says where that is to be repeated, as every sender would have heard it.
func refusedBy(w *answer) error {
	var p httpx.Problem
	if err := json.Unmarshal(w.body.Bytes(), &p); err == nil && p.Status == http.StatusServiceUnavailable {
		return fail.New(fail.Later, p.Code, "%s", p.Detail)
	}
	return fmt.Errorf("the owner answers gathered events with %d: %.500s", w.status, w.body.Bytes())
}

// answer is a response that stays here.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
