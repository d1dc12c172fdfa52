package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// notDone is a header of an answer that says: nothing was done, because this node does not keep the books or does not believe the
// request. It says which.
const notDone = "Souk-Not-Done"

// carrier brings requests to other nodes.
type carrier struct {
	c      Config
	sender string // of its proofs
	number atomic.Uint64
	proxy  *httputil.ReverseProxy
}

// Limits of the way to another node. It is near: one network, or one machine.
const (
	dialLimit = 2 * time.Second
	idleLimit = 90 * time.Second // less than the two minutes after which a gateway closes a connection that is not used
	mostIdle  = 512
)

func newCarrier(config Config) *carrier {
	c := &carrier{c: config, sender: rand.Text()}
	c.proxy = &httputil.ReverseProxy{
		Rewrite: c.rewrite,
		Transport: proven{refuse: c.refuse, next: &http.Transport{
			DialContext:  (&net.Dialer{Timeout: dialLimit}).DialContext,
			MaxIdleConns: mostIdle, MaxIdleConnsPerHost: mostIdle, IdleConnTimeout: idleLimit,
			DisableCompression: true, // the answer goes on as it is
		}},
		ModifyResponse: func(res *http.Response) error {
			switch res.Header.Get(notDone) {
			case "":
			case replayed.reason: // the connection broke, and what is repeated by itself was: it may have been done
				return errReplayed
			case forged.reason, formless.reason: // of an owner that proves no answers; it will not believe it next time
				return errNotBelieved
			default:
				return errNotDone
			}
			errandOf(res.Request.Context()).answered()
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) { errandOf(r.Context()).err = err },
		ErrorLog:     slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
	return c
}

// Answers of a node that has not done what was asked.
var (
	errNotDone     = errors.New("relay: it is not the owner, or cannot believe this node yet")
	errReplayed    = errors.New("relay: it has had this request before")
	errNotBelieved = errors.New("relay: it does not believe that this node has sent the request")
)

// answerLost is the code of a failure of which nobody knows whether what was asked for was done.
const answerLost = "answer_lost"

// errand is one try at having a request answered by one owner.
type errand struct {
	ctx      context.Context // of the request
	to       *url.URL
	key      []byte // to prove it with
	claim    claim  // what is known of it before
	head     tag    // the code in its proof
	err      error
	sent     atomic.Bool // a connection was there: the request may have come to the owner
	answered func()      // stops the watch for another owner: the answer is coming
}

type errandKey struct{}

func errandOf(ctx context.Context) *errand { return ctx.Value(errandKey{}).(*errand) }

func (c *carrier) rewrite(r *httputil.ProxyRequest) {
	e := errandOf(r.In.Context())
	r.Out.URL.Scheme, r.Out.URL.Host = e.to.Scheme, e.to.Host
	r.Out.URL.RawQuery = r.In.URL.RawQuery // also what is no query in the eyes of ReverseProxy
	r.Out.Host = ""                        // the node's; what the browser has asked for is in the proof
	c.sign(e, r.In, r.Out)
}

// sign proves to the owner that this node brings out, which it was asked as in.
func (c *carrier) sign(e *errand, in, out *http.Request) {
	said := e.claim
	said.Node, said.Sender, said.Number = c.c.Node, c.sender, c.number.Add(1)
	said.Host, said.Length, said.Headers, said.Own = in.Host, in.ContentLength, goesOn(out.Header), asksForItself(in)
	if addr, ok := httpx.Client(in); ok {
		said.Client = netip.AddrPortFrom(addr, 0).String()
	}
	var proof string
	proof, e.head = said.prove(e.key, out.Method, out.URL.RequestURI(), out.Header)
	out.Header.Set(ProofHeader, proof)
	if said.Length == 0 {
		return
	}
	out.Body = newPacker(out.Body, e.key, e.head)
	if said.Length > 0 {
		out.ContentLength = packedLength(said.Length)
	}
	if in.GetBody != nil {
		out.GetBody = func() (io.ReadCloser, error) {
			body, err := in.GetBody()
			if err != nil {
				return nil, err
			}
			return newPacker(body, e.key, e.head), nil
		}
	}
}

// refuse tells that an answer in the owner's name is not believed.
func (c *carrier) refuse(e *errand, reason string) {
	c.c.Refused("answer", reason)
	c.c.Log.WarnContext(e.ctx, "an answer in the name of the node that keeps the books was refused", slog.String("reason", reason), slog.String("from", e.to.Host), slog.Int64("epoch", e.claim.Epoch))
}

// carry brings p to the owner that v shows. done says that it is answered; if it is not, it surely has not been done, or may be done again.
//
// Errors: fail.Later, with the code answer_lost where nobody knows whether it was done, and node_not_believed where it seems to have been
// altered on its way.
func (c *carrier) carry(p *parcel, v View) (done bool, err error) {
	owner := v.Owner
	to, err := url.Parse(owner.Address)
	if err != nil || to.Host == "" {
		return false, fail.New(fail.Later, "no_owner", "The gateway that keeps the books is said to be at %q, which is no URL; give it a --node-url.", owner.Address)
	}
	id, key, err := v.Keys.NewestKey(keyPurpose)
	if err != nil {
		return false, fmt.Errorf("make the key to prove a request with: %w", err)
	}
	ctx, cancel := context.WithCancel(p.req.Context())
	defer cancel()
	heard := make(chan struct{})
	e := &errand{to: to, key: key, claim: claim{Key: id, At: v.Now.UnixMicro(), Epoch: owner.Epoch, Answer: owner.Speaks >= provesAnswers}, answered: func() { close(heard) }}
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
	e.ctx = httptrace.WithClientTrace(context.WithValue(ctx, errandKey{}, e), trace)
	c.proxy.ServeHTTP(p.w, p.fresh(e.ctx))
	switch {
	case e.err == nil:
		return true, nil
	case p.req.Context().Err() != nil:
		return true, nil // nobody waits for an answer
	case errors.Is(e.err, errNotBelieved):
		return false, fail.Wrap(fail.Later, e.err, "node_not_believed", "The gateway that keeps the books does not believe that this one has brought the request, or somebody in between answers in its name. Tell whoever runs it to read the logs; then look, or send the same again.")
	case !e.sent.Load(), errors.Is(e.err, errNotDone), p.again && p.repeatable():
		return false, nil
	}
	return false, fail.Wrap(fail.Later, e.err, answerLost, "The gateway that keeps the books has not answered; what was asked for may have been done. Look, or send the same again.")
}
