package courier

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/webhook"
)

// Bounds of one call, in real time and bytes.
const (
	callLimit = 15 * time.Second // Standard Webhooks, "Delivery", wants 15 to 30 seconds
	dialLimit = 5 * time.Second
	maxHead   = 16 << 10
	maxText   = 4 << 10 // of an answer that is read
	keepText  = 200     // characters of it that are kept
)

// Courier calls addresses. Make it with [New]. It is safe for concurrent use.
type Courier struct {
	allowed Networks
	wall    clock.Clock
	client  *http.Client
}

var _ webhook.Poster = (*Courier)(nil)

// New makes a courier that calls the public internet over TLS and, in any way, the networks that are allowed besides.
func New(allowed Networks) *Courier {
	return newCourier(allowed, nil)
}

func newCourier(allowed Networks, trust *tls.Config) *Courier {
	config := trust.Clone() // of nil it is nil
	if config == nil {
		config = &tls.Config{}
	}
	config.MinVersion = tls.VersionTLS12
	return &Courier{allowed: allowed, wall: clock.System{}, client: &http.Client{
		Timeout:       callLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, // a proxy would look up names by itself, past the guard
			// The scheme tells whether an address of the public internet may be called at all.
			DialContext:           allowed.dialer("http").DialContext,
			DialTLSContext:        (&tls.Dialer{NetDialer: allowed.dialer("https"), Config: config}).DialContext,
			ResponseHeaderTimeout: callLimit, MaxResponseHeaderBytes: maxHead,
			MaxIdleConnsPerHost: 4, MaxConnsPerHost: 16, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
	}}
}

// Post implements [webhook.Poster].
func (c *Courier) Post(ctx context.Context, address string, header map[string]string, body []byte) (webhook.Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return webhook.Reply{}, fail.Wrap(fail.Denied, err, "bad_url", "The URL cannot be called.")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("User-Agent", "souk-webhooks/1")
	res, err := c.client.Do(req)
	if err != nil {
		return webhook.Reply{}, failure(err)
	}
	defer res.Body.Close()
	// Of a body that breaks off the status counts all the same: the receiver has decided.
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxText))
	return webhook.Reply{Status: res.StatusCode, RetryAfter: c.retryAfter(res.Header.Get("Retry-After")), Text: excerpt(text)}, nil
}

// failure is err without the URL, which may hold a secret of the receiver's.
func failure(err error) error {
	if e, ok := errors.AsType[*fail.Error](err); ok {
		return e
	}
	u, isURL := errors.AsType[*url.Error](err)
	switch {
	case isURL && u.Timeout():
		return fmt.Errorf("it took longer than %s", callLimit)
	case isURL:
		return u.Err
	}
	return err
}

// retryAfter reads the header: seconds, or a date. Source: RFC 9110, section 10.2.3.
func (c *Courier) retryAfter(text string) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1<<30 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, t.Sub(c.wall.Now()))
	}
	return 0
}

// excerpt is the beginning of an answer, on one line, for a log and a page.
func excerpt(text []byte) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(string(text), "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > keepText {
		s = string(r[:keepText]) + "…"
	}
	return s
}
