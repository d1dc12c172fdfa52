package agreement

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
)

// Trial is a free trial.
type Trial struct {
	Until time.Time
	// Ends is true where the subscription ends with it, as a contract's does; pay as you go goes on and is charged from then on.
	// Source: AWS Marketplace Buyer Guide, "SaaS free trials"; Seller Guide, saas-free-trials.
	Ends bool
}

// TrialOf finds the free trial that l is in at now, by the newest of its agreements; ok is false where it is in none, or AWS has not
// been asked for its terms yet.
func (s *Service) TrialOf(ctx context.Context, l license.License, now time.Time) (t Trial, ok bool, err error) {
	if len(l.Agreements) == 0 {
		return t, false, nil
	}
	id := l.Agreements[len(l.Agreements)-1]
	terms, err := s.cfg.Store.TermsOf(ctx, id)
	if err != nil || !terms.FreeTrial() {
		return t, false, err
	}
	a, err := s.cfg.Store.Agreement(ctx, id)
	if fail.Is(err, fail.NotFound) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("find the free trial of licence %s: %w", l.ID, err)
	}
	t, ok = a.trial(terms)
	return t, ok && now.Before(t.Until), nil
}

// TrialEnds is when a's free trial ends, or ended, by its terms; zero where it has none, or they do not say.
func (a Agreement) TrialEnds(terms Terms) time.Time {
	if !terms.FreeTrial() {
		return time.Time{}
	}
	t, ok := a.trial(terms)
	if !ok {
		return time.Time{}
	}
	return t.Until
}

// trial is a's free trial by its terms; ok is false where they do not say how long it is, or a says no beginning.
func (a Agreement) trial(terms Terms) (t Trial, ok bool) {
	begins := a.StartsAt
	if begins.IsZero() {
		begins = a.AcceptedAt
	}
	for _, term := range terms.Accepted {
		var content struct {
			Duration string `json:"duration"`
		}
		if term.Name != "freeTrialPricingTerm" || begins.IsZero() || json.Unmarshal(term.Content, &content) != nil {
			continue
		}
		if t.Until, ok = After(begins, content.Duration); ok {
			break
		}
	}
	if !a.EndsAt.IsZero() && (!ok || !a.EndsAt.After(t.Until)) { // it is the agreement's whole life
		return Trial{Until: a.EndsAt, Ends: true}, true
	}
	return t, ok
}

// maxPeriod bounds each number of a period: AWS's trials have three digits at most.
const maxPeriod = 9999

// After is the instant a period after at. The period is ISO 8601's in days, weeks, months and years, such as P30D, as AWS writes
// durations in terms; ok is false for another.
func After(at time.Time, period string) (then time.Time, ok bool) {
	rest, ok := strings.CutPrefix(period, "P")
	if !ok || rest == "" {
		return at, false
	}
	var years, months, days int
	units := []struct {
		letter byte
		to     *int
		times  int
	}{{'Y', &years, 1}, {'M', &months, 1}, {'W', &days, 7}, {'D', &days, 1}}
	for rest != "" {
		n, digits := 0, 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			if n = n*10 + int(rest[digits]-'0'); n > maxPeriod {
				return at, false
			}
			digits++
		}
		if digits == 0 || digits == len(rest) {
			return at, false
		}
		for len(units) > 0 && units[0].letter != rest[digits] {
			units = units[1:] // each once, in this order
		}
		if len(units) == 0 {
			return at, false
		}
		*units[0].to += n * units[0].times
		units, rest = units[1:], rest[digits+1:]
	}
	return at.AddDate(years, months, days), true
}
