package lockstep

import (
	"context"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Stepper does everything that is due at the present instant and tells when something is due next. *job.Runner is one.
type Stepper interface {
	Step(ctx context.Context) (next time.Time, ok bool, err error)
}

// How long, in real time, a leader holds a poll without news, and waits for a follower's work before naming it.
const (
	pollHold      = 20 * time.Second
	followerLimit = 60 * time.Second
	lostGrace     = 3 * time.Second // for a follower whose connection broke
)

// tick is how often, in real time, a clock that runs at another rate than 1 is moved on.
const tick = 50 * time.Millisecond

// Leader moves a clock together with its followers. Its methods are safe for concurrent use; movements happen one
// after the other.
type Leader struct {
	clk   *clock.Virtual
	local Stepper

	moving sync.Mutex // held while time is being moved

	mu        sync.Mutex
	seq       int64         // counts news
	told      int64         // the news that the last settling waited for
	settling  bool          // time is being moved: what happens is told at the next round of the present instant
	unheard   bool          // something happened that the followers have not been told of
	news      chan struct{} // closed and replaced whenever seq grows
	heard     chan struct{} // closed and replaced whenever a follower polls, or leaves
	followers map[string]*follower
	lifelines map[string]int     // counts those of each name, so that an old one's end is told from the newest's
	stop      context.CancelFunc // ends the ticking of a fast clock
}

type follower struct {
	acked   int64
	nextDue time.Time // zero: none
	polls   int       // counts its polls, so that an old one's end is told from the newest's
	lost    bool      // the connection of its newest poll broke, or its lifeline
}

// NewLeader leads clk; local is the leader's own work.
//
// It counts its news from the real time at which it began, in microseconds. So a leader that was restarted counts from
// beyond where its predecessor ever came, and a follower that knows the predecessor's news is not taken for one that
// has done the work of its own.
func NewLeader(clk *clock.Virtual, local Stepper) *Leader {
	began := clock.System{}.Now().UnixMicro()
	return &Leader{clk: clk, local: local, seq: began, told: began, news: make(chan struct{}), heard: make(chan struct{}), followers: map[string]*follower{}, lifelines: map[string]int{}}
}

// Nudge tells the followers that something happened that may give them work at this instant, such as a message in a
// queue they read. While time is being moved they are told once all that is due here is done, and not of each thing by
// itself: what they are told they must answer for.
func (l *Leader) Nudge() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.settling {
		l.unheard = true
		return
	}
	l.bump()
}

func (l *Leader) bump() {
	l.seq++
	close(l.news)
	l.news = make(chan struct{})
}

func (l *Leader) announce() {
	close(l.heard)
	l.heard = make(chan struct{})
}

// Followers names those who follow at present, sorted.
func (l *Leader) Followers() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make([]string, 0, len(l.followers))
	for n := range l.followers {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Serve answers one poll of the follower called name, holding it until there is news, or ctx ends.
func (l *Leader) Serve(ctx context.Context, name string, p Poll) (Answer, error) {
	l.mu.Lock()
	f := l.followers[name]
	if f == nil {
		f = &follower{}
		l.followers[name] = f
	}
	f.acked, f.nextDue, f.lost = p.Seq, time.Time{}, false
	f.polls++
	mine := f.polls
	if p.NextDue != nil {
		f.nextDue = *p.NextDue
	}
	l.announce()
	seq, news := l.seq, l.news
	l.mu.Unlock()

	if seq <= p.Seq && !p.Busy {
		held, cancel := context.WithTimeout(ctx, pollHold)
		defer cancel()
		select {
		case <-news:
		case <-held.Done():
		}
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil { // it has other work and will be back, or it was killed
		if f.polls == mine {
			f.lost = true
			l.announce()
		}
		return Answer{}, ctx.Err()
	}
	s := l.clk.Setting()
	return Answer{Seq: l.seq, Now: s.Now, Rate: s.Rate, Frozen: s.Frozen}, nil
}

// Attend holds on to the follower called name until ctx ends: its lifeline, which breaks when its process dies. A follower that works
// asks nothing meanwhile, and nobody would know otherwise that it will not come back.
func (l *Leader) Attend(ctx context.Context, name string) {
	l.mu.Lock()
	l.lifelines[name]++
	mine := l.lifelines[name]
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.followers[name]; f != nil && l.lifelines[name] == mine {
		f.lost = true
		l.announce()
	}
}

// Expect makes the named followers of another leader, in whose place l is, followers of this one: time waits for them to
// come, as it waits for one whose connection is lost.
func (l *Leader) Expect(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if l.followers[name] == nil {
			l.followers[name] = &follower{lost: true}
		}
	}
}

// Leave forgets the follower called name.
func (l *Leader) Leave(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.followers, name)
	l.announce()
}

// Advance moves time to target, doing on the way whatever is due here and at every follower. It returns when all has
// happened, with the names of followers that did not answer within 60 s of real time; those are followed no longer.
// A target in the past is fail.Invalid and changes nothing.
func (l *Leader) Advance(ctx context.Context, target time.Time) (silent []string, err error) {
	l.moving.Lock()
	defer l.moving.Unlock()
	return l.advance(ctx, target)
}

func (l *Leader) advance(ctx context.Context, target time.Time) (silent []string, err error) {
	before := l.clk.Setting()
	if target.Before(before.Now) {
		return nil, fail.New(fail.Invalid, "clock_back", "The clock stands at %s and cannot go back to %s; start another sandbox with --now for that.",
			before.Now.Format(time.RFC3339Nano), target.UTC().Format(time.RFC3339Nano))
	}
	l.clk.Apply(clock.Setting{Now: before.Now, Frozen: true})
	l.settled(false)
	defer func() { // time runs on as it did, from wherever we came
		l.clk.Apply(clock.Setting{Now: l.clk.Now(), Frozen: before.Frozen})
		l.settled(true)
		l.Nudge()
	}()
	for first := true; ; first = false {
		now := l.clk.Now()
		last := !now.Before(target)
		// The followers are asked at the first instant because they may have found work since they last told of it.
		next, ok, late, err := l.settle(ctx, now, first || last)
		silent = append(silent, late...)
		if err != nil || last {
			return silent, err
		}
		if ok && !next.After(now) {
			next = now.Add(time.Millisecond) // due and yet not done: standing still will not get it done
		}
		if !ok || next.After(target) {
			next = target
		}
		l.clk.Set(next)
	}
}

// settle does what is due at now here and at the followers until nothing more happens at this instant. Followers are
// asked only if something is due for them, or something happened that may concern them, or always says so: a year
// has many instants that are nobody's business but the leader's.
func (l *Leader) settle(ctx context.Context, now time.Time, always bool) (next time.Time, ok bool, silent []string, err error) {
	for asked := false; ; asked = true {
		next, ok, err = l.local.Step(ctx)
		if err != nil {
			return next, ok, silent, err
		}
		due, has := l.followersDue()
		theirs := has && !due.After(now)
		if !l.untold() && (asked || (!theirs && !always)) {
			if has && (!ok || due.Before(next)) {
				next, ok = due, true
			}
			return next, ok, silent, nil
		}
		late, err := l.tell(ctx)
		silent = append(silent, late...)
		if err != nil {
			return next, ok, silent, err
		}
	}
}

// settled says whether time is at rest.
func (l *Leader) settled(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settling = !yes
}

// untold reports whether something has happened since the followers were last told.
func (l *Leader) untold() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unheard || l.seq != l.told
}

// tell gives the followers the present instant as news and waits for their work.
func (l *Leader) tell(ctx context.Context) (silent []string, err error) {
	l.mu.Lock()
	l.bump()
	l.told, l.unheard = l.seq, false
	want := l.seq
	l.mu.Unlock()
	return l.await(ctx, want)
}

func (l *Leader) followersDue() (due time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.followers {
		if !f.nextDue.IsZero() && (!ok || f.nextDue.Before(due)) {
			due, ok = f.nextDue, true
		}
	}
	return due, ok
}

// await blocks until every follower has done the work of news number seq, and drops and names those that do not.
func (l *Leader) await(ctx context.Context, seq int64) (silent []string, err error) {
	limit, cancel := context.WithTimeout(ctx, followerLimit)
	defer cancel()
	for {
		behind, lost, heard := l.behind(seq)
		if len(behind) == 0 {
			return silent, nil
		}
		if hear(limit, heard, lost) {
			continue
		}
		silent = append(silent, l.drop(seq, limit.Err() == nil)...)
		if ctx.Err() != nil || limit.Err() != nil {
			return silent, ctx.Err()
		}
	}
}

// hear waits until a follower is heard of, and reports false when none is: for as long as limit allows, or for a
// moment only if the connection of one is lost, because it is being restarted or gone for good.
func hear(limit context.Context, heard <-chan struct{}, lost bool) bool {
	if lost {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(limit, lostGrace)
		defer cancel()
	}
	select {
	case <-heard:
		return true
	case <-limit.Done():
		return false
	}
}

// behind names the followers that have not done the work of news number seq; lost says that one of them is not connected.
func (l *Leader) behind(seq int64) (names []string, lost bool, heard <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, f := range l.followers {
		if f.acked < seq {
			names = append(names, name)
			lost = lost || f.lost
		}
	}
	slices.Sort(names)
	return names, lost, l.heard
}

// drop forgets and names the followers behind seq, or only those of them whose connection is lost.
func (l *Leader) drop(seq int64, onlyLost bool) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, f := range l.followers {
		if f.acked < seq && (f.lost || !onlyLost) {
			delete(l.followers, name)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Change freezes or releases the clock, or changes its rate (0 keeps it). At rate 1 time simply runs; at any other
// it is moved on in lock-step every 50 ms of real time, until ctx, which must outlive the call, ends.
func (l *Leader) Change(ctx context.Context, rate float64, frozen bool) {
	l.mu.Lock()
	if l.stop != nil {
		l.stop()
		l.stop = nil
	}
	l.mu.Unlock()
	l.moving.Lock()
	defer l.moving.Unlock()
	s := l.clk.Setting()
	if rate > 0 {
		s.Rate = rate
	}
	s.Frozen = frozen
	if !frozen && s.Rate != 1 {
		l.clk.Apply(clock.Setting{Now: s.Now, Rate: s.Rate, Frozen: true})
		ticking, stop := context.WithCancel(ctx)
		l.mu.Lock()
		l.stop = stop
		l.mu.Unlock()
		go l.run(ticking, s.Rate)
	} else {
		l.clk.Apply(s)
	}
	l.Nudge()
}

// Running reports the rate at which time is moving and whether it stands still; the clock itself is frozen between
// the steps of a fast one.
func (l *Leader) Running() (rate float64, frozen bool) {
	l.mu.Lock()
	ticking := l.stop != nil
	l.mu.Unlock()
	s := l.clk.Setting()
	return s.Rate, s.Frozen && !ticking
}

func (l *Leader) run(ctx context.Context, rate float64) {
	for {
		elapsed := clock.Stopwatch()
		if clock.Sleep(ctx, tick) != nil {
			return
		}
		l.moving.Lock()
		if ctx.Err() == nil {
			// A follower that stays silent is dropped by the advance; there is nobody here to tell.
			_, _ = l.advance(ctx, l.clk.Now().Add(time.Duration(float64(elapsed())*rate)))
		}
		l.moving.Unlock()
	}
}
