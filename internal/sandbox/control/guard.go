package control

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"souk.dev/souk/internal/httpx"
)

// Guard refuses requests for host names that a stranger could make point to this sandbox. A web page could otherwise
// reach a sandbox on its visitor's machine by letting its own name resolve to 127.0.0.1, and would pass for the same
// site (DNS rebinding). Allowed are addresses, names without a dot (localhost, a container's), names below .localhost
// and .internal (host.docker.internal), and the hosts of the sandbox's own addresses.
func Guard(own func() []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed(r.Host, own()...) {
			forbid(w, "This sandbox is not known as "+r.Host+"; call it by its address, or tell it its name with --base-url.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func allowed(hostport string, own ...string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	for _, address := range own {
		if u, err := url.Parse(address); err == nil && strings.EqualFold(u.Hostname(), host) {
			return true
		}
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal")
}

// forbid answers 403: nothing that the caller could send would help, so it is none of the kinds of package fail.
func forbid(w http.ResponseWriter, why string) {
	body, _ := json.Marshal(httpx.Problem{Type: "about:blank", Title: http.StatusText(http.StatusForbidden), Status: http.StatusForbidden,
		Detail: why, Code: "forbidden"}) // strings and a number: cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write(append(body, '\n'))
}
