package confirm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/job"
)

// Agreement is what AWS says of an agreement. Source: Agreement API, AgreementViewSummary.
type Agreement struct {
	ID        core.AgreementID
	Offer     core.OfferID
	Status    string    // AWS's word, such as ACTIVE
	StartTime time.Time // may lie ahead
	UpdatedAt time.Time // when its status, or anything else of it, last changed; zero if AWS does not say
}

// Source is AWS.
type Source interface {
	// AgreementsOf lists the agreements of an account with the seller that AWS names together with a license, in any order.
	//
	// Errors: fail.Later if AWS cannot be asked now; any other means that somebody has to mend something.
	AgreementsOf(ctx context.Context, customer core.AWSAccountID, arn core.LicenseARN) ([]Agreement, error)
}

// Book is told what is learnt, as it is told of notices. It is fulfilled by *license.Book.
type Book interface {
	Note(ctx context.Context, n license.Note) (license.Verdict, error)
}

// Config is what a Confirmer is made of.
type Config struct {
	AWS      Source
	Licenses license.Directory
	Book     Book
	Products core.Catalogue
	Clock    clock.Clock
	Log      *slog.Logger
	// Observe, if set, is told of every asking: active, ended, unsettled, or the kind of the failure.
	Observe func(outcome string)
}

// Confirmer asks about licences that wait. It is safe for concurrent use. It stores nothing: when AWS is asked follows from
// when a licence began to wait, and a process that starts asks about all for which that was due before.
type Confirmer struct {
	cfg Config

	mu      sync.Mutex
	waiting map[core.LicenseID]wait
}

// wait is one licence that AWS is asked about.
type wait struct {
	since time.Time // when it began
	due   time.Time // when AWS is asked next
}

// Open finds the licences that wait.
func Open(cfg Config) *Confirmer {
	c := &Confirmer{cfg: cfg, waiting: map[core.LicenseID]wait{}}
	for l := range cfg.Licenses.All {
		c.follow(l)
	}
	cfg.Licenses.OnChange(c.follow)
	return c
}

// follow sees a licence that is new or changed.
func (c *Confirmer) follow(l license.License) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asks(l) {
		delete(c.waiting, l.ID)
		return
	}
	if w, ok := c.waiting[l.ID]; ok && w.since.Equal(l.Standing.Since) {
		return
	}
	if due, ok := license.AskedAfter(l.Standing.Since, l.Standing.Since); ok {
		c.waiting[l.ID] = wait{since: l.Standing.Since, due: due}
	}
}

// asks reports whether AWS is asked about a licence. Of the legacy generation, subscribe-success is sent in any case, and a
// contract's License Updated, too.
func (c *Confirmer) asks(l license.License) bool {
	return l.Standing.State == license.Pending && l.Identity() == license.ByLicense && l.Customer != "" &&
		c.cfg.Products.Product(l.ProductCode).Pricing != core.Contract
}

// Job asks AWS about every licence for which it is due.
func (c *Confirmer) Job() job.Job { return job.Job{Name: "confirmations", Due: c.due, Run: c.run} }

func (c *Confirmer) due(context.Context) (at time.Time, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiting {
		if !ok || w.due.Before(at) {
			at, ok = w.due, true
		}
	}
	return at, ok, nil
}

// atOnce is how many licences AWS is asked about in one run.
const atOnce = 10

func (c *Confirmer) run(ctx context.Context) (did bool, err error) {
	var failed []error
	for _, id := range c.take(c.cfg.Clock.Now()) {
		if ctx.Err() != nil {
			break // we are stopping: the rest stays due
		}
		did = true
		if err := c.one(ctx, id); err != nil {
			failed = append(failed, err)
		}
	}
	return did, errors.Join(failed...)
}

// take picks some of those that are due.
func (c *Confirmer) take(now time.Time) (ids []core.LicenseID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, w := range c.waiting {
		if len(ids) < atOnce && !w.due.After(now) {
			ids = append(ids, id)
		}
	}
	return ids
}

// one asks about one licence and tells the book what AWS says. An error is one of the book's: what AWS does not say now,
// it is asked again, at a time that is known before.
func (c *Confirmer) one(ctx context.Context, id core.LicenseID) error {
	l, ok := c.cfg.Licenses.ByID(id)
	if !ok || l.ID != id || !c.asks(l) {
		c.forget(id)
		return nil
	}
	now := c.cfg.Clock.Now()
	all, err := c.cfg.AWS.AgreementsOf(ctx, l.Customer, l.ARN)
	if err != nil && ctx.Err() != nil {
		return nil
	}
	note, outcome := verdict(all, now)
	if err != nil {
		outcome = fail.KindOf(err).String()
		c.logFailure(ctx, l, err)
	}
	if c.cfg.Observe != nil {
		c.cfg.Observe(outcome)
	}
	if err == nil && note.ID != "" {
		note.About.ProductCode, note.About.ARN, note.About.Customer = l.ProductCode, l.ARN, l.Customer
		v, err := c.cfg.Book.Note(ctx, note)
		if err != nil {
			return fmt.Errorf("tell licence %s what AWS says of its agreement: %w", l.ID, err)
		}
		c.cfg.Log.InfoContext(ctx, "no notice came, and AWS was asked", "license", l.ID, "agreement", note.About.Agreement, "says", outcome, "outcome", v.Outcome)
	}
	c.postpone(id, now)
	return nil
}

// Outcomes of an asking.
const (
	saysActive = "active"
	saysEnded  = "ended"
	unsettled  = "unsettled" // AWS names no agreement with the licence yet, or one that starts later
)

// ended are the statuses of an agreement that no other goes on from. Source: Agreement API, AgreementStatus.
var ended = map[string]bool{"CANCELLED": true, "EXPIRED": true, "TERMINATED": true, "ARCHIVED": true}

// verdict is what AWS's answer means: of an agreement that runs, that the licence has been active since its start; of one
// that has ended, that it ended when it was last changed. Without an ID the note says nothing.
func verdict(all []Agreement, now time.Time) (n license.Note, outcome string) {
	outcome = unsettled
	for _, a := range all {
		about := license.Ref{Agreement: a.ID, Offer: a.Offer}
		switch {
		case a.Status == "ACTIVE" && !a.StartTime.After(now):
			return license.Note{ID: "agreement:" + string(a.ID) + ":active", Kind: license.Activated, At: a.StartTime, About: about}, saysActive
		case ended[a.Status]:
			at := a.UpdatedAt
			if at.IsZero() || at.After(now) {
				at = now
			}
			n, outcome = license.Note{ID: "agreement:" + string(a.ID) + ":ended", Kind: license.AgreementEnded, At: at, About: about}, saysEnded
		}
	}
	return n, outcome
}

// postpone lets AWS be asked again, if the licence waits still.
func (c *Confirmer) postpone(id core.LicenseID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.waiting[id]
	if !ok {
		return
	}
	if w.due, ok = license.AskedAfter(w.since, now); !ok {
		delete(c.waiting, id)
		return
	}
	c.waiting[id] = w
}

func (c *Confirmer) forget(id core.LicenseID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// logFailure tells of an asking that failed; what only somebody can mend is an error.
func (c *Confirmer) logFailure(ctx context.Context, l license.License, err error) {
	log := c.cfg.Log.WarnContext
	if !fail.Is(err, fail.Later) {
		log = c.cfg.Log.ErrorContext
	}
	log(ctx, "AWS cannot be asked whether a license is active, of which no notice came; it is asked again", "license", l.ID, "err", err)
}
