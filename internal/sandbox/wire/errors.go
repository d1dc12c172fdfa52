package wire

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// refused answers with err, in the way of the call's protocol and service.
func (f *Front) refused(c *Call, err error) (Answer, error) {
	if errors.Is(err, errBroken) || errors.Is(err, context.Canceled) {
		return Answer{}, errBroken
	}
	e := f.errorOf(c, err)
	if c.Service != nil && c.Service.Fail != nil {
		return f.finish(c, c.Service.Fail(c, e)), e
	}
	return f.finish(c, fallback(c, e, f.namespace(c, e.Code))), e
}

// errorOf is what the client is told of err.
func (f *Front) errorOf(c *Call, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Status == 0 {
			return &Error{Code: e.Code, Message: e.Message, Status: statusOf(c, e.Code), Members: e.Members}
		}
		return e
	}
	if r, ok := errors.AsType[*world.Refusal](err); ok {
		return &Error{Code: r.Code, Message: r.Message, Status: statusOf(c, r.Code)}
	}
	f.Log.Error("an operation failed", "operation", c.Operation, "request_id", c.RequestID, "kind", fail.KindOf(err).String(), "err", err)
	return &Error{Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure.", Status: http.StatusInternalServerError}
}

// statusOf is the HTTP status of an AWS error. Source: the errors common to all AWS APIs, as each API reference lists
// them (2026), and the service's model for its own.
func statusOf(c *Call, code string) int {
	if c.Service != nil && c.Service.Status[code] != 0 {
		return c.Service.Status[code]
	}
	switch code {
	case contract.InternalServiceError, contract.InternalServer, "InternalFailure":
		return http.StatusInternalServerError
	case "ServiceUnavailableException":
		return http.StatusServiceUnavailable
	case contract.AccessDenied, contract.MissingAuth, contract.IncompleteSignature, contract.InvalidSignature, contract.UnrecognizedClient:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// frontEnd is the namespace of the errors that all AWS APIs have in common, as their front-end names it.
const frontEnd = "com.amazon.coral.service"

// namespace is that of an error's name, where errors have one: of AWS's common ones their own, of all others one made from
// the service's name, because AWS publishes none.
func (f *Front) namespace(c *Call, code string) string {
	switch {
	case f.Namespaced == nil || !f.Namespaced():
		return ""
	case c.Service == nil:
		return frontEnd
	}
	switch code {
	case contract.MissingAuth, contract.IncompleteSignature, contract.InvalidSignature, contract.UnrecognizedClient, contract.UnknownOperation, contract.Serialization:
		return frontEnd
	}
	return "com.amazonaws." + strings.ToLower(cmp.Or(c.Service.Target, c.Service.Scope))
}

// fallback writes e as AWS's common front-end does in the call's protocol, with its name in a namespace unless that is
// empty. Source of both ways to write it: Smithy, AWS JSON 1.1 protocol, "Operation error serialization".
func fallback(c *Call, e *Error, namespace string) Answer {
	a := Answer{Status: e.Status, Header: map[string]string{"x-amzn-ErrorType": e.Code}}
	name := e.Code
	if namespace != "" {
		name = namespace + "#" + e.Code
		a.Header["x-amzn-ErrorType"] = e.Code + ":http://internal.amazon.com/coral/" + namespace + "/"
	}
	switch c.Protocol {
	case CBOR:
		a.ContentType = cborType
		a.Header["smithy-protocol"] = cborProtocol
		a.Body = e.written(CBOR, name)
	case Query:
		a.ContentType, a.Body = contentXML, QueryError(c, "", e.Code, e).Body
	default:
		a.Body = e.written(JSON, name)
	}
	return a
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
