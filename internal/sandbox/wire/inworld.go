package wire

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/httpx"
)

// InWorld is the access key by which accessKey is known outside of a named world, where one address serves several:
// KEY@NAME. The main world has no name, and its keys stay as they are.
func InWorld(accessKey, world string) string {
	if world == "" {
		return accessKey
	}
	return accessKey + "@" + world
}

// CutWorld takes apart what [InWorld] has put together. AWS's own access keys have no @, so a key without one is the
// main world's.
func CutWorld(accessKey string) (key, world string) {
	if i := strings.LastIndexByte(accessKey, '@'); i >= 0 {
		return accessKey[:i], accessKey[i+1:]
	}
	return accessKey, ""
}

// WorldOf is the named world that r's signature asks for; empty when it names none, or there is no signature.
func WorldOf(r *http.Request) string {
	header := r.Header.Get("Authorization")
	if strings.IndexByte(header, '@') < 0 { // nearly always
		return ""
	}
	s, err := ParseAuthorization(header)
	if err != nil {
		return ""
	}
	_, world := CutWorld(s.AccessKey)
	return world
}

// Refuse answers a call that has come to no service, in the way of its protocol.
func Refuse(w http.ResponseWriter, r *http.Request, e *Error) {
	c := &Call{RequestID: requestID()}
	switch {
	case r.Header.Get("Smithy-Protocol") == cborProtocol:
		c.Protocol = CBOR
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		c.Protocol = Query
	}
	a := fallback(c, e, "")
	if a.ContentType == "" {
		a.ContentType = "application/x-amz-json-1.1"
	}
	send(w, r, c, a)
}

// send writes an answer.
func send(w http.ResponseWriter, r *http.Request, c *Call, a Answer) {
	a.head(w.Header(), c)
	a.write(w, r)
}

// head sets the answer's headers in h, and returns it.
func (a Answer) head(h http.Header, c *Call) http.Header {
	for name, v := range a.Header {
		h.Set(name, v)
	}
	h.Set("Content-Type", a.ContentType)
	h.Set("x-amzn-RequestId", c.RequestID)
	h.Set("Content-Length", itoa(int64(len(a.Body))))
	return h
}

func (a Answer) write(w http.ResponseWriter, r *http.Request) {
	_ = httpx.WriteWhole(w, r, a.Status, a.Body) // a client that has gone is told nothing
}
