package agreement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// chunk is how many agreements are compared in one step.
const chunk = 200

// page reads AWS's next page and keeps it. What AWS does not answer ends the run, and the next one begins later.
func (s *Service) page(ctx context.Context, now time.Time) error {
	p := s.run
	page, next, err := s.cfg.AWS.Search(ctx, Search{Customer: p.about, Since: p.Since, Token: p.token})
	if err == nil && next == p.token && next != "" {
		err = fail.New(fail.Later, "aws_answer", "AWS gave the same page of agreements twice; it is asked again later.")
	}
	if err != nil {
		return s.broken(ctx, err)
	}
	for i := range page {
		page[i].SeenAt = now
	}
	changed, err := s.cfg.Store.KeepAgreements(ctx, page)
	if err != nil {
		return fmt.Errorf("keep a page of agreements: %w", err)
	}
	if len(changed) > 0 {
		s.wanting.Store(true)
	}
	s.reminding.stale.Store(true)
	for _, a := range page {
		p.seen = append(p.seen, a.ID)
		for _, arn := range a.Licenses {
			p.listed[arn] = true
			l, known := s.cfg.Licenses.ByARN(arn)
			if known && l.ProductCode != "" && a.ProductID != "" {
				p.products[a.ProductID] = l.ProductCode
			}
			if known && !p.DryRun && slices.Contains(changed, a.ID) {
				s.cfg.Changed(l.ID, a.changedAt())
			}
		}
	}
	p.Agreements += len(page)
	p.token, p.read = next, next == ""
	p.called(now)
	return nil
}

// broken ends the run because AWS could not be asked.
func (s *Service) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err // we are stopping: Open ends it
	}
	return s.end(ctx, err)
}

// compareSome compares the next agreements that were read, and repairs. It stops after a burst of calls.
func (s *Service) compareSome(ctx context.Context, now time.Time) error {
	p := s.run
	calls := p.calls
	n := 0
	for n < min(chunk, len(p.seen)) && p.calls-calls < burst {
		a, err := s.cfg.Store.Agreement(ctx, p.seen[n])
		if err != nil {
			return fmt.Errorf("re-sync agreement %s: %w", p.seen[n], err)
		}
		n++
		if (p.Trigger == Scheduled || p.Trigger == Heard) && now.Sub(a.changedAt()) < settle {
			continue // its notices may be on their way
		}
		for _, arn := range a.Licenses {
			switch err := s.one(ctx, a, arn, now); {
			case errors.Is(err, errAway):
				return s.broken(ctx, err)
			case err != nil:
				return fmt.Errorf("re-sync agreement %s: %w", a.ID, err)
			}
		}
	}
	p.seen = p.seen[n:]
	return s.keep(ctx, p)
}

// errAway marks that AWS could not be asked.
var errAway = errors.New("AWS was asked in vain")

// one compares one agreement with one licence that it leads to, and tells the book what it lacks.
func (s *Service) one(ctx context.Context, a Agreement, arn core.LicenseARN, now time.Time) error {
	code := s.run.products[a.ProductID]
	l, known := s.licenseOf(a, arn, code)
	if known {
		code = l.ProductCode
	}
	f := Finding{Agreement: a.ID, ARN: arn, License: l.ID}
	if !known {
		if f.What = s.unknown(a, code); f.What != "" {
			s.find(ctx, f, Unsettled, now)
			return nil
		}
	}
	two := pair{Agreement: a, arn: arn, product: code, now: now}
	if known {
		two.license = &l
	}
	o, err := compare(two, func() ([]Agreement, error) { return s.siblings(ctx, a, arn, l) })
	if err != nil || o.what == "" {
		return err
	}
	f.What = o.what
	if o.note == nil {
		s.find(ctx, f, Unsettled, now)
		return nil
	}
	return s.tell(ctx, a, f, *o.note, now)
}

// unknown says why an active agreement, of whose licence nothing is known, makes none; empty: it does. A customer that AWS knows
// by an identifier would be billed twice under an ARN.
func (s *Service) unknown(a Agreement, code core.ProductCode) string {
	switch {
	case a.Status != Active:
		return ""
	case code == "":
		return fmt.Sprintf("AWS has an active agreement about the product %q, whose product code is not known here: give the products their productId, or leave it if it is not served here.", a.ProductID)
	case !s.cfg.Products.Serves(code):
		return fmt.Sprintf("AWS has an active agreement about the product %s, which is not configured here.", code)
	case s.byCustomer(code):
		return "AWS has an active agreement of which nothing was heard here. AWS knows this product's customers by an identifier that it tells at the landing page only: have the buyer press Set up your account."
	}
	return ""
}

// byCustomer reports whether AWS knows a product's customers by customer identifier, by the settings or by what is known.
func (s *Service) byCustomer(code core.ProductCode) bool {
	if legacy := s.cfg.Products.Product(code).Legacy; legacy != nil {
		return *legacy
	}
	for l := range s.cfg.Licenses.All {
		if l.ProductCode == code && l.Identity() == license.ByCustomer {
			return true
		}
	}
	return false
}

// tell makes a difference good, if AWS stands by its word: a list may lag, so that the agreement is asked for by itself first.
func (s *Service) tell(ctx context.Context, a Agreement, f Finding, n license.Note, now time.Time) error {
	alone, err := s.cfg.AWS.Describe(ctx, a.ID)
	s.run.called(now)
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	if n.Kind != "" {
		f.Fact, f.FactAt = string(n.Kind), n.At
	}
	if alone.Status != a.Status {
		f.What = fmt.Sprintf("AWS lists the agreement as %s and describes it as %s; it is looked at again by the next re-sync.", a.Status, alone.Status)
		f.Fact, f.FactAt = "", time.Time{}
		s.find(ctx, f, Unsettled, now)
		return nil
	}
	if s.run.DryRun {
		s.find(ctx, f, Proposed, now)
		return nil
	}
	if n.About.Follows, err = s.before(ctx, a); err != nil {
		return err
	}
	v, err := s.cfg.Book.Note(ctx, n)
	if err != nil {
		return err
	}
	f.License = v.License
	outcome := Unsettled
	switch {
	case n.Kind == "" && v.License != "":
		outcome = Linked
	case v.Outcome == license.Applied:
		outcome = Repaired
	default:
		f.What += " It had no effect: " + v.Why
	}
	s.find(ctx, f, outcome, now)
	return nil
}

// find writes down a finding of the run under way.
func (s *Service) find(ctx context.Context, f Finding, o Outcome, now time.Time) {
	p := s.run
	p.seq++
	f.Seq, f.Outcome, f.At = p.seq, o, now
	p.found = append(p.found, f)
	p.count(o)
	log := s.cfg.Log.WarnContext
	if o == Linked || o == Proposed {
		log = s.cfg.Log.InfoContext
	}
	log(ctx, "re-sync: AWS and the licenses differed", "run", p.ID, "outcome", o, "agreement", f.Agreement, "license", f.License, "fact", f.Fact, "what", f.What)
}

// unlisted finds the active licences to which no agreement leads that AWS listed, in a run that asked for all of them.
func (s *Service) unlisted(ctx context.Context, now time.Time) {
	if p := s.run; !p.Since.IsZero() || p.License != "" {
		return
	}
	for l := range s.cfg.Licenses.All {
		if l.ARN != "" && l.Identity() == license.ByLicense && l.Standing.State == license.Active && !s.run.listed[l.ARN] && now.Sub(l.Standing.ActivatedAt) >= settle {
			s.find(ctx, Finding{License: l.ID, ARN: l.ARN, What: "The license is active, and AWS lists no agreement of ours that leads to it: a channel partner may have proposed it. Nothing was changed."}, Unsettled, now)
		}
	}
}

// licenseOf is the licence that an agreement leads to: by ARN or, where AWS knows the customer by an identifier, the
// customer's only one.
func (s *Service) licenseOf(a Agreement, arn core.LicenseARN, code core.ProductCode) (license.License, bool) {
	if l, ok := s.cfg.Licenses.ByARN(arn); ok {
		return l, true
	}
	if a.Customer == "" || code == "" {
		return license.License{}, false
	}
	all := s.cfg.Licenses.ByBuyer(string(a.Customer), code)
	all = slices.DeleteFunc(all, func(l license.License) bool { return l.Identity() != license.ByCustomer })
	if len(all) != 1 {
		return license.License{}, false
	}
	return all[0], true
}

// siblings lists the agreements that lead to the same licence; of a customer of the older generation, to any of the product's,
// because a customer has one licence there for all of them.
func (s *Service) siblings(ctx context.Context, a Agreement, arn core.LicenseARN, l license.License) ([]Agreement, error) {
	q := Query{ARN: arn, Limit: chunk}
	if l.Legacy {
		q = Query{Customer: a.Customer, Product: a.ProductID, Limit: chunk}
	}
	return s.cfg.Store.Agreements(ctx, q)
}

// before is the agreement that a renews or replaces: the one of its chain that began last before it; "" for the first.
func (s *Service) before(ctx context.Context, a Agreement) (core.AgreementID, error) {
	if a.Initial == "" || a.Initial == a.ID {
		return "", nil
	}
	chain, err := s.cfg.Store.Agreements(ctx, Query{Initial: a.Initial, Limit: chunk})
	if err != nil {
		return "", fmt.Errorf("read the chain of agreement %s: %w", a.ID, err)
	}
	var last Agreement
	for _, o := range chain {
		if o.ID != a.ID && o.StartsAt.Before(a.StartsAt) && !o.StartsAt.Before(last.StartsAt) {
			last = o
		}
	}
	return last.ID, nil
}
