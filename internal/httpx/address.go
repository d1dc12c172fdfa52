package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is where a request comes from, for the brakes on guessing and flooding: an IPv4 address, or the /64
// network of an IPv6 one, which one customer has whole.
//
// A peer on a private network or on this machine is taken for a reverse proxy, and the last address in
// X-Forwarded-For that is not one for the client; a peer on the public internet is the client, whatever it claims.
func ClientAddress(r *http.Request) string {
	addr, ok := Client(r)
	if !ok {
		return ""
	}
	if addr.Is6() {
		if net, err := addr.Prefix(64); err == nil {
			return net.String()
		}
	}
	return addr.String()
}

// Client is the whole address that [ClientAddress] goes by; ok is false where the peer has none.
func Client(r *http.Request) (addr netip.Addr, ok bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isProxy(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr, true
}

func isProxy(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }
