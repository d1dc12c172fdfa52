package usage_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"souk.dev/souk/internal/gateway/usage"
)

// Each shape is measured twice in one run: events taken by an intake, and the floor, which appends the same bytes to a
// file with one sync for all who wait. Read the ratio.
func BenchmarkIngest(b *testing.B) {
	for _, s := range []struct{ callers, events int }{{64, 1}, {256, 1}, {8, 100}} {
		b.Run(fmt.Sprintf("floor/%dx%d", s.callers, s.events), func(b *testing.B) { benchFloor(b, s.callers, s.events) })
		b.Run(fmt.Sprintf("intake/%dx%d", s.callers, s.events), func(b *testing.B) { benchIntake(b, s.callers, s.events) })
	}
}

// share makes callers do b.N events in calls of events each.
func share(b *testing.B, callers, events int, call func(n int)) {
	var next atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				n := next.Add(int64(events))
				if n-int64(events) >= int64(b.N) {
					return
				}
				call(int(n))
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func benchIntake(b *testing.B, callers, events int) {
	c, _ := config(b)
	in := open(b, c)
	share(b, callers, events, func(n int) {
		es := make([]usage.Event, events)
		for i := range es {
			es[i] = event(fmt.Sprintf("%016x-4b1d-9a3e", uint64(n+i)*0x9E3779B97F4A7C15), "1.25")
			es[i].Tags = map[string]string{"BusinessUnit": "Operations"}
		}
		if res, err := in.Accept(context.Background(), "", es); err != nil || res.Accepted != events {
			b.Errorf("%+v, %v", res, err)
		}
	})
}

// benchFloor appends lines of the same size to a file and syncs it once for all who wait; nothing else.
func benchFloor(b *testing.B, callers, events int) {
	file, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	type write struct {
		line []byte
		done chan struct{}
	}
	queue := make(chan write, callers)
	var group sync.WaitGroup
	group.Go(func() {
		for w := range queue {
			all := []write{w}
			for len(queue) > 0 {
				all = append(all, <-queue)
			}
			var buf []byte
			for _, w := range all {
				buf = append(buf, w.line...)
			}
			if _, err := file.Write(buf); err != nil {
				b.Error(err)
			}
			if err := file.Sync(); err != nil {
				b.Error(err)
			}
			for _, w := range all {
				close(w.done)
			}
		}
	})
	const line = `{"id":"%016x-4b1d-9a3e","license":"arn:aws:license-manager::294406891311:license:l-1","dimension":"gb","quantity":"1.25","time":"2026-11-17T12:10:00Z","tags":{"BusinessUnit":"Operations"}}`
	share(b, callers, events, func(n int) {
		var buf []byte
		for i := range events {
			buf = fmt.Appendf(buf, line, n+i)
		}
		w := write{buf, make(chan struct{})}
		queue <- w
		<-w.done
	})
	close(queue)
	group.Wait()
}
