package peers

import (
	"net/http"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// BenchmarkStart starts the sandbox's process and waits for its first answer: how long that takes, and the most memory
// that the process had by then. The binary is not stripped; SOUK_BINARY names another.
func BenchmarkStart(b *testing.B) {
	binary := harness.Binary(b)
	var took []float64
	var peak int64
	for b.Loop() {
		b.StopTimer()
		addr := harness.FreeAddress(b)
		cmd := exec.Command(binary, "sandbox", "--listen", addr, "--smtp-listen", "0")
		cmd.Dir = b.TempDir()
		b.StartTimer()
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		answered(b, "http://"+addr+"/_sandbox/clock", began)
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		b.StopTimer()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, use.Maxrss) // KiB, on Linux
		}
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took[len(took)/2], "ms-median")
	b.ReportMetric(took[len(took)-1], "ms-worst")
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}

// answered waits for an answer, asking anew as soon as it is refused.
func answered(b *testing.B, url string, began time.Time) {
	b.Helper()
	for time.Since(began) < 20*time.Second {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(500 * time.Microsecond)
	}
	b.Fatal("the sandbox does not answer")
}
