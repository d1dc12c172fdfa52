package gateway

import (
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// How a gateway that is a process of its own uses its machine. Go's defaults are for the most work a second out of the
// least memory; a gateway's callers wait for each answer. With 100,000 licences on two processors they had an answer
// after 18 to 36 ms, of a hundred the slowest, and have it after 5 (docs/performance.md).
const (
	// leastThreads is the least number of threads that run Go at once. With fewer, the garbage collector has none to
	// itself: it takes turns with requests, milliseconds each, and a commit that comes back from the disk waits for one.
	leastThreads = 4
	// garbage is how much memory may be spent between two collections, in percent of what is in use.
	garbage = 400
	// memoryShare is the part of the machine's memory, or of the container's, from which on collections are as frequent
	// as they must be instead.
	memoryShare = 0.5
)

// idsMemory is how much memory is spent on telling repetitions where nobody said how much, in bytes: half of Go's limit, which is half
// of the machine's memory after Tune. Without a limit it is 0: package usage has a default for that.
func idsMemory() int64 {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return limit / 2
	}
	return 0
}

// Tune sets Go's runtime for a gateway that is a process of its own, and returns what undoes it. What the environment says
// (GOGC, GOMEMLIMIT, GOMAXPROCS) stands.
func Tune(log *slog.Logger) (undo func()) {
	threads, percent, limit := runtime.GOMAXPROCS(0), debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	debug.SetGCPercent(percent)
	tune(log)
	return func() {
		runtime.GOMAXPROCS(threads)
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

func tune(log *slog.Logger) {
	// Fewer threads than processors means that a container has a quota of their time, which more threads would only use up sooner.
	if n := runtime.GOMAXPROCS(0); os.Getenv("GOMAXPROCS") == "" && n == runtime.NumCPU() && n > 1 && n < leastThreads {
		runtime.GOMAXPROCS(leastThreads)
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		provider := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)
		if _, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(provider)); err != nil {
			log.Warn("the machine's memory is not known, so none is spent on fewer garbage collections; set GOMEMLIMIT to allow it", "error", err)
			return
		}
	}
	debug.SetGCPercent(garbage)
}
