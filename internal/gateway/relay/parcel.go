package relay

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"souk.dev/souk/internal/httpx"
)

// mostKept is the largest body, in bytes, that is kept so that it can be sent again; a larger one goes on as it comes.
const mostKept = 1 << 20

// parcel is a request on its way to the owner.
type parcel struct {
	w    http.ResponseWriter
	req  *http.Request
	body []byte // if it is kept

	again bool // it can be sent again: it has no body, or that is kept
}

func newParcel(w http.ResponseWriter, req *http.Request) *parcel {
	return &parcel{w: w, req: req}
}

// pack keeps the body, if it is small.
//
// Errors: fail.Invalid for a body that breaks off.
func (p *parcel) pack() error {
	n := p.req.ContentLength
	if n < 0 || n > mostKept {
		return nil
	}
	p.again = true
	if n == 0 {
		return nil
	}
	p.body = make([]byte, n)
	if _, err := io.ReadFull(p.req.Body, p.body); err != nil {
		return httpx.BodyError(err)
	}
	return nil
}

// fresh is the request with its body from the beginning.
func (p *parcel) fresh(ctx context.Context) *http.Request {
	req := p.req.Clone(ctx)
	if p.body != nil {
		req.Body = io.NopCloser(bytes.NewReader(p.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.body)), nil }
	}
	return req
}

// repeatable reports whether the request may be done twice: it only reads, or what it brings is recognised.
func (p *parcel) repeatable() bool {
	switch p.req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost: // an event's id makes its repetition harmless
		return p.req.URL.Path == "/v1/events" || p.req.URL.Path == EventsPath
	}
	return false
}
