package agreement

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/job"
)

// Terms is what AWS tells of one agreement when it is asked about it by itself.
type Terms struct {
	At           time.Time // when AWS was asked; zero: it was not yet
	Failure      string    // why AWS does not tell; empty: it did
	Value        string    // what the buyer is committed to, a decimal; 0 of pay as you go
	CurrencyCode string    // of Value
	Accepted     []Term
}

// Term is one accepted term.
type Term struct {
	Name    string          `json:"name"`    // the member of AWS's union AcceptedTerm, such as usageBasedPricingTerm
	Content json.RawMessage `json:"content"` // its members, by AWS's names
}

func (t Terms) has(names ...string) bool {
	return slices.ContainsFunc(t.Accepted, func(a Term) bool { return slices.Contains(names, a.Name) })
}

// FreeTrial reports whether it is a free trial: the events do not say so, the terms do. Source: Agreement API,
// FreeTrialPricingTerm; Seller Guide, saas-eventbridge-integration.
func (t Terms) FreeTrial() bool { return t.has("freeTrialPricingTerm") }

// Negotiated reports whether it has a term that only private offers have: a fixed price, a schedule of payments, dates of its
// own, or payments on request. A private offer may lack them all. Source: Agreement API, AcceptedTerm.
func (t Terms) Negotiated() bool {
	return t.has("fixedUpfrontPricingTerm", "paymentScheduleTerm", "validityTerm", "variablePaymentTerm")
}

// TermsOf is what is known of an agreement's terms; the zero Terms while AWS was not asked for them.
func (s *Service) TermsOf(ctx context.Context, id core.AgreementID) (Terms, error) {
	return s.cfg.Store.TermsOf(ctx, id)
}

// asking is when AWS is asked for terms. Only the job touches it.
type asking struct {
	at       time.Time
	failures int
	asked    int
}

// termsDue is when the next agreement's terms are asked for; ok is false while none are wanted.
func (s *Service) termsDue(context.Context) (time.Time, bool, error) {
	return s.asking.at, s.wanting.Load(), nil
}

// askTerms asks for the terms of one agreement that is new or has changed. What AWS cannot tell now is asked for again; what it
// refuses to tell is written down, and asked for when the agreement changes.
func (s *Service) askTerms(ctx context.Context) (did bool, err error) {
	s.wanting.Store(false) // before it is looked: what is kept meanwhile sets it again
	ids, err := s.cfg.Store.Unasked(ctx, 1)
	if err == nil && len(ids) == 0 {
		return true, nil
	}
	s.wanting.Store(true)
	if err != nil {
		return false, err
	}
	a, now := ids[0], s.cfg.Clock.Now()
	t, err := s.cfg.AWS.Terms(ctx, a.ID)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, err
	case fail.Is(err, fail.NotFound), fail.Is(err, fail.Invalid):
		t = Terms{Failure: fail.SayOf(err)}
	case err != nil:
		s.asking.at = now.Add(min(firstRetry<<min(s.asking.failures, 10), lastRetry))
		s.asking.failures++
		if fail.Is(err, fail.Later) {
			err = fmt.Errorf("%w: %w", job.ErrExpected, err)
		}
		return false, fmt.Errorf("ask for the terms of agreement %s: %w", a.ID, err)
	}
	t.At = now
	before, err := s.cfg.Store.TermsOf(ctx, a.ID)
	if err != nil {
		return false, err
	}
	if err := s.cfg.Store.KeepTerms(ctx, a, t, s.tidings(a, before, t, now)); err != nil {
		return false, fmt.Errorf("keep the terms of agreement %s: %w", a.ID, err)
	}
	s.cfg.Wake()
	s.asking.failures, s.asking.at = 0, now
	if s.asking.asked++; s.asking.asked%(burst/2) == 0 { // two calls each
		s.asking.at = now.Add(pause)
	}
	return true, nil
}
