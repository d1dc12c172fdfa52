package sandboxtest_test

import (
	"net/http"
	"testing"

	"souk.dev/souk/sandboxtest"
)

// BenchmarkMarket is what one line costs a test: a market of its own, opened, asked for the time, and closed.
func BenchmarkMarket(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m := sandboxtest.Open()
		var c struct{ Frozen bool }
		if err := m.Call(http.MethodGet, "clock", nil, &c); err != nil || !c.Frozen {
			b.Fatal(err)
		}
		m.Close()
	}
}
