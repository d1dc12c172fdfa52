package usage_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// BenchmarkIngest measures an intake against its floor, which appends the same bytes to a file with one sync for all
// who wait, and neither tells repetitions nor adds up. Both take turns, so that a busy machine slows both alike: read
// the ratio.
func BenchmarkIngest(b *testing.B) {
	for _, s := range []struct{ callers, events int }{{64, 1}, {256, 1}, {8, 100}} {
		b.Run(fmt.Sprintf("%dx%d", s.callers, s.events), func(b *testing.B) {
			c, _ := config(b)
			in, f := open(b, c), newFloor(b)
			const turns = 10
			var intake, floor time.Duration
			each, n := b.N/turns+s.callers*s.events, 0
			b.ResetTimer()
			for range turns {
				floor += share(s.callers, s.events, n, each, f.append)
				intake += share(s.callers, s.events, n, each, func(first, n int) { take(b, in, first, n) })
				n += each + s.callers*s.events
			}
			total := float64(each * turns)
			b.ReportMetric(total/intake.Seconds(), "events/s")
			b.ReportMetric(total/floor.Seconds(), "floor-events/s")
			b.ReportMetric(100*floor.Seconds()/intake.Seconds(), "%floor")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// share makes callers do all events, from number first on, in calls of events each, and tells how long it took.
func share(callers, events, first, all int, call func(first, n int)) time.Duration {
	var next atomic.Int64
	took := clock.Stopwatch()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				n := int(next.Add(int64(events))) - events
				if n >= all {
					return
				}
				call(first+n, events)
			}
		})
	}
	wg.Wait()
	return took()
}

// take gives the intake n events of ids that sort at random.
func take(b *testing.B, in *usage.Intake, first, n int) {
	es := make([]usage.Event, n)
	for i := range es {
		es[i] = event(fmt.Sprintf("%x", id(first+i)), "1.25")
		es[i].Tags = map[string]string{"BusinessUnit": "Operations"}
	}
	if res, err := in.Accept(context.Background(), "", es); err != nil || res.Accepted != n {
		b.Errorf("%+v, %v", res, err)
	}
}

// floor appends lines of an event's size to a file and syncs it once for all who wait.
type floor struct {
	file  *os.File
	queue chan line
}

type line struct {
	text []byte
	done chan error
}

func newFloor(b *testing.B) *floor {
	file, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	f := &floor{file, make(chan line, 1024)}
	var wg sync.WaitGroup
	wg.Go(f.run)
	b.Cleanup(func() { close(f.queue); wg.Wait(); file.Close() })
	return f
}

func (f *floor) run() {
	for l := range f.queue {
		all, text := []line{l}, l.text
		for len(f.queue) > 0 {
			l := <-f.queue
			all, text = append(all, l), append(text, l.text...)
		}
		_, err := f.file.Write(text)
		if err == nil {
			err = f.file.Sync()
		}
		for _, l := range all {
			l.done <- err
		}
	}
}

func (f *floor) append(first, n int) {
	const form = `{"id":"%x","license":"arn:aws:license-manager::294406891311:license:l-1","dimension":"gb","quantity":"1.25","time":"2026-11-17T12:10:00Z","tags":{"BusinessUnit":"Operations"}}` + "\n"
	l := line{done: make(chan error, 1)}
	for i := range n {
		l.text = fmt.Appendf(l.text, form, first+i)
	}
	f.queue <- l
	if err := <-l.done; err != nil {
		panic(err) // a broken floor measures nothing
	}
}

// BenchmarkRestart reads the log of b.N events of the open hour, as a start after a crash does.
func BenchmarkRestart(b *testing.B) {
	c, _ := config(b)
	c.Store = openStore(b, filepath.Join(b.TempDir(), "souk.db"))
	in := open(b, c)
	for n := 0; n < b.N; n += 1000 {
		take(b, in, n, min(1000, b.N-n))
	}
	b.ResetTimer()
	took := clock.Stopwatch()
	again := open(b, c)
	b.ReportMetric(took().Seconds(), "s")
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	if ts := again.Totals("", core.HourOf(noon)); len(ts) != 1 || ts[0].Events != int64(b.N) {
		b.Fatalf("after the start: %+v", ts)
	}
}

// id is 16 bytes for each number, which look random.
func id(n int) []byte {
	b := make([]byte, 0, 16)
	for _, v := range [2]uint64{uint64(n), ^uint64(n)} {
		v *= 0x9e3779b97f4a7c15
		v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
		v = (v ^ v>>27) * 0x94d049bb133111eb
		b = binary.BigEndian.AppendUint64(b, v^v>>31)
	}
	return b
}
