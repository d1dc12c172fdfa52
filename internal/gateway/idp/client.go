package idp

import (
	"io"
	"net/http"
	"time"
)

// Bounds of one call, in real time and bytes.
const (
	callLimit = 10 * time.Second
	maxAnswer = 1 << 20
)

// newClient makes the client of all calls. Whom it calls is the seller's own choice, a proxy included; redirects are not
// followed, because none of these calls has a reason to be answered by one.
func newClient() *http.Client {
	return &http.Client{Timeout: callLimit, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded reads no more than maxAnswer of an answer.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}
