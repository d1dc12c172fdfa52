package sandbox

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/wire"
)

// worldsPath is below the main world's address; a named world's address is its name behind it.
const worldsPath = "/_sandbox/worlds/"

// choose tells which world r is for, and gives the request as that world is to see it. fail.NotFound: there is no such
// world; fail.Invalid: r names two.
func (w *Worlds) choose(r *http.Request) (name string, _ *http.Request, err error) {
	if name, err = w.byHost(r.Host); err != nil {
		return "", r, err
	}
	named, rest, byPath := cutWorld(r.Method, r.URL.Path)
	if byPath {
		r = below(r, len(r.URL.Path)-len(rest))
		if name, err = merged(name, named); err != nil {
			return "", r, err
		}
	}
	if !wire.IsCall(r) {
		return name, r, nil
	}
	name, err = merged(name, wire.WorldOf(r))
	return name, r, err
}

// wantsPage reports whether r, whose path was cut, is a browser's that looks for a page. The links on pages begin at the
// root, so that they are served by host name only.
func wantsPage(sent string, r *http.Request) bool {
	return r.URL.Path != sent && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/_sandbox/")
}

// merged is the one world that two ways of naming it name; either may be empty.
func merged(a, b string) (string, error) {
	switch {
	case b == "" || a == b:
		return a, nil
	case a == "":
		return b, nil
	}
	return "", fail.New(fail.Invalid, "two_worlds", "The request is for two worlds, %q by its address and %q by its path or access key.", a, b)
}

// byHost is the world that a host name asks for. Below localhost, and below the sandbox's own host name, there are only
// worlds; any other name may be the machine's own.
func (w *Worlds) byHost(hostport string) (string, error) {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	label, rest, dotted := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if !dotted || label == "" || (label[0] >= '0' && label[0] <= '9') { // an address has no dots, or begins with a digit
		return "", nil
	}
	label = strings.ToLower(label)
	if w.has(label) {
		return label, nil
	}
	if strings.EqualFold(rest, "localhost") || (rest != "" && strings.EqualFold(rest, hostOf(w.cfg.BaseURL))) {
		return "", unknownWorld(label)
	}
	return "", nil
}

// hostOf is an address's host name, without the port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// cutWorld takes a path below [worldsPath] apart: /_sandbox/worlds/NAME/REST. A path that ends with the name is the main
// world's own, unless it is posted to: then it is the endpoint of an AWS API.
func cutWorld(method, path string) (name, rest string, ok bool) {
	tail, ok := strings.CutPrefix(path, worldsPath)
	if !ok {
		return "", "", false
	}
	switch i := strings.IndexByte(tail, '/'); {
	case i > 0:
		return tail[:i], tail[i:], true
	case i < 0 && tail != "" && method == http.MethodPost:
		return tail, "", true
	}
	return "", "", false
}

// below is r without the first n bytes of its path, which have nothing that is escaped.
func below(r *http.Request, n int) *http.Request {
	c, u := *r, *r.URL
	if u.Path = u.Path[n:]; u.Path == "" {
		u.Path = "/"
	}
	if u.RawPath != "" {
		u.RawPath = u.RawPath[n:]
	}
	c.URL = &u
	return &c
}

// addressesOf are a named world's addresses, for programs and by host name, where the main one's is base.
func addressesOf(base, name string) (address, pages string) {
	address = base + worldsPath + name
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return address, ""
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		host = "localhost"
	}
	u.Host = name + "." + host
	if port := portOf(base); port != "" {
		u.Host = net.JoinHostPort(u.Host, port)
	}
	return address, u.String()
}

func portOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Port()
}

func unknownWorld(name string) error {
	return fail.New(fail.NotFound, "unknown_world", "There is no world %q here; POST /_sandbox/worlds makes one, and GET lists them.", name)
}

// refuse answers a request that no world takes.
func (w *Worlds) refuse(rw http.ResponseWriter, r *http.Request, err error) {
	if wire.IsCall(r) {
		wire.Refuse(rw, r, &wire.Error{Code: contract.UnrecognizedClient, Message: "The security token included in the request is invalid. " + err.Error(), Status: http.StatusForbidden})
		return
	}
	httpx.Fail(rw, r, w.log, err)
}
