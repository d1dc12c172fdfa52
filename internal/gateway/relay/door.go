package relay

import (
	"context"
	"crypto/hmac"
	"errors"
	"log/slog"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// refusal is why a request that a node is said to have brought is not answered.
type refusal struct {
	reason string // as the header notDone has it, and the log
	err    error  // for whoever has sent it
}

// Error implements error.
func (r refusal) Error() string { return r.reason }

// The refusals.
var (
	notOwner = refusal{"not_owner", errNoOwner()}
	formless = refusal{"formless", errForged} // it is not what a node writes
	unknown  = refusal{"unknown_key", errForged}
	forged   = refusal{"forged", errForged} // or altered
	stale    = refusal{"stale", errForged}
	replayed = refusal{"replayed", errForged}
)

var errForged = fail.New(fail.Denied, "node_proof", "Only a node of this gateway may send the header %s, and each proof once; leave it out.", ProofHeader)

// Door is the way in to next, which every request takes: of one that another node has brought it checks the proof, and
// makes the request what it was when it came to that node. Another one is from outside.
//
// Refused, logged and not done is what was forged, altered on its way, sent too long ago, sent before, or meant for an owner of
// another time.
func (r *Relay) Door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		proof := req.Header.Get(ProofHeader)
		if proof == "" {
			next.ServeHTTP(w, req)
			return
		}
		said, key, head, err := r.check(req, proof)
		finish := func() {}
		if key != nil && said.Answer {
			a := newAnswerer(w, req.Method, key, head)
			w, finish = a, a.finish
		}
		switch why, ok := errors.AsType[refusal](err); {
		case ok:
			r.refuse(w, req, said, why)
		case err != nil:
			w.Header().Set(notDone, "unchecked")
			httpx.Fail(w, req, r.c.Log, err)
		default:
			next.ServeHTTP(w, r.brought(req, said, key, head))
		}
		finish() // not after a panic: what was given up must not look whole
	})
}

// check checks a proof. Its key is nil if the request is not proven; if it is, it may be refused all the same.
//
// Errors: a refusal; or fail.Later where the keys cannot be read.
func (r *Relay) check(req *http.Request, proof string) (said claim, key []byte, head tag, err error) {
	said, text, head, err := readProof(proof)
	if err != nil {
		return claim{}, nil, tag{}, formless
	}
	v := r.c.View()
	if v.Keys == nil {
		return said, nil, tag{}, notOwner
	}
	key, err = v.Keys.KeyCalled(req.Context(), keyPurpose, said.Key)
	if err != nil {
		return said, nil, tag{}, err
	}
	if key == nil {
		return said, nil, tag{}, unknown
	}
	if want := overRequest(key, text, req.Method, req.RequestURI, req.Header, said.Headers); !hmac.Equal(want[:], head[:]) {
		return said, nil, tag{}, forged
	}
	age := v.Now.Sub(said.at())
	switch {
	case said.Epoch != v.Epoch:
		err = notOwner
	case age > mostAge, age < -mostAhead:
		err = stale
	case !r.seen.take(said.Sender, said.Number, said.at(), v.Now):
		err = replayed
	}
	return said, key, head, err
}

// refuse answers a request that is said to have been brought, and says that nothing was done.
func (r *Relay) refuse(w http.ResponseWriter, req *http.Request, said claim, why refusal) {
	level := slog.LevelWarn
	if why.reason == notOwner.reason { // whoever sent it has not heard yet
		level = slog.LevelInfo
	}
	r.c.Refused("request", why.reason)
	r.c.Log.Log(req.Context(), level, "a request that another node is said to have brought was refused",
		slog.String("reason", why.reason), slog.String("from", req.RemoteAddr), slog.String("said_node", said.Node), slog.Int64("said_epoch", said.Epoch))
	w.Header().Set(notDone, why.reason)
	httpx.Fail(w, req, r.c.Log, why.err)
}

type broughtKey struct{}

// WasBrought reports whether another node has brought the request, and has proven it.
func WasBrought(req *http.Request) bool { return req.Context().Value(broughtKey{}) != nil }

type ownKey struct{}

// asksForItself reports whether a node has made the request by itself: this one, or another one that has proven it. No request
// from outside is one, whichever way it has come.
func asksForItself(req *http.Request) bool { return req.Context().Value(ownKey{}) != nil }

// brought is the request as it came to the node that has brought it.
func (r *Relay) brought(req *http.Request, said claim, key []byte, head tag) *http.Request {
	ctx := context.WithValue(req.Context(), broughtKey{}, said.Node)
	if said.Own {
		ctx = context.WithValue(ctx, ownKey{}, true)
	}
	came := req.WithContext(ctx)
	came.Header = only(req.Header, said.Headers)
	came.Host, came.RemoteAddr, came.ContentLength = said.Host, said.Client, said.Length
	if said.Length == 0 {
		came.Body = http.NoBody
		return came
	}
	came.Body = newUnpacker(req.Body, key, head, func() {
		r.c.Refused("request", altered)
		r.c.Log.Warn("the body of a request that another node has brought was altered or cut off, and is refused", slog.String("node", said.Node), slog.String("from", req.RemoteAddr))
	})
	return came
}
