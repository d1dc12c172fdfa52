package agreement

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// DefaultReminders are how long before its end people are told of an agreement.
var DefaultReminders = []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour}

// Pauses before a reminder is looked at again.
const (
	untilSeen  = 15 * time.Minute // AWS says something else of the agreement than it did: a run finds out what
	untilTerms = 5 * time.Minute  // AWS was not asked yet whether it is a free trial
)

// Ending is the data of the event that an agreement comes to its end.
type Ending struct {
	Agreement  core.AgreementID `json:"agreement"`
	License    core.LicenseID   `json:"license"`
	EndsAt     time.Time        `json:"endsAt"`
	DaysBefore int              `json:"daysBeforeEnd"`         // that it is told; less may be left
	AtEnd      string           `json:"atEnd,omitempty"`       // what AWS does then: RENEW, REPLACE or EXPIRE
	AtEndWhy   string           `json:"atEndReason,omitempty"` // why it does not renew
	FreeTrial  bool             `json:"freeTrial"`             // and nothing follows it
	Negotiated bool             `json:"negotiated"`            // it has terms that only private offers have
}

// Renews reports whether another term follows by itself.
func (e Ending) Renews() bool { return e.AtEnd == "RENEW" }

// tidings is what is told of e. The same reminder is the same event.
func (e Ending) tidings(account core.AccountID, now time.Time) outbox.Event {
	name := Ending{Agreement: e.Agreement, EndsAt: e.EndsAt, DaysBefore: e.DaysBefore}
	return outbox.NewEvent(outbox.AgreementEnding, now, outbox.Subject{License: e.License, Account: account}, e).Named(name)
}

// reminding is when the next reminder is looked at. Only the job touches at, any and hold.
type reminding struct {
	stale atomic.Bool // agreements were kept since at was worked out
	at    time.Time   // when the next one is due, if any is
	any   bool
	hold  time.Time // nothing is looked at before
}

// remindersDue is when the next agreement is so near its end that somebody is to be told.
func (s *Service) remindersDue(ctx context.Context) (time.Time, bool, error) {
	r := &s.reminding
	if r.stale.Swap(false) {
		r.any = false
		for _, lead := range s.cfg.Reminders {
			next, err := s.cfg.Store.Unreminded(ctx, s.cfg.Clock.Now(), lead, 1)
			if err != nil {
				r.stale.Store(true)
				return time.Time{}, false, err
			}
			if len(next) == 0 {
				continue
			}
			if at := next[0].EndsAt.Add(-lead); !r.any || at.Before(r.at) {
				r.at, r.any = at, true
			}
		}
	}
	if r.hold.After(r.at) {
		return r.hold, r.any, nil
	}
	return r.at, r.any, nil
}

// remind tells, or does not tell, of one agreement that is near its end. Where several reminders are due, because time has
// made a leap, the shortest stands for all.
func (s *Service) remind(ctx context.Context) (did bool, err error) {
	now := s.cfg.Clock.Now()
	s.reminding.stale.Store(true)
	for i := len(s.cfg.Reminders) - 1; i >= 0; i-- {
		lead := s.cfg.Reminders[i]
		next, err := s.cfg.Store.Unreminded(ctx, now, lead, 1)
		if err != nil {
			return false, err
		}
		if len(next) > 0 && !next[0].EndsAt.Add(-lead).After(now) {
			return true, s.remindOf(ctx, next[0], lead, now)
		}
	}
	return true, nil
}

// remindOf asks AWS how the agreement stands now, and has it told if that is as it was.
func (s *Service) remindOf(ctx context.Context, a Agreement, lead time.Duration, now time.Time) error {
	fresh, err := s.cfg.AWS.Describe(ctx, a.ID)
	switch {
	case fail.Is(err, fail.NotFound), fail.Is(err, fail.Invalid):
		return s.reminded(ctx, a, lead, now) // of what AWS does not know nobody is told
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		if fail.Is(err, fail.Later) {
			err = fmt.Errorf("%w: %w", job.ErrExpected, err)
		}
		return fmt.Errorf("ask how agreement %s stands before its end: %w", a.ID, err)
	case fresh.Status != Active || !fresh.EndsAt.Equal(a.EndsAt):
		s.reminding.hold = now.Add(untilSeen)
		s.Heard()
		return nil
	}
	terms, err := s.cfg.Store.TermsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	if terms.At.IsZero() {
		s.reminding.hold = now.Add(untilTerms)
		s.wanting.Store(true)
		s.cfg.Wake()
		return nil
	}
	l, ok := s.liveLicense(a)
	if !ok || a.EndsAt.Sub(a.StartsAt) < 2*lead { // it would be told before half of it is over
		return s.reminded(ctx, a, lead, now)
	}
	e := Ending{Agreement: a.ID, License: l.ID, EndsAt: a.EndsAt.UTC(), DaysBefore: int(lead / (24 * time.Hour)), AtEnd: fresh.AtEnd, AtEndWhy: fresh.AtEndWhy,
		FreeTrial: a.wholeTrial(terms), Negotiated: terms.Negotiated()}
	return s.reminded(ctx, a, lead, now, e.tidings(l.Account, now))
}

// wholeTrial reports whether a is a free trial and nothing else: it ends with it.
func (a Agreement) wholeTrial(terms Terms) bool {
	t, ok := a.trial(terms)
	return terms.FreeTrial() && ok && t.Ends
}

// liveLicense is the first licence with access that the agreement leads to.
func (s *Service) liveLicense(a Agreement) (license.License, bool) {
	for _, arn := range a.Licenses {
		if l, ok := s.cfg.Licenses.ByARN(arn); ok && l.Standing.Access() {
			return l, true
		}
	}
	return license.License{}, false
}

// reminded keeps that it was told, or that there is nothing to tell.
func (s *Service) reminded(ctx context.Context, a Agreement, lead time.Duration, now time.Time, tell ...outbox.Event) error {
	if err := s.cfg.Store.KeepReminder(ctx, a, lead, now, tell...); err != nil {
		return fmt.Errorf("keep that agreement %s is near its end: %w", a.ID, err)
	}
	if len(tell) > 0 {
		s.cfg.Log.InfoContext(ctx, "an agreement is near its end", "agreement", a.ID, "license", tell[0].License, "days", int(lead/(24*time.Hour)))
		s.cfg.Wake()
	}
	return nil
}
