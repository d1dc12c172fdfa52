package agreement

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/job"
)

// Intervals, in business time.
const (
	// DefaultEvery is how often AWS is asked though nobody wants it. Its instants follow from when a gateway was first
	// started, so that not all gateways ask at once.
	DefaultEvery = 24 * time.Hour
	// LeastEvery is how often it may be asked: below it, notices that come are overtaken.
	LeastEvery = 15 * time.Minute
	// wholeEvery is how often at least AWS is asked for everything; between, for what changed.
	wholeEvery = 24 * time.Hour
	// afterStart is how long the notices that wait in the queue have, when a gateway starts, before AWS is asked.
	afterStart = 15 * time.Minute
	// afterNotice is how long after a notice AWS is asked what changed, so that one run serves the notices of a purchase.
	afterNotice = 3 * time.Minute
	// overlap is by how much a run looks further back than the beginning of the one before: clocks disagree, and what
	// changed last was left for the next run.
	overlap = time.Hour
	// firstRetry and lastRetry bound the pause after a failure, which doubles.
	firstRetry, lastRetry = time.Minute, 30 * time.Minute
)

// Book is the book of licences, told what is learnt as it is told of notices; *license.Book is one.
type Book interface {
	Note(ctx context.Context, n license.Note) (license.Verdict, error)
}

// Config is what a service is made of.
type Config struct {
	Store    Store
	AWS      AWS
	Licenses license.Directory
	Book     Book
	Products core.Catalogue
	Clock    clock.Clock
	Log      *slog.Logger
	Every    time.Duration // DefaultEvery when zero
	// Reminders are how long before their end agreements are told of, the longest first; DefaultReminders when nil, never when
	// empty.
	Reminders []time.Duration
	Wake      func() // makes the job look again; may be nil
	// Changed, if set, is told of licences of which AWS changed an agreement, and when: their entitlements may have, too.
	Changed func(id core.LicenseID, at time.Time)
	// Observe, if set, is told of every run that ended: done, or the kind of the failure.
	Observe func(outcome string, r Run)
}

// Service keeps agreements and runs re-syncs. It is safe for concurrent use.
type Service struct {
	cfg     Config
	started time.Time

	// Only the job touches these, which the runner runs once at a time.
	run       *progress // the run under way; nil: none
	last      time.Time // when the last scheduled run began that was done
	lastWhole time.Time // when the last of them began that asked for everything
	retryAt   time.Time // no scheduled run begins before
	failures  int       // of scheduled runs, in a row

	lastSeen time.Time   // when the last run began, of any kind, that was done and asked for what changed, at least
	asking   asking      // the job of terms touches it
	wanting  atomic.Bool // there may be agreements whose terms were not asked for

	reminding reminding

	mu       sync.Mutex // guards what follows; never held while AWS is asked
	asked    []Run      // that somebody asked for and that have not begun
	doubtful map[core.LicenseID]doubt
	heard    time.Time // when AWS is asked what a notice changed; zero: none came
}

// Open reads what is known. A run that its process did not end is written down as such.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Every < LeastEvery {
		return nil, fail.New(fail.Invalid, "resync_every", "A re-sync every %s would overtake the notices; %s is the least.", cfg.Every, LeastEvery)
	}
	if cfg.Reminders == nil {
		cfg.Reminders = DefaultReminders
	}
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	if cfg.Changed == nil {
		cfg.Changed = func(core.LicenseID, time.Time) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, Run) {}
	}
	s := &Service{cfg: cfg, started: cfg.Clock.Now(), doubtful: map[core.LicenseID]doubt{}}
	if err := cfg.Store.EndRuns(ctx, s.started, "The gateway was stopped before it was done."); err != nil {
		return nil, fmt.Errorf("end the runs of the re-sync that were left behind: %w", err)
	}
	var err error
	if s.last, s.lastWhole, err = cfg.Store.LastRuns(ctx); err != nil {
		return nil, fmt.Errorf("read when the re-sync ran last: %w", err)
	}
	s.lastSeen = s.last
	s.wanting.Store(true)
	s.reminding.stale.Store(true)
	for l := range cfg.Licenses.All {
		s.follow(l)
	}
	cfg.Licenses.OnChange(s.follow)
	return s, nil
}

// Ask has a run made, of one licence or, with an empty id, of all; by is the key that wants it. One that waits for the same is
// the same run.
//
// Errors: fail.NotFound for a licence that is not known, fail.Conflict for one whose buyer's account AWS has not named.
func (s *Service) Ask(ctx context.Context, id core.LicenseID, dry bool, by string) (Run, error) {
	r := newRun(Asked, s.cfg.Clock.Now())
	r.By, r.DryRun = by, dry
	if id != "" {
		l, ok := s.cfg.Licenses.ByID(id)
		switch {
		case !ok:
			return Run{}, fail.New(fail.NotFound, "unknown_license", "There is no license %q here.", id)
		case l.Customer == "":
			return Run{}, fail.New(fail.Conflict, "unknown_buyer", "AWS has not named the buyer's account of license %s yet, by which it is asked; a re-sync of all licenses may find it.", l.ID)
		}
		r.License = l.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.asked {
		if o.License == r.License && o.DryRun == r.DryRun {
			return o, nil
		}
	}
	if err := s.cfg.Store.KeepRun(ctx, r, nil); err != nil {
		return Run{}, fmt.Errorf("ask for a re-sync: %w", err)
	}
	s.asked = append(s.asked, r)
	s.cfg.Wake()
	return r, nil
}

// RunByID finds a run with its findings. Errors: fail.NotFound.
func (s *Service) RunByID(ctx context.Context, id RunID) (Run, []Finding, error) {
	return s.cfg.Store.RunByID(ctx, id)
}

// Runs lists runs, newest first; before is the last of the page before (its id and beginning), zero for the first page.
func (s *Service) Runs(ctx context.Context, before Run, limit int) ([]Run, error) {
	return s.cfg.Store.Runs(ctx, before, limit)
}

// Agreement finds one. Errors: fail.NotFound.
func (s *Service) Agreement(ctx context.Context, id core.AgreementID) (Agreement, error) {
	return s.cfg.Store.Agreement(ctx, id)
}

// Agreements lists, by id.
func (s *Service) Agreements(ctx context.Context, q Query) ([]Agreement, error) {
	return s.cfg.Store.Agreements(ctx, q)
}

// Heard tells that a notice came about some agreement: AWS is asked soon what changed. Before the first scheduled run it is
// not, because that asks for everything.
func (s *Service) Heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard.IsZero() {
		s.heard = s.cfg.Clock.Now().Add(afterNotice)
		s.cfg.Wake()
	}
}

// Jobs are the re-sync, piece by piece, the asking for terms, and the reminders of agreements' ends.
func (s *Service) Jobs() []job.Job {
	return []job.Job{{Name: "resync", Due: s.due, Run: s.step}, {Name: "terms", Due: s.termsDue, Run: s.askTerms},
		{Name: "reminders", Due: s.remindersDue, Run: s.remind}}
}

func (s *Service) due(context.Context) (time.Time, bool, error) {
	if s.run != nil {
		return s.run.nextAt, true, nil
	}
	s.mu.Lock()
	asked := len(s.asked) > 0
	_, doubted, any := s.firstDoubt()
	heard := s.heard
	s.mu.Unlock()
	if asked {
		return s.cfg.Clock.Now(), true, nil
	}
	next := s.scheduled()
	if any && doubted.Before(next) {
		next = doubted
	}
	if !heard.IsZero() && !s.lastSeen.IsZero() && heard.Before(next) {
		next = heard
	}
	return next, true, nil
}

// scheduled is when the next scheduled run is due.
func (s *Service) scheduled() time.Time {
	next := s.started.Add(afterStart)
	for _, at := range []time.Time{s.retryAt, s.last.Add(s.cfg.Every)} {
		if at.After(next) {
			next = at
		}
	}
	return next
}

// step does one piece of a run: begins it, reads a page of AWS's, compares some agreements, or ends it.
func (s *Service) step(ctx context.Context) (did bool, err error) {
	now := s.cfg.Clock.Now()
	switch r := s.run; {
	case r == nil:
		return s.begin(ctx, now)
	case !r.read:
		return true, s.page(ctx, now)
	case len(r.seen) > 0:
		return true, s.compareSome(ctx, now)
	}
	s.unlisted(ctx, now)
	return true, s.end(ctx, nil)
}

// begin begins what was asked for, or else is scheduled, or else doubted.
func (s *Service) begin(ctx context.Context, now time.Time) (did bool, err error) {
	r, ok := s.choose(now)
	if !ok {
		return false, nil
	}
	p := &progress{Run: r, nextAt: now, listed: map[core.LicenseARN]bool{}}
	if r.License != "" {
		l, ok := s.cfg.Licenses.ByID(r.License)
		if !ok || l.Customer == "" {
			return true, nil // what was doubted was forgotten when that became so
		}
		p.about = l.Customer
	}
	if p.products, err = s.cfg.Store.ProductCodes(ctx); err != nil {
		return false, fmt.Errorf("begin a re-sync: %w", err)
	}
	for _, product := range s.cfg.Products {
		if product.ID != "" {
			p.products[product.ID] = product.Code
		}
	}
	if err := s.keep(ctx, p); err != nil {
		return false, err
	}
	s.run = p
	s.began(r)
	return true, nil
}

// choose picks the run that is due.
func (s *Service) choose(now time.Time) (Run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) > 0 {
		return s.asked[0], true
	}
	if !s.scheduled().After(now) {
		r := newRun(Scheduled, now)
		if !s.lastWhole.IsZero() && now.Before(s.lastWhole.Add(wholeEvery)) {
			r.Since = s.last.Add(-overlap)
		}
		return r, true
	}
	if !s.heard.IsZero() && !s.heard.After(now) && !s.lastSeen.IsZero() {
		r := newRun(Heard, now)
		r.Since = s.lastSeen.Add(-overlap)
		return r, true
	}
	if id, at, ok := s.firstDoubt(); ok && !at.After(now) {
		r := newRun(Doubt, now)
		r.License = id
		return r, true
	}
	return Run{}, false
}

// began takes a run that was asked for off the list, and notices that came before a run are seen by it.
func (s *Service) began(r Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.License == "" {
		s.heard = time.Time{}
	}
	if len(s.asked) > 0 && s.asked[0].ID == r.ID {
		s.asked = s.asked[1:]
	}
}

// keep writes the run under way, and what it found since it was last written. A doubt that is unfounded leaves nothing.
func (s *Service) keep(ctx context.Context, p *progress) error {
	if (p.Trigger == Doubt || p.Trigger == Heard) && p.seq == 0 {
		return nil
	}
	if err := s.cfg.Store.KeepRun(ctx, p.Run, p.found); err != nil {
		return fmt.Errorf("keep run %s of the re-sync: %w", p.ID, err)
	}
	p.found = nil
	return nil
}

// end ends the run under way; failed is why it is not done, or nil.
func (s *Service) end(ctx context.Context, failed error) error {
	p := s.run
	p.EndedAt = s.cfg.Clock.Now()
	outcome := "done"
	if failed != nil {
		p.Failure, outcome = fail.SayOf(failed), fail.KindOf(failed).String()
	}
	if err := s.keep(ctx, p); err != nil {
		return err
	}
	s.run = nil
	if p.License != "" {
		s.postpone(p.License, p.EndedAt)
	}
	if p.Trigger == Scheduled {
		s.scheduledEnded(p.Run)
	}
	if p.License == "" && failed == nil && p.StartedAt.After(s.lastSeen) {
		s.lastSeen = p.StartedAt
	}
	s.cfg.Observe(outcome, p.Run)
	level := slog.LevelInfo
	switch {
	case (p.Trigger == Doubt || p.Trigger == Heard) && failed == nil && p.seq == 0:
		level = slog.LevelDebug
	case failed != nil && !fail.Is(failed, fail.Later):
		level = slog.LevelError // somebody has to mend something
	case failed != nil:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("run", string(p.ID)), slog.String("trigger", string(p.Trigger)), slog.String("outcome", outcome), slog.Int("agreements", p.Agreements),
		slog.Int("repairs", p.Repairs), slog.Int("links", p.Links), slog.Int("unsettled", p.Unsettled)}
	if failed != nil {
		attrs = append(attrs, slog.Any("err", failed))
	}
	s.cfg.Log.LogAttrs(ctx, level, "re-sync", attrs...)
	return nil
}

func (s *Service) scheduledEnded(r Run) {
	if r.Failure != "" {
		s.retryAt = r.EndedAt.Add(min(firstRetry<<min(s.failures, 10), lastRetry))
		s.failures++
		return
	}
	s.failures, s.retryAt, s.last = 0, time.Time{}, r.StartedAt
	if r.Since.IsZero() {
		s.lastWhole = r.StartedAt
	}
}
