package wire

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/world"
)

// maxRequest is the largest body, in bytes, that is read at all. Operations have smaller limits of their own.
const maxRequest = 2 << 20

// Accounts tells whose an access key is.
type Accounts interface {
	Account(accessKey string) (world.AccessKey, bool)
	DefaultSeller() string
	Strict() bool
}

// Front is AWS's front door; it is an http.Handler for the requests that [IsCall] recognises. Set its fields, then
// [Front.Register] the services, then serve.
type Front struct {
	Clock    clock.Clock
	Accounts Accounts
	Faults   *fault.Set
	Calls    *Calls
	Log      *slog.Logger
	// Namespaced reports whether errors are named with a namespace; nil: never.
	Namespaced func() bool
	// NewID gives every request its id, a UUID; nil: a random one.
	NewID func() string

	byTarget  map[string]*Service
	byVersion map[string]*Service
	rest      []*Service
}

// Register adds a service. Not to be called once requests come.
func (f *Front) Register(services ...Service) {
	if f.byTarget == nil {
		f.byTarget, f.byVersion = map[string]*Service{}, map[string]*Service{}
	}
	for _, s := range services {
		if s.Target != "" {
			f.byTarget[s.Target] = &s
		}
		if s.REST != "" {
			f.rest = append(f.rest, &s)
		}
		if s.Version != "" {
			f.byVersion[s.Version] = &s
		}
	}
}

// IsCall reports whether r is meant for an AWS API rather than for a page or the control API. The path does not
// decide: an endpoint URL may have one.
func IsCall(r *http.Request) bool {
	if r.Method != http.MethodPost || strings.HasPrefix(r.URL.Path, "/_sandbox/") {
		return false
	}
	h := r.Header
	return h.Get("X-Amz-Target") != "" || h.Get("Smithy-Protocol") != "" || strings.HasPrefix(h.Get("Authorization"), algorithm) ||
		strings.HasPrefix(h.Get("Content-Type"), "application/x-amz-json") || r.URL.Path == "/"
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	elapsed := clock.Stopwatch()
	id := requestID
	if f.NewID != nil {
		id = f.NewID
	}
	c := &Call{RequestID: id(), At: f.Clock.Now(), Path: r.URL.Path, Header: r.Header}
	body, err := readBody(w, r)
	var a Answer
	if err != nil {
		a, err = f.refused(c, err)
	} else {
		c.Body = body
		a, err = f.answer(r, c)
	}
	c.Header, c.Form = nil, nil // the log keeps the call, with the headers as they came, and has no use for the form
	k := kept{call: c, method: r.Method, target: r.URL.RequestURI(), host: r.Host, header: r.Header, took: elapsed(), status: a.Status, code: codeOf(err), response: a.Body}
	if c.Service != nil {
		k.service = c.Service.Name
	}
	if errors.Is(err, errBroken) {
		k.status, k.response = 0, nil
		f.Calls.add(k)
		panic(http.ErrAbortHandler) // the server's way to break a connection
	}
	k.answered = a.head(w.Header(), c) // complete, because from here on others read it
	f.Calls.add(k)
	a.write(w, r)
}

// bodies are the buffers that bodies are read into, before each becomes a string of its own.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxIdle is the largest buffer, in bytes, that is kept for another body.
const maxIdle = 64 << 10

func readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	b := bodies.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxIdle {
			b.Reset()
			bodies.Put(b)
		}
	}()
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxRequest)); err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return "", &Error{Code: "RequestEntityTooLargeException", Message: "The request is larger than 2 MiB.", Status: http.StatusRequestEntityTooLarge}
		}
		return "", &Error{Code: contract.Serialization, Message: "The request's body broke off."}
	}
	return b.String(), nil
}

// errBroken says that there is no answer: the connection is to be broken.
var errBroken = errors.New("the connection is broken by a fault")

// answer takes c through the front door. The error it returns, if any, is in the answer already.
func (f *Front) answer(r *http.Request, c *Call) (Answer, error) {
	op, err := f.admit(r, c)
	if err != nil {
		return f.refused(c, err)
	}
	c.Fault, _ = f.Faults.Draw(c.Operation)
	if err := f.before(r.Context(), c); err != nil {
		return f.refused(c, err)
	}
	a, err := op(r.Context(), c)
	if err != nil {
		a, err = f.refused(c, err)
	}
	if c.Fault.Kind.Phase() == fault.After && c.Fault.Kind != "" {
		return f.after(c, a)
	}
	return f.finish(c, a), err
}

// admit tells which operation c is for and who calls.
func (f *Front) admit(r *http.Request, c *Call) (Op, error) {
	name, wrong := f.route(r, c)
	sig, unsigned := ParseAuthorization(r.Header.Get("Authorization"))
	if unsigned != nil {
		return nil, unsigned
	}
	c.AccessKey, c.Region = sig.AccessKey, sig.Region
	key, known := f.Accounts.Account(sig.AccessKey)
	c.Account = key.AccountID
	if !known {
		c.Account = f.Accounts.DefaultSeller()
	}
	if wrong != nil {
		return nil, wrong
	}
	c.Operation = name
	if sig.Service != c.Service.Scope {
		return nil, invalid("Credential should be scoped to correct service: '" + c.Service.Scope + "'.")
	}
	if c.Service.Region != "" && c.Service.Region != sig.Region {
		return nil, invalid("Credential should be scoped to a valid region.")
	}
	if f.Accounts.Strict() {
		if !known {
			return nil, &Error{Code: contract.UnrecognizedClient, Message: "The security token included in the request is invalid.", Status: http.StatusForbidden}
		}
		if err := sig.Verify(r, c.Body, key.Secret, clock.System{}.Now()); err != nil {
			return nil, err
		}
	}
	op, ok := c.Service.Ops[name]
	if !ok {
		return nil, &Error{Code: contract.UnknownOperation, Message: "The operation " + name + " is not one of " + c.Service.Name + ", or this sandbox does not play it."}
	}
	return op, nil
}

// route finds the service and the operation's name, and sets c's protocol even when it finds neither.
func (f *Front) route(r *http.Request, c *Call) (name string, err *Error) {
	unknown := &Error{Code: contract.UnknownOperation, Message: "The request names no operation that this sandbox knows."}
	target := r.Header.Get("X-Amz-Target")
	if service, op, ok := cborPath(r); ok {
		c.Protocol, c.Operation = CBOR, op
		switch s := f.byTarget[service]; {
		case s == nil:
			return "", unknown
		case !s.CBOR:
			unknown.Message = s.Name + " does not speak CBOR."
			return "", unknown
		default:
			c.Service = s
			return op, nil
		}
	}
	if target != "" {
		i := strings.LastIndexByte(target, '.')
		c.Operation = target[i+1:]
		if c.Service = f.byTarget[target[:max(i, 0)]]; c.Service == nil {
			return "", unknown
		}
		return target[i+1:], nil
	}
	if mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mt == "application/x-www-form-urlencoded" {
		c.Protocol = Query
		form, perr := url.ParseQuery(c.Body)
		if perr != nil {
			return "", &Error{Code: "MalformedQueryString", Message: "The form cannot be read."}
		}
		c.Form, c.Operation = form, form.Get("Action")
		if c.Service = f.byVersion[form.Get("Version")]; c.Service == nil {
			return "", unknown
		}
		return c.Operation, nil
	}
	if s, op := f.restPath(r.URL.Path); s != nil {
		c.Protocol, c.Service, c.Operation = REST, s, op
		return op, nil
	}
	return "", unknown
}

// restPath reads the path of a REST-JSON service, whatever stands before it: …/2026-02-05/getOffer names GetOffer.
func (f *Front) restPath(path string) (s *Service, op string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 || i+1 == len(path) {
		return nil, ""
	}
	for _, s := range f.rest {
		if strings.HasSuffix(path[:i+1], s.REST) {
			return s, strings.ToUpper(path[i+1:i+2]) + path[i+2:]
		}
	}
	return nil, ""
}

// cborPath reads the path of RPC v2 CBOR: …/service/NAME/operation/NAME.
func cborPath(r *http.Request) (service, op string, ok bool) {
	parts := strings.Split(r.URL.Path, "/")
	n := len(parts)
	if r.Header.Get("Smithy-Protocol") != cborProtocol || n < 4 || parts[n-4] != "service" || parts[n-2] != "operation" {
		return "", "", false
	}
	return parts[n-3], parts[n-1], true
}

// before plays the faults that come before an operation. An error is the call's answer.
func (f *Front) before(ctx context.Context, c *Call) error {
	switch kind := c.Fault.Kind; {
	case kind == "" || kind.Phase() != fault.Before:
		return nil
	case kind == fault.Slow:
		return clock.Sleep(ctx, c.Fault.Wait())
	case kind == fault.Hang:
		<-ctx.Done()
		return errBroken
	case kind == fault.Drop:
		return errBroken
	}
	return raised(c)
}

// after plays the faults that come when the operation has taken effect, whose answer was a.
func (f *Front) after(c *Call, a Answer) (Answer, error) {
	switch c.Fault.Kind {
	case fault.DropAfterCommit:
		return Answer{}, errBroken
	case fault.Truncate:
		a = f.finish(c, a)
		a.Body = a.Body[:len(a.Body)/2]
		return a, nil
	}
	return f.refused(c, raised(c))
}

// raised is the error that c's fault raises.
func raised(c *Call) error {
	code, message, _ := c.Fault.Error()
	if code == contract.InternalServiceError && c.Service.Outage != "" {
		code = c.Service.Outage
	}
	return &Error{Code: code, Message: message, Status: statusOf(c, code)}
}

func (f *Front) finish(c *Call, a Answer) Answer {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	if a.ContentType == "" {
		a.ContentType = "application/x-amz-json-1.1"
		if c.Service != nil && c.Service.ContentType != "" {
			a.ContentType = c.Service.ContentType
		}
	}
	return a
}

// requestID is a random UUID. It is for telling requests apart, not part of the world.
func requestID() string {
	var b [16]byte
	for i := 0; i < 16; i += 8 {
		v := rand.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	t := hex.EncodeToString(b[:])
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:]
}
