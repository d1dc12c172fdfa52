package gateway

import (
	"bytes"
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestTune sets the runtime as a gateway of its own does, and as the environment allows.
func TestTune(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := [3]int{runtime.GOMAXPROCS(0), percent(), int(debug.SetMemoryLimit(-1))}
	for _, c := range []struct {
		name, env, value string
		garbage          int
		limited          bool
	}{
		{"by itself", "", "", garbage, true},
		{"GOGC says", "GOGC", "50", before[1], false},
		{"GOMEMLIMIT says", "GOMEMLIMIT", "1GiB", garbage, false}, // the runtime took it at the start
		{"GOMAXPROCS says", "GOMAXPROCS", "2", garbage, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS"} {
				t.Setenv(name, "") // which restores it in the end
				_ = os.Unsetenv(name)
			}
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			var said bytes.Buffer
			undo := Tune(slog.New(slog.NewTextHandler(&said, nil)))
			if got := percent(); got != c.garbage {
				t.Errorf("garbage %d, want %d", got, c.garbage)
			}
			if limit := debug.SetMemoryLimit(-1); c.limited && limit == math.MaxInt64 || !c.limited && int(limit) != before[2] {
				t.Errorf("memory limit %d, before %d", limit, before[2])
			}
			if got, limit := idsMemory(), debug.SetMemoryLimit(-1); limit == math.MaxInt64 && got != 0 || limit < math.MaxInt64 && got != limit/2 {
				t.Errorf("memory for ids %d, of %d", got, limit)
			}
			threads := runtime.GOMAXPROCS(0)
			if c.env == "GOMAXPROCS" && threads != before[0] || threads < before[0] {
				t.Errorf("%d threads, before %d", threads, before[0])
			}
			undo()
			if after := [3]int{runtime.GOMAXPROCS(0), percent(), int(debug.SetMemoryLimit(-1))}; after != before {
				t.Errorf("undone: %v, before %v", after, before)
			}
			if said.Len() > 0 {
				t.Errorf("said %s", &said)
			}
		})
	}
}
