package agreement

import (
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// settle is how long AWS's word may run ahead of its notices: what changed since is left to the next scheduled run. Notices
// were seen to come within two minutes; a queue may hold them up longer.
const settle = 10 * time.Minute

// opinion is what comes of comparing an agreement with the licence that it leads to.
type opinion struct {
	note *license.Note // what the book is to be told; nil: nothing
	what string        // the difference, in words; empty: there is none
}

// pair is an agreement beside the licence that it leads to.
type pair struct {
	Agreement
	arn     core.LicenseARN
	product core.ProductCode
	license *license.License // nil where none is known
	now     time.Time
}

// compare says where they differ. siblings gives the agreements of the same licence; it is asked only where something seems to
// have ended.
func compare(p pair, siblings func() ([]Agreement, error)) (opinion, error) {
	switch l := p.license; {
	case p.Status == Active && p.StartsAt.After(p.now):
		return opinion{}, nil // it does not count yet
	case p.Status == Active && l == nil:
		return p.fact(license.Activated, p.StartsAt, "AWS has an active agreement of which nothing was heard here."), nil
	case p.Status == Active:
		return p.compareActive(*l), nil
	case l == nil || !p.Status.over() && !p.Status.followed():
		return opinion{}, nil // it was over before anybody heard of it, or never counted
	default:
		return p.compareOver(*l, siblings)
	}
}

// about names whom a note is about. A customer of the older generation stays the same row, whatever ARN AWS names besides.
func (p pair) about() license.Ref {
	r := license.Ref{ProductCode: p.product, ARN: p.arn, Customer: p.Customer, Agreement: p.ID, Offer: p.Offer}
	if l := p.license; l != nil && l.Legacy && l.ARN != p.arn && l.CustomerIdentifier != "" {
		r.ARN, r.CustomerIdentifier = "", l.CustomerIdentifier
	}
	return r
}

func (p pair) fact(kind license.Kind, at time.Time, format string, args ...any) opinion {
	return opinion{&license.Note{ID: fmt.Sprintf("%s%s:%s", license.ResyncPrefix, p.ID, kind), Kind: kind, At: at, About: p.about()}, fmt.Sprintf(format, args...)}
}

// end is the fact that the licence ended, with AWS's word for why; [Archived] says none.
func (p pair) end(kind license.Kind, at time.Time, format string, args ...any) opinion {
	o := p.fact(kind, at, format, args...)
	if r := license.EndReason(p.Status); r.Known() {
		o.note.Reason = r
	}
	return o
}

func (p pair) compareActive(l license.License) opinion {
	switch s := l.Standing; s.State {
	case license.None, license.Pending:
		return p.fact(license.Activated, p.StartsAt, "AWS says that the agreement is active; no notice had said so.")
	case license.WindingDown, license.Ended:
		end := endOf(s)
		if p.StartsAt.After(end) {
			return p.fact(license.Activated, p.StartsAt, "AWS has an active agreement that began after the license's end at %s; no notice had said so.", end.Format(time.RFC3339))
		}
		return opinion{what: "AWS says that the agreement is active, but its license has ended, by what AWS told later. Nothing was changed."}
	case license.Failed:
		return opinion{what: "AWS says that the agreement is active, but told that the buyer's payment failed. Nothing was changed; License Updated or subscribe-success decides."}
	}
	if slices.Contains(l.Agreements, p.ID) {
		return opinion{}
	}
	return opinion{&license.Note{ID: fmt.Sprintf("%s%s:named", license.ResyncPrefix, p.ID), At: p.AcceptedAt, About: p.about()},
		"AWS says that this agreement leads to the license; no notice had said so."}
}

// endOf is when the present, or last, winding down began, or when it ended without one.
func endOf(s license.Standing) time.Time {
	if !s.OpensAt.IsZero() {
		return s.OpensAt
	}
	return s.Since
}

func (p pair) compareOver(l license.License, siblings func() ([]Agreement, error)) (opinion, error) {
	s, end := l.Standing, p.endedAt()
	unheard := s.State == license.Pending || s.State == license.WindingDown && s.ActivatedAt.IsZero()
	neverBegan := unheard && p.Status == Terminated && end.Sub(p.StartsAt) < settle
	if (s.State != license.Active && s.State != license.Pending && !neverBegan) || s.ActivatedAt.After(end) {
		return opinion{}, nil
	}
	all, err := siblings()
	if err != nil {
		return opinion{}, err
	}
	for _, o := range all { // another may carry the licence on, or have ended it later
		if o.ID != p.ID && (o.Status == Active && !o.StartsAt.After(p.now) || o.Status.over() && o.endedAt().After(end)) {
			return opinion{}, nil
		}
	}
	if neverBegan {
		return p.fact(license.NeverBegan, end, "AWS terminated the agreement at %s, before anything said that it was active: so a payment fails.", end.Format(time.RFC3339)), nil
	}
	if p.Status.followed() { // by one that leads to another licence
		return p.end(license.Deprovisioned, end, "AWS says that the agreement was %s, and no active one leads to this license; no notice had said that it ended.", p.Status), nil
	}
	return p.end(license.AgreementEnded, end, "AWS says that the agreement is %s since %s; no notice had said so.", p.Status, end.Format(time.RFC3339)), nil
}
