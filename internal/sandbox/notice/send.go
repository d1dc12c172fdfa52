package notice

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/sandbox/parcel"
)

// Result is what came of an attempt over HTTP.
type Result struct {
	Attempt int             `json:"attempt"` // its place among the notice's attempts
	Outcome Outcome         `json:"outcome"`
	Why     string          `json:"why,omitempty"`
	Status  int             `json:"status,omitempty"`
	GivenUp *parcel.Failure `json:"givenUp,omitempty"` // nothing will be tried any more
}

// Bounds of talking to endpoints: how many at a time, and how much of an answer is read.
const (
	atATime   = 16
	maxAnswer = 64 << 10
)

// newClient is a client that follows no redirects, as neither SNS nor EventBridge does, and goes by no proxy.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// sendAll makes attempts over HTTP: those to one endpoint one after the other, those to several at the same time. A ctx
// that ends leaves the rest as they were, to be sent again.
func (d *Desk) sendAll(ctx context.Context, all []*attempt) {
	var order []string
	byTarget := map[string][]*attempt{}
	for _, a := range all {
		if !slices.Contains(order, a.Target) {
			order = append(order, a.Target)
		}
		byTarget[a.Target] = append(byTarget[a.Target], a)
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, atATime)
	for _, target := range order {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			for _, a := range byTarget[target] {
				d.send(ctx, a)
			}
		})
	}
	wg.Wait()
}

// send makes one attempt and keeps what came of it.
func (d *Desk) send(ctx context.Context, a *attempt) {
	d.mu.Lock()
	p, err := d.parcel(a)
	d.mu.Unlock()
	var r Result
	if err != nil {
		r = Result{Outcome: Failed, Why: err.Error(), GivenUp: &parcel.Failure{Code: parcel.NoResource, Message: err.Error()}}
	} else {
		r = d.call(ctx, p)
		if ctx.Err() != nil && r.Status == 0 {
			d.mu.Lock()
			d.outbox = append(d.outbox, a)
			d.mu.Unlock()
			return
		}
	}
	if d.answered(a, p, r) {
		d.opt.Ready()
	}
}

// call makes p's request.
func (d *Desk) call(ctx context.Context, p parcel.Parcel) Result {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, p.Method, p.URL, strings.NewReader(p.Body))
	if err != nil {
		return Result{Outcome: Failed, Why: err.Error(), GivenUp: &parcel.Failure{Code: parcel.Unreachable, Message: err.Error()}}
	}
	for name, v := range p.Header {
		req.Header.Set(name, v)
	}
	resp, err := d.http.Do(req)
	if err != nil {
		why := err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			why = "no answer within " + p.Timeout.String()
		}
		return Result{Outcome: Failed, Why: why}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // what an endpoint says beside its status is nobody's business
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return Result{Outcome: Failed, Why: "it answered " + resp.Status, Status: resp.StatusCode}
	}
	return Result{Outcome: Delivered, Status: resp.StatusCode}
}

// answered decides what follows from r, writes it down and lets it happen; it reports whether the endpoint took the
// notice. What was reset meanwhile is nobody's affair any more.
func (d *Desk) answered(a *attempt, p parcel.Parcel, r Result) (took bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byID[a.del.ID] != a.del {
		return false
	}
	now := d.opt.Clock.Now()
	r.Attempt = a.n
	c := Change{Notice: a.del.ID, Result: &r, At: now}
	if r.Outcome == Failed && r.GivenUp == nil {
		again := a.Planned
		if again.Try == 0 {
			again.Since = a.del.Attempts[a.n].At
		}
		pause, exhausted := p.Retry.Next(a.Try+1, now.Sub(again.Since))
		switch {
		case r.Status != 0 && p.Final != nil && p.Final(r.Status):
			r.GivenUp = failure(r, a.Try+1, "")
		case a.Way == Forge: // a forger has no patience
			r.GivenUp = failure(r, a.Try+1, parcel.MaximumAttempts)
		case exhausted != "":
			r.GivenUp = failure(r, a.Try+1, exhausted)
		default:
			again.At, again.Try = now.Add(pause), a.Try+1
			if again.Way == Behind {
				again.Way = Deliver
			}
			c.Attempts = []Planned{again}
		}
	}
	if r.Outcome == Delivered && a.Way == Forge {
		r.Why = forged
	}
	// An answer that could not be kept is one that was not had: after a restart the notice is sent again.
	if err := d.opt.Record(c); err != nil {
		d.opt.Log.Error("what an endpoint answered was not written down", "notice", a.del.ID, "err", err)
	}
	d.conclude(a.del, c)
	return r.Outcome == Delivered
}

func failure(r Result, attempts int, exhausted string) *parcel.Failure {
	f := &parcel.Failure{Code: parcel.Unreachable, Message: r.Why, Attempts: attempts, Exhausted: exhausted}
	switch {
	case r.Status != 0:
		f.Code = parcel.Refused
		f.Message = "HTTP status " + strconv.Itoa(r.Status)
	case strings.HasPrefix(r.Why, "no answer"):
		f.Code = parcel.Timeout
	}
	return f
}

// conclude enters what came of an attempt over HTTP, and what is tried next.
func (d *Desk) conclude(del *Delivery, c Change) {
	r := c.Result
	if r.Attempt >= len(del.tries) {
		return // a journal that does not fit; the notice is sent again
	}
	a, at := del.tries[r.Attempt], &del.Attempts[r.Attempt]
	d.outbox = slices.DeleteFunc(d.outbox, func(other *attempt) bool { return other == a })
	at.Outcome, at.Why, at.Status = r.Outcome, r.Why, r.Status
	for _, next := range d.add(del, c.Attempts) {
		d.due.add(next)
	}
	if r.GivenUp == nil {
		return
	}
	if p, err := d.parcel(a); err == nil && a.Way != Forge {
		d.bury(a, p, *r.GivenUp, c.At)
	}
}
