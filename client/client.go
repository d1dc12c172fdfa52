package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client talks to one gateway. It is safe for concurrent use.
type Client struct {
	base     string // without a slash at its end
	key      string
	http     *http.Client
	attempts int
	first    time.Duration // the pause after the first failure
	longest  time.Duration
	agent    string
	newID    func() string
}

// Option changes a client from its defaults.
type Option func(*Client)

// WithHTTPClient sends requests through hc: for a proxy, a private certificate authority, tracing. The default bounds
// one attempt to 30 seconds.
func WithHTTPClient(hc *http.Client) Option { return func(c *Client) { c.http = hc } }

// WithRetries bounds how long a request is repeated when the gateway is away or asks for patience: attempts in all (at
// least 1; the default is 5), with pauses that begin near first and double, never beyond longest (defaults: 100 ms and 5 s).
func WithRetries(attempts int, first, longest time.Duration) Option {
	return func(c *Client) { c.attempts, c.first, c.longest = max(attempts, 1), first, longest }
}

// WithUserAgent names the program in the gateway's logs.
func WithUserAgent(agent string) Option { return func(c *Client) { c.agent = agent } }

// WithIDs makes the events' IDs, in place of [NewID]. Every call must give another.
func WithIDs(newID func() string) Option { return func(c *Client) { c.newID = newID } }

// New makes a client of the gateway at baseURL, such as https://billing.example.com, which it does not call yet.
// apiKey comes from `souk keys create`.
func New(baseURL, apiKey string, opts ...Option) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("souk: the gateway's URL %q is not of the form https://host", baseURL)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("souk: the gateway's URL %q must end with its host or path", baseURL)
	}
	if apiKey == "" {
		return nil, errors.New("souk: the API key is empty; make one with `souk keys create --name my-app`")
	}
	c := &Client{
		base:     strings.TrimRight(u.String(), "/"),
		key:      apiKey,
		http:     &http.Client{Timeout: 30 * time.Second},
		attempts: 5,
		first:    100 * time.Millisecond,
		longest:  5 * time.Second,
		agent:    "souk-go",
		newID:    NewID,
	}
	for _, o := range opts {
		o(c)
	}
	return c, nil
}

// call makes one request, repeating it while that may help, and decodes the answer into out (nil: it is ignored).
//
// Every call of this package may be repeated: reads change nothing, events have their IDs, and whatever else a POST does
// is done once under the Idempotency-Key that all its repetitions share.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var key string
	if method == http.MethodPost {
		key = NewID()
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("souk: encode the request: %w", err)
		}
	}
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, method, path, key, body, out)
		if err == nil || attempt == c.attempts || ctx.Err() != nil || !mayHelp(err) {
			return err
		}
		if !pause(ctx, c.wait(attempt, err)) {
			return err // ctx ended: what the gateway last said is the better news
		}
	}
}

func (c *Client) once(ctx context.Context, method, path, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("souk: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return &awayError{err}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return &awayError{err}
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return problemOf(res, data)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &awayError{fmt.Errorf("the answer to %s %s is not what a gateway says: %w", method, path, err)}
	}
	return nil
}

// maxAnswer is the most, in bytes, that is read of one answer.
const maxAnswer = 16 << 20

// awayError is a request without a whole answer: whether it took effect is unknown.
type awayError struct{ cause error }

func (e *awayError) Error() string { return "souk: the gateway cannot be reached: " + e.cause.Error() }
func (e *awayError) Unwrap() error { return e.cause }

// mayHelp reports whether the same request may succeed later.
func mayHelp(err error) bool {
	if _, ok := errors.AsType[*awayError](err); ok {
		return true
	}
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Temporary()
}

// wait is the pause after the attempt that failed with err: what the gateway asked for, or else somewhere in the
// upper half of an exponential back-off, so that many clients do not come back at once.
func (c *Client) wait(attempt int, err error) time.Duration {
	if p, ok := errors.AsType[*Problem](err); ok && p.RetryAfter > 0 {
		return min(p.RetryAfter, c.longest)
	}
	d := c.longest
	if shift := attempt - 1; shift < 30 && c.first<<shift < c.longest {
		d = c.first << shift
	}
	return d/2 + rand.N(d/2+1)
}

// pause waits for d, or until ctx ends; it reports whether ctx is still good.
func pause(ctx context.Context, d time.Duration) bool {
	waiting, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-waiting.Done()
	return ctx.Err() == nil
}

// Problem is a refusal, as the gateway words it (RFC 9457).
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"` // the HTTP status
	Detail string `json:"detail"` // a sentence for a person, which ends with what to do
	Code   string `json:"code"`   // for a program: "unknown_license", "bad_json", …; may be empty

	RetryAfter time.Duration `json:"-"` // how long the gateway asks to wait; 0: it did not say
}

// Error gives the sentence, the code and the status.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Code != "" {
		return fmt.Sprintf("souk: %s (%s, HTTP %d)", text, p.Code, p.Status)
	}
	return fmt.Sprintf("souk: %s (HTTP %d)", text, p.Status)
}

// Temporary reports whether the same request may succeed later.
func (p *Problem) Temporary() bool {
	return p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout || p.Status >= 500
}

// IsCode reports whether err is a [Problem] with this code.
func IsCode(err error, code string) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Code == code
}

// IsStatus reports whether err is a [Problem] with this HTTP status.
func IsStatus(err error, status int) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Status == status
}

func problemOf(res *http.Response, body []byte) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(body, p); err != nil || (p.Detail == "" && p.Title == "") {
		// Not the gateway's own words: a proxy's, perhaps.
		p.Title, p.Detail = http.StatusText(res.StatusCode), "The answer was "+res.Status+", without a problem document."
	}
	p.Status = res.StatusCode
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}
