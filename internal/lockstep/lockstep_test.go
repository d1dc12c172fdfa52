package lockstep

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// calendar is a Stepper with given due instants. It writes what it does into a common diary.
type calendar struct {
	name  string
	clk   clock.Clock
	diary *diary
	then  func(at time.Time)

	mu  sync.Mutex
	due []time.Time
}

type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

func (c *calendar) add(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = append(c.due, at)
	slices.SortFunc(c.due, time.Time.Compare)
}

func (c *calendar) Step(context.Context) (time.Time, bool, error) {
	for {
		c.mu.Lock()
		if len(c.due) == 0 {
			c.mu.Unlock()
			return time.Time{}, false, nil
		}
		at := c.due[0]
		if at.After(c.clk.Now()) {
			c.mu.Unlock()
			return at, true, nil
		}
		c.due = c.due[1:]
		c.mu.Unlock()
		c.diary.add(fmt.Sprintf("%s %s", c.name, c.clk.Now().Format("15:04:05")))
		if c.then != nil {
			c.then(at)
		}
	}
}

func serve(t *testing.T, l *Leader) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path+"/{name}", func(w http.ResponseWriter, r *http.Request) {
		var p Poll
		body, err := io.ReadAll(r.Body) // to its end: only then does the server notice that a client goes away
		if err == nil {
			err = json.Unmarshal(body, &p)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a, err := l.Serve(r.Context(), r.PathValue("name"), p)
		if err == nil {
			_ = json.NewEncoder(w).Encode(a)
		}
	})
	mux.HandleFunc("GET "+Path+"/{name}", func(_ http.ResponseWriter, r *http.Request) { l.Attend(r.Context(), r.PathValue("name")) })
	mux.HandleFunc("DELETE "+Path+"/{name}", func(_ http.ResponseWriter, r *http.Request) { l.Leave(r.PathValue("name")) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func follow(t *testing.T, url, name string, work func(clk *clock.Virtual) Stepper, woken <-chan struct{}) (stop func()) {
	clk := clock.NewVirtual(time.Time{})
	log := slog.New(slog.DiscardHandler)
	f, err := Join(t.Context(), url, name, clk, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, stepper := make(chan struct{}), work(clk)
	go func() { f.Run(ctx, stepper, woken); close(done) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func TestEveryoneDoesWhatIsDueInTheOrderOfTime(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	market := &calendar{name: "market", clk: clk, diary: d, due: []time.Time{noon.Add(10 * time.Minute), noon.Add(30 * time.Minute)}}
	l := NewLeader(clk, market)
	url := serve(t, l)
	follow(t, url, "a", func(c *clock.Virtual) Stepper {
		return &calendar{name: "a", clk: c, diary: d, due: []time.Time{noon.Add(5 * time.Minute), noon.Add(20 * time.Minute)}}
	}, nil)
	follow(t, url, "b", func(c *clock.Virtual) Stepper {
		return &calendar{name: "b", clk: c, diary: d, due: []time.Time{noon.Add(20*time.Minute + time.Second), noon.Add(2 * time.Hour)}}
	}, nil)
	silent, err := l.Advance(t.Context(), noon.Add(time.Hour))
	if err != nil || len(silent) != 0 {
		t.Fatal(silent, err)
	}
	want := []string{"a 12:05:00", "market 12:10:00", "a 12:20:00", "b 12:20:01", "market 12:30:00"}
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if now := clk.Now(); !now.Equal(noon.Add(time.Hour)) {
		t.Errorf("the clock stands at %v", now)
	}
}

// A follower's own clock rings for what falls due at the very moment at which it takes over the new time. It must not
// say then that the work of that time is done.
func TestTimeStandsWhileAFollowerWorks(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	l := NewLeader(clk, &calendar{name: "market", clk: clk, diary: d})
	follow(t, serve(t, l), "a", func(c *clock.Virtual) Stepper {
		work := &calendar{name: "a", clk: c, diary: d}
		for i := range 1000 {
			work.add(noon.Add(time.Duration(i) * time.Second))
		}
		work.then = func(at time.Time) {
			runtime.Gosched()
			if now := clk.Now(); !now.Equal(at) {
				t.Errorf("what is due at %v is done while the leader's clock stands at %v", at, now)
			}
		}
		return work
	}, nil)
	if silent, err := l.Advance(t.Context(), noon.Add(time.Hour)); err != nil || len(silent) != 0 || len(d.read()) != 1000 {
		t.Fatalf("%v, %v, %d done; want 1000", silent, err, len(d.read()))
	}
}

func TestWorkThatCausesWorkIsDoneBeforeTimeGoesOn(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	var gateway *calendar
	market := &calendar{name: "market", clk: clk, diary: d}
	l := NewLeader(clk, market)
	market.due = []time.Time{noon.Add(time.Minute)}
	var once sync.Once
	market.then = func(at time.Time) { // a notice is queued: the follower has work at this very instant
		once.Do(func() {
			gateway.add(at)
			l.Nudge()
		})
	}
	url := serve(t, l)
	follow(t, url, "gateway", func(c *clock.Virtual) Stepper {
		gateway = &calendar{name: "gateway", clk: c, diary: d}
		gateway.then = func(at time.Time) { market.add(at); l.Nudge() } // whose work gives the market more to do
		return gateway
	}, nil)
	if _, err := l.Advance(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	want := []string{"market 12:01:00", "gateway 12:01:00", "market 12:01:00"}
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// A follower that has not told what is due for it yet, because it has only just joined, must not be run over.
func TestFollowerIsAskedBeforeTimeMoves(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	l := NewLeader(clk, &calendar{clk: clk, diary: d})
	url := serve(t, l)
	c := clock.NewVirtual(time.Time{})
	f, err := Join(t.Context(), url, "a", c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	advanced := make(chan error, 1)
	go func() {
		_, err := l.Advance(t.Context(), noon.Add(time.Hour))
		advanced <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		f.Run(ctx, &calendar{name: "a", clk: c, diary: d, due: []time.Time{noon.Add(time.Minute)}}, nil)
		close(done)
	}()
	if err := <-advanced; err != nil {
		t.Error(err)
	}
	cancel()
	<-done
	if got := d.read(); !slices.Equal(got, []string{"a 12:01:00"}) {
		t.Errorf("got %v", got)
	}
}

// A sandbox that was killed counts anew. Its follower's news of before must not pass for the work of now.
func TestRestartedLeaderIsNotFooledByOldNews(t *testing.T) {
	clk := clock.NewVirtual(noon)
	before := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
	for range 5 {
		before.Nudge()
	}
	knew, err := before.Serve(t.Context(), "a", Poll{})
	if err != nil {
		t.Fatal(err)
	}
	_ = clock.Sleep(t.Context(), time.Millisecond)
	after := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
	got, err := after.Serve(t.Context(), "a", Poll{Seq: knew.Seq}) // would be held for 20 s if it passed
	if err != nil || got.Seq <= knew.Seq {
		t.Errorf("answered %d to a follower that knew %d, %v", got.Seq, knew.Seq, err)
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	l := NewLeader(clock.NewVirtual(noon), &calendar{clk: clock.NewVirtual(noon), diary: &diary{}})
	if _, err := l.Advance(t.Context(), noon.Add(-time.Second)); err == nil {
		t.Error("want an error")
	}
}

func TestFollowerThatLeftIsNotWaitedFor(t *testing.T) {
	clk := clock.NewVirtual(noon)
	l := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
	stop := follow(t, serve(t, l), "a", func(c *clock.Virtual) Stepper { return &calendar{clk: c, diary: &diary{}} }, nil)
	stop()
	if got := l.Followers(); len(got) != 0 {
		t.Fatalf("still followed by %v", got)
	}
	if silent, err := l.Advance(t.Context(), noon.Add(time.Hour)); err != nil || len(silent) != 0 {
		t.Error(silent, err)
	}
}

func TestKilledFollowerIsNamedAndDropped(t *testing.T) {
	clk := clock.NewVirtual(noon)
	l := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
	ctx, kill := context.WithCancel(t.Context())
	if _, err := l.Serve(ctx, "a", Poll{}); err != nil {
		t.Fatal(err)
	}
	go kill()
	_, _ = l.Serve(ctx, "a", Poll{Seq: l.seq})
	silent, err := l.Advance(t.Context(), noon.Add(time.Hour))
	if err != nil || !slices.Equal(silent, []string{"a"}) {
		t.Errorf("silent %v, err %v", silent, err)
	}
}

// A follower that is killed in the middle of its work asks nothing, and is not waited for as one that works is.
func TestFollowerThatIsKilledAtWorkIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := clock.NewVirtual(noon)
		l := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
		if _, err := l.Serve(t.Context(), "a", Poll{}); err != nil { // and never again
			t.Fatal(err)
		}
		life, kill := context.WithCancel(t.Context())
		go l.Attend(life, "a")
		synctest.Wait()
		took := clock.Stopwatch()
		go func() { // in the middle of the work that the advance has given it
			_ = clock.Sleep(t.Context(), time.Second)
			kill()
		}()
		silent, err := l.Advance(t.Context(), noon.Add(time.Hour))
		if err != nil || !slices.Equal(silent, []string{"a"}) || took() != time.Second+lostGrace {
			t.Errorf("silent %v after %s, err %v", silent, took(), err)
		}
	})
}

// The end of a process that was killed says nothing of the next one of its name.
func TestLifelineOfAnEarlierProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := clock.NewVirtual(noon)
		l := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
		earlier, kill := context.WithCancel(t.Context())
		present, end := context.WithCancel(t.Context())
		go l.Attend(earlier, "a")
		synctest.Wait()
		go l.Attend(present, "a")
		if _, err := l.Serve(t.Context(), "a", Poll{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		kill()
		synctest.Wait()
		if _, lost, _ := l.behind(l.seq + 1); lost {
			t.Error("it was taken for dead")
		}
		end()
		synctest.Wait()
		if _, lost, _ := l.behind(l.seq + 1); !lost {
			t.Error("it was taken for living")
		}
	})
}

// A follower keeps its lifeline for as long as it follows.
func TestFollowerKeepsALifeline(t *testing.T) {
	clk := clock.NewVirtual(noon)
	l := NewLeader(clk, &calendar{clk: clk, diary: &diary{}})
	stop := follow(t, serve(t, l), "a", func(c *clock.Virtual) Stepper { return &calendar{clk: c, diary: &diary{}} }, nil)
	defer stop()
	for lines := 0; lines == 0; _ = clock.Sleep(t.Context(), time.Millisecond) {
		l.mu.Lock()
		lines = l.lifelines["a"]
		l.mu.Unlock()
	}
}

func TestWokenFollowerDoesItsWorkAtOnce(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	l := NewLeader(clk, &calendar{clk: clk, diary: d})
	woken := make(chan struct{}, 1)
	var mine *calendar
	done := make(chan struct{})
	follow(t, serve(t, l), "a", func(c *clock.Virtual) Stepper {
		mine = &calendar{name: "a", clk: c, diary: d, then: func(time.Time) { close(done) }}
		return mine
	}, woken)
	mine.add(noon)
	woken <- struct{}{}
	<-done
}

// A follower that was woken ends its held poll in order to work. It must not be taken for dead, however long it works.
func TestWokenFollowerIsNotTakenForDead(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	l := NewLeader(clk, &calendar{clk: clk, diary: d})
	woken := make(chan struct{}, 1)
	var mine *calendar
	working, enough := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(enough) })
	follow(t, serve(t, l), "a", func(c *clock.Virtual) Stepper {
		mine = &calendar{name: "a", clk: c, diary: d, then: func(time.Time) {
			close(working)
			<-enough
		}}
		return mine
	}, woken)
	for polls := 0; polls < 2; _ = clock.Sleep(t.Context(), time.Millisecond) { // the second one is held
		l.mu.Lock()
		polls = l.followers["a"].polls
		l.mu.Unlock()
	}
	mine.add(noon)
	woken <- struct{}{}
	t.Cleanup(release)
	<-working
	advanced := make(chan []string, 1)
	go func() {
		silent, err := l.Advance(t.Context(), noon.Add(time.Hour))
		if err != nil {
			t.Error(err)
		}
		advanced <- silent
	}()
	_ = clock.Sleep(t.Context(), lostGrace+500*time.Millisecond)
	select {
	case silent := <-advanced:
		t.Fatalf("time went on without it; silent: %v", silent)
	default:
	}
	release()
	if silent := <-advanced; len(silent) != 0 {
		t.Errorf("it was dropped: %v", silent)
	}
}

func TestFastClockMovesInSteps(t *testing.T) {
	clk, d := clock.NewVirtual(noon), &diary{}
	market := &calendar{name: "market", clk: clk, diary: d, due: []time.Time{noon.Add(time.Minute)}}
	reached := make(chan struct{})
	market.then = func(time.Time) { close(reached) }
	l := NewLeader(clk, market)
	l.Change(t.Context(), 3600, false)
	<-reached
	if rate, frozen := l.Running(); rate != 3600 || frozen {
		t.Errorf("rate %v, frozen %v", rate, frozen)
	}
	l.Change(t.Context(), 0, true)
	if rate, frozen := l.Running(); rate != 3600 || !frozen {
		t.Errorf("rate %v, frozen %v after freezing", rate, frozen)
	}
	if d.read()[0] != "market 12:01:00" {
		t.Errorf("got %v: not at its instant", d.read())
	}
}
