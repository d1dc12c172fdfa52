package courier

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"souk.dev/souk/internal/fail"
)

// Networks are those that may be called although they are not the public internet's, and without TLS.
type Networks []netip.Prefix

// ParseNetworks reads networks in CIDR notation, or single addresses, with commas between them: "10.1.0.0/16,127.0.0.1".
func ParseNetworks(text string) (ns Networks, err error) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, addrErr := netip.ParseAddr(part)
			if addrErr != nil || a.Zone() != "" {
				return nil, fail.New(fail.Invalid, "bad_network", "%.60q is no network; write one like 10.1.0.0/16 or 127.0.0.1.", part)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fail.New(fail.Invalid, "bad_network", "%.60q is an IPv4 network in IPv6 dress; write it as IPv4.", part)
		}
		ns = append(ns, p.Masked())
	}
	return ns, nil
}

func (ns Networks) has(a netip.Addr) bool {
	return slices.ContainsFunc(ns, func(p netip.Prefix) bool { return p.Contains(a) })
}

// special are networks that are not the public internet's and that package netip does not tell apart. Source: IANA's registries
// of special-purpose addresses, IPv4 and IPv6.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(texts ...string) (ps []netip.Prefix) {
	for _, t := range texts {
		ps = append(ps, netip.MustParsePrefix(t))
	}
	return ps
}

// public reports whether a is an address of the public internet.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// mayDial decides about the address that is about to be connected to, for a URL of the scheme.
//
// Errors: fail.Denied.
func (ns Networks) mayDial(scheme, address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fail.Wrap(fail.Denied, err, "forbidden_address", "The address cannot be understood, so it was not called.")
	}
	a := ap.Addr().Unmap().WithZone("")
	switch {
	case ns.has(a):
		return nil
	case !public(a):
		return fail.New(fail.Denied, "forbidden_address", "It leads to %s, which is not an address of the public internet. If it is meant, allow the network with the setting webhook-networks.", a)
	case scheme != "https":
		return fail.New(fail.Denied, "no_tls", "It is an http address; over the public internet, only https is called.")
	}
	return nil
}

// MayCall refuses a URL that would never be called: one without TLS, or with an address in it that is not allowed. A name
// is looked up only when it is called.
//
// Errors: fail.Invalid, saying why.
func (c *Courier) MayCall(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return fail.New(fail.Invalid, "bad_url", "The URL %.100q cannot be called.", text)
	}
	if a, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]")); err == nil {
		if err := c.allowed.mayDial(u.Scheme, netip.AddrPortFrom(a, 443).String()); err != nil {
			return fail.Wrap(fail.Invalid, err, fail.CodeOf(err), "%s", fail.SayOf(err))
		}
		return nil
	}
	if u.Scheme != "https" && len(c.allowed) == 0 {
		return fail.New(fail.Invalid, "no_tls", "The URL has no TLS; give an https address.")
	}
	return nil
}

// control is asked by the dialer before each connection.
func (ns Networks) control(scheme string) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fail.New(fail.Denied, "forbidden_address", "It is to be called by %s, which is not TCP.", network)
		}
		return ns.mayDial(scheme, address)
	}
}

// dialer connects for URLs of the scheme.
func (ns Networks) dialer(scheme string) *net.Dialer {
	return &net.Dialer{Timeout: dialLimit, Control: ns.control(scheme)}
}
