package harness

import "testing"

// Each address is told once, so that servers that are started together do not get one port.
func TestFreeAddressesAreApart(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		addr := FreeAddress(t)
		if seen[addr] {
			t.Fatalf("%s was told twice", addr)
		}
		seen[addr] = true
	}
}
