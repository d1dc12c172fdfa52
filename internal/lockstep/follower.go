package lockstep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
)

// Follower keeps a process's clock in step with a leader's.
type Follower struct {
	name string
	url  string
	clk  *clock.Virtual
	log  *slog.Logger
	hc   *http.Client

	seq int64
	due *time.Time
}

// Join asks the sandbox at base for the time, once, and sets clk to it; name must be this process's alone. Until
// [Follower.Run] is called, the sandbox waits for this follower whenever its clock is moved; who does not come to that must call
// [Follower.Leave].
func Join(ctx context.Context, base, name string, clk *clock.Virtual, log *slog.Logger) (*Follower, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("the clock's URL %q must be a sandbox's address, such as http://127.0.0.1:4700", base)
	}
	f := &Follower{name: name, url: u.String() + Path + "/" + url.PathEscape(name), clk: clk, log: log, hc: &http.Client{Timeout: pollHold + 10*time.Second}}
	if err := f.poll(ctx, false); err != nil {
		f.Leave() // it may have been heard
		return nil, fmt.Errorf("follow the clock of %s: %w", u, err)
	}
	return f, nil
}

// poll says how far we are and takes over the news.
func (f *Follower) poll(ctx context.Context, busy bool) error {
	body, err := json.Marshal(Poll{Seq: f.seq, NextDue: f.due, Busy: busy})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := f.hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		return fmt.Errorf("it answered %s: %s", res.Status, bytes.TrimSpace(text))
	}
	var a Answer
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&a); err != nil {
		return fmt.Errorf("read its answer: %w", err)
	}
	if a.Seq != f.seq {
		f.clk.Apply(clock.Setting{Now: a.Now, Rate: a.Rate, Frozen: a.Frozen})
		f.seq = a.Seq
	}
	return nil
}

// Run follows until ctx ends: whenever the sandbox has news, woken receives, or something falls due by the running
// clock, it lets work do what is due. When the sandbox is away, time stands still and it keeps asking.
func (f *Follower) Run(ctx context.Context, work Stepper, woken <-chan struct{}) {
	var life sync.WaitGroup
	defer f.Leave()
	defer life.Wait()
	life.Go(func() { f.live(ctx) })
	for ctx.Err() == nil {
		next, ok, err := work.Step(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.log.Error("a step failed", "err", err)
		}
		f.due = nil
		if ok {
			f.due = &next
		}
		f.await(ctx, next, ok, woken)
	}
}

// await returns when there may be work: news, a wake-up, or the instant next.
func (f *Follower) await(ctx context.Context, next time.Time, ok bool, woken <-chan struct{}) {
	polling, cancel := context.WithCancel(ctx)
	answered := make(chan error, 1)
	go func() { answered <- f.poll(polling, false) }()
	var rung <-chan struct{}
	stop := func() {}
	if ok {
		rung, stop = f.clk.Alarm(next)
	}
	defer stop()
	select {
	case err := <-answered:
		cancel()
		if err != nil && ctx.Err() == nil {
			s := f.clk.Setting()
			f.clk.Apply(clock.Setting{Now: s.Now, Frozen: true})
			f.seq = 0 // it may have started anew, and count from 1
			f.log.Warn("the sandbox's clock does not answer; time stands still", "err", err)
			_ = clock.Sleep(ctx, time.Second)
		}
	case <-woken:
		f.interrupt(ctx, cancel, answered)
	case <-rung:
		f.interrupt(ctx, cancel, answered)
	}
}

// interrupt ends a held poll in order to work, and says so. Should that fail, the next poll will tell why. Where the
// poll has brought news there is nothing to say: the news is what rang. To ask again would be to acknowledge it, and the
// sandbox would take the work for done that has not been begun.
func (f *Follower) interrupt(ctx context.Context, cancel context.CancelFunc, answered <-chan error) {
	cancel()
	if <-answered == nil {
		return
	}
	if err := f.poll(ctx, true); err != nil && ctx.Err() == nil {
		f.log.Debug("the sandbox was not told that there is work", "err", err)
	}
}

// live keeps a lifeline to the sandbox until ctx ends: it breaks when this process dies, also in the middle of its work.
func (f *Follower) live(ctx context.Context) {
	line := &http.Client{Transport: f.hc.Transport} // whose requests may take as long as they like
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
		if err != nil {
			return // not reached: it is the URL of the polls
		}
		if res, err := line.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusNoContent {
				return // one of an older version, which finds out in its own time
			}
		}
		_ = clock.Sleep(ctx, time.Second)
	}
}

// Leave tells the sandbox not to wait for this follower any more.
func (f *Follower) Leave() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, f.url, nil)
	if err != nil {
		return
	}
	if res, err := f.hc.Do(req); err == nil {
		res.Body.Close()
	}
}
