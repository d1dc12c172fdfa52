package control

import "testing"

func TestAllowedHosts(t *testing.T) {
	const base = "http://market.example:4700"
	for host, want := range map[string]bool{
		"127.0.0.1:4700": true, "[::1]:4700": true, "192.168.1.7": true, "localhost:4700": true, "LOCALHOST": true,
		"sandbox:4700": true, "a.localhost": true, "host.docker.internal:4700": true, "market.example:4700": true, "market.example": true,
		"evil.example:4700": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false, "market.example.evil.example": false, "evil.example.": false,
	} {
		if got := allowed(host, base); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
