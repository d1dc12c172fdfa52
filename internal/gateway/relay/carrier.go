package relay

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/fail"
)

// notOwner is a header of an answer that says: this node does not keep the books, and has done nothing.
const notOwner = "Souk-Not-Owner"

// carrier brings requests to other nodes.
type carrier struct {
	node  string
	proxy *httputil.ReverseProxy
}

// Limits of the way to another node. It is near: one network, or one machine.
const (
	dialLimit = 2 * time.Second
	idleLimit = 90 * time.Second // less than the two minutes after which a gateway closes a connection that is not used
	mostIdle  = 512
)

func newCarrier(node string, log *slog.Logger) *carrier {
	c := &carrier{node: node}
	c.proxy = &httputil.ReverseProxy{
		Rewrite: c.rewrite,
		Transport: &http.Transport{
			DialContext:  (&net.Dialer{Timeout: dialLimit}).DialContext,
			MaxIdleConns: mostIdle, MaxIdleConnsPerHost: mostIdle, IdleConnTimeout: idleLimit,
			DisableCompression: true, // the answer goes on as it is
		},
		ModifyResponse: func(res *http.Response) error {
			if res.Header.Get(notOwner) != "" {
				return errNotDone
			}
			errandOf(res.Request.Context()).answered()
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) { errandOf(r.Context()).err = err },
		ErrorLog:     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return c
}

// errNotDone is of a request that came to a node which is not the owner.
var errNotDone = errors.New("relay: it is not the owner")

// errand is one try at having a request answered by one owner.
type errand struct {
	to       *url.URL
	err      error
	sent     atomic.Bool // a connection was there: the request may have come to the owner
	answered func()      // stops the watch for another owner: the answer is coming
}

type errandKey struct{}

func errandOf(ctx context.Context) *errand { return ctx.Value(errandKey{}).(*errand) }

func (c *carrier) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = errandOf(r.In.Context()).to.Scheme, errandOf(r.In.Context()).to.Host
	r.Out.URL.RawQuery = r.In.URL.RawQuery // also what is no query in the eyes of ReverseProxy
	r.Out.Host = r.In.Host                 // what the browser has asked for
	r.Out.GetBody = r.In.GetBody
	// The owner must see who asks, as it would without us; ReverseProxy leaves these out.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := r.In.Header.Values(name); len(values) > 0 {
			r.Out.Header[name] = values
		}
	}
	if host, _, err := net.SplitHostPort(r.In.RemoteAddr); err == nil {
		r.Out.Header.Add("X-Forwarded-For", host)
	}
	r.Out.Header.Set(FromHeader, c.node)
}

// carry brings p to owner. done says that it is answered; if it is not, it surely has not been done, or may be done again.
//
// Errors: fail.Later with the code answer_lost where nobody knows whether it was done.
func (c *carrier) carry(p *parcel, owner Owner) (done bool, err error) {
	to, err := url.Parse(owner.Address)
	if err != nil || to.Host == "" {
		return false, fail.New(fail.Later, "no_owner", "The gateway that keeps the books is said to be at %q, which is no URL; give it a --node-url.", owner.Address)
	}
	ctx, cancel := context.WithCancel(p.req.Context())
	defer cancel()
	heard := make(chan struct{})
	e := &errand{to: to, answered: func() { close(heard) }}
	go func() { // an owner that was stopped takes requests and answers none
		select {
		case <-owner.Gone:
			select {
			case <-heard:
			default:
				cancel()
			}
		case <-heard:
		case <-ctx.Done():
		}
	}()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { e.sent.Store(true) }}
	c.proxy.ServeHTTP(p.w, p.fresh(httptrace.WithClientTrace(context.WithValue(ctx, errandKey{}, e), trace)))
	switch {
	case e.err == nil:
		return true, nil
	case p.req.Context().Err() != nil:
		return true, nil // nobody waits for an answer
	case !e.sent.Load(), errors.Is(e.err, errNotDone), p.again && p.repeatable():
		return false, nil
	}
	return false, fail.Wrap(fail.Later, e.err, "answer_lost", "The gateway that keeps the books has not answered; what was asked for may have been done. Look, or send the same again.")
}
